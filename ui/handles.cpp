// Draggable points over a plane.
#include "ui/handles.h"

#include <algorithm>
#include <cmath>

#include "core/picture/heat_layout.h"
#include "ui/field_layout.h"
#include "ui/plot_parts.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kGrab = 13.0f, kTouchGrab = 22.0f;  // half a side of the square that can be pressed
constexpr ImU32 kDark = IM_COL32(16, 18, 24, 255);

ImU32 fill_of(const Handle& handle, const FieldPanel* field) {
  if (field == nullptr || !std::isfinite(handle.value)) return series_colour(handle.colour);
  const double share = (handle.value - field->min) / (field->max - field->min);
  const unsigned rgb = heat_rgb(field->scale, std::clamp(share, 0.0, 1.0));
  return IM_COL32((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255, 255);
}

void draw_arrow(ImDrawList* list, ImVec2 from, ImVec2 to, ImU32 colour) {
  const float length = std::hypot(to.x - from.x, to.y - from.y);
  if (length < 2) return;
  const ImVec2 along((to.x - from.x) / length, (to.y - from.y) / length);
  const float head = std::min(11.0f, length);
  const auto shaft = [&](ImU32 paint, float width, float grow) {
    const ImVec2 base(to.x - along.x * (head - 2), to.y - along.y * (head - 2));
    list->AddLine(from, base, paint, width);
    const float h = head + grow, w = 5.5f + grow;
    const ImVec2 tip(to.x + along.x * grow, to.y + along.y * grow);
    const ImVec2 foot(to.x - along.x * h, to.y - along.y * h);
    list->AddTriangleFilled(tip, ImVec2(foot.x - along.y * w, foot.y + along.x * w),
                            ImVec2(foot.x + along.y * w, foot.y - along.x * w), paint);
  };
  shaft(IM_COL32_WHITE, 6, 1.8f);
  shaft(colour, 3, 0);
}

void draw_label(ImDrawList* list, const std::string& label, ImVec2 at, float radius,
                const Box& area) {
  if (label.empty()) return;
  const ImVec2 size = text_size(label, true, kSmallSize);
  ImVec2 corner(at.x + radius + 5, at.y - size.y / 2);
  if (corner.x + size.x + 3 > area.x1) corner.x = at.x - radius - 5 - size.x;
  corner.y = std::clamp(corner.y, area.y0, std::max(area.y0, area.y1 - size.y));
  list->AddRectFilled(ImVec2(corner.x - 3, corner.y - 1),
                      ImVec2(corner.x + size.x + 3, corner.y + size.y + 1),
                      with_alpha(theme().ground, 0.82f), 3);
  draw_text(list, corner, label, true, kSmallSize, theme().ink);
}

struct Touched {
  bool hovered = false, held = false, focused = false;
};

void draw_handle(ImDrawList* list, const Handle& handle, const HandlePlane& plane, ImVec2 at,
                 float radius, const Touched& touched) {
  const ImU32 fill = fill_of(handle, plane.field);
  if (handle.arrow) {
    const ImVec2 origin(plane.x.pixel(0), plane.y.pixel(0));
    list->AddCircleFilled(origin, 3.5f, IM_COL32_WHITE);
    list->AddCircleFilled(origin, 2.5f, fill);
    draw_arrow(list, origin, at, fill);
    radius = 4;
  } else {
    list->AddCircleFilled(at, radius + 3, kDark);
    list->AddCircleFilled(at, radius + 2, IM_COL32_WHITE);
    list->AddCircleFilled(at, radius, fill);
  }
  if (touched.hovered || touched.held || touched.focused)
    list->AddCircle(at, std::max(radius, 5.0f) + 6, touched.focused ? theme().accent : kDark, 0, 2);
  draw_label(list, handle.label, at, radius + 3, plane.area);
}

bool is_locked(const PlotOptions& options, const Handle& handle) {
  return std::find(options.locked.begin(), options.locked.end(), handle.parameter) !=
         options.locked.end();
}

/// The button of one handle; a move goes to `state`.
Touched touch(const Handle& handle, std::size_t index, PlotState& state, const PlotOptions& options,
              const HandlePlane& plane, ImVec2 at) {
  const float half = options.touch ? kTouchGrab : kGrab;
  ImGui::PushID(static_cast<int>(index));
  ImGui::SetCursorScreenPos(ImVec2(at.x - half, at.y - half));
  ImGui::SetNextItemAllowOverlap();
  ImGui::InvisibleButton("handle", ImVec2(2 * half, 2 * half), ImGuiButtonFlags_EnableNav);
  Touched touched{ImGui::IsItemHovered(), ImGui::IsItemActive(),
                  ImGui::IsItemFocused() && ImGui::GetIO().NavVisible};
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  if (ImGui::IsItemActivated()) state.grabbed_at = ImVec2(mouse.x - at.x, mouse.y - at.y);
  if (touched.held && ImGui::IsMouseDragging(ImGuiMouseButton_Left, 1.0f)) {
    state.moved = HandleMove{index, plane.x.value(mouse.x - state.grabbed_at.x),
                             plane.y.value(mouse.y - state.grabbed_at.y)};
  } else if (const auto step = arrow_keys_here()) {
    const bool fine = ImGui::GetIO().KeyShift;
    const auto size = [&](Range range) {
      return fine ? handle_fine_step(handle, range) : handle_step(handle, range);
    };
    HandleMove move{index, handle.x, handle.y};
    if (*step == Direction::kLeft) move.x -= size(plane.x.range);
    if (*step == Direction::kRight) move.x += size(plane.x.range);
    if (*step == Direction::kDown) move.y -= size(plane.y.range);
    if (*step == Direction::kUp) move.y += size(plane.y.range);
    state.moved = move;
  }
  if (touched.hovered || touched.held) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
  ImGui::PopID();
  state.grabs.push_back(
      {at.x - kTouchGrab, at.y - kTouchGrab, at.x + kTouchGrab, at.y + kTouchGrab});
  return touched;
}

}  // namespace

bool draw_handles(ImDrawList* list, const Figure& figure, PlotState& state,
                  const PlotOptions& options, const HandlePlane& plane, const Box& outer) {
  const Handle* told = nullptr;
  ImVec2 told_at;
  float told_radius = 0;
  bool busy = false;
  for (std::size_t i = 0; i < figure.handles.size(); ++i) {
    const Handle& handle = figure.handles[i];
    const Box& a = plane.area;
    const ImVec2 at(std::clamp(plane.x.pixel(handle.x), a.x0, a.x1),
                    std::clamp(plane.y.pixel(handle.y), a.y0, a.y1));
    const float radius = handle_radius(plane.field, i, a.width());
    const Touched touched =
        is_locked(options, handle) ? Touched{} : touch(handle, i, state, options, plane, at);
    draw_handle(list, handle, plane, at, radius, touched);
    busy |= touched.hovered || touched.held;
    if (!touched.hovered && !touched.held && !touched.focused) continue;
    told = &handle;
    told_at = at;
    told_radius = radius;
  }
  if (told != nullptr && !told->help.empty()) {
    state.read_out = told->help;
    state.mark = ReadOutMark{told_at, told_radius + 6, outer};
  }
  return busy;
}

}  // namespace attnlab
