// The figure for shells that draw it without Dear ImGui: as data, with what there is to say about
// it.
#include <algorithm>

#include "core/picture/heat_layout.h"
#include "ui/app.h"
#include "ui/app_state.h"
#include "ui/field_layout.h"
#include "ui/run_flow.h"
#include "ui/views.h"
#include "ui/walking.h"

namespace attnlab {

PlotOptions run_options(const AppState& s, const Figure& figure) {
  PlotOptions options;
  options.locked = s.page().locked;
  options.fraction = s.run ? static_cast<float>(s.run->fraction()) : 0;
  options.sentence = figure.empty_text;
  options.phase = PlotPhase::kEmpty;
  options.settled = !is_busy(s);
  if (!s.plan_error.empty() && !has_results(figure)) {
    options.phase = PlotPhase::kFailed;
    options.sentence = s.plan_error;
  } else if (s.changed()) {
    options.opacity = 0.35f;
    options.phase = PlotPhase::kPaused;
    options.sentence = "Parameters changed: press Run";
  } else if (!s.run && is_busy(s)) {
    options.phase = PlotPhase::kLoading;
    options.sentence = "A first draft appears in a moment.";
  } else if (s.run) {
    switch (s.run->state()) {
      case Run::State::kRunning:
        options.phase = PlotPhase::kLoading;
        options.sentence = "Computing: the first points appear when the first job is done.";
        break;
      case Run::State::kPaused:
        options.phase = PlotPhase::kPaused;
        options.sentence = has_results(figure) ? "Paused" : "Paused: press Continue.";
        break;
      case Run::State::kFailed:
        options.phase = PlotPhase::kFailed;
        options.sentence = s.run->error().sentence;
        break;
      default:
        options.phase = PlotPhase::kShown;
        break;
    }
  }
  return options;
}

Figure App::take_drawing(double now) {
  AppState& s = *state_;
  s.now = now;
  s.drawn_at = now;
  s.redraw = false;
  if (s.figures.empty()) return {};
  Figure figure = s.figures[std::min(s.view.figure, s.figures.size() - 1)];
  const PlotOptions options = run_options(s, figure);
  const bool needs_words = !has_results(figure) || options.opacity < 1;
  figure.empty_text =
      needs_words && options.phase != PlotPhase::kShown ? options.sentence : std::string();
  if (const std::optional<WalkPlace> place = place_of_walk(s)) figure.walked = place->at;
  for (Handle& handle : figure.handles)
    if (s.locked(handle.parameter)) handle.parameter.clear();
  return figure;
}

std::string App::move_handle(std::size_t handle, double x, double y) {
  const AppState& s = *state_;
  if (s.view.figure >= s.figures.size()) return {};
  return move_handle(s.figures[s.view.figure], handle, x, y);
}

std::string App::step_handle(std::size_t handle, int right, int up, bool fine) {
  const AppState& s = *state_;
  if (s.view.figure >= s.figures.size()) return {};
  const Figure& figure = s.figures[s.view.figure];
  if (handle >= figure.handles.size()) return {};
  const Handle& moved = figure.handles[handle];
  const auto step = [&](const Axis& axis) {
    const Range range = plane_range(axis);
    return fine ? handle_fine_step(moved, range) : handle_step(moved, range);
  };
  return move_handle(figure, handle, moved.x + right * step(figure.x),
                     moved.y + up * step(figure.y));
}

}  // namespace attnlab
