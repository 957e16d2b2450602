// extract-low-rank: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>
#include <map>

#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/base/text.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/report.h"

namespace attnlab::extraction {
namespace {

constexpr double kFoundError = 1e-4;   // relative Frobenius error that counts as found
constexpr double kExactError = 1e-10;  // of the range finder
constexpr int kRestarts = 4;
constexpr int kIterations = 1500;

struct Setup {
  std::vector<std::string> methods;
  std::vector<std::int64_t> dims;
  std::vector<double> ratios;
  std::size_t rank = 1, trials = 1;
  double scale = 1, probe_norm = 32;
  std::string shape;
  std::size_t jobs() const { return dims.size() * trials * methods.size(); }
};

Setup read_setup(const ParameterSet& parameters) {
  Setup setup;
  setup.methods = parameters.choices("method");
  setup.dims = parameters.integers("dim");
  setup.ratios = parameters.reals("oversampling");
  setup.rank = static_cast<std::size_t>(parameters.integer("rank"));
  setup.trials = static_cast<std::size_t>(parameters.integer("trials"));
  setup.scale = parameters.real("weight-scale");
  setup.probe_norm = parameters.real("probe-norm");
  setup.shape = parameters.choice("value-shape");
  return setup;
}

/// Dimensions outermost, then trials, then methods.
struct JobName {
  std::size_t dim = 0, trial = 0;
  std::string method;
};

JobName job_name(const Setup& setup, std::size_t index) {
  const std::size_t methods = setup.methods.size();
  return {static_cast<std::size_t>(setup.dims[index / methods / setup.trials]),
          index / methods % setup.trials, setup.methods[index % methods]};
}

double freedom(double dim, double rank) {
  return (2 * dim - rank) * rank;
}

std::size_t measurement_count(const Setup& setup, std::size_t dim, double ratio) {
  return static_cast<std::size_t>(std::lround(std::ceil(
      ratio * freedom(static_cast<double>(dim), static_cast<double>(setup.rank)) - 1e-9)));
}

Head draw_head(const Setup& setup, const JobName& job, std::uint64_t seed) {
  const auto trial = static_cast<std::uint32_t>(job.trial),
             dim = static_cast<std::uint32_t>(job.dim);
  RandomStream value(seed, hash_name("extract/value"), trial, dim);
  RandomStream weight(seed, hash_name("extract/low-rank-weight"), trial, dim);
  return {random_weight(weight, job.dim, setup.rank, setup.scale),
          draw_value(value, job.dim, setup.shape)};
}

RecoveryRow row_of(const Setup& setup, const JobName& job, const Head& head,
                   const HeadKnowledge& known, Oracle& oracle, const Outcome& outcome) {
  RecoveryRow row;
  row.method = job.method;
  row.dim = static_cast<double>(job.dim);
  row.rank = static_cast<double>(setup.rank);
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.check_queries = static_cast<double>(oracle.checking_queries());
  row.repeated = static_cast<double>(known.repeated);
  row.v_error = largest_relative_error(known.value, head.value);
  row.w_error = largest_relative_error(known.weight.values(), head.weight.values());
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
  row.extra = {kUnknown, kUnknown, frobenius_error(known.weight, head.weight)};
  if (std::isfinite(row.w_error)) {
    HeadsOracle truth(head.clone()), recovered(Head{known.weight.clone(), known.value});
    row.function_gap = function_gap(truth, recovered, RandomStream(7, hash_name("extract/gap"), 0));
  }
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

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  const Setup setup = read_setup(spec.parameters);
  if (index >= setup.jobs()) co_return Error{"this run has no job " + std::to_string(index)};
  const JobName job = job_name(setup, index);
  const Head head = draw_head(setup, job, spec.seed);
  const auto trial = static_cast<std::uint32_t>(job.trial),
             dim = static_cast<std::uint32_t>(job.dim);
  JobReport report;
  if (job.method == "range-finder") {
    HeadsOracle oracle(head.clone());
    HeadKnowledge known(job.dim);
    RangeFinderOptions options;
    options.rank = std::min(setup.rank, job.dim);
    options.probe_norm = setup.probe_norm;
    options.seed = spec.seed;
    std::size_t found = 0;
    const double predicted = static_cast<double>(job.dim * (1 + 2 * options.rank));
    const auto progress = [&] {
      report.matrices = matrix_pair(head.weight, known.weight);
      return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / predicted),
                          encode(report));
    };
    Steps<Outcome> learning =
        learn_from(oracle, learn_low_rank(known, found, options),
                   std::min(kBatchStep, predicted * static_cast<double>(job.dim) / 3), progress);
    const Outcome outcome = co_await learning;
    report.rows.push_back(row_of(setup, job, head, known, oracle, outcome));
    report.rows.back().predicted_queries = predicted;
    report.matrices = matrix_pair(head.weight, known.weight);
    co_return JobResult{encode(report)};
  }
  for (std::size_t k = 0; k < setup.ratios.size(); ++k) {
    const double ratios = static_cast<double>(setup.ratios.size());
    const double done = static_cast<double>(k) / ratios, next = static_cast<double>(k + 1) / ratios;
    const std::size_t count = measurement_count(setup, job.dim, setup.ratios[k]);
    Completing trying(head);
    const RandomStream measure(spec.seed, hash_name("extract/measure"), trial, dim);
    Steps<Outcome> measuring =
        learn_from(trying.oracle,
                   ask_measurements(trying.known, trying.data, measure, count, setup.probe_norm),
                   kBatchStep, [done] { return StepProgress(done); });
    Outcome outcome = co_await measuring;
    if (outcome.status == ExtractionStatus::kRecovered) {
      JobSteps solving =
          job.method == "factors"
              ? complete_by_factors(trying.data, std::min(setup.rank, job.dim), kRestarts,
                                    RandomStream(spec.seed, hash_name("extract/start"), trial, dim),
                                    trying.completion)
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
    report.rows.push_back(row_of(setup, job, head, trying.known, trying.oracle, outcome));
    report.rows.back().extra[0] = static_cast<double>(count);
    report.rows.back().extra[1] = setup.ratios[k];
    report.rows.back().predicted_queries = static_cast<double>(count + job.dim);
    co_yield StepProgress{next, encode(report)};
  }
  co_return JobResult{encode(report)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const Setup setup = read_setup(spec.parameters);
  if (setup.dims.front() < static_cast<std::int64_t>(setup.rank)) {
    return Error{"rank must be at most the smallest dim, " + std::to_string(setup.dims.front()) +
                 ", not " + std::to_string(setup.rank)};
  }
  Plan plan;
  plan.memory_parameter = "dim";
  for (std::size_t i = 0; i < setup.jobs(); ++i) {
    const JobName job = job_name(setup, i);
    const double d = static_cast<double>(job.dim), r = static_cast<double>(setup.rank);
    double cost = 4 * d * d * r + 1000, bytes = 80 * d * d;
    if (job.method != "range-finder") {
      cost = 0;
      for (const double ratio : setup.ratios) {
        const double m = ratio * freedom(d, r);
        cost += job.method == "factors" ? 100 * m * d * d * r * r
                                        : 300 * (60 * d * d * d + 4 * m * d * d);
        bytes = std::max(bytes, 8 * m * (job.method == "factors" ? 2 * d * r + 3 * d : 2 * m));
      }
    }
    plan.job_bytes = std::max(plan.job_bytes, bytes);
    plan.jobs.push_back({"d = " + std::to_string(job.dim) + ", " + job.method + ", trial " +
                             std::to_string(job.trial + 1) + " of " + std::to_string(setup.trials),
                         cost});
  }
  return plan;
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

std::map<ShareKey, Share> shares(const std::vector<DecodedReport>& reports) {
  std::map<ShareKey, Share> result;
  for (const DecodedReport& decoded : reports) {
    for (const RecoveryRow& row : decoded.report.rows) {
      if (row.extra.size() < 3 || !std::isfinite(row.extra[1])) continue;
      Share& share = result[{row.method, row.dim, row.extra[1]}];
      share.measurements = row.extra[0];
      share.found += row.status == "recovered";
      ++share.trials;
    }
  }
  return result;
}

Table probability_table(const std::map<ShareKey, Share>& all) {
  Table table{"recovery_probability",
              "Share of trials in which W was found to 1e-4 (relative Frobenius error)",
              {{"method", "method", ""},
               {"dim", "d", ""},
               {"oversampling", "m / degrees of freedom", ""},
               {"measurements", "measurements m", ""},
               {"probability", "found", "std_error"},
               {"std_error", "standard error", ""},
               {"trials", "trials", ""}},
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
              "Rank r is found exactly with d + 2dr queries (range finder, beyond the paper).",
              ClaimStatus::kUndecided, "No trial of the range finder is finished yet."};
  std::size_t seen = 0, good = 0;
  double error = 0, repeated = 0;
  for (const RecoveryRow& row : rows) {
    if (row.method != "range-finder") continue;
    ++seen;
    const double own = row.extra.size() < 3 ? kUnknown : row.extra[2];
    good += row.status == "recovered" && own < kExactError &&
            row.queries - row.repeated == row.predicted_queries;
    error = std::isnan(own) ? own : std::max(error, own);
    repeated = std::max(repeated, row.repeated);
  }
  if (seen == 0) return claim;
  claim.status = good == seen ? ClaimStatus::kHolds : ClaimStatus::kFails;
  claim.evidence = std::to_string(good) + " of " + std::to_string(seen) +
                   " trials: exactly d + 2dr queries (at most " + short_text(repeated) +
                   " repeated), worst relative Frobenius error " + short_text(error) + ".";
  return claim;
}

/// "O(r d) measurements": at 4 times the degrees of freedom or fewer, at every dimension of the
/// run.
Claim solver_claim(const Setup& setup, const std::map<ShareKey, Share>& all,
                   const std::string& method) {
  Claim claim{
      "B3",
      method == "nuclear-norm"
          ? "The smallest nuclear norm finds W from O(rd) random measurements, at most 4 "
            "times its (2d − r)r degrees of freedom."
          : "Factors fitted to O(rd) random measurements find W, at most 4 times its (2d − r)r "
            "degrees of freedom.",
      ClaimStatus::kHolds,
      {}};
  for (const std::int64_t dim : setup.dims) {
    double enough = kUnknown;
    bool refuted = false;
    std::string best = "no trial yet";
    for (const auto& [key, share] : all) {
      if (key.method != method || key.dim != static_cast<double>(dim) || key.ratio > 4) continue;
      // 95 % Wilson interval of the share.
      const double n = share.trials, z = 1.96, p = share.probability();
      const double centre = (p + z * z / (2 * n)) / (1 + z * z / n);
      const double half = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n);
      best = "at " + short_text(key.ratio) + " times " + short_text(share.found) + " of " +
             short_text(n) + " found";
      refuted = centre + half < 0.5 && key.ratio == 4;
      if (centre - half > 0.5 && std::isnan(enough)) enough = key.ratio;
      if (std::isfinite(enough)) break;
    }
    if (std::isnan(enough) && claim.status != ClaimStatus::kFails) {
      claim.status = refuted ? ClaimStatus::kFails : ClaimStatus::kUndecided;
    }
    claim.evidence += "d = " + std::to_string(dim) + ": " + best + ". ";
  }
  claim.evidence +=
      "Decided by 95 % intervals of the share against one half: 5 trials are the least.";
  return claim;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec.parameters);
  Result result;
  const std::vector<DecodedReport> reports = decode_reports(outputs, setup.jobs(), result.notes);
  result.tables.push_back(
      recovery_table(reports, {{"measurements", "measurements m", ""},
                               {"oversampling", "m / degrees of freedom", ""},
                               {"frobenius_error", "relative Frobenius error", ""}}));
  const std::map<ShareKey, Share> all = shares(reports);
  result.tables.push_back(probability_table(all));
  if (const MatrixPair* shown = shown_matrices(reports)) {
    result.tables.push_back(weight_table(*shown));
  }
  for (const std::string& method : setup.methods) {
    result.claims.push_back(method == "range-finder" ? range_claim(recovery_rows(reports))
                                                     : solver_claim(setup, all, method));
  }
  return result;
}

int method_colour(const std::string& method) {
  return method == "range-finder" ? kColourRfa : method == "factors" ? kColourBrfa : kColourRfmlp;
}

Figure probability_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "probability";
  figure.title = "How many random measurements until W is found?";
  figure.subtitle = "Share of " + std::to_string(setup.trials) + " trials that find W of rank " +
                    std::to_string(setup.rank) +
                    "; bars: ±1 binomial standard error. The range finder needs no luck: d + 2dr.";
  figure.x = {"measurements / degrees of freedom (2d − r)r", false, 0, 0, {}};
  figure.y = {"share of trials that find W", false, 0, 1, {}};
  figure.draw_lines().references = {{true, 1, "as many as unknowns"}};
  figure.table = "recovery_probability";
  figure.empty_text = "Press Run: each finished trial moves the shares.";
  const Table* table = result.table("recovery_probability");
  for (const std::string& method : setup.methods) {
    if (method == "range-finder") continue;
    for (std::size_t k = 0; k < setup.dims.size(); ++k) {
      Series series;
      series.id = method + "/" + std::to_string(setup.dims[k]);
      series.label =
          method + (setup.dims.size() > 1 ? ", d = " + std::to_string(setup.dims[k]) : "");
      series.colour = method_colour(method);
      series.variant = static_cast<int>(k);
      for (const auto& row : table == nullptr ? std::vector<std::vector<Cell>>{} : table->rows) {
        if (std::get<std::string>(row[0]) != method ||
            number(row[1]) != static_cast<double>(setup.dims[k])) {
          continue;
        }
        series.points.push_back(
            {number(row[2]), number(row[4]), number(row[5]), static_cast<int>(number(row[6]))});
      }
      figure.draw_lines().series.push_back(std::move(series));
    }
  }
  return figure;
}

Figure query_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "queries";
  figure.title = "Low rank saves questions";
  figure.subtitle = "Queries of the range finder at rank " + std::to_string(setup.rank) + ".";
  figure.x = {"dimension d", true, 0, 0, {}};
  figure.y = {"queries", true, 0, 0, {}};
  figure.table = "recovery";
  Series measured, low, full;
  measured.id = "range-finder";
  measured.label = "range finder";
  measured.colour = kColourRfa;
  if (const Table* table = result.table("recovery")) {
    measured.points = mean_points(*table, "range-finder", "dim", "queries", true);
  }
  low.id = "low-rank-count";
  low.label = "d + 2dr";
  full.id = "full-count";
  full.label = "d² + d";
  low.role = full.role = SeriesRole::kExact;
  low.colour = full.colour = kColourReference;
  full.variant = 1;
  for (const std::int64_t dim : setup.dims) {
    const double d = static_cast<double>(dim), r = static_cast<double>(setup.rank);
    low.points.push_back({d, d + 2 * d * r, 0, 0});
    full.points.push_back({d, d * d + d, 0, 0});
  }
  figure.draw_lines().series = {std::move(measured), std::move(low), std::move(full)};
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Setup setup = read_setup(spec.parameters);
  return {probability_figure(setup, result), query_figure(setup, result),
          matrix_figure(result, "One trial of the range finder: W of rank " +
                                    std::to_string(setup.rank) + ".")};
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "Three ways to find a low-rank matrix",
       "W has rank 1, so it holds far fewer than d² numbers. Random measurements suffice in "
       "principle: see how many each solver needs. The range finder chooses its questions by "
       "earlier answers and needs d + 2dr, always. Next: see the saving grow with d.",
       {}},
      {"queries-by-dimension",
       "How much does low rank save?",
       "At rank 4 the range finder's questions grow like d, not like d²: at d = 64 it takes 576 "
       "in place of 4160.",
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
      primary(integer_list_parameter("dim", "Token dimension", "d", "length of a token", 1, 256,
                                     {10}, {8, 10, 12, 16, 32, 64})),
      primary(integer_parameter("rank", "Rank of W", "r", "at most the smallest dimension", 1, 64,
                                1, {1, 2, 4})),
      primary(choice_list_parameter(
          "method", "Method", "how W is found",
          {{"range-finder", "range finder", "adaptive: d + 2dr questions, no solver"},
           {"factors", "factors", "alternating least squares and Levenberg-Marquardt on W = L Rᵀ"},
           {"nuclear-norm", "nuclear norm", "the W of smallest nuclear norm (Douglas-Rachford)"}},
          {"range-finder", "factors", "nuclear-norm"})),
      primary(real_list_parameter("oversampling", "Measurements", "m/dof",
                                  "random measurements, in degrees of freedom (2d − r)r", 0.5, 16,
                                  {1, 1.25, 1.5, 2, 2.5, 3, 4}, {1, 1.5, 2, 3, 4})),
      primary(integer_parameter("trials", "Trials", "", "heads drawn independently", 1, 1000, 8,
                                {4, 8, 16, 32})),
      real_parameter("weight-scale", "Size of W", "‖W‖", "Frobenius norm of W on average", 1e-3,
                     1e3, 1, {0.01, 1, 100}),
      value_shape_parameter(),
      real_parameter("probe-norm", "Probe norm", "S", "length of the probes", 1, 1024, 32,
                     {1, 8, 32, 64}),
  };
  experiment.presets = presets();
  experiment.plan = plan_run;
  return experiment;
}

JobSteps LowRankExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_job(std::move(spec), index);
}

Findings LowRankExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
