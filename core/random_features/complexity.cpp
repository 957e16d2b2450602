// rf-complexity: test error over (training samples, degree or frequency), one heat map per model.
#include <limits>
#include <map>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

/// The errors of one model over (size, degree or frequency of one target).
HeatPanel panel_of(const MeasuredSweep& measured, const RandomFeatureModel& model,
                   const Target& target) {
  HeatPanel panel;
  panel.id = std::string(model.id) + "/" + std::string(target.id);
  panel.title = std::string(model.label) + ", " + std::string(target.label);
  panel.x.label = "training samples n";
  panel.y.label = target.number == TargetNumber::kFrequency ? "frequency g" : "degree p";
  panel.value_label = "test error";
  panel.scale_group = "error";
  panel.contours = {kLearnedLevel};
  std::map<double, std::size_t> column, row;
  for (const double n : all_sizes(measured.sweep)) {
    column.emplace(n, column.size());
    panel.x_labels.push_back(std::to_string(static_cast<std::size_t>(n)));
  }
  for (const TargetCase& item : measured.sweep.cases) {
    if (item.target != &target) continue;
    row.emplace(item.number, row.size());
    panel.y_labels.push_back(short_text(item.number));
  }
  panel.rows = row.size();
  panel.columns = column.size();
  panel.values.assign(panel.rows * panel.columns, std::numeric_limits<double>::quiet_NaN());
  panel.errors = panel.values;
  for (const ErrorRow& point : measured.errors) {
    if (point.model != &model || point.target.target != &target) continue;
    const std::size_t cell = row.at(point.target.number) * panel.columns + column.at(point.samples);
    panel.values[cell] = point.mean;
    panel.errors[cell] = point.std_error;
  }
  return panel;
}

Figure map_figure(const MeasuredSweep& measured) {
  const Sweep& sweep = measured.sweep;
  Figure figure;
  figure.id = "complexity";
  figure.title = "How does difficulty cost samples?";
  figure.subtitle = sizes_text(sweep) + ".  " + protocol_text(sweep) +
                    "  Line: half of the variance learned.  Hover a cell for its uncertainty.";
  figure.table = "test_error";
  figure.empty_text = "Press Run: small n first.";
  for (const RandomFeatureModel* model : sweep.models) {
    const Target* last = nullptr;
    for (const TargetCase& item : sweep.cases) {
      if (item.target == last) continue;
      last = item.target;
      figure.draw_maps().panels.push_back(panel_of(measured, *model, *item.target));
    }
  }
  return figure;
}

}  // namespace

Figure needed_figure(const MeasuredSweep& measured, const Target& target) {
  const Sweep& sweep = measured.sweep;
  const bool degree = target.number == TargetNumber::kDegree;
  Sweep one = sweep;
  std::erase_if(one.cases, [&](const TargetCase& item) { return item.target != &target; });
  Figure figure;
  figure.id = part_id("needed", std::string(target.id));
  figure.title = "How many samples for each " + std::string(degree ? "degree" : "frequency") +
                 " of " + std::string(target.id) + "?";
  figure.subtitle = sizes_text(sweep) + ".  " + protocol_text(sweep) +
                    "  No point: test error 0.5 is not reached up to the largest n tried.";
  figure.x.label = degree ? "degree p" : "frequency g";
  figure.x.logarithmic = !degree;
  std::vector<double> numbers;
  for (const TargetCase& item : one.cases) numbers.push_back(item.number);
  span_ticks(figure.x, std::move(numbers));
  figure.y.label = "samples to reach error 0.5";
  figure.y.logarithmic = true;
  figure.y.min = static_cast<double>(sweep.stages.front().front());
  figure.y.max = static_cast<double>(sweep.stages.back().back());
  figure.table = "samples_needed";
  figure.empty_text = "Press Run: small n first.";
  for (std::size_t m = 0; m < sweep.models.size(); ++m) {
    Series line;
    for (std::size_t j = 0; j < one.cases.size(); ++j) {
      Series part = needed_series(only_case(one, j), measured.needed, m, 0,
                                  [](const NeededRow& row) { return row.target.number; });
      if (j == 0) {
        line = std::move(part);
      } else {
        line.points.insert(line.points.end(), part.points.begin(), part.points.end());
      }
    }
    figure.draw_lines().series.push_back(std::move(line));
  }
  Series bound = degree_guide(one, target, figure.y.min);
  if (bound.points.size() > 1) figure.draw_lines().series.push_back(std::move(bound));
  return figure;
}

std::vector<Figure> needed_figures(const MeasuredSweep& measured) {
  const Sweep& sweep = measured.sweep;
  std::vector<Figure> all;
  for (std::size_t j = 0; j + 1 < sweep.cases.size(); ++j) {
    const Target* target = sweep.cases[j].target;
    const bool first = j == 0 || sweep.cases[j - 1].target != target;
    if (first && sweep.cases[j + 1].target == target) {
      all.push_back(needed_figure(measured, *target));
    }
  }
  return all;
}

Experiment complexity_face() {
  Experiment experiment;
  experiment.id = "rf-complexity";
  experiment.title = "Harder targets";
  experiment.question = "How does difficulty cost samples?";
  experiment.summary =
      "Every cell is a fit: training samples to the right, degree (or frequency) of the target "
      "downwards. The line marks where half of the target's variance is learned: does it move "
      "right as the target gets harder? Odd powers have a linear part, which is learned first.";
  experiment.schema = sweep_schema(
      SweptQuantity::kSamples, {{"degree", integers({1, 2, 3, 4})}, {"models", names({"rfa"})}});
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = {
      {"powers",
       "Averages of powers",
       "Degrees 1 to 4 for RFA. Compare even degrees with each other, and odd with odd: a third "
       "power is two thirds linear, and RFA learns that part first, so degree 3 reaches error 0.5 "
       "before degree 2. Next: choose BRFA.",
       {}},
      {"frequencies",
       "Averages of a cosine",
       "The same with a cosine of growing frequency. Frequencies 2 and 4 need about 500 samples "
       "for half of the target; with 1024 samples 8 has just begun, and 16 has not. Next: a cosine "
       "of the correlation (correlation-cosine), with BRFA.",
       {{"target", "mean-cosine"}, {"frequency", "2,4,8,16"}}},
      {"query",
       "Values weighted by the query",
       "Powers of the similarity to the query, for RFA and BRFA: with the non-zero mean odd "
       "degrees reach error 0.5 with a fraction of the samples; even degrees stay above it. Next: "
       "degrees 1 and 3 with 4096 samples.",
       {{"target", "correlation-value"}, {"models", "rfa,brfa"}}},
  };
  return experiment;
}

Findings complexity_findings(const MeasuredSweep& measured) {
  Findings found;
  found.result.tables = {
      test_error_table(measured.errors, measured.varied), samples_needed_table(measured.needed),
      local_slope_table(slope_rows(measured.curves)), theory_table(measured.sweep)};
  found.result.claims = complexity_claims(measured.sweep, measured.curves);
  found.figures = needed_figures(measured);
  found.figures.insert(found.figures.begin(), map_figure(measured));
  return found;
}

}  // namespace attnlab::random_features
