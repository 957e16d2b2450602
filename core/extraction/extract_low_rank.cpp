// extract-low-rank: its schema and jobs.
#include "core/extraction/extract_low_rank.h"

#include <algorithm>
#include <cmath>

#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/low_rank.h"

namespace attnlab::extraction {
namespace {

constexpr double kFoundError = 1e-4;  // relative Frobenius error that counts as found
constexpr int kRestarts = 4;
constexpr int kIterations = 1500;

const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"dim", "trials", "method"},
      .memory_parameter = "dim",
      .extra = {{"measurements", "measurements m", "", ColumnType::kNumber},
                {"oversampling", "m / degrees of freedom", "", ColumnType::kNumber},
                {"frobenius_error", "relative Frobenius error", "", ColumnType::kNumber}}};
  return description;
}
double freedom(double dim, double rank) {
  return (2 * dim - rank) * rank;
}

std::size_t measurement_count(std::size_t dim, std::size_t rank, double ratio) {
  return static_cast<std::size_t>(std::lround(
      std::ceil(ratio * freedom(static_cast<double>(dim), static_cast<double>(rank)) - 1e-9)));
}

Head draw_low_rank_head(const RunSpec& spec, const RecoveryJob& job) {
  RandomStream value = job.stream("extract/value"), weight = job.stream("extract/low-rank-weight");
  return {random_weight(weight, job.dim, low_rank_of(spec), spec.parameters.real("weight-scale")),
          draw_value(value, job.dim, spec.parameters.choice("value-shape"))};
}

RecoveryRow low_rank_row(const RunSpec& spec, const RecoveryJob& job, const Head& head,
                         const HeadKnowledge& known, const Oracle& oracle, const Outcome& outcome) {
  RecoveryRow row = row_of(job, oracle, outcome);
  compare(row, job, head, known);
  row.rank = static_cast<double>(low_rank_of(spec));
  row.extra = {kUnknown, kUnknown, frobenius_error(known.weight, head.weight)};
  return row;
}

/// One number of measurements, taken and completed; afterwards `known` holds the estimate.
struct Completing {
  HeadsOracle oracle;
  HeadKnowledge known;
  Measurements data;
  Completion completion;
  Completing(const Head& head)
      : oracle(head.clone()), known(head.value.size()), data{}, completion{} {}
};

JobNeeds needs(const RunSpec& spec, const RecoveryJob& job) {
  const double d = static_cast<double>(job.dim), r = static_cast<double>(low_rank_of(spec));
  JobNeeds need{4 * d * d * r + 1000, 80 * d * d};
  if (job.method == "range-finder") return need;
  need.cost = 0;
  for (const double ratio : spec.parameters.reals("oversampling")) {
    const double m = ratio * freedom(d, r);
    need.cost +=
        job.method == "factors" ? 100 * m * d * d * r * r : 300 * (60 * d * d * d + 4 * m * d * d);
    need.bytes =
        std::max(need.bytes, 8 * m * (job.method == "factors" ? 2 * d * r + 3 * d : 2 * m));
  }
  return need;
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const std::int64_t smallest = spec.parameters.integers("dim").front();
  if (smallest < spec.parameters.integer("rank")) {
    return Error{"rank must be at most the smallest dim, " + std::to_string(smallest) + ", not " +
                 std::to_string(low_rank_of(spec))};
  }
  return recovery().plan(spec, needs);
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "Three ways to find a low-rank matrix",
       "W has rank 1, so it holds far fewer than d² numbers. Random measurements suffice in "
       "principle: see how many each solver needs. The range finder chooses its questions by "
       "earlier answers and needs d + 2dr − r², always. Next: see the saving grow with d.",
       {}},
      {"queries-by-dimension",
       "How much does low rank save?",
       "At rank 4 the range finder's questions grow like d, not like d²: at d = 64 it takes 560 "
       "in place of 4160. It always saves (d − r)².",
       {{"method", "range-finder"}, {"rank", "4"}, {"dim", "8,16,32,64,128"}, {"trials", "2"}}},
      {"rank-2",
       "Does twice the rank take twice the measurements?",
       "The horizontal axis is in units of the degrees of freedom, (2d − r)r. If the curves are "
       "where they were at rank 1, the number of measurements grows like r d.",
       {{"rank", "2"}, {"dim", "8,12"}}}};
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  const std::size_t rank = low_rank_of(spec);
  const double probe_norm = spec.parameters.real("probe-norm");
  const Head head = draw_low_rank_head(spec, job);
  JobReport report;
  if (job.method == "range-finder") {
    HeadsOracle oracle(head.clone());
    HeadKnowledge known(job.dim);
    RangeFinderOptions options;
    options.rank = std::min(rank, job.dim);
    options.probe_norm = probe_norm;
    options.seed = spec.seed;
    std::size_t found = 0;
    const double predicted = static_cast<double>(range_finder_queries(job.dim, options.rank));
    const auto progress = [&] {
      report.matrices = matrix_pair(head.weight, known.weight);
      return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / predicted),
                          encode(report));
    };
    Steps<Outcome> learning =
        learn_from(oracle, learn_low_rank(known, found, options),
                   std::min(kBatchStep, predicted * static_cast<double>(job.dim) / 3), progress);
    const Outcome outcome = co_await learning;
    report.rows.push_back(low_rank_row(spec, job, head, known, oracle, outcome));
    report.rows.back().predicted_queries = predicted;
    report.matrices = matrix_pair(head.weight, known.weight);
    co_return JobResult{encode(report)};
  }
  const std::vector<double>& ratios = spec.parameters.reals("oversampling");
  for (std::size_t k = 0; k < ratios.size(); ++k) {
    const double cases = static_cast<double>(ratios.size());
    const double done = static_cast<double>(k) / cases, next = static_cast<double>(k + 1) / cases;
    const std::size_t count = measurement_count(job.dim, rank, ratios[k]);
    Completing trying(head);
    Steps<Outcome> measuring =
        learn_from(trying.oracle,
                   ask_measurements(trying.known, trying.data, job.stream("extract/measure"), count,
                                    probe_norm),
                   kBatchStep, [done] { return StepProgress(done); });
    Outcome outcome = co_await measuring;
    if (outcome.status == ExtractionStatus::kRecovered) {
      JobSteps solving =
          job.method == "factors"
              ? complete_by_factors(trying.data, std::min(rank, job.dim), kRestarts,
                                    job.stream("extract/start"), trying.completion)
              : complete_by_nuclear_norm(trying.data, kIterations, trying.completion);
      co_await solving.within(done, next);
      trying.known.weight = std::move(trying.completion.weight);
      const double error = frobenius_error(trying.known.weight, head.weight);
      if (!(error < kFoundError)) {
        outcome = {ExtractionStatus::kBudgetExhausted,
                   trying.completion.residual < 1e-6
                       ? "Another W agrees with all measurements: too few of them."
                       : "The solver stopped before it agreed with the measurements."};
      }
    }
    RecoveryRow row = low_rank_row(spec, job, head, trying.known, trying.oracle, outcome);
    row.extra[kLowRankMeasurements] = static_cast<double>(count);
    row.extra[kLowRankRatio] = ratios[k];
    row.predicted_queries = static_cast<double>(count + job.dim);
    report.rows.push_back(std::move(row));
    co_yield StepProgress{next, encode(report)};
  }
  co_return JobResult{encode(report)};
}

}  // namespace

std::size_t low_rank_of(const RunSpec& spec) {
  return static_cast<std::size_t>(spec.parameters.integer("rank"));
}

Experiment LowRankExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-low-rank";
  experiment.family = "B";
  experiment.title = "Low-rank heads";
  experiment.question = "Does a simpler head take fewer questions?";
  experiment.summary =
      "When W has rank r far below d, it holds only (2d − r)r numbers. Random two-token questions "
      "measure aᵀWb; a solver then looks for the simplest W that agrees. An adaptive range finder "
      "goes further: it learns the columns' space first and asks only inside it.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 256,
                 .default_value = integers({10}),
                 .suggested = {8, 10, 12, 16, 32, 64},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "rank",
                 .label = "Rank of W",
                 .symbol = "r",
                 .help = "at most the smallest dimension",
                 .min = 1,
                 .max = 64,
                 .default_value = std::int64_t{1},
                 .suggested = {1, 2, 4},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "method",
                 .label = "Method",
                 .help = "how W is found",
                 .choices = {{"range-finder", "range finder",
                              "adaptive: d + 2dr − r² questions, no solver"},
                             {"factors", "factors",
                              "alternating least squares and Levenberg-Marquardt on W = L Rᵀ"},
                             {"nuclear-norm", "nuclear norm",
                              "the W of smallest nuclear norm (Douglas-Rachford)"}},
                 .default_value = names({"range-finder", "factors", "nuclear-norm"}),
                 .primary = true}),
      described({.name = "oversampling",
                 .label = "Measurements",
                 .symbol = "m/dof",
                 .help = "random measurements, in degrees of freedom (2d − r)r",
                 .min = 0.5,
                 .max = 16,
                 .default_value = reals({1, 1.25, 1.5, 2, 2.5, 3, 4}),
                 .suggested = {1, 1.5, 2, 3, 4},
                 .logarithmic = true,
                 .primary = true,
                 .applies = {{"method", {"factors", "nuclear-norm"}}}}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "heads drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{8},
                 .suggested = {4, 8, 16, 32},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of W on average",
                 .min = 1e-3,
                 .max = 1e3,
                 .default_value = 1.0,
                 .suggested = {0.01, 1, 100},
                 .logarithmic = true}),
      value_shape_parameter(false),
      described({.name = "probe-norm",
                 .label = "Probe norm",
                 .symbol = "S",
                 .help = "length of the probes",
                 .min = 1,
                 .max = 1024,
                 .default_value = 32.0,
                 .suggested = {1, 8, 32, 64},
                 .logarithmic = true}),
  };
  experiment.layer = head_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.reductions = {{"trials", 1}, {"oversampling", 1, 3}, {"dim", 4, 1}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps LowRankExperiment::start(RunSpec spec, std::uint32_t index) {
  return recovery().start(std::move(spec), index, recover);
}

Findings LowRankExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return recovery().find(spec, outputs, add_low_rank_findings);
}

}  // namespace attnlab::extraction
