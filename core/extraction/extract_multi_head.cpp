// extract-multi-head: its schema and jobs.
#include "core/extraction/extract_multi_head.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/multi_head.h"

namespace attnlab::extraction {
namespace {

/// Job 0 compares twins; the others recover heads.
const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"heads", "dim", "trials"},
      .method = "rational-function",
      .memory_parameter = "dim",
      .jobs_before = 1,
      .extra = {{"heads", "heads H", "", ColumnType::kNumber},
                {"heads_found", "heads found", "", ColumnType::kNumber},
                {"condition", "condition", "", ColumnType::kNumber}}};
  return description;
}

std::vector<RecoveryRow> twin_rows(const RunSpec& spec) {
  std::vector<RecoveryRow> rows;
  const auto dim = static_cast<std::size_t>(spec.parameters.integers("dim").front());
  const std::vector<double>& shifts = spec.parameters.reals("shift");
  for (const double shift : shifts) {
    RandomStream stream(spec.seed, hash_name("extract/twins"), 0);
    for (const TwinHeads& twins :
         twin_heads(stream, dim, spec.parameters.real("weight-scale"), shift)) {
      if (twins.id != "mirrored" && shift != shifts.front()) continue;
      for (std::size_t length = 1; length <= kTwinLongest; ++length) {
        RecoveryRow row;
        row.method = twins.id;
        row.dim = static_cast<double>(dim);
        row.evidence = twins.reason;
        row.extra = {
            static_cast<double>(length), twins.id == "mirrored" ? shift : kUnknown,
            parameter_distance(twins.first, twins.second),
            std::max(parameter_distance(twins.first, {}), parameter_distance(twins.second, {})),
            length_gap(twins.first, twins.second, length, 100,
                       RandomStream(spec.seed, hash_name("extract/twin-inputs"), 0))};
        rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

/// `found` in the order that is nearest to `truth`.
std::vector<Head> aligned(const std::vector<Head>& found, const std::vector<Head>& truth) {
  std::vector<std::size_t> order(found.size()), best;
  std::iota(order.begin(), order.end(), std::size_t{0});
  double least = INFINITY;
  const auto arranged = [&] {
    std::vector<Head> heads;
    for (const std::size_t h : order) heads.push_back(found[h].clone());
    return heads;
  };
  do {
    const std::vector<Head> heads = arranged();
    double sum = 0;
    for (std::size_t h = 0; h < heads.size(); ++h) {
      std::vector<Head> a, b;
      a.push_back(heads[h].clone());
      b.push_back(truth[h].clone());
      sum += parameter_distance(a, b);
    }
    if (sum < least || best.empty()) {
      least = sum;
      best = order;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  order = best;
  return arranged();
}

RecoveryRow heads_row(const RecoveryJob& job, const std::vector<Head>& truth,
                      const MultiHeadKnowledge& known, const Oracle& oracle, const Outcome& outcome,
                      MatrixPair& shown) {
  RecoveryRow row = row_of(job, oracle, outcome);
  row.repeated = static_cast<double>(known.repeated);
  const double count = static_cast<double>(truth.size());
  row.predicted_queries = other_algorithm_queries(count, row.dim);
  row.extra = {count, static_cast<double>(known.heads.size()), known.condition};
  if (known.heads.size() != truth.size()) return row;
  const std::vector<Head> heads = aligned(known.heads, truth);
  row.v_error = row.w_error = 0;
  for (std::size_t k = 0; k < heads.size(); ++k) {
    row.v_error = std::max(row.v_error, largest_relative_error(heads[k].value, truth[k].value));
    row.w_error = std::max(
        row.w_error, largest_relative_error(heads[k].weight.values(), truth[k].weight.values()));
  }
  shown = matrix_pair(truth[0].weight, heads[0].weight);
  std::vector<Head> a, b;
  for (std::size_t k = 0; k < heads.size(); ++k) {
    a.push_back(truth[k].clone());
    b.push_back(heads[k].clone());
  }
  HeadsOracle first(std::move(a)), second(std::move(b));
  row.function_gap = function_gap(first, second, job.gap_stream());
  return row;
}

JobNeeds needs(const RunSpec&, const RecoveryJob& job) {
  const double d = static_cast<double>(job.dim);
  return {2e4 * d * d * std::pow(3.0, job.axis.at("heads")), 1e6};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  Plan plan = recovery().plan(spec, needs);
  plan.jobs.insert(plan.jobs.begin(), {"heads that cannot be told apart", 1e6});
  return plan;
}

/// Job 0.
JobSteps compare_twins(RunSpec spec) {
  JobReport report;
  report.rows = twin_rows(spec);
  co_return JobResult{encode(report)};
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  JobReport report;
  const auto heads = static_cast<std::uint32_t>(job.axis.at("heads"));
  std::vector<Head> truth, copy;
  for (std::uint32_t h = 0; h < heads; ++h) {
    RandomStream stream(spec.seed, hash_name("extract/head"), static_cast<std::uint32_t>(job.trial),
                        static_cast<std::uint32_t>(job.dim * 16) + h);
    Head head{random_weight(stream, job.dim, job.dim, spec.parameters.real("weight-scale")),
              std::vector<double>(job.dim)};
    stream.fill_normal(head.value);
    copy.push_back(head.clone());
    truth.push_back(std::move(head));
  }
  HeadsOracle oracle(std::move(copy));
  MultiHeadKnowledge known;
  MultiHeadOptions options;
  options.heads = heads;
  options.worst_condition = 1e11;
  options.seed = spec.seed + job.trial;
  const double expected = static_cast<double>(2 * heads * job.dim * job.dim + 4 * job.dim);
  const auto progress = [&oracle, expected] {
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / expected));
  };
  Steps<Outcome> learning =
      learn_from(oracle, learn_heads(known, job.dim, options), kProbeStep, progress);
  const Outcome outcome = co_await learning;
  report.rows.push_back(heads_row(job, truth, known, oracle, outcome, report.matrices));
  co_return JobResult{encode(report)};
}

}  // namespace

double other_algorithm_queries(double heads, double dim) {
  return 4 * heads * dim * dim - 2 * heads + 1;
}

Experiment MultiHeadExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-multi-head";
  experiment.family = "B";
  experiment.title = "Several heads";
  experiment.question = "Can several heads be told apart?";
  experiment.summary =
      "With several heads, different parameters can give the same answers: heads may split, cancel "
      "or do nothing. With two tokens even a whole family of matrices looks the same; a third "
      "token tells them apart. What answers do determine is recovered from many copies of one "
      "token.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 16,
                 .default_value = integers({3, 4, 6, 8}),
                 .suggested = {3, 4, 6, 8},
                 .primary = true}),
      described({.name = "heads",
                 .label = "Heads",
                 .symbol = "H",
                 .help = "heads in the box; queries have up to 2^(2H−1) + 1 tokens",
                 .min = 1,
                 .max = 4,
                 .default_value = integers({2}),
                 .suggested = {1, 2, 3},
                 .primary = true}),
      described({.name = "shift",
                 .label = "Distance of W′",
                 .help = "how far W′ is from W, per √d: the pair that two tokens cannot "
                         "tell apart",
                 .min = 1e-3,
                 .max = 100,
                 .default_value = reals({0.01, 0.03, 0.1, 0.3, 1, 3}),
                 .suggested = {0.1, 1, 3},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "boxes drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{3},
                 .suggested = {1, 3, 5, 10},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of each W on average",
                 .min = 1e-2,
                 .max = 100,
                 .default_value = 3.0,
                 .suggested = {1, 3, 10},
                 .logarithmic = true}),
  };
  experiment.layer = heads_layer_text(experiment.schema);
  experiment.presets = {
      {"first-look",
       "What can two heads hide?",
       "Move W′ away from W: answers to one and two tokens never change, answers to three tokens "
       "do. Then two heads are recovered from queries that repeat one token. Next: three heads.",
       {}},
      {"three-heads",
       "How far do three heads go?",
       "Each further head costs digits, because the fits are conditioned worse. Watch the error "
       "and "
       "the condition number in the table, and the trials that double precision forbids.",
       {{"heads", "1,2,3"}, {"dim", "3,5"}, {"trials", "4"}}}};
  experiment.reductions = {{"trials", 1}, {"shift", 0, 3}, {"dim", 3, 2}, {"heads", 2, 1}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps MultiHeadExperiment::start(RunSpec spec, std::uint32_t index) {
  if (index == 0) return compare_twins(std::move(spec));
  return recovery().start(std::move(spec), index, recover);
}

Findings MultiHeadExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return recovery().find(spec, outputs, add_multi_head_findings);
}

}  // namespace attnlab::extraction
