// rf-heads: test error against the number of random heads at a fixed number of samples.
#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/findings/palette.h"
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
  result.tables = {test_error_table(sweep, curves, {SweepColumn::kHeads}), theory_table(sweep)};
  result.claims = finite_width_claims(sweep, curves);
  return result;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Sweep sweep = read_sweep(spec.parameters);
  Figure figure;
  figure.id = "heads";
  figure.title = "How many random heads are enough?";
  figure.subtitle =
      sweep_subtitle(sweep) + "  n = " + std::to_string(spec.parameters.integer("samples")) + ".";
  figure.x.label = "heads M";
  figure.x.logarithmic = true;
  for (const LayerVariant& variant : sweep.variants) figure.x.ticks.push_back(variant.value);
  figure.x.min = figure.x.ticks.front();
  figure.x.max = figure.x.ticks.back();
  figure.y.label = "test error (1 = best constant)";
  figure.y.logarithmic = true;
  figure.table = "test_error";
  figure.empty_text = "Press Run: few heads first.";
  figure.draw_lines().series = measured_series(sweep, result, "heads");
  for (Series& series : affine_series(sweep, figure.x.min, figure.x.max)) {
    figure.draw_lines().series.push_back(std::move(series));
  }
  if (figure.x.max > figure.x.min) {
    figure.draw_lines().series.push_back(heads_guide(figure.x.min, figure.x.max));
  }
  return {figure};
}

}  // namespace

Experiment HeadsExperiment::face() {
  Experiment experiment;
  experiment.id = "rf-heads";
  experiment.family = "A";
  experiment.title = "Number of heads";
  experiment.question = "How many random heads are enough?";
  experiment.summary =
      "The heads are random and frozen, so more of them only sample the same distribution more "
      "densely. The error falls until the layer behaves like its infinitely wide limit (M = ∞, the "
      "level, fitted with its kernel); from there only more samples help.";
  experiment.schema = sweep_schema(SweptQuantity::kHeads);
  set_default(experiment.schema, "models",
              std::vector<std::string>{"rfa", "brfa", "rfmlp", "rfa-kernel", "brfa-kernel",
                                       "rfmlp-kernel"});
  experiment.presets = {
      {"levels-off",
       "Where does it level off?",
       "512 samples of the average of squares, 10 to 1000 heads. Watch RFA fall and flatten. Next: "
       "double the samples and see the plateau move.",
       {}},
      {"query",
       "A target that reads the query",
       "Values weighted by the cubed similarity to the query: fewer heads do when their mean "
       "already points at the query (BRFA). Next: set the mean of W to 1 and watch the lead "
       "shrink.",
       {{"target", "correlation-value"}, {"degree", "3"}}},
  };
  experiment.plan = plan;
  return experiment;
}

Findings HeadsExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::random_features
