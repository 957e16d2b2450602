// The run bar: buttons to run, pause, step and reset, and the progress.
#include <algorithm>
#include <string_view>
#include <vector>

#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/walking.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

constexpr float kBarHeight = 6.0f;

Icon icon_of(Action action) {
  switch (action) {
    case Action::kRun:
      return Icon::kPlay;
    case Action::kPause:
      return Icon::kPause;
    case Action::kStep:
      return Icon::kStep;
    case Action::kReset:
      return Icon::kReset;
    case Action::kKeep:
      return Icon::kCheck;
    case Action::kForget:
      return Icon::kCross;
    case Action::kTable:
      return Icon::kTable;
    case Action::kWalk:
      return Icon::kWalk;
    case Action::kCopyLink:
      break;
  }
  return Icon::kLink;
}

/// The walk's icon leaves room for the others' words.
std::string_view label_of(const View& view, Action action, bool picture_only) {
  return picture_only || action == Action::kWalk ? std::string_view() : view.app.label(action);
}

/// The button of an action, pale while the action is disabled.
void action_button(const View& view, Action action, bool picture_only) {
  const ActionText& text = text_of(action);
  const std::string id(text.id);
  std::string help(view.app.help(action));
  if (!text.key.empty()) help += " (" + std::string(text.key) + ")";
  const bool main = action == (view.state.live() ? Action::kStep : Action::kRun);
  const ButtonLook look{.kind = main ? ButtonKind::kPrimary : ButtonKind::kPlain,
                        .icon = icon_of(action),
                        .enabled = view.app.can(action)};
  const std::string_view label = label_of(view, action, picture_only);
  if (button(id.c_str(), label, help.c_str(), look)) view.app.act(action);
}

void run_buttons(const View& view, bool short_labels) {
  if (!view.state.live()) {
    for (const Action action : {Action::kRun, Action::kPause, Action::kStep}) {
      action_button(view, action, short_labels && action != Action::kRun);
      ImGui::SameLine(0, kGap);
    }
  } else if (view.state.appends()) {
    action_button(view, Action::kStep, false);
    ImGui::SameLine(0, kGap);
  }
  action_button(view, Action::kReset, short_labels && !view.state.live());
}

/// What the reader can do with the result, at the right end of the row.
std::vector<Action> result_actions(const View& view) {
  std::vector<Action> wanted;
  for (const Action action : {Action::kForget, Action::kKeep, Action::kTable}) {
    if (view.app.can(action)) wanted.push_back(action);
  }
  // A page has this button beside the canvas.
  if (view.state.options.show_text && view.app.can(Action::kWalk)) wanted.push_back(Action::kWalk);
  return wanted;
}

float action_width(const View& view, Action action, bool picture_only) {
  return button_width(label_of(view, action, picture_only), {.icon = icon_of(action)});
}

float result_buttons_width(const View& view, bool picture_only) {
  float width = -kGap;
  for (const Action action : result_actions(view)) {
    width += action_width(view, action, picture_only) + kGap;
  }
  return width;
}

/// Only icons where labels would overlap the run buttons.
void result_buttons_view(const View& view, float right, float top, float free_from) {
  const bool picture_only = right - result_buttons_width(view, false) < free_from;
  float left = right - result_buttons_width(view, picture_only);
  for (const Action action : result_actions(view)) {
    ImGui::SetCursorScreenPos(ImVec2(left, top));
    left += action_width(view, action, picture_only) + kGap;
    action_button(view, action, picture_only);
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
  list->AddRectFilled(corner, ImVec2(corner.x + std::max(kBarHeight, width * share), end.y), colour,
                      kBarHeight / 2);
}

ImU32 sentence_colour(const AppState& s) {
  const bool failed = !s.plan_error.empty() || (s.run && s.run->state() == Run::State::kFailed);
  return failed ? theme().fails : s.changed() ? theme().undecided : theme().muted;
}

/// Height of the progress bar with its gaps in the narrow layout, between buttons and sentence.
float progress_height(const AppState& s) {
  return s.live() ? 8 : 12 + kBarHeight + 6;
}

}  // namespace

float run_bar_height(const View& view, float width) {
  const float row = ImGui::GetFrameHeight();
  if (!view.narrow) return row + 24;
  // Room for two lines: the controls below do not move with the sentence's digits.
  const float two_lines = 2 * text_size("0", false, kSmallSize).y;
  const float sentence = text_size(view.app.status_sentence(), false, kSmallSize, width).y;
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
    draw_text(ImGui::GetWindowDrawList(), ImVec2(corner.x, corner.y + row + progress_height(s)),
              sentence, false, kSmallSize, sentence_colour(s), width);
    ImGui::SetCursorScreenPos(corner);
    ImGui::Dummy(ImVec2(width, run_bar_height(view, width)));
  } else {
    ImGui::SameLine(0, 2 * kGap);
    const float left = ImGui::GetCursorScreenPos().x;
    const float right = corner.x + width - result_buttons_width(view, false) - 2 * kGap;
    const float middle = corner.y + row / 2;
    const float bar = s.live() ? 0 : std::clamp((right - left) * 0.32f, 80.0f, 280.0f);
    if (bar > 0) progress_bar(s, ImVec2(left, middle - kBarHeight / 2), bar);
    const float text_x = left + bar + (bar > 0 ? 2 * kGap : 0);
    const float room = std::max(60.0f, right - text_x);
    const float size = text_size(sentence, false, kSmallSize).x > room ? kTickSize : kSmallSize;
    const ImVec2 extent = text_size(sentence, false, size, room);
    draw_text(ImGui::GetWindowDrawList(), ImVec2(text_x, middle - extent.y / 2), sentence, false,
              size, sentence_colour(s), room);
    result_buttons_view(view, corner.x + width, corner.y, 0);
  }
  ImGui::PopID();
}

void take_shortcuts(const View& view) {
  const ImGuiIO& io = ImGui::GetIO();
  if (io.WantTextInput || io.KeyCtrl || io.KeyAlt || io.KeySuper || ImGui::IsAnyItemActive() ||
      ImGui::IsPopupOpen(nullptr, ImGuiPopupFlags_AnyPopup))
    return;
  take_walk_keys(view.state);
  // With a visible focus, Space presses the focused control instead.
  if (!io.NavVisible && ImGui::IsKeyPressed(ImGuiKey_Space, false)) {
    view.app.act(view.app.can(Action::kPause) ? Action::kPause : Action::kRun);
  }
  for (const ActionText& text : actions()) {
    if (text.key.empty()) continue;
    const auto key = static_cast<ImGuiKey>(ImGuiKey_A + (text.key.front() - 'A'));
    if (ImGui::IsKeyPressed(key, false)) view.app.act(text.action);
  }
}

}  // namespace attnlab
