// rf-length: samples needed against the number of keys.
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/random_features/claims.h"
#include "core/random_features/experiments.h"
#include "core/random_features/layer.h"
#include "core/random_features/theory.h"

namespace attnlab::random_features {
namespace {

Figure length_figure(const MeasuredSweep& measured) {
  const Sweep& sweep = measured.sweep;
  Figure figure;
  figure.id = "length";
  figure.title = "Does a longer context cost samples?";
  figure.subtitle =
      sweep_subtitle(sweep) +
      "  A model without a point does not get to error 0.5 up to the largest n tried.";
  figure.x.label = "keys N";
  figure.x.logarithmic = true;
  span_ticks(figure.x, swept_values(sweep));
  figure.y.label = "samples to reach error 0.5";
  figure.y.logarithmic = true;
  figure.draw_lines().references = {
      {false, static_cast<double>(sweep.stages.back().back()), "largest n tried"}};
  figure.table = "samples_needed";
  figure.empty_text = "Press Run: small n first.";
  for (std::size_t m = 0; m < sweep.models.size(); ++m) {
    for (std::size_t j = 0; j < sweep.cases.size(); ++j) {
      figure.draw_lines().series.push_back(needed_series(
          sweep, measured.needed, m, j, [](const NeededRow& row) { return row.variant; }));
    }
  }
  const double fewest = static_cast<double>(sweep.stages.front().front());
  const double most = static_cast<double>(sweep.stages.back().back());
  for (Series& guide : length_guides(sweep, std::sqrt(fewest * most))) {
    figure.draw_lines().series.push_back(std::move(guide));
  }
  figure.y.min = fewest;
  figure.y.max = most;
  return figure;
}

constexpr Varied kVariedKeys[] = {Varied::kKeys};

}  // namespace

Experiment length_face() {
  Experiment experiment;
  experiment.id = "rf-length";
  experiment.title = "Number of keys";
  experiment.question = "Does a longer context cost samples?";
  experiment.summary =
      "The target is a mean over the keys. Attention treats them alike whatever their number, and "
      "so does RF-invariant, a network averaged over the keys; RFMLP sees one long input and has "
      "to learn every position separately. Dashed: how the bounds grow. Errors are relative to the "
      "variance of the mean, which falls with N, so RFA's bound grows even where the samples it "
      "needs do not.";
  experiment.schema =
      sweep_schema(SweptQuantity::kKeys, {{"models", names({"rfa", "rf-invariant", "rfmlp"})},
                                          {"dim", std::int64_t{6}},
                                          {"heads", std::int64_t{300}},
                                          {"keys", integers({1, 2, 4, 8})},
                                          {"trials", std::int64_t{3}}});
  experiment.layer = random_feature_layer_text(experiment.schema);
  experiment.presets = {
      {"squares",
       "Average of squares",
       "Small tokens (d = 6), so that for few keys the network reaches error 0.5, too. The samples "
       "that attention needs hardly change with N; the network needs more and more, until they are "
       "out of reach. Next: more samples, more keys.",
       {}},
  };
  return experiment;
}

Findings length_findings(const MeasuredSweep& measured) {
  Findings found;
  found.result.tables = {test_error_table(measured.errors, measured.varied),
                         samples_needed_table(measured.needed, kVariedKeys),
                         theory_table(measured.sweep)};
  found.result.claims = length_claims(measured.sweep, measured.curves);
  found.figures = {length_figure(measured)};
  return found;
}

}  // namespace attnlab::random_features
