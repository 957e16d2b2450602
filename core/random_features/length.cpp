// rf-length: samples needed against the number of keys.
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/sweep_schema.h"
#include "core/random_features/sweep_tables.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Sweep sweep = read_sweep(spec.parameters);
  Result result;
  const std::vector<ErrorCurve> curves = decode_sweep(sweep, outputs, result.notes);
  result.tables = {test_error_table(sweep, curves, {SweepColumn::kKeys, SweepColumn::kSamples}),
                   samples_needed_table(curves, {SweepColumn::kKeys}), theory_table(sweep)};
  result.claims = length_claims(sweep, curves);
  return result;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Sweep sweep = read_sweep(spec.parameters);
  Figure figure;
  figure.id = "length";
  figure.title = "Does a longer context cost samples?";
  figure.subtitle =
      sweep_subtitle(sweep) +
      "  A model without a point does not get to error 0.5 up to the largest n tried.";
  figure.x.label = "keys N";
  figure.x.logarithmic = true;
  for (const LayerVariant& variant : sweep.variants) figure.x.ticks.push_back(variant.value);
  figure.x.min = figure.x.ticks.front();
  figure.x.max = figure.x.ticks.back();
  figure.y.label = "samples to reach error 0.5";
  figure.y.logarithmic = true;
  figure.draw_lines().references = {
      {false, static_cast<double>(sweep.stages.back().back()), "largest n tried"}};
  figure.table = "samples_needed";
  figure.empty_text = "Press Run: small n first.";
  for (std::size_t m = 0; m < sweep.models.size(); ++m) {
    for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
      figure.draw_lines().series.push_back(needed_series(sweep, result, m, j, "keys"));
    }
  }
  const double fewest = static_cast<double>(sweep.stages.front().front());
  const double most = static_cast<double>(sweep.stages.back().back());
  for (Series& guide : length_guides(sweep, std::sqrt(fewest * most))) {
    figure.draw_lines().series.push_back(std::move(guide));
  }
  figure.y.min = fewest;
  figure.y.max = most;
  return {figure};
}

}  // namespace

Experiment LengthExperiment::face() {
  Experiment experiment;
  experiment.id = "rf-length";
  experiment.family = "A";
  experiment.title = "Number of keys";
  experiment.question = "Does a longer context cost samples?";
  experiment.summary =
      "The target is a mean over the keys. Attention treats them alike whatever their number, and "
      "so does RF-invariant, a network averaged over the keys; RFMLP sees one long input and has "
      "to "
      "learn every position by itself. Dashed: how the bounds grow. The variance of a mean falls "
      "with N and errors are measured in it, so RFA's bound grows, too, where its need may not.";
  experiment.schema = sweep_schema(SweptQuantity::kKeys);
  set_default(experiment.schema, "models",
              std::vector<std::string>{"rfa", "rf-invariant", "rfmlp"});
  set_default(experiment.schema, "dim", std::int64_t{6});
  set_default(experiment.schema, "heads", std::int64_t{300});
  set_default(experiment.schema, "keys", std::vector<std::int64_t>{1, 2, 4, 8});
  set_default(experiment.schema, "trials", std::int64_t{3});
  experiment.presets = {
      {"squares",
       "Average of squares",
       "Small tokens (d = 6) so that the network gets there too for few keys. Attention's need "
       "hardly moves with N; the network's grows until it is out of reach. Next: more samples, "
       "more keys.",
       {}},
  };
  experiment.plan = plan;
  return experiment;
}

Findings LengthExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::random_features
