#include "tests/unit/ui/live_experiment.h"

#include <algorithm>
#include <cmath>

namespace attnlab::test {
namespace {

double nearest(std::span<const float> data, double x, double y) {
  double best = std::nan("");
  for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
    const double distance =
        std::hypot(x - static_cast<double>(data[i]), y - static_cast<double>(data[i + 1]));
    if (!(best <= distance)) best = distance;
  }
  return best;
}

Expected<Plan> plan(const RunSpec& spec) {
  if (spec.parameters.reals("points").size() > 6) return Error{"points are too many together"};
  return Plan{};
}

Result result_of(const RunSpec& spec) {
  const std::vector<double>& points = spec.parameters.reals("points");
  Result result;
  Table table{"points", "The points", {{"x", "x", ""}, {"y", "y", ""}}, {}};
  for (std::size_t i = 0; i + 1 < points.size(); i += 2)
    table.rows.push_back({real_cell(points[i]), real_cell(points[i + 1])});
  result.tables.push_back(std::move(table));
  result.summary = std::to_string(points.size() / 2) + " points.";
  return result;
}

std::vector<Figure> figures_of(const RunSpec& spec) {
  const std::vector<double>& points = spec.parameters.reals("points");
  Figure figure;
  figure.id = "distance";
  figure.title = "How far is the next point?";
  figure.x = {"x", false, -3, 3, {}};
  figure.y = {"y", false, -3, 3, {}};
  for (std::size_t i = 0; i + 1 < points.size(); i += 2) {
    Handle handle;
    handle.parameter = "points";
    handle.x_item = i;
    handle.y_item = i + 1;
    handle.x = points[i];
    handle.y = points[i + 1];
    handle.label = std::to_string(i / 2 + 1);
    handle.help = "point " + handle.label;
    figure.handles.push_back(handle);
  }
  FieldPanel field;
  field.id = "nearest";
  field.title = "Distance";
  field.shader = "no-such-shader";
  field.value_label = "distance";
  field.max = 4;
  field.contours = {1, 2};
  for (const double value : points) field.data.push_back(static_cast<float>(value));
  field.value = nearest;
  figure.draw_fields().panels = {field};
  return {figure};
}

Findings find(const RunSpec& spec, std::span<const JobOutput>) {
  return {result_of(spec), figures_of(spec)};
}

Experiment make() {
  Experiment experiment;
  experiment.id = "live";
  experiment.family = "A";
  experiment.title = "Live";
  experiment.question = "How far is the next point?";
  experiment.summary = "Two points.";
  Parameter points;
  points.name = points.label = "points";
  points.help = "Positions";
  points.kind = ParameterKind::kRealTuple;
  points.min = -3;
  points.max = 3;
  points.min_items = points.group = 2;
  points.max_items = 8;
  points.default_value = std::vector<double>{-1, 0, 1, 0.5};
  points.primary = true;
  experiment.schema.parameters = {points};
  experiment.presets = {{"two", "Two", "Two points.", {}},
                        {"one", "One", "One point.", {{"points", "0,0"}}}};
  experiment.live = true;
  experiment.plan = plan;
  experiment.find = find;
  return experiment;
}

}  // namespace

const Experiment& live_experiment() {
  static const Experiment experiment = make();
  return experiment;
}

}  // namespace attnlab::test
