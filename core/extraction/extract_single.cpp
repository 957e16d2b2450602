// extract-single: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>

#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/base/text.h"
#include "core/extraction/experiments.h"
#include "core/extraction/report.h"
#include "core/extraction/learn/single_head.h"

namespace attnlab::extraction {
namespace {

constexpr double kExactError = 1e-10;  // "recovered exactly" in double precision

struct Setup {
  std::vector<std::string> methods;
  std::vector<std::int64_t> dims;
  std::vector<double> scales;
  std::size_t trials = 1;
  std::string shape;
  double probe_norm = 32;
  std::size_t jobs() const { return dims.size() * scales.size() * methods.size() * trials; }
};

Setup read_setup(const ParameterSet& parameters) {
  return {parameters.choices("method"),     parameters.integers("dim"),
          parameters.reals("weight-scale"), static_cast<std::size_t>(parameters.integer("trials")),
          parameters.choice("value-shape"), parameters.real("probe-norm")};
}

/// Job i: dimensions outermost, so that small heads finish first; then trials, scales, methods.
struct JobName {
  std::size_t dim = 0, trial = 0;
  double scale = 1;
  std::string method;
};

JobName job_name(const Setup& setup, std::size_t index) {
  JobName job;
  job.method = setup.methods[index % setup.methods.size()];
  index /= setup.methods.size();
  job.scale = setup.scales[index % setup.scales.size()];
  index /= setup.scales.size();
  job.trial = index % setup.trials;
  job.dim = static_cast<std::size_t>(setup.dims[index / setup.trials]);
  return job;
}

Head draw_head(const Setup& setup, const JobName& job, std::uint64_t seed) {
  const auto trial = static_cast<std::uint32_t>(job.trial),
             dim = static_cast<std::uint32_t>(job.dim);
  RandomStream value(seed, hash_name("extract/value"), trial, dim);
  RandomStream weight(seed, hash_name("extract/weight"), trial, dim);
  return {random_weight(weight, job.dim, job.dim, job.scale),
          draw_value(value, job.dim, setup.shape)};
}

RecoveryRow row_of(const JobName& job, const Head& head, const HeadKnowledge& known, Oracle& oracle,
                   const Outcome& outcome, std::uint64_t seed) {
  RecoveryRow row;
  row.method = job.method;
  row.dim = static_cast<double>(job.dim);
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.check_queries = static_cast<double>(oracle.checking_queries());
  row.predicted_queries = row.dim * row.dim + row.dim;
  row.repeated = static_cast<double>(known.repeated);
  row.v_error = largest_relative_error(known.value, head.value);
  row.w_error = largest_relative_error(known.weight.values(), head.weight.values());
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
  row.extra = {job.scale};
  if (std::isfinite(row.w_error)) {
    HeadsOracle truth(head.clone()), recovered(Head{known.weight.clone(), known.value});
    row.function_gap = function_gap(
        truth, recovered,
        RandomStream(seed, hash_name("extract/gap"), static_cast<std::uint32_t>(job.trial)));
  }
  return row;
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  const Setup setup = read_setup(spec.parameters);
  if (index >= setup.jobs()) co_return Error{"this run has no job " + std::to_string(index)};
  const JobName job = job_name(setup, index);
  const Head head = draw_head(setup, job, spec.seed);
  HeadsOracle oracle(head.clone());
  HeadKnowledge known(job.dim);
  SingleHeadOptions options;
  options.robust = job.method == "robust";
  options.probe_norm = setup.probe_norm;
  options.seed = spec.seed;
  const double d = static_cast<double>(job.dim), work = d * d * d;
  JobReport report;
  const auto progress = [&] {
    report.matrices = matrix_pair(head.weight, known.weight);
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / (d * d + d)),
                        encode(report));
  };
  // A dozen pictures of the matrix on the way.
  Steps<Outcome> learning = learn_from(oracle, learn_single_head(known, options),
                                       std::min(kBatchStep, 3 * work / 12), progress);
  const Outcome outcome = co_await learning;
  report.matrices = matrix_pair(head.weight, known.weight);
  report.rows.push_back(row_of(job, head, known, oracle, outcome, spec.seed));
  co_return JobResult{encode(report)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const Setup setup = read_setup(spec.parameters);
  Plan plan;
  plan.memory_parameter = "dim";
  for (std::size_t i = 0; i < setup.jobs(); ++i) {
    const JobName job = job_name(setup, i);
    const double d = static_cast<double>(job.dim);
    plan.job_bytes = std::max(plan.job_bytes, 8 * d * d * 13 + 1e5);
    plan.jobs.push_back({"d = " + std::to_string(job.dim) + ", " + job.method + ", trial " +
                             std::to_string(job.trial + 1) + " of " + std::to_string(setup.trials),
                         d * d * d + 100});
  }
  return plan;
}

std::vector<RecoveryRow> of_method(const std::vector<RecoveryRow>& rows, std::string_view method) {
  std::vector<RecoveryRow> found;
  for (const RecoveryRow& row : rows) {
    if (row.method == method) found.push_back(row);
  }
  return found;
}

Claim exact_claim(const Setup& setup, const std::vector<RecoveryRow>& all,
                  const std::string& method) {
  Claim claim{"B1",
              method == "robust"
                  ? "d² + d queries determine one softmax head exactly (robust form)."
                  : "d² + d queries determine one softmax head exactly (the paper's plain form, in "
                    "double precision).",
              ClaimStatus::kUndecided,
              {}};
  const std::vector<RecoveryRow> rows = of_method(all, method);
  if (rows.empty()) {
    claim.evidence = "No trial is finished yet.";
    return claim;
  }
  if (setup.shape == "zero") {
    claim.evidence = "v = 0 is the case the theorem leaves out: choose another shape of v.";
    return claim;
  }
  std::size_t exact = 0, counted = 0;
  double repeated = 0;
  for (const RecoveryRow& row : rows) {
    exact += row.status == "recovered" && row.w_error < kExactError;
    counted += row.queries - row.repeated == row.predicted_queries;
    repeated = std::max(repeated, row.repeated);
  }
  claim.status =
      exact == rows.size() && counted == rows.size() ? ClaimStatus::kHolds : ClaimStatus::kFails;
  claim.evidence = std::to_string(exact) + " of " + std::to_string(rows.size()) +
                   " trials give W to 1e-10 of its largest entry";
  const double error = worst(rows, &RecoveryRow::w_error);
  claim.evidence += std::isfinite(error) ? " (worst error " + short_text(error) + ")"
                                         : " (in some trials entries were lost)";
  claim.evidence += "; " + std::to_string(counted) +
                    " used exactly d² + d queries, apart from at most " + short_text(repeated) +
                    " asked again because the softmax was saturated.";
  for (const RecoveryRow& row : rows) {
    if (row.status == "recovered") continue;
    claim.evidence += " d = " + short_text(row.dim) + ": " + row.evidence;
    break;
  }
  return claim;
}

Claim zero_claim(const std::vector<RecoveryRow>& rows) {
  Claim claim{"B1", "With v = 0 the matrix W cannot be identified, and d queries show it.",
              ClaimStatus::kUndecided, "No trial is finished yet."};
  if (rows.empty()) return claim;
  std::size_t seen = 0;
  for (const RecoveryRow& row : rows) {
    seen += row.status == "not-identifiable" && row.queries == row.dim;
  }
  claim.status = seen == rows.size() ? ClaimStatus::kHolds : ClaimStatus::kFails;
  claim.evidence = std::to_string(seen) + " of " + std::to_string(rows.size()) +
                   " trials stopped after d queries and said so.";
  return claim;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec.parameters);
  Result result;
  const std::vector<DecodedReport> reports = decode_reports(outputs, setup.jobs(), result.notes);
  result.tables.push_back(recovery_table(reports, {{"weight_scale", "size of W", ""}}));
  if (const MatrixPair* shown = shown_matrices(reports)) {
    result.tables.push_back(weight_table(*shown));
  }
  const std::vector<RecoveryRow> rows = recovery_rows(reports);
  for (const std::string& method : setup.methods) {
    result.claims.push_back(exact_claim(setup, rows, method));
  }
  if (setup.shape == "zero") result.claims.push_back(zero_claim(rows));
  return result;
}

Series method_series(const Result& result, const std::string& method, std::string_view x,
                     std::string_view y) {
  Series series;
  series.id = method;
  series.label = method == "robust" ? "robust form" : "plain form";
  series.note = method == "robust" ? "balanced probes, scaled, repeated when saturated"
                                   : "unit vectors, no scaling, log α/(1−α)";
  series.colour = method == "robust" ? kColourRfa : kColourBrfa;
  if (const Table* table = result.table("recovery")) {
    series.points = mean_points(*table, method, x, y, true);
  }
  return series;
}

Figure query_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "queries";
  figure.title = "How many questions until the head is known?";
  figure.subtitle = "Queries until W and v are known, against the dimension.";
  figure.x = {"dimension d", true, 0, 0, {}};
  figure.y = {"queries", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished head adds a point.";
  for (const std::string& method : setup.methods) {
    figure.draw_lines().series.push_back(method_series(result, method, "dim", "queries"));
  }
  Series line;
  line.id = "predicted";
  line.label = "d² + d";
  line.note = "exact count: d for v, d² for W (Theorem 4.1)";
  line.role = SeriesRole::kExact;
  line.colour = kColourReference;
  for (const std::int64_t dim : setup.dims) {
    const double d = static_cast<double>(dim);
    line.points.push_back({d, d * d + d, 0, 0});
  }
  figure.draw_lines().series.push_back(std::move(line));
  return figure;
}

Figure error_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "scale";
  const bool by_scale = setup.scales.size() > 1;
  figure.title = "How exact is W?";
  figure.subtitle =
      "Largest error of W relative to its largest entry; trials that lost entries are "
      "not drawn.";
  figure.x = {by_scale ? "size of W (Frobenius norm)" : "dimension d", true, 0, 0, {}};
  figure.y = {"error of W", true, 0, 0, {}};
  figure.draw_lines().references = {{false, 0x1p-53, "rounding of one number"}};
  figure.table = "recovery";
  for (const std::string& method : setup.methods) {
    figure.draw_lines().series.push_back(
        method_series(result, method, by_scale ? "weight_scale" : "dim", "w_error"));
  }
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Setup setup = read_setup(spec.parameters);
  return {matrix_figure(result,
                        "One trial at the largest d (first 64 rows and columns). Empty: not "
                        "asked yet. The difference has its own scale."),
          query_figure(setup, result), error_figure(setup, result)};
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "Take a head apart",
       "A softmax head hides a matrix W and a vector v. Asking it d² + d well-chosen questions "
       "gives "
       "both, to about 15 digits: watch the matrix fill in column by column. Next: try heads that "
       "are hard to read.",
       {}},
      {"large-weights",
       "What if attention is very sharp?",
       "With a large W the softmax saturates: answers hardly depend on W any more, and the plain "
       "form of the algorithm takes logarithms of 0. The robust form shortens its query token and "
       "asks again. Compare the two in the last figure.",
       {{"method", "robust,plain"},
        {"weight-scale", "0.01,1,100,10000"},
        {"dim", "16"},
        {"trials", "3"}}},
      {"tiny-entry",
       "What if one value hardly counts?",
       "One entry of v is a billionth of the others. The plain form divides by it and loses nine "
       "digits in that row; the robust form reflects its probes so that none is blind.",
       {{"method", "robust,plain"}, {"value-shape", "tiny-entry"}, {"dim", "8,16,32"}}},
      {"no-value",
       "A head that says nothing",
       "With v = 0 every answer is 0. No number of questions reveals W, and the learner says so "
       "after d of them.",
       {{"value-shape", "zero"}}},
  };
}

}  // namespace

Experiment SingleExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-single";
  experiment.family = "B";
  experiment.title = "Take one head apart";
  experiment.question = "How many questions reveal an attention head?";
  experiment.summary =
      "A softmax head f(X) = Σᵢ αᵢ v·xᵢ with α = softmax(xᵢᵀ W x_N) is a black box that answers "
      "any "
      "sequence of tokens with one number. d questions of one token give v, d² questions of two "
      "tokens give W: nothing else is needed, and the head is known as exactly as numbers can be "
      "written.";
  experiment.schema.parameters = {
      primary(integer_list_parameter("dim", "Token dimension", "d",
                                     "length of a token; several dimensions make one curve", 1, 512,
                                     {4, 8, 16, 32}, {4, 8, 16, 32, 64, 128})),
      primary(choice_list_parameter(
          "method", "Method", "how the questions are chosen",
          {{"robust", "robust", "balanced, scaled probes; repeats where the softmax saturates"},
           {"plain", "plain", "the paper's plain form: unit vectors, no scaling"}},
          {"robust"})),
      primary(integer_parameter("trials", "Trials", "", "heads drawn independently", 1, 1000, 2,
                                {1, 2, 5, 10})),
      primary(
          real_list_parameter("weight-scale", "Size of W", "‖W‖",
                              "Frobenius norm of W on average; its entries are normal with this "
                              "standard deviation divided by d",
                              1e-6, 1e6, {1}, {0.01, 1, 100})),
      primary(value_shape_parameter()),
      real_parameter("probe-norm", "Probe norm", "S", "length of the robust form's probes", 1, 1024,
                     32, {1, 8, 32, 64}),
  };
  experiment.presets = presets();
  experiment.plan = plan_run;
  return experiment;
}

JobSteps SingleExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_job(std::move(spec), index);
}

Findings SingleExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
