// extract-membership: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/base/text.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/membership.h"
#include "core/extraction/report.h"
#include "core/numerics/statistics.h"

namespace attnlab::extraction {
namespace {

struct Setup {
  std::vector<std::int64_t> dims, bits;
  std::size_t trials = 1;
  double scale = 1, threshold = 1;
  std::string shape;
  std::size_t jobs() const { return dims.size() * bits.size() * trials; }
};

Setup read_setup(const ParameterSet& parameters) {
  return {parameters.integers("dim"),
          parameters.integers("bits"),
          static_cast<std::size_t>(parameters.integer("trials")),
          parameters.real("weight-scale"),
          parameters.real("threshold"),
          parameters.choice("value-shape")};
}

struct JobName {
  std::size_t dim = 0, trial = 0;
  int bits = 0;
};

JobName job_name(const Setup& setup, std::size_t index) {
  JobName job;
  job.bits = static_cast<int>(setup.bits[index % setup.bits.size()]);
  index /= setup.bits.size();
  job.trial = index % setup.trials;
  job.dim = static_cast<std::size_t>(setup.dims[index / setup.trials]);
  return job;
}

double numbers(const JobName& job) {
  const double d = static_cast<double>(job.dim);
  return d * d + d;
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  const Setup setup = read_setup(spec.parameters);
  if (index >= setup.jobs()) co_return Error{"this run has no job " + std::to_string(index)};
  const JobName job = job_name(setup, index);
  const auto trial = static_cast<std::uint32_t>(job.trial),
             dim = static_cast<std::uint32_t>(job.dim);
  RandomStream value(spec.seed, hash_name("extract/value"), trial, dim);
  RandomStream weight(spec.seed, hash_name("extract/weight"), trial, dim);
  const Head head{random_weight(weight, job.dim, job.dim, setup.scale),
                  draw_value(value, job.dim, setup.shape)};
  HeadsOracle exact(head.clone());
  MembershipOracle oracle(exact, setup.threshold);
  HeadKnowledge known(job.dim);
  JobReport report;
  const MembershipOptions options{setup.threshold, job.bits, spec.seed};
  const double expected = (job.bits + 8) * numbers(job);
  const auto progress = [&oracle, expected] {
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / expected));
  };
  Steps<Outcome> learning =
      learn_from(oracle, learn_membership(known, options), kBatchStep, progress);
  const Outcome outcome = co_await learning;
  RecoveryRow row;
  row.method = "bisection";
  row.dim = static_cast<double>(job.dim);
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.check_queries = static_cast<double>(oracle.checking_queries());
  row.repeated = static_cast<double>(known.repeated);
  row.v_error = largest_relative_error(known.value, head.value);
  row.w_error = largest_relative_error(known.weight.values(), head.weight.values());
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
  const double per_number = row.queries / numbers(job);
  const double digits = row.w_error > 0 ? -std::log10(row.w_error) : kUnknown;
  row.extra = {static_cast<double>(job.bits), per_number, digits,
               digits > 0 ? per_number / digits : kUnknown};
  if (std::isfinite(row.w_error)) {
    HeadsOracle truth(head.clone()), recovered(Head{known.weight.clone(), known.value});
    row.function_gap = function_gap(truth, recovered, RandomStream(7, hash_name("extract/gap"), 0));
  }
  report.matrices = matrix_pair(head.weight, known.weight);
  report.rows.push_back(std::move(row));
  co_return JobResult{encode(report)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const Setup setup = read_setup(spec.parameters);
  Plan plan;
  plan.memory_parameter = "dim";
  for (std::size_t i = 0; i < setup.jobs(); ++i) {
    const JobName job = job_name(setup, i);
    const double d = static_cast<double>(job.dim);
    plan.job_bytes = std::max(plan.job_bytes, 72 * d * d * d + 1e5);
    plan.jobs.push_back({"d = " + std::to_string(job.dim) + ", " + std::to_string(job.bits) +
                             " bits, trial " + std::to_string(job.trial + 1) + " of " +
                             std::to_string(setup.trials),
                         (job.bits + 8) * d * d * d + 1000});
  }
  return plan;
}

/// One exponent: log2 of the error of W lost by each bisection step, over all trials of a
/// dimension.
Claim bisection_claim(const Setup& setup, const std::vector<RecoveryRow>& rows) {
  Claim claim{"B6", "Yes-or-no answers suffice: every further query per number halves the error.",
              ClaimStatus::kUndecided, "Needs finished trials at two numbers of bits or more."};
  std::map<std::pair<double, double>, std::vector<double>>
      groups;  // (dim, trial): bits, log2 error
  std::size_t wrong = 0;
  double per_digit = 0;
  std::vector<double> slopes;
  for (const RecoveryRow& row : rows) {
    if (!(row.w_error > 0)) {
      wrong += row.status == "not-a-match";
      continue;
    }
    auto& points = groups[{row.dim, row.trial}];
    points.push_back(row.extra[0]);
    points.push_back(std::log2(row.w_error));
  }
  for (const auto& [key, points] : groups) {
    if (points.size() < 4) continue;
    const std::size_t last = points.size() - 2;
    if (points[last] == points[0]) continue;
    slopes.push_back((points[last + 1] - points[1]) / (points[last] - points[0]));
  }
  if (setup.shape == "zero") {
    claim.evidence = "v = 0 leaves nothing to find: choose another shape of v.";
    return claim;
  }
  if (slopes.empty()) return claim;
  const auto [low, high] = std::ranges::minmax(slopes);
  claim.status =
      wrong == 0 && low > -1.2 && high < -0.8 ? ClaimStatus::kHolds : ClaimStatus::kFails;
  for (const double slope : slopes) {
    per_digit += std::log2(10.0) / -slope / static_cast<double>(slopes.size());
  }
  claim.evidence = "Each query per number changes log₂ of the error by " + short_text(low) +
                   " to " + short_text(high) + " (expected −1 ± 0.2) in " +
                   std::to_string(slopes.size()) + " series: " + short_text(per_digit) +
                   " queries per decimal digit.";
  return claim;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec.parameters);
  Result result;
  const std::vector<DecodedReport> reports = decode_reports(outputs, setup.jobs(), result.notes);
  result.tables.push_back(
      recovery_table(reports, {{"bits", "bits", ""},
                               {"queries_per_number", "queries per number", ""},
                               {"digits", "digits of W", ""},
                               {"queries_per_digit", "queries per digit", ""}}));
  if (const MatrixPair* shown = shown_matrices(reports)) {
    result.tables.push_back(weight_table(*shown));
  }
  result.claims = {bisection_claim(setup, recovery_rows(reports))};
  return result;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Setup setup = read_setup(spec.parameters);
  Figure figure;
  figure.id = "digits";
  figure.title = "How many yes-or-no questions for one more digit?";
  figure.subtitle =
      "Error of W relative to its largest entry against the bisection steps per number. "
      "Bars: ±1 standard error over " +
      std::to_string(setup.trials) + " trials.";
  figure.x = {"bisection steps per number", false, 0, 0, {}};
  figure.y = {"error of W", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished head adds to the curve.";
  const Table* table = result.table("recovery");
  for (std::size_t k = 0; k < setup.dims.size(); ++k) {
    Series series;
    series.id = series.label = "d = " + std::to_string(setup.dims[k]);
    series.colour = kColourRfa;
    series.variant = static_cast<int>(k);
    if (table != nullptr) {
      Table part = *table;
      std::erase_if(part.rows, [&](const std::vector<Cell>& row) {
        return number(row[1]) != static_cast<double>(setup.dims[k]);
      });
      series.points = mean_points(part, "bisection", "bits", "w_error", true);
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  Series guide;
  guide.id = "halving";
  guide.label = "one bit a query";
  guide.note = "2^−bits: drawn for its slope";
  guide.role = SeriesRole::kTheory;
  guide.colour = kColourReference;
  for (const std::int64_t bits : setup.bits) {
    guide.points.push_back(
        {static_cast<double>(bits), std::exp2(-static_cast<double>(bits)), 0, 0});
  }
  figure.draw_lines().series.push_back(std::move(guide));
  return {figure, matrix_figure(result, "W of one trial at the largest d.")};
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
      "flips, "
      "and the flipping point is a number: bisection turns yes and no into v and W, one binary "
      "digit "
      "a question.";
  experiment.schema.parameters = {
      primary(integer_list_parameter("dim", "Token dimension", "d", "length of a token", 1, 48,
                                     {4, 8}, {2, 4, 8, 16})),
      primary(integer_list_parameter("bits", "Bisection steps", "",
                                     "questions per number after its first interval", 4, 46,
                                     {8, 16, 24, 32, 40}, {8, 16, 32, 40})),
      primary(integer_parameter("trials", "Trials", "", "heads drawn independently", 1, 1000, 3,
                                {1, 3, 5, 10})),
      real_parameter("threshold", "Threshold", "θ", "the box says yes where f(X) is at least this",
                     1e-3, 1e3, 1, {0.1, 1, 10}),
      real_parameter("weight-scale", "Size of W", "‖W‖", "Frobenius norm of W on average", 1e-2,
                     1e4, 1, {0.1, 1, 100}),
      value_shape_parameter(),
  };
  experiment.presets = {
      {"first-look",
       "What does a yes-or-no answer give away?",
       "Every question gives one binary digit of one number: about 3.3 questions for a decimal "
       "digit. Forty steps per number give W to ten digits and more. Next: a sharper head.",
       {}},
      {"sharp-head",
       "A head that saturates",
       "With a large W the flipping point lies where the softmax is saturated. Shorter query "
       "tokens "
       "bring it back, at two more questions for each try.",
       {{"weight-scale", "100"}, {"dim", "8"}}}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps MembershipExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_job(std::move(spec), index);
}

Findings MembershipExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
