// The run bar: start, hold, step and forget a run, and how far it is.
#include <algorithm>
#include <string_view>
#include <vector>

#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kBarHeight = 6.0f;

void run_buttons(const View& view, bool short_labels) {
  AppState& s = view.state;
  if (s.live()) {
    if (button("reset", "Reset", "Back to the setting chosen last",
               {.icon = Icon::kReset, .enabled = s.preset.empty()}))
      view.app.reset();
    return;
  }
  const bool active = s.run && s.run->active();
  const bool can_run = s.plan_error.empty() && !active;
  const bool resumes = s.run && !s.changed() && s.run->state() == Run::State::kPaused;
  if (button("run", resumes ? "Go on" : "Run", "Start the computation (R, or Space)",
             {.kind = ButtonKind::kPrimary, .icon = Icon::kPlay, .enabled = can_run}))
    view.app.run();
  ImGui::SameLine(0, kGap);
  if (button("pause", "Pause", "Hold the computation; Run goes on (Space)",
             {.icon = Icon::kPause, .enabled = active}))
    view.app.pause();
  ImGui::SameLine(0, kGap);
  if (button("step", short_labels ? "" : "Step", "One more job, then pause (S)",
             {.icon = Icon::kStep, .enabled = s.plan_error.empty()}))
    view.app.step();
  ImGui::SameLine(0, kGap);
  if (button("reset", short_labels ? "" : "Reset", "Forget the result; parameters stay",
             {.icon = Icon::kReset, .enabled = s.run.has_value()}))
    view.app.reset();
}

/// What the reader can do with the result, at the right end of the row.
enum class ResultAction { kForget, kKeep, kTable };

struct ResultButton {
  ResultAction action;
  const char* id;
  std::string_view label;
  const char* help;
  Icon icon;

  float width(bool picture_only) const {
    return button_width(picture_only ? std::string_view() : label, {.icon = icon});
  }
};

std::vector<ResultButton> result_buttons(const AppState& s) {
  std::vector<ResultButton> buttons;
  if (!s.kept.empty())
    buttons.push_back({ResultAction::kForget, "forget", "Forget kept",
                       "Show the newest result alone", Icon::kCross});
  if (s.can_keep())
    buttons.push_back({ResultAction::kKeep, "keep", "Keep",
                       "Keep this result: the next one is shown beside it (K)", Icon::kCheck});
  buttons.push_back({ResultAction::kTable, "table", s.view.table_open ? "Hide table" : "Table",
                     "The numbers behind the figure (T)", Icon::kTable});
  return buttons;
}

float result_buttons_width(const std::vector<ResultButton>& buttons, bool picture_only) {
  float width = -kGap;
  for (const ResultButton& one : buttons) width += one.width(picture_only) + kGap;
  return width;
}

/// Only their pictures where the labels would meet the run buttons.
void result_buttons_view(const View& view, float right, float top, float free_from) {
  AppState& s = view.state;
  const std::vector<ResultButton> buttons = result_buttons(s);
  const bool picture_only = right - result_buttons_width(buttons, false) < free_from;
  float left = right - result_buttons_width(buttons, picture_only);
  for (const ResultButton& one : buttons) {
    ImGui::SetCursorScreenPos(ImVec2(left, top));
    left += one.width(picture_only) + kGap;
    if (!button(one.id, picture_only ? std::string_view() : one.label, one.help, {.icon = one.icon}))
      continue;
    switch (one.action) {
      case ResultAction::kForget: view.app.forget_kept(); break;
      case ResultAction::kKeep: view.app.keep(); break;
      case ResultAction::kTable:
        s.view.table_open = !s.view.table_open;
        s.touch();
        break;
    }
  }
}

void progress_bar(const AppState& s, ImVec2 corner, float width) {
  ImDrawList* list = ImGui::GetWindowDrawList();
  const ImVec2 end(corner.x + width, corner.y + kBarHeight);
  list->AddRectFilled(corner, end, theme().faint, kBarHeight / 2);
  const float share = s.run ? static_cast<float>(s.run->fraction()) : 0;
  if (share <= 0) return;
  const bool failed = s.run->state() == Run::State::kFailed;
  const ImU32 colour = failed ? theme().fails : s.changed() ? theme().muted : theme().accent;
  list->AddRectFilled(corner, ImVec2(corner.x + std::max(kBarHeight, width * share), end.y),
                      colour, kBarHeight / 2);
}

ImU32 sentence_colour(const AppState& s) {
  const bool failed = !s.plan_error.empty() || (s.run && s.run->state() == Run::State::kFailed);
  return failed ? theme().fails : s.changed() ? theme().undecided : theme().muted;
}

/// In the narrow layout: of the progress bar with its gaps, between buttons and sentence.
float progress_height(const AppState& s) { return s.live() ? 8 : 12 + kBarHeight + 6; }

}  // namespace

float run_bar_height(const View& view, float width) {
  const float row = ImGui::GetFrameHeight();
  if (!view.narrow) return row + 24;
  // Room for two lines: what stands below does not move with the sentence's digits.
  const float two_lines = 2 * text_size("0", false, 14).y;
  const float sentence = text_size(view.app.status_sentence(), false, 14, width).y;
  return row + progress_height(view.state) + std::max(sentence, two_lines) + 4;
}

void run_bar_view(const View& view, float width) {
  AppState& s = view.state;
  ImGui::PushID("run bar");
  const ImVec2 corner = ImGui::GetCursorScreenPos();
  const std::string sentence = view.app.status_sentence();
  const float row = ImGui::GetFrameHeight();
  run_buttons(view, view.narrow);
  if (view.narrow) {
    result_buttons_view(view, corner.x + width, corner.y, ImGui::GetItemRectMax().x + kGap);
    if (!s.live()) progress_bar(s, ImVec2(corner.x, corner.y + row + 12), width);
    draw_text(ImGui::GetWindowDrawList(),
              ImVec2(corner.x, corner.y + row + progress_height(s)), sentence, false, 14,
              sentence_colour(s), width);
    ImGui::SetCursorScreenPos(corner);
    ImGui::Dummy(ImVec2(width, run_bar_height(view, width)));
  } else {
    ImGui::SameLine(0, 2 * kGap);
    const float left = ImGui::GetCursorScreenPos().x;
    const float right = corner.x + width - result_buttons_width(result_buttons(s), false) - 2 * kGap;
    const float middle = corner.y + row / 2;
    const float bar = s.live() ? 0 : std::clamp((right - left) * 0.32f, 80.0f, 280.0f);
    if (bar > 0) progress_bar(s, ImVec2(left, middle - kBarHeight / 2), bar);
    const float text_x = left + bar + (bar > 0 ? 2 * kGap : 0);
    const float room = std::max(60.0f, right - text_x);
    const float size = text_size(sentence, false, 14).x > room ? 12.5f : 14.0f;
    const ImVec2 extent = text_size(sentence, false, size, room);
    draw_text(ImGui::GetWindowDrawList(), ImVec2(text_x, middle - extent.y / 2), sentence, false,
              size, sentence_colour(s), room);
    result_buttons_view(view, corner.x + width, corner.y, 0);
  }
  ImGui::PopID();
}

void take_shortcuts(const View& view) {
  const ImGuiIO& io = ImGui::GetIO();
  AppState& s = view.state;
  if (io.WantTextInput || io.KeyCtrl || io.KeyAlt || io.KeySuper || ImGui::IsAnyItemActive() ||
      ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup))
    return;
  const bool active = s.run && s.run->active();
  // With a visible focus, Space presses the focused control instead.
  if (!io.NavVisible && ImGui::IsKeyPressed(ImGuiKey_Space, false)) {
    if (active) {
      view.app.pause();
    } else {
      view.app.run();
    }
  }
  if (ImGui::IsKeyPressed(ImGuiKey_R, false) && !active) view.app.run();
  if (ImGui::IsKeyPressed(ImGuiKey_S, false)) view.app.step();
  if (ImGui::IsKeyPressed(ImGuiKey_K, false) && s.can_keep()) view.app.keep();
  if (ImGui::IsKeyPressed(ImGuiKey_T, false)) {
    s.view.table_open = !s.view.table_open;
    s.touch();
  }
}

}  // namespace attnlab
