// extract-low-rank: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/recovery.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kFoundError = 1e-4;   // relative Frobenius error that counts as found
constexpr double kExactError = 1e-10;  // of the range finder
constexpr double kMostRatio = 4;       // measurements in degrees of freedom that the claims allow
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
enum Extra : std::size_t { kMeasurements, kRatio, kFrobenius };

std::size_t rank_of(const RunSpec& spec) {
  return static_cast<std::size_t>(spec.parameters.integer("rank"));
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
  return {random_weight(weight, job.dim, rank_of(spec), spec.parameters.real("weight-scale")),
          draw_value(value, job.dim, spec.parameters.choice("value-shape"))};
}

RecoveryRow low_rank_row(const RunSpec& spec, const RecoveryJob& job, const Head& head,
                         const HeadKnowledge& known, const Oracle& oracle, const Outcome& outcome) {
  RecoveryRow row = row_of(job, oracle, outcome);
  compare(row, job, head, known);
  row.rank = static_cast<double>(rank_of(spec));
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
  const double d = static_cast<double>(job.dim), r = static_cast<double>(rank_of(spec));
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
                 std::to_string(rank_of(spec))};
  }
  return recovery().plan(spec, needs);
}

/// Found trials by (method, dim, ratio).
struct Share {
  double measurements = 0;
  int found = 0, trials = 0;
  double probability() const { return static_cast<double>(found) / trials; }
  /// Binomial standard error with half a success and half a failure added, so that it is not 0 at
  /// the ends.
  double error() const {
    const double p = (found + 0.5) / (trials + 1.0);
    return std::sqrt(p * (1 - p) / (trials + 1.0));
  }
};
struct ShareKey {
  std::string method;
  double dim = 0, ratio = 0;
  auto operator<=>(const ShareKey&) const = default;
};

using Shares = std::map<ShareKey, Share>;

Shares shares(const std::vector<RecoveryRow>& rows) {
  Shares result;
  for (const RecoveryRow& row : rows) {
    if (!std::isfinite(row.more(kRatio))) continue;
    Share& share = result[{row.method, row.dim, row.more(kRatio)}];
    share.measurements = row.more(kMeasurements);
    share.found += is_recovered(row);
    ++share.trials;
  }
  return result;
}

Table probability_table(const Shares& all) {
  Table table{"recovery_probability",
              "Share of trials in which W was found to 1e-4 (relative Frobenius error)",
              {{"method", "method", "", ColumnType::kText},
               {"dim", "d", "", ColumnType::kWhole},
               {"oversampling", "m / degrees of freedom", "", ColumnType::kNumber},
               {"measurements", "measurements m", "", ColumnType::kNumber},
               {"probability", "found", "std_error", ColumnType::kNumber},
               {"std_error", "standard error", "", ColumnType::kNumber},
               {"trials", "trials", "", ColumnType::kWhole}},
              {}};
  for (const auto& [key, share] : all) {
    table.rows.push_back({key.method, static_cast<std::int64_t>(key.dim), key.ratio,
                          static_cast<std::int64_t>(share.measurements), share.probability(),
                          share.error(), std::int64_t{share.trials}});
  }
  return table;
}

Claim range_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B3",
              "Rank r is found exactly with d + 2dr − r² queries (range finder, beyond the paper).",
              ClaimStatus::kUndecided, "No trial of the range finder is finished yet."};
  int seen = 0, good = 0;
  double error = 0, repeated = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method != "range-finder") continue;
    ++seen;
    const double own = row.more(kFrobenius);
    good += is_recovered(row) && own < kExactError &&
            row.queries - row.repeated == row.predicted_queries;
    error = std::isnan(own) ? own : std::max(error, own);
    repeated = std::max(repeated, row.repeated);
  }
  if (seen == 0) return claim;
  apply(judge_universal(seen - good, seen, "head", "heads"), claim);
  claim.evidence = std::to_string(good) + " of " +
                   counted(static_cast<std::size_t>(seen), "trial") +
                   ": exactly d + 2dr − r² queries (at most " + short_text(repeated) +
                   " repeated), worst relative Frobenius error " + short_text(error) + ".";
  return claim;
}

Claim zero_value_claim(const std::string& method) {
  return {"B3", "The " + method + " finds W.", ClaimStatus::kUndecided,
          "v = 0 leaves nothing to find: choose another shape of v."};
}

/// "O(r d) measurements": at most 4 times the degrees of freedom, at every dimension of the run.
Claim solver_claim(const std::vector<double>& dims, const Shares& all, const std::string& method) {
  const std::string found = " in more than half of the trials, at every dimension of the run.";
  Claim claim{"B3",
              (method == "nuclear-norm"
                   ? "The smallest nuclear norm finds W from O(rd) random measurements, at most 4 "
                     "times its (2d − r)r degrees of freedom,"
                   : "Factors fitted to O(rd) random measurements find W, at most 4 times its "
                     "(2d − r)r degrees of freedom,") +
                  found,
              ClaimStatus::kUndecided,
              {}};
  std::vector<Comparison> comparisons;
  for (const double dim : dims) {
    const ShareKey* most = nullptr;  // the most measurements that the statement allows
    for (const auto& [key, share] : all) {
      if (key.method == method && key.dim == dim && key.ratio <= kMostRatio) most = &key;
    }
    const std::string where = "d = " + short_text(dim);
    if (most == nullptr) {
      comparisons.push_back({.what = where});
      claim.evidence += where + ": no trial yet. ";
      continue;
    }
    const Share& share = all.at(*most);
    comparisons.push_back(share_comparison(where, share.found, share.trials, 0.5));
    comparisons.back().can_refute = most->ratio == kMostRatio;
    claim.evidence += where + ": at " + short_text(most->ratio) + " times " +
                      std::to_string(share.found) + " of " + std::to_string(share.trials) +
                      " found. ";
  }
  const double count = static_cast<double>(dims.size());
  claim.evidence += "Decided by exact binomial tests against one half; " +
                    short_text(std::ceil(std::log2(count / kVerdictTail))) +
                    (count > 1 ? " trials a dimension are the least." : " trials are the least.");
  apply(judge(std::move(comparisons)), claim);
  return claim;
}

int method_colour(const std::string& method) {
  return method == "range-finder" ? kColourRfa : method == "factors" ? kColourBrfa : kColourRfmlp;
}

Figure probability_figure(const RunSpec& spec, const Shares& all) {
  const std::vector<double> dims = dims_of(spec);
  Figure figure;
  figure.id = "probability";
  figure.title = "How many random measurements until W is found?";
  figure.subtitle = "Share of trials (of " + std::to_string(spec.parameters.integer("trials")) +
                    ") that find W of rank " + std::to_string(rank_of(spec)) +
                    "; bars: ±1 binomial standard error. The range finder needs no luck: "
                    "d + 2dr − r².";
  figure.x = {"measurements / degrees of freedom (2d − r)r", false, 0, 0, {}};
  figure.y = {"share of trials that find W", false, 0, 1, {}};
  figure.draw_lines().references = {{true, 1, "as many as unknowns"}};
  figure.table = "recovery_probability";
  figure.empty_text = "Press Run: each finished trial moves the shares.";
  for (const std::string& method : spec.parameters.choices("method")) {
    if (method == "range-finder") continue;
    for (std::size_t k = 0; k < dims.size(); ++k) {
      Series series;
      series.id = method + "/" + short_text(dims[k]);
      series.label = method + (dims.size() > 1 ? ", d = " + short_text(dims[k]) : "");
      series.colour = method_colour(method);
      series.variant = static_cast<int>(k);
      for (const auto& [key, share] : all) {
        if (key.method != method || key.dim != dims[k]) continue;
        series.points.push_back({key.ratio, share.probability(), share.error(), share.trials});
      }
      figure.draw_lines().series.push_back(std::move(series));
    }
  }
  return figure;
}

Figure query_figure(const RunSpec& spec, const Recovered& recovered) {
  const std::vector<double> dims = dims_of(spec);
  const double r = static_cast<double>(rank_of(spec));
  Figure figure = dimension_figure(
      "queries", "Low rank saves questions",
      "Queries of the range finder at rank " + short_text(r) + ": (d − r)² fewer than d² + d.",
      "queries");
  figure.empty_text.clear();
  Series measured;
  measured.id = "range-finder";
  measured.label = "range finder";
  measured.colour = kColourRfa;
  measured.points = mean_points(
      recovered.rows,
      [](const RecoveryRow& row) { return row.method == "range-finder" && is_recovered(row); },
      &RecoveryRow::dim, &RecoveryRow::queries);
  figure.draw_lines().series = {std::move(measured),
                                count_line("low-rank-count", "d + 2dr − r²",
                                           "d for v, dr for r columns, r(d − r) for the rest", dims,
                                           [r](double d) { return d + 2 * d * r - r * r; }),
                                count_line("full-count", "d² + d", "without knowing the rank", dims,
                                           [](double d) { return d * d + d; })};
  figure.draw_lines().series.back().variant = 1;
  return figure;
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
       "The axis counts in degrees of freedom (2d − r)r. If the curves stay where they were at "
       "rank 1, the number of measurements grows like r d.",
       {{"rank", "2"}, {"dim", "8,12"}}}};
}

}  // namespace

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
                 .primary = true}),
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
  experiment.presets = presets();
  experiment.plan = plan_run;
  return experiment;
}

JobSteps LowRankExperiment::start(RunSpec spec, std::uint32_t index) {
  const Expected<RecoveryJob> planned = recovery().job(spec, index);
  if (!planned) co_return planned.error();
  const RecoveryJob& job = *planned;
  const std::size_t rank = rank_of(spec);
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
    row.extra[kMeasurements] = static_cast<double>(count);
    row.extra[kRatio] = ratios[k];
    row.predicted_queries = static_cast<double>(count + job.dim);
    report.rows.push_back(std::move(row));
    co_yield StepProgress{next, encode(report)};
  }
  co_return JobResult{encode(report)};
}

Findings LowRankExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Findings findings;
  const Recovered recovered = recovery().read(spec, outputs, findings.result.notes);
  const Shares all = shares(recovered.rows);
  findings.result.tables = recovery().tables(recovered);
  findings.result.tables.insert(findings.result.tables.begin() + 1, probability_table(all));
  const bool zero_value = spec.parameters.choice("value-shape") == "zero";
  for (const std::string& method : spec.parameters.choices("method")) {
    findings.result.claims.push_back(zero_value ? zero_value_claim(method)
                                     : method == "range-finder"
                                         ? range_claim(recovered.finished)
                                         : solver_claim(dims_of(spec), all, method));
  }
  findings.figures = {
      probability_figure(spec, all), query_figure(spec, recovered),
      matrix_figure(shown_matrices(recovered.reports), "One trial of the range finder: W of rank " +
                                                           std::to_string(rank_of(spec)) + ".")};
  return findings;
}

}  // namespace attnlab::extraction
