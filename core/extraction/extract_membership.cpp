// extract-membership: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/membership.h"
#include "core/extraction/recovery.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"
#include "core/numerics/statistics.h"

namespace attnlab::extraction {
namespace {

constexpr double kSlopeOfInterest = 0.2;  // distance from one bit per query

const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"dim", "trials", "bits"},
      .method = "bisection",
      .memory_parameter = "dim",
      .extra = {{"bits", "bits", "", ColumnType::kNumber},
                {"queries_per_number", "queries per number", "", ColumnType::kNumber},
                {"digits", "digits of W", "", ColumnType::kNumber},
                {"queries_per_digit", "queries per digit", "", ColumnType::kNumber}}};
  return description;
}
enum Extra : std::size_t { kBits };

double numbers(const RecoveryJob& job) {
  const double d = static_cast<double>(job.dim);
  return d * d + d;
}

JobNeeds needs(const RunSpec&, const RecoveryJob& job) {
  const double d = static_cast<double>(job.dim);
  return {(job.axis.at("bits") + 8) * d * d * d + 1000, 72 * d * d * d + 1e5};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  return recovery().plan(spec, needs);
}

/// log2 of the error of W against bits, one trial at one dimension.
struct Ladder {
  std::vector<double> bits, log_error;

  /// Slope by least squares.
  double slope() const {
    const double n = static_cast<double>(bits.size());
    double x = 0, y = 0, xx = 0, xy = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
      x += bits[i] / n;
      y += log_error[i] / n;
    }
    for (std::size_t i = 0; i < bits.size(); ++i) {
      xx += (bits[i] - x) * (bits[i] - x);
      xy += (bits[i] - x) * (log_error[i] - y);
    }
    return xy / xx;
  }
};

/// Every trial gives one slope. The true value can be anywhere in the last interval, so log2 of the
/// error scatters by about a bit, whatever the number of bits: the scatter of the slopes is the
/// error.
Claim bisection_claim(const RunSpec& spec, const std::vector<RecoveryRow>& rows) {
  Claim claim{"B6", "Yes-or-no answers suffice: every further query per number halves the error.",
              ClaimStatus::kUndecided, "Needs finished trials at two numbers of bits or more."};
  if (spec.parameters.choice("value-shape") == "zero") {
    claim.evidence = "With v = 0 there is nothing to find: choose another shape of v.";
    return claim;
  }
  std::map<std::pair<double, double>, Ladder> ladders;  // by dim, trial
  int wrong = 0;
  for (const RecoveryRow& row : rows) {
    if (!(row.w_error > 0)) {
      wrong += row.status == "not-a-match";
      continue;
    }
    Ladder& ladder = ladders[{row.dim, row.trial}];
    ladder.bits.push_back(row.more(kBits));
    ladder.log_error.push_back(std::log2(row.w_error));
  }
  std::vector<double> slopes, above, below;  // distances from -1 - 0.2 and to -1 + 0.2
  for (const auto& [key, ladder] : ladders) {
    const auto [fewest, most] = std::ranges::minmax(ladder.bits);
    if (fewest == most) continue;
    slopes.push_back(ladder.slope());
    above.push_back(slopes.back() + 1 + kSlopeOfInterest);
    below.push_back(kSlopeOfInterest - 1 - slopes.back());
  }
  if (slopes.empty()) return claim;
  if (wrong > 0) {
    claim.status = ClaimStatus::kFails;
    claim.evidence = "In " + std::to_string(wrong) + " of " + std::to_string(rows.size()) +
                     " extractions W was not found.";
    return claim;
  }
  apply(judge({mean_comparison("slope above −1.2", above),
               mean_comparison("slope below −0.8", below)}),
        claim);
  const Estimate slope = mean_and_error(slopes);
  const auto [low, high] = std::ranges::minmax(slopes);
  claim.evidence = "Each query per number changes log₂ of the error by " + short_text(slope.mean) +
                   (slope.count > 1 ? " ± " + short_text(slope.std_error) : "") + " (" +
                   std::to_string(slope.count) + " series, " + short_text(low) + " to " +
                   short_text(high) +
                   "; the mean must be −1 ± 0.2): " + short_text(std::log2(10.0) / -slope.mean) +
                   " queries per decimal digit.";
  return claim;
}

Figure digit_figure(const RunSpec& spec, const Recovered& recovered) {
  Figure figure;
  figure.id = "digits";
  figure.title = "How many yes-or-no questions for one more digit?";
  figure.subtitle =
      "Error of W relative to its largest entry against the bisection steps per number. "
      "Bars: ±1 standard error over " +
      counted(static_cast<std::size_t>(spec.parameters.integer("trials")), "trial") + ".";
  figure.x = {"bisection steps per number", false, 0, 0, {}};
  figure.y = {"error of W", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished head adds to the curve.";
  int variant = 0;
  for (const double dim : dims_of(spec)) {
    Series series;
    series.id = series.label = "d = " + short_text(dim);
    series.colour = kColourRfa;
    series.variant = variant++;
    series.points = mean_points(
        recovered.rows, [&](const RecoveryRow& row) { return row.dim == dim; },
        [](const RecoveryRow& row) { return row.more(kBits); }, &RecoveryRow::w_error);
    figure.draw_lines().series.push_back(std::move(series));
  }
  Series guide;
  guide.id = "halving";
  guide.label = "one bit per query";
  guide.note = "2^−bits: drawn for its slope";
  guide.role = SeriesRole::kTheory;
  guide.colour = kColourReference;
  for (const std::int64_t bits : spec.parameters.integers("bits")) {
    guide.points.push_back(
        {static_cast<double>(bits), std::exp2(-static_cast<double>(bits)), 0, 0});
  }
  figure.draw_lines().series.push_back(std::move(guide));
  return figure;
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  const int bits = static_cast<int>(job.axis.at("bits"));
  const double threshold = spec.parameters.real("threshold");
  const Head head =
      draw_head(job, spec.parameters.real("weight-scale"), spec.parameters.choice("value-shape"));
  HeadsOracle exact(head.clone());
  MembershipOracle oracle(exact, threshold);
  HeadKnowledge known(job.dim);
  JobReport report;
  const MembershipOptions options{threshold, bits, spec.seed};
  const double expected = (bits + 8) * numbers(job);
  const auto progress = [&oracle, expected] {
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / expected));
  };
  Steps<Outcome> learning =
      learn_from(oracle, learn_membership(known, options), kBatchStep, progress);
  const Outcome outcome = co_await learning;
  RecoveryRow row = row_of(job, oracle, outcome);
  compare(row, job, head, known);
  const double per_number = row.queries / numbers(job);
  const double digits = row.w_error > 0 ? -std::log10(row.w_error) : kUnknown;
  row.extra = {static_cast<double>(bits), per_number, digits,
               digits > 0 ? per_number / digits : kUnknown};
  report.matrices = matrix_pair(head.weight, known.weight);
  report.rows.push_back(std::move(row));
  co_return JobResult{encode(report)};
}

void add_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  findings.result.claims = {bisection_claim(spec, recovered.finished)};
  findings.figures = {
      digit_figure(spec, recovered),
      matrix_figure(shown_matrices(recovered.reports), "W of one trial at the largest d.")};
}

}  // namespace

Experiment MembershipExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-membership";
  experiment.family = "B";
  experiment.title = "Yes or no";
  experiment.question = "What if the box only says yes or no?";
  experiment.summary =
      "The box only tells whether f(X) reaches a threshold. Stretch a token until the answer "
      "flips, and the flipping point is a number: bisection turns yes and no into v and W, one "
      "binary digit per question.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 48,
                 .default_value = integers({4, 8}),
                 .suggested = {2, 4, 8, 16},
                 .primary = true}),
      described({.name = "bits",
                 .label = "Bisection steps",
                 .help = "questions per number after its first interval",
                 .min = 4,
                 .max = 46,
                 .default_value = integers({8, 16, 24, 32, 40}),
                 .suggested = {8, 16, 32, 40},
                 .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "heads drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{3},
                 .suggested = {1, 3, 5, 10},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "threshold",
                 .label = "Threshold",
                 .symbol = "θ",
                 .help = "the box says yes where f(X) is at least this",
                 .min = 1e-3,
                 .max = 1e3,
                 .default_value = 1.0,
                 .suggested = {0.1, 1, 10},
                 .logarithmic = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of W on average",
                 .min = 1e-2,
                 .max = 1e4,
                 .default_value = 1.0,
                 .suggested = {0.1, 1, 100},
                 .logarithmic = true}),
      value_shape_parameter(false),
  };
  experiment.layer = head_layer_text(experiment.schema, Behind::kThreshold);
  experiment.presets = {
      {"first-look",
       "What does a yes-or-no answer reveal?",
       "Every question gives one binary digit of one number: about 3.3 questions for a decimal "
       "digit. Forty steps per number give W to ten digits and more. Next: a sharper head.",
       {}},
      {"sharp-head",
       "A head that saturates",
       "With a large W the flipping point is where the softmax is saturated. Shorter query tokens "
       "bring it back, at two more questions for each try.",
       {{"weight-scale", "100"}, {"dim", "8"}}}};
  experiment.reductions = {{"trials", 1}, {"dim", 4, 1}, {"bits", 4, 2}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps MembershipExperiment::start(RunSpec spec, std::uint32_t index) {
  return recovery().start(std::move(spec), index, recover);
}

Findings MembershipExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return recovery().find(spec, outputs, add_findings);
}

}  // namespace attnlab::extraction
