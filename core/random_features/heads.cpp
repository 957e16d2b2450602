// rf-heads: test error against the number of random heads at a fixed number of samples.
#include "core/experiment/parameters.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

Figure heads_figure(const MeasuredSweep& measured) {
  const Sweep& sweep = measured.sweep;
  Figure figure = error_figure("heads", "How many random heads are enough?", sweep);
  figure.subtitle += "  n = " + std::to_string(sweep.stages.front().front()) + ".";
  figure.x.label = "heads M";
  figure.x.logarithmic = true;
  span_ticks(figure.x, swept_values(sweep));
  figure.empty_text = "Press Run: few heads first.";
  figure.draw_lines().series =
      measured_series(sweep, measured.errors, [](const ErrorRow& row) { return row.heads; });
  for (Series& series : affine_series(sweep, figure.x.min, figure.x.max)) {
    figure.draw_lines().series.push_back(std::move(series));
  }
  if (figure.x.max > figure.x.min && within_theory(sweep)) {
    figure.draw_lines().series.push_back(heads_guide(figure.x.min, figure.x.max));
  }
  return figure;
}

}  // namespace

Experiment heads_face() {
  Experiment experiment;
  experiment.id = "rf-heads";
  experiment.title = "Number of heads";
  experiment.question = "How many random heads are enough?";
  experiment.summary =
      "The heads are random and frozen, so more of them only sample the same distribution more "
      "densely. The error falls until the layer behaves like its infinitely wide limit (M = ∞, a "
      "level, fitted with its kernel). From there on only more samples help.";
  experiment.schema = sweep_schema(
      SweptQuantity::kHeads,
      {{"models", names({"rfa", "brfa", "rfmlp", "rfa-kernel", "brfa-kernel", "rfmlp-kernel"})}});
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = {
      {"levels-off",
       "Where does it level off?",
       "512 samples of the average of squares, 10 to 1000 heads. Watch RFA fall and flatten. Next: "
       "double the samples and see the plateau move.",
       {}},
      {"query",
       "A target that reads the query",
       "Values weighted by the cubed similarity to the query: fewer heads suffice when their mean "
       "already points at the query (BRFA). Next: set the mean of W to 1 and watch the lead "
       "shrink.",
       {{"target", "correlation-value"}, {"degree", "3"}}},
  };
  return experiment;
}

Findings heads_findings(const MeasuredSweep& measured) {
  Findings found;
  found.result.tables = {test_error_table(measured.errors, measured.varied),
                         theory_table(measured.sweep)};
  found.result.claims = finite_width_claims(measured.sweep, measured.curves);
  found.figures = {heads_figure(measured)};
  return found;
}

}  // namespace attnlab::random_features
