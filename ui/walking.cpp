#include "ui/walking.h"

#include <algorithm>
#include <utility>

#include "imgui_internal.h"
#include "ui/app_state.h"
#include "ui/run_flow.h"

namespace attnlab {
namespace {

constexpr std::pair<std::string_view, Direction> kSteps[] = {
    {"left", Direction::kLeft}, {"right", Direction::kRight}, {"up", Direction::kUp},
    {"down", Direction::kDown}, {"start", Direction::kStart}, {"end", Direction::kEnd}};

std::optional<PointRef>& chosen(AppState& s) {
  return s.view.plots[shown_figure(s)->id].chosen;
}

}  // namespace

const Figure* shown_figure(const AppState& s) {
  if (s.figures.empty()) return nullptr;
  return &s.figures[std::min(s.view.figure, s.figures.size() - 1)];
}

const HiddenSeries& hidden_of(const AppState& s) {
  static const HiddenSeries none;
  const Figure* figure = shown_figure(s);
  const auto plot = figure == nullptr ? s.view.plots.end() : s.view.plots.find(figure->id);
  return plot == s.view.plots.end() ? none : plot->second.hidden;
}

bool can_walk(const AppState& s) {
  const Figure* figure = shown_figure(s);
  if (figure == nullptr) return false;
  // Measured curves come first.
  const auto first = nearest_place(*figure, hidden_of(s), std::nullopt);
  return first && (s.live() || figure->lines().series[first->series].role == SeriesRole::kMeasured);
}

void toggle_walk(AppState& s) {
  s.view.walking = !s.view.walking;
  if (!s.view.walking && shown_figure(s) != nullptr) chosen(s).reset();
  s.touch();
}

std::optional<Direction> walk_step(std::string_view name) {
  for (const auto& [known, step] : kSteps)
    if (known == name) return step;
  return std::nullopt;
}

void walk(AppState& s, Direction step) {
  if (!can_walk(s)) return;
  const std::optional<WalkPlace> from = place_of_walk(s);
  s.view.walking = true;
  if (from) chosen(s) = step_point(*shown_figure(s), hidden_of(s), from->at, step);
  s.touch();
}

std::optional<WalkPlace> place_of_walk(const AppState& s) {
  if (!s.view.walking || !can_walk(s)) return std::nullopt;
  const Figure& figure = *shown_figure(s);
  const auto plot = s.view.plots.find(figure.id);
  const auto wanted = plot == s.view.plots.end() ? std::nullopt : plot->second.chosen;
  const auto at = nearest_place(figure, hidden_of(s), wanted);
  return at ? walk_place(figure, hidden_of(s), *at) : std::nullopt;
}

std::string walk_sentence(const AppState& s) {
  if (const std::optional<WalkPlace> place = place_of_walk(s)) return place->sentence;
  const Figure* figure = shown_figure(s);
  const bool curves = figure != nullptr && std::holds_alternative<LinePlot>(figure->content);
  return curves ? "There is no point yet." : "This figure has no curves.";
}

void take_walk_keys(AppState& s) {
  if (!s.view.walking) return;
  static constexpr std::pair<ImGuiKey, Direction> kKeys[] = {
      {ImGuiKey_LeftArrow, Direction::kLeft}, {ImGuiKey_RightArrow, Direction::kRight},
      {ImGuiKey_UpArrow, Direction::kUp},     {ImGuiKey_DownArrow, Direction::kDown},
      {ImGuiKey_Home, Direction::kStart},     {ImGuiKey_End, Direction::kEnd}};
  const ImGuiID owner = ImGui::GetID("walk");
  ImGui::SetNavCursorVisible(false);  // else arrow keys are of the control with the focus
  for (const auto& [key, direction] : kKeys) {
    if (ImGui::IsKeyPressed(key, ImGuiInputFlags_Repeat, owner)) walk(s, direction);
    ImGui::SetKeyOwner(key, owner);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, ImGuiInputFlags_None, owner)) toggle_walk(s);
  ImGui::SetKeyOwner(ImGuiKey_Escape, owner);
}

}  // namespace attnlab
