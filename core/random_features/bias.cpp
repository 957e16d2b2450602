// rf-bias: test error against the mean of the query-key matrices.
#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

Figure bias_figure(const MeasuredSweep& measured) {
  const Sweep& sweep = measured.sweep;
  Figure figure = error_figure("bias", "Where does a non-zero mean of W help?", sweep);
  figure.subtitle += "  n = " + std::to_string(sweep.stages.front().front()) + ".";
  figure.x.label = "mean of W, c (0: RFA)";
  figure.x.min = sweep.variants.front().value;
  figure.x.max = sweep.variants.back().value;
  figure.empty_text = "Press Run: one point for every mean.";
  figure.draw_lines().series =
      measured_series(sweep, measured.errors, [](const ErrorRow& row) { return row.variant; });
  for (const Series& series : figure.draw_lines().series) {
    const FigurePoint* best = nullptr;
    for (const FigurePoint& point : series.points) {
      if (best == nullptr || point.y < best->y) best = &point;
    }
    if (best != nullptr && series.points.size() == sweep.variants.size()) {
      figure.draw_lines().references.push_back(
          {true, best->x, "best c tried, " + series.label + ": " + short_text(best->x)});
    }
  }
  return figure;
}

}  // namespace

Experiment bias_face() {
  Experiment experiment;
  experiment.id = "rf-bias";
  experiment.title = "Mean of W";
  experiment.question = "Where does a non-zero mean of W help?";
  experiment.summary =
      "With mean c·I every head's score contains c⟨x₀,xᵢ⟩ in addition to its random part. On "
      "targets built from ⟨x₀,xᵢ⟩ that is an advantage; on others it hides the random features. "
      "c = 0 is "
      "RFA.";
  experiment.schema = sweep_schema(SweptQuantity::kBias, {{"models", names({"brfa"})},
                                                          {"target", names({"correlation-value"})},
                                                          {"degree", integers({3})}});
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = {
      {"helps",
       "Where it helps",
       "Values weighted by ⟨x₀,xᵢ⟩³: the error falls from about 0.6 without a mean to 0.46 at c = "
       "4, "
       "and larger means gain little. The vertical line marks the best mean tried. Next: the same "
       "through a random matrix.",
       {}},
      {"hurts",
       "Where it hurts",
       "The correlation goes through a random matrix S, so ⟨x₀,xᵢ⟩ itself says nothing about the "
       "target: every mean tried is worse than none, and the larger, the worse. Next: degree 1, "
       "where a mean of 1 changes the error by less than 0.01.",
       {{"target", "matrix-correlation"},
        {"degree", "2"},
        {"bias-scale", "0,1,2,4,8"},
        {"samples", "1024"},
        {"trials", "10"}}},
      {"set",
       "A target without the query",
       "An average of squares does not look at the query at all: a mean of W gains nothing. "
       "Little changes at c = 0.5; at c = 16 the error is twice as large. Next: compare with the "
       "power of the correlation (correlation-power 2), where RFA learns nothing at these sizes "
       "(d = 16, 512 samples) and c = 8 halves the error.",
       {{"target", "mean-power"}, {"degree", "2"}}},
  };
  return experiment;
}

Findings bias_findings(const MeasuredSweep& measured) {
  Findings found;
  found.result.tables = {test_error_table(measured.errors, measured.varied),
                         theory_table(measured.sweep)};
  found.result.claims = bias_claims(measured.sweep, measured.curves);
  found.figures = {bias_figure(measured)};
  return found;
}

}  // namespace attnlab::random_features
