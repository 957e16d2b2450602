// One frame of the front end: which regions there are at this size, and where.
#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "core/picture/heat_layout.h"
#include "imgui_internal.h"
#include "ui/app.h"
#include "ui/app_state.h"
#include "ui/field_view.h"
#include "ui/run_flow.h"
#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/walking.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kNarrowWidth = 760.0f;  // below: one scrolling column
constexpr float kTextFrom = 1120.0f;    // from here the text is at the left
constexpr float kTextWidth = 270.0f;
constexpr float kControlsWidth = 316.0f;
constexpr float kMargin = 16.0f;
constexpr float kColumnEnd = 10.0f;  // margin above and below the one column of a narrow lab
constexpr float kRestless = 0.7f;    // seconds of settling after input: delays of help texts
constexpr float kTouchHeight = 44.0f;
constexpr float kChipGap = 6.0f;
constexpr float kWidestList = 520.0f;  // of figures

constexpr ImGuiWindowFlags kPlainWindow = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove |
                                          ImGuiWindowFlags_NoSavedSettings |
                                          ImGuiWindowFlags_NoBringToFrontOnFocus;

/// A child region with margins; closes itself.
class Region {
 public:
  Region(const char* id, ImVec2 at, ImVec2 size, ImU32 ground, float margin_x, float margin_y,
         ImGuiWindowFlags flags = 0) {
    ImGui::SetCursorScreenPos(at);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(margin_x, margin_y));
    ImGui::PushStyleColor(ImGuiCol_ChildBg, ground);
    ImGui::BeginChild(id, size,
                      ImGuiChildFlags_AlwaysUseWindowPadding | ImGuiChildFlags_NavFlattened, flags);
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    crisp_lines();
  }
  ~Region() { ImGui::EndChild(); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  float width() const { return ImGui::GetContentRegionAvail().x; }
};

float claims_share(const View& view, float width, float height) {
  if (view.state.page().minimal) return 0;
  return std::min(claims_height(view, width) + 8, 0.36f * height);
}

void centre_column(const View& view, float width, float height) {
  AppState& s = view.state;
  const float top = ImGui::GetCursorPosY();
  notes_view(view, width);
  const float left = height - (ImGui::GetCursorPosY() - top);
  const float claims = claims_share(view, width, left);
  const bool table_beside = left - claims > 640;
  const float table = s.view.table_open ? (table_beside ? 250.0f : left - claims - kGap) : 0;
  const float figure = left - claims - table - (table > 0 ? kGap : 0) - kGap;
  if (figure > 150) figure_view(view, width, figure);
  if (table > 0) table_tabs_and_rows(view, width, table);
  if (claims > 0) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    // Without a scroll bar: it would narrow the text, which then needs it, so that the picture
    // would depend on the one before. The wheel scrolls.
    const Region region("claims", at, ImVec2(width, claims), with_alpha(theme().ground, 0), 0, 4,
                        ImGuiWindowFlags_NoScrollbar);
    claims_view(view, region.width());
  }
}

void fold_text_button(AppState& s, const char* id, bool open) {
  if (button(id, open ? "" : "About", open ? "Hide the text" : "What this experiment asks",
             {.kind = ButtonKind::kQuiet, .icon = open ? Icon::kCross : Icon::kRight})) {
    s.view.text_open = !open;
    s.touch();
  }
}

void wide_layout(const View& view, ImVec2 origin, ImVec2 size) {
  AppState& s = view.state;
  const Theme& t = theme();
  const float row = ImGui::GetFrameHeight();
  float top = origin.y;
  if (!s.page().embed) {
    const Region region("header", origin, ImVec2(size.x, row + 18), t.ground, kMargin, 9,
                        ImGuiWindowFlags_NoScrollbar);
    header_view(view, region.width());
    top += row + 18;
  }
  const float bar = run_bar_height(view, size.x - 2 * kMargin);
  const float bottom = origin.y + size.y - bar;
  float x0 = origin.x, x1 = origin.x + size.x;
  const bool text_fits = s.options.show_text && size.x >= kTextFrom;
  if (text_fits && s.view.text_open) {
    const Region region("text", ImVec2(x0, top), ImVec2(kTextWidth, bottom - top), t.panel, kMargin,
                        12);
    const ImVec2 corner = ImGui::GetCursorScreenPos();
    const float width = region.width();
    text_view(view, width);
    ImGui::SetCursorScreenPos(ImVec2(corner.x + width - row + 6, corner.y - 6));
    fold_text_button(s, "close text", true);
    x0 += kTextWidth;
  }
  if (shows_controls(view)) {
    x1 -= kControlsWidth;
    const Region region("controls", ImVec2(x1, top), ImVec2(kControlsWidth, bottom - top), t.panel,
                        kMargin, 12);
    controls_view(view, region.width());
  }
  {
    const Region region("centre", ImVec2(x0, top), ImVec2(x1 - x0, bottom - top), t.ground,
                        kMargin + 4, 10, ImGuiWindowFlags_NoScrollbar);
    if (text_fits && !s.view.text_open) fold_text_button(s, "open text", false);
    centre_column(view, region.width(), ImGui::GetContentRegionAvail().y);
  }
  const Region region("run", ImVec2(origin.x, bottom), ImVec2(size.x, bar), t.panel, kMargin, 12,
                      ImGuiWindowFlags_NoScrollbar);
  run_bar_view(view, region.width());
  ImDrawList* list = ImGui::GetWindowDrawList();
  list->AddLine(ImVec2(origin.x, bottom + 0.5f), ImVec2(origin.x + size.x, bottom + 0.5f), t.faint,
                1);
}

/// Chips for the figures fit in one row; else they are one list.
bool chips_fit(const AppState& s, float width) {
  float needed = -kChipGap;
  for (const Figure& figure : s.figures) needed += chip_size(figure.title, width).x + kChipGap;
  return needed <= width;
}

/// Height of what chooses a figure, with the gap below it.
float chooser_height(const AppState& s) {
  if (s.figures.size() < 2) return 0;
  return ImGui::GetFrameHeight() + ImGui::GetStyle().ItemSpacing.y;
}

/// Line plots fit on the screen with the run bar; heat panels are below each other.
float narrow_figure_height(const AppState& s, float width, float screen_height) {
  if (s.view.figure >= s.figures.size()) return 300;
  const Figure& figure = s.figures[s.view.figure];
  // Wider than high, given room; the heading and a row of labels take a part of it.
  const float wanted = std::min(1.1f * width, 230 + 0.45f * width);
  const float one_plot = std::clamp(wanted, 340.0f, std::max(340.0f, 0.62f * screen_height));
  const float line_plot = chooser_height(s) + one_plot;
  return std::visit(Cases{[&](const LinePlot&) { return line_plot; },
                          [&](const HeatMaps& maps) {
                            if (const float written = written_height(figure); written > 0)
                              return chooser_height(s) + std::max(one_plot, 100 + written);
                            const auto panels = static_cast<float>(maps.panels.size());
                            return panels < 2 ? line_plot : chooser_height(s) + 60 + 250 * panels;
                          },
                          [&](const Fields&) { return field_figure_height(figure, width); },
                          [&](const Together& together) {
                            return chooser_height(s) + together_height(together, width).wanted;
                          }},
                    figure.content);
}

void narrow_layout(const View& view, ImVec2 origin, ImVec2 size) {
  AppState& s = view.state;
  const Region region("column", origin, size, theme().ground, kMargin, kColumnEnd);
  const float width = region.width();
  // As if there were no scroll bar: a figure that became lower with it could fit, and lose it,
  // become higher, and so on in every frame.
  const float whole_width = size.x - 2 * kMargin;
  if (!s.page().embed) header_view(view, width);
  notes_view(view, width);
  figure_view(view, width, narrow_figure_height(s, whole_width, size.y));
  run_bar_view(view, width);
  const bool controls = shows_controls(view);
  if (controls && !s.page().minimal) first_control_view(view, width);
  if (s.view.table_open) table_tabs_and_rows(view, width, 300);
  if (!s.page().minimal && !s.judged().claims.empty()) {
    rule(width);
    claims_view(view, width);
  }
  if (controls) {
    rule(width);
    controls_view(view, width);
  }
  if (s.options.show_text) {
    rule(width);
    text_view(view, width);
  }
  ImGui::Dummy(ImVec2(0, kGap));
  s.column_height = ImGui::GetCursorPosY() + kColumnEnd;
}

void follow_shell(AppState& s, const FrameInput& input) {
  if (!s.theme_chosen) s.dark = input.dark;
  const bool dark = s.dark && !input.paper;
  if (s.styled_ratio == input.pixel_ratio && s.styled_dark == dark &&
      s.styled_contrast == input.contrast)
    return;
  setup_fonts_and_style(input.pixel_ratio, dark, input.contrast);
  s.styled_ratio = input.pixel_ratio;
  s.styled_dark = dark;
  s.styled_contrast = input.contrast;
}

}  // namespace

/// Chooses one of several figures. True when a list shows the title of the present one whole.
bool figure_chooser(const View& view, float width) {
  AppState& s = view.state;
  const auto choose = [&](std::size_t i) { choose_figure(s, i); };
  if (chips_fit(s, width)) {
    Flow flow(width, kChipGap);
    for (std::size_t i = 0; i < s.figures.size(); ++i) {
      flow.next(chip_size(s.figures[i].title, width).x);
      const ChipLook look{.on = i == s.view.figure, .most_width = width};
      if (chip(s.figures[i].id.c_str(), s.figures[i].title, nullptr, look)) choose(i);
    }
    return false;
  }
  const float list_width = std::min(width, kWidestList);
  ImGui::SetNextItemWidth(list_width);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(8, 8));
  const std::size_t shown = std::min(s.view.figure, s.figures.size() - 1);
  if (ImGui::BeginCombo("##figure", s.figures[shown].title.c_str())) {
    crisp_lines();
    for (std::size_t i = 0; i < s.figures.size(); ++i) {
      ImGui::PushID(static_cast<int>(i));
      if (ImGui::Selectable(s.figures[i].title.c_str(), i == shown)) choose(i);
      ImGui::PopID();
    }
    ImGui::EndCombo();
  }
  ImGui::PopStyleVar();
  const float room = list_width - ImGui::GetFrameHeight() - 2 * ImGui::GetStyle().FramePadding.x;
  return text_size(s.figures[shown].title, false, kTextSize).x <= room;
}

/// The text beside the lab in a wide page asks the question that is the figure's title.
bool question_beside(const View& view, const Figure& figure) {
  const AppState& s = view.state;
  return !s.options.show_text && !s.page().embed && !view.narrow &&
         figure.title == s.spec.experiment->question;
}

void figure_view(const View& view, float width, float height) {
  AppState& s = view.state;
  bool titled = true;
  if (s.figures.size() > 1) {
    const float top = ImGui::GetCursorPosY();
    titled = !figure_chooser(view, width);
    height -= ImGui::GetCursorPosY() - top;
  }
  if (s.figures.empty()) return;
  const Figure& figure = s.figures[std::min(s.view.figure, s.figures.size() - 1)];
  PlotState& state = s.view.plots[figure.id];
  PlotOptions options = run_options(s, figure);
  options.touch = view.input.touch;
  options.titled = titled && !question_beside(view, figure);
  options.fields = view.input.fields;
  options.walk = place_of_walk(s);
  const std::optional<PointRef> chosen = state.chosen;
  const Together* together = std::get_if<Together>(&figure.content);
  const float least = together == nullptr ? 0 : together_height(*together, width).least;
  const bool scrolls = !view.narrow && least > height;
  std::optional<Region> region;
  if (scrolls) {
    region.emplace("figures", ImGui::GetCursorScreenPos(), ImVec2(width, height), theme().ground, 0,
                   0, ImGuiWindowFlags_AlwaysVerticalScrollbar);
    width = region->width();
    height = together_height(*together, width).least;
  }
  if (plot(figure.id.c_str(), figure, state, options, ImVec2(width, height))) view.app.run();
  region.reset();
  if (state.stepped) s.view.walking = true;
  if (s.view.walking && state.chosen != chosen) s.touch();
  if (const std::optional<HandleMove> moved = std::exchange(state.moved, {}))
    view.app.move_handle(figure, moved->handle, moved->x, moved->y);
}

bool App::frame(const FrameInput& input) {
  AppState& s = *state_;
  s.now = input.now;
  s.drawn_at = input.now;
  s.redraw = false;
  const std::string pointed_before = std::exchange(s.view.pointed, {});
  follow_shell(s, input);
  if (input.fields) input.fields->begin_frame();
  if (ImGui::GetCurrentContext()->InputEventsTrail.Size > 0)
    s.restless_until = input.now + kRestless;

  // Windows are whole logical pixels: not one less than there is, or the last column stays black.
  const ImVec2 size(std::ceil(input.width), std::ceil(input.height));
  ImGui::SetNextWindowPos(ImVec2(0, 0));
  ImGui::SetNextWindowSize(size);
  const float padding = input.touch ? (kTouchHeight - kTextSize) / 2 : 6;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(input.touch ? 12.0f : 10.0f, padding));
  if (ImGui::Begin("lab", nullptr, kPlainWindow | ImGuiWindowFlags_NoScrollWithMouse)) {
    crisp_lines();
    if (std::exchange(s.glyphs_renewed, false)) load_sentence_glyphs();
    const View view{*this, s, input, input.width < kNarrowWidth};
    take_shortcuts(view);
    if (view.narrow) {
      narrow_layout(view, ImVec2(0, 0), size);
    } else {
      s.column_height = 0;
      wide_layout(view, ImVec2(0, 0), size);
    }
  }
  ImGui::End();
  ImGui::PopStyleVar();
  if (pointed_before != s.view.pointed) mark(s.view.pointed);
  return s.redraw;
}

float App::wanted_height() const {
  return state_->column_height;
}

}  // namespace attnlab
