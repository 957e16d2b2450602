// The lab's controls on top of ImGui items.
#include "ui/widgets.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "imgui_internal.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kIconSize = 13.0f;
constexpr float kIconGap = 7.0f;
constexpr float kChipPadding = 10.0f;
constexpr float kRadius = 6.0f;
constexpr float kKnob = 7.0f;
constexpr float kCardPadding = 10.0f;

ImVec2 middle_of_item() {
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  return {(a.x + b.x) / 2, (a.y + b.y) / 2};
}

/// Ground and border of a pressable box; `edge` transparent: no border.
void item_box(ImU32 fill, ImU32 edge, float radius = kRadius) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 a = ImGui::GetItemRectMin(), b = ImGui::GetItemRectMax();
  list->AddRectFilled(a, b, paint(fill), radius);
  list->AddRect(ImVec2(a.x + 0.5f, a.y + 0.5f), ImVec2(b.x - 0.5f, b.y - 0.5f), paint(edge),
                radius);
}

}  // namespace

void help_tooltip(const char* help) {
  if (!help || !*help || !ImGui::IsItemHovered(ImGuiHoveredFlags_ForTooltip)) return;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(10, 7));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, kRadius);
  if (ImGui::BeginTooltip()) {
    crisp_lines();
    paragraph(help, 340);
    ImGui::EndTooltip();
  }
  ImGui::PopStyleVar(2);
}

ImU32 paint(ImU32 colour) {
  return with_alpha(colour, ImGui::GetStyle().Alpha);
}

Flow::Flow(float width, float gap) : width_(width), gap_(gap) {}

void Flow::next(float item_width) {
  if (!first_ && x_ + gap_ + item_width <= width_) {
    ImGui::SameLine(0, gap_);
    x_ += gap_ + item_width;
  } else {
    x_ = item_width;
  }
  first_ = false;
}

float button_width(std::string_view label, const ButtonLook& look) {
  if (look.width > 0) return look.width;
  const bool bold = look.kind == ButtonKind::kPrimary;
  float width = 2 * ImGui::GetStyle().FramePadding.x;
  if (look.icon) width += kIconSize + (label.empty() ? 0 : kIconGap);
  if (!label.empty()) width += text_size(label, bold, kTextSize).x;
  return std::max(width, ImGui::GetFrameHeight());
}

bool button(const char* id, std::string_view label, const char* help, const ButtonLook& look) {
  const Theme& t = theme();
  const bool primary = look.kind == ButtonKind::kPrimary;
  ImGui::BeginDisabled(!look.enabled);
  const bool pressed = ImGui::InvisibleButton(
      id, ImVec2(button_width(label, look), ImGui::GetFrameHeight()), ImGuiButtonFlags_EnableNav);
  const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
  const ImU32 ink = primary ? t.accent_ink : t.ink;
  if (primary) {
    item_box(lit ? with_alpha(t.accent, 0.88f) : t.accent, with_alpha(t.accent, 0));
  } else if (look.kind == ButtonKind::kPlain) {
    item_box(lit ? t.accent_soft : t.raised, t.faint);
  } else if (lit) {
    item_box(t.accent_soft, with_alpha(t.faint, 0));
  }
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 middle = middle_of_item();
  const ImVec2 text = label.empty() ? ImVec2(0, 0) : text_size(label, primary, kTextSize);
  const float icon = look.icon ? kIconSize + (label.empty() ? 0 : kIconGap) : 0;
  float x = middle.x - (icon + text.x) / 2;
  if (look.icon)
    draw_icon(list, *look.icon, ImVec2(x + kIconSize / 2, middle.y), kIconSize, paint(ink));
  x += icon;
  if (!label.empty())
    draw_text(list, ImVec2(x, middle.y - text.y / 2), label, primary, kTextSize, paint(ink));
  ImGui::EndDisabled();
  help_tooltip(help);
  return pressed;
}

ImVec2 chip_size(std::string_view label, float most_width) {
  const ImVec2 line = text_size(label, false, kTextSize);
  const float height = ImGui::GetFrameHeight(), width = std::max(line.x + 2 * kChipPadding, height);
  if (most_width <= 0 || width < most_width) return {width, height};
  const float lines = text_size(label, false, kTextSize, most_width - 2 * kChipPadding).y;
  return {most_width, height + lines - line.y};
}

bool chip(const char* id, std::string_view label, const char* help, const ChipLook& look) {
  const Theme& t = theme();
  const ImVec2 size = chip_size(label, look.most_width);
  const bool pressed = ImGui::InvisibleButton(id, size, ImGuiButtonFlags_EnableNav);
  const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
  if (look.on) {
    item_box(t.accent_soft, t.accent);
  } else {
    item_box(lit ? t.accent_soft : t.raised, t.faint);
  }
  const float wrap = size.x == look.most_width ? size.x - 2 * kChipPadding : 0;
  const ImVec2 middle = middle_of_item(), text = text_size(label, false, kTextSize, wrap);
  draw_text(ImGui::GetWindowDrawList(), ImVec2(middle.x - text.x / 2, middle.y - text.y / 2), label,
            false, kTextSize, paint(t.ink), wrap);
  help_tooltip(help);
  return pressed;
}

bool card(const char* id, std::string_view title, std::string_view text, const char* help,
          bool chosen, float width) {
  const Theme& t = theme();
  const float inner = width - 2 * kCardPadding;
  const ImVec2 title_size = text_size(title, true, kTextSize, inner);
  const ImVec2 body = text.empty() ? ImVec2(0, 0) : text_size(text, false, kSmallSize, inner);
  const float gap = text.empty() ? 0.0f : 3.0f;
  const bool pressed = ImGui::InvisibleButton(
      id,
      ImVec2(width, std::max(ImGui::GetFrameHeight(),
                             title_size.y + gap + body.y + 2 * (kCardPadding - 3))),
      ImGuiButtonFlags_EnableNav);
  const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
  item_box(chosen || lit ? t.accent_soft : t.raised, chosen ? t.accent : t.faint);
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 corner = ImGui::GetItemRectMin();
  const float top =
      text.empty() ? middle_of_item().y - title_size.y / 2 : corner.y + kCardPadding - 3;
  draw_text(list, ImVec2(corner.x + kCardPadding, top), title, true, kTextSize, paint(t.ink),
            inner);
  if (!text.empty())
    draw_text(list, ImVec2(corner.x + kCardPadding, top + title_size.y + gap), text, false,
              kSmallSize, paint(t.muted), inner);
  help_tooltip(help);
  return pressed;
}

namespace {

constexpr float kKeyStep = 0.01f;  // share of the range an arrow key moves the knob by

/// The knob follows the pointer that holds it, or the arrow keys while it has the focus. (Dear
/// ImGui's own slider brings a version for every number type and a text scanner.)
bool move_knob(const char* id, float* share, float left, float width, float height) {
  ImGui::InvisibleButton(id, ImVec2(width, height), ImGuiButtonFlags_EnableNav);
  const float before = *share;
  const ImGuiIO& io = ImGui::GetIO();
  if (ImGui::IsItemActive() && ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    const float inset = kKnob + 2;
    *share = (io.MousePos.x - left - inset) / std::max(1.0f, width - 2 * inset);
  } else if (ImGui::IsItemFocused() && io.NavVisible) {
    const ImGuiID owner = ImGui::GetItemID();
    for (const auto& [key, way] :
         {std::pair{ImGuiKey_LeftArrow, -1.0f}, std::pair{ImGuiKey_RightArrow, 1.0f}}) {
      if (ImGui::IsKeyPressed(key, ImGuiInputFlags_Repeat, owner))
        *share += way * kKeyStep * (io.KeyShift ? 10 : 1);
      ImGui::SetKeyOwner(key, owner);
    }
  }
  *share = std::clamp(*share, 0.0f, 1.0f);
  return *share != before;
}

}  // namespace

bool slider(const char* id, double* value, double min, double max, bool logarithmic, bool whole,
            float width, const char* help) {
  const bool log_scale = logarithmic && min >= 0;
  // A log slider that reaches 0 treats everything below a thousandth of its top as 0.
  const double floor_value = log_scale ? std::max(min, max * 1e-3) : min;
  const double base = log_scale && min > 0 ? min : floor_value;
  const auto to_share = [&](double v) {
    if (!log_scale) return (v - min) / (max - min);
    return v <= base ? 0.0 : std::log(v / base) / std::log(max / base);
  };
  const auto from_share = [&](double share) {
    if (!log_scale) return min + share * (max - min);
    return share <= 0 ? min : base * std::pow(max / base, share);
  };
  auto share = static_cast<float>(std::clamp(to_share(*value), 0.0, 1.0));
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight(), y = corner.y + height / 2;
  ImDrawList* list = ImGui::GetWindowDrawList();
  const bool changed = move_knob(id, &share, corner.x, width, height);
  const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
  const float from = corner.x + kKnob + 2, to = corner.x + width - kKnob - 2;
  const float x = from + share * (to - from);
  list->AddLine(ImVec2(from, y), ImVec2(to, y), paint(theme().faint), 3);
  list->AddLine(ImVec2(from, y), ImVec2(x, y), paint(theme().accent), 3);
  list->AddCircleFilled(ImVec2(x, y), kKnob + (lit ? 1 : 0), paint(theme().accent));
  list->AddCircleFilled(ImVec2(x, y), kKnob - 2.5f, paint(theme().raised));
  help_tooltip(help);
  if (!changed) return false;
  double next = from_share(share);
  if (whole) {
    next = std::round(next);
  } else if (next != 0) {  // three digits, as shown: the value is exactly what the slider shows
    const double unit = std::pow(10, std::floor(std::log10(std::abs(next))) - 2);
    next = std::round(next / unit) * unit;
  }
  *value = std::clamp(next, min, max);
  return true;
}

void entry(const char* id, std::string_view text, float width, const char* help,
           const std::function<void(std::string_view)>& commit) {
  char buffer[1024];
  const std::size_t length = std::min(text.size(), sizeof buffer - 1);
  std::memcpy(buffer, text.data(), length);
  buffer[length] = 0;
  ImGui::SetNextItemWidth(width);
  ImGui::InputText(id, buffer, sizeof buffer, ImGuiInputTextFlags_AutoSelectAll);
  const bool done = ImGui::IsItemDeactivatedAfterEdit();
  help_tooltip(help);
  if (done) commit(buffer);
}

void note(std::string_view text, NoteKind kind) {
  const Theme& t = theme();
  const ImU32 colour = kind == NoteKind::kWarning ? t.undecided : t.muted;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float icon = kind == NoteKind::kInfo ? 0.0f : 20.0f;
  if (icon > 0)
    draw_icon(ImGui::GetWindowDrawList(), Icon::kWarning, ImVec2(at.x + 7, at.y + 9), 13, colour);
  const TextStyle style(Face::kRegular, kSmallSize, colour);
  const float width = ImGui::GetContentRegionAvail().x;
  ImGui::SetCursorScreenPos(ImVec2(at.x + icon, at.y));
  ImGui::BeginGroup();
  paragraph(text, width - icon);
  ImGui::EndGroup();
}

void paragraph(std::string_view text, float width) {
  if (width <= 0) width = ImGui::GetContentRegionAvail().x;
  const bool bold = ImGui::GetFont() == font(Face::kBold);
  const float size = ImGui::GetFontSize();
  draw_text(ImGui::GetWindowDrawList(), ImGui::GetCursorScreenPos(), text, bold, size,
            ImGui::GetColorU32(ImGuiCol_Text), width);
  ImGui::Dummy(text_size(text, bold, size, width));
}

bool fold(const char* id, std::string_view label, bool* open, float width) {
  const bool pressed = ImGui::InvisibleButton(id, ImVec2(width, ImGui::GetFrameHeight()),
                                              ImGuiButtonFlags_EnableNav);
  if (pressed) *open = !*open;
  const bool lit = ImGui::IsItemHovered();
  const ImVec2 corner = ImGui::GetItemRectMin(), middle = middle_of_item();
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImU32 colour = lit ? theme().accent : theme().ink;
  draw_icon(list, *open ? Icon::kDown : Icon::kRight, ImVec2(corner.x + 7, middle.y), 12, colour);
  const ImVec2 size = text_size(label, true, kTextSize);
  draw_text(list, ImVec2(corner.x + 20, middle.y - size.y / 2), label, true, kTextSize, colour);
  return *open;
}

void rule(float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddLine(ImVec2(at.x, at.y + 0.5f), ImVec2(at.x + width, at.y + 0.5f),
                                      theme().faint, 1);
  ImGui::Dummy(ImVec2(width, 1));
}

}  // namespace attnlab
