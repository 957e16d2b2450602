// extract-single: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/single_head.h"
#include "core/extraction/recovery.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kExactError = 1e-10;  // "recovered exactly" in double precision

const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"dim", "trials", "weight-scale", "method"},  // small heads finish first
      .memory_parameter = "dim",
      .extra = {{"weight_scale", "size of W", "", ColumnType::kNumber}}};
  return description;
}

ProbeForm probe_form(const std::string& method) {
  if (method == "gaussian") return ProbeForm::kGaussian;
  return method == "plain" ? ProbeForm::kPlain : ProbeForm::kRobust;
}

std::string form_name(const std::string& method) {
  return method == "gaussian" ? "the paper's Gaussian form, as we know it"
         : method == "plain"  ? "our simplest form"
                              : "robust form";
}

JobNeeds needs(const RunSpec&, const RecoveryJob& job) {
  const double d = static_cast<double>(job.dim);
  return {d * d * d + 100, 8 * d * d * 13 + 1e5};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  return recovery().plan(spec, needs);
}

std::vector<RecoveryRow> of_method(const std::vector<RecoveryRow>& rows, std::string_view method) {
  std::vector<RecoveryRow> found;
  for (const RecoveryRow& row : rows) {
    if (row.method == method) found.push_back(row);
  }
  return found;
}

Claim exact_claim(bool zero_value, const std::vector<RecoveryRow>& all, const std::string& method) {
  Claim claim{"B1",
              "d² + d queries determine one softmax head exactly (" + form_name(method) +
                  (method == "robust" ? ")." : ", in double precision)."),
              ClaimStatus::kUndecided,
              {}};
  const std::vector<RecoveryRow> rows = of_method(all, method);
  if (rows.empty()) {
    claim.evidence = "No trial is finished yet.";
    return claim;
  }
  if (zero_value) {
    claim.evidence = "The theorem excludes v = 0: choose another shape of v.";
    return claim;
  }
  std::size_t exact = 0, counted = 0, good = 0;
  double repeated = 0;
  for (const RecoveryRow& row : rows) {
    const bool is_exact = is_recovered(row) && row.w_error < kExactError;
    const bool is_counted = row.queries - row.repeated == row.predicted_queries;
    exact += is_exact;
    counted += is_counted;
    good += is_exact && is_counted;
    repeated = std::max(repeated, row.repeated);
  }
  apply(judge_universal(static_cast<int>(rows.size() - good), static_cast<int>(rows.size()), "head",
                        "heads"),
        claim);
  claim.evidence = std::to_string(exact) + " of " + attnlab::counted(rows.size(), "trial") +
                   ": W to 1e-10 of its largest entry";
  const double error = worst(rows, &RecoveryRow::w_error);
  claim.evidence += std::isfinite(error)
                        ? " (worst error " + told_apart(error, kExactError).first + ")"
                        : " (in some trials entries were lost)";
  claim.evidence += "; " + std::to_string(counted) +
                    " used exactly d² + d queries, apart from at most " + short_text(repeated) +
                    " asked again because the softmax was saturated.";
  for (const RecoveryRow& row : rows) {
    if (is_recovered(row)) continue;
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
  apply(judge_universal(static_cast<int>(rows.size() - seen), static_cast<int>(rows.size()), "head",
                        "heads"),
        claim);
  claim.evidence = std::to_string(seen) + " of " + attnlab::counted(rows.size(), "trial") +
                   " stopped after d queries and said so.";
  return claim;
}

Series method_series(const std::string& method) {
  Series series;
  series.id = method;
  series.label = method == "robust"     ? "robust form"
                 : method == "gaussian" ? "Gaussian form"
                                        : "simplest form";
  series.note = method == "robust"     ? "balanced probes, scaled, repeated when saturated"
                : method == "gaussian" ? "independent normal probes and one linear solve"
                                       : "unit vectors, no scaling";
  series.colour = method == "robust"     ? kColourRfa
                  : method == "gaussian" ? kColourRfmlp
                                         : kColourBrfa;
  return series;
}

Figure query_figure(const RunSpec& spec, const Recovered& recovered) {
  Figure figure =
      dimension_figure("queries", "How many questions until the head is known?",
                       "Queries until W and v are known, against the dimension.", "queries");
  for (const std::string& method : spec.parameters.choices("method")) {
    figure.draw_lines().series.push_back(method_series(method));
    figure.draw_lines().series.back().points = mean_points(
        recovered.rows,
        [&](const RecoveryRow& row) { return row.method == method && is_recovered(row); },
        &RecoveryRow::dim, &RecoveryRow::queries);
  }
  figure.draw_lines().series.push_back(
      count_line("predicted", "d² + d", "exact count: d for v, d² for W (Theorem 4.1)",
                 dims_of(spec), [](double d) { return d * d + d; }));
  return figure;
}

Figure error_figure(const RunSpec& spec, const Recovered& recovered) {
  const bool by_scale = spec.parameters.reals("weight-scale").size() > 1;
  Figure figure = dimension_figure(
      "scale", "How exact is W?",
      "Largest error of W relative to its largest entry; trials that lost entries are not drawn.",
      "error of W");
  figure.empty_text.clear();
  if (by_scale) figure.x.label = "size of W (Frobenius norm)";
  figure.draw_lines().references = {{false, 0x1p-53, "rounding of one number"}};
  for (const std::string& method : spec.parameters.choices("method")) {
    figure.draw_lines().series.push_back(method_series(method));
    figure.draw_lines().series.back().points = mean_points(
        recovered.rows, [&](const RecoveryRow& row) { return row.method == method; },
        [&](const RecoveryRow& row) { return by_scale ? row.more(0) : row.dim; },
        &RecoveryRow::w_error);
  }
  return figure;
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "Take a head apart",
       "A softmax head hides a matrix W and a vector v. Asking it d² + d well-chosen questions "
       "gives both, to about 15 digits: watch the matrix fill in column by column. Next: try heads "
       "that are hard to read.",
       {}},
      {"large-weights",
       "What if attention is very sharp?",
       "With a large W the softmax saturates: answers hardly depend on W any more, and forms "
       "without scaling take logarithms of 0. The robust form shortens its query token and asks "
       "again. Compare the three in the last figure.",
       {{"method", "robust,gaussian,plain"},
        {"weight-scale", "0.01,1,100,10000"},
        {"dim", "16"},
        {"trials", "3"}}},
      {"tiny-entry",
       "What if one value hardly counts?",
       "One entry of v is a billionth of the others. Our simplest form, unit vectors, divides by "
       "it and loses most digits in that row. Random probes, as in the paper, hardly ever have a "
       "tiny value; the robust form reflects its probes so that all have the same value.",
       {{"method", "robust,gaussian,plain"}, {"value-shape", "tiny-entry"}, {"dim", "8,16,32"}}},
      {"no-value",
       "A head that says nothing",
       "With v = 0 every answer is 0. No number of questions reveals W, and the learner says so "
       "after d of them.",
       {{"value-shape", "zero"}}},
  };
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  const double scale = job.axis.at("weight-scale");
  const Head head = draw_head(job, scale, spec.parameters.choice("value-shape"));
  HeadsOracle oracle(head.clone());
  HeadKnowledge known(job.dim);
  SingleHeadOptions options;
  options.form = probe_form(job.method);
  options.probe_norm = spec.parameters.real("probe-norm");
  options.seed = spec.seed;
  options.trial = static_cast<std::uint32_t>(job.trial);
  const double d = static_cast<double>(job.dim), work = d * d * d;
  JobReport report;
  const auto progress = [&] {
    report.matrices = matrix_pair(head.weight, known.weight);
    return StepProgress(std::min(1.0, static_cast<double>(oracle.learning_queries()) / (d * d + d)),
                        encode(report));
  };
  // About a dozen partial results, so that the matrix is seen to fill in.
  Steps<Outcome> learning = learn_from(oracle, learn_single_head(known, options),
                                       std::min(kBatchStep, 3 * work / 12), progress);
  const Outcome outcome = co_await learning;
  report.matrices = matrix_pair(head.weight, known.weight);
  RecoveryRow row = row_of(job, oracle, outcome);
  compare(row, job, head, known);
  row.predicted_queries = d * d + d;
  row.extra = {scale};
  report.rows.push_back(std::move(row));
  co_return JobResult{encode(report)};
}

void add_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  const bool zero_value = spec.parameters.choice("value-shape") == "zero";
  for (const std::string& method : spec.parameters.choices("method")) {
    findings.result.claims.push_back(exact_claim(zero_value, recovered.finished, method));
  }
  if (zero_value) findings.result.claims.push_back(zero_claim(recovered.finished));
  findings.figures = {
      matrix_figure(shown_matrices(recovered.reports),
                    "One trial at the largest d (first 64 rows and columns). Empty: not asked yet. "
                    "The difference has its own scale."),
      query_figure(spec, recovered), error_figure(spec, recovered)};
}

}  // namespace

Experiment SingleExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-single";
  experiment.family = "B";
  experiment.title = "Take one head apart";
  experiment.question = "How many questions reveal an attention head?";
  experiment.summary =
      "A softmax head f(X) = Σᵢ αᵢ v·xᵢ with α = softmax(xᵢᵀ W q) is a black box that answers "
      "any sequence of tokens with one number. d questions of one token give v, d² questions of "
      "two tokens give W: nothing else is needed, and the head is known to a few units in the last "
      "of 16 digits.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token; several dimensions make one curve",
                 .min = 1,
                 .max = 512,
                 .default_value = integers({4, 8, 16, 32}),
                 .suggested = {4, 8, 16, 32, 64, 128},
                 .logarithmic = true,
                 .primary = true}),
      described(
          {.name = "method",
           .label = "Method",
           .help = "how the questions are chosen",
           .choices =
               {{"robust", "robust",
                 "balanced, scaled probes; repeats where the softmax saturates"},
                {"gaussian", "Gaussian",
                 "the paper's form, as we know it: independent normal probes and a linear solve"},
                {"plain", "simplest", "our simplest form: unit vectors, no scaling"}},
           .default_value = names({"robust"}),
           .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "heads drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{2},
                 .suggested = {1, 2, 5, 10},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of W on average; its entries are normal with this "
                         "standard deviation divided by d",
                 .min = 1e-6,
                 .max = 1e6,
                 .default_value = reals({1}),
                 .suggested = {0.01, 1, 100},
                 .logarithmic = true,
                 .primary = true}),
      value_shape_parameter(true),
      described({.name = "probe-norm",
                 .label = "Probe norm",
                 .symbol = "S",
                 .help = "length of the robust form's probes",
                 .min = 1,
                 .max = 1024,
                 .default_value = 32.0,
                 .suggested = {1, 8, 32, 64},
                 .logarithmic = true,
                 .applies = {{"method", {"robust"}}}}),
  };
  experiment.layer = head_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.reductions = {{"trials", 1}, {"dim", 4, 2}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps SingleExperiment::start(RunSpec spec, std::uint32_t index) {
  return recovery().start(std::move(spec), index, recover);
}

Findings SingleExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return recovery().find(spec, outputs, add_findings);
}

}  // namespace attnlab::extraction
