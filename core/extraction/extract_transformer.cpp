// extract-transformer: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/transformer.h"
#include "core/extraction/recovery.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr double kExactNetwork = 1e-11, kExactWeight = 1e-9;

const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"dim", "trials", "method"},
      .memory_parameter = "hidden",
      .extra = {{"hyperplanes", "hyperplanes", "", ColumnType::kNumber},
                {"line_queries", "for lines", "", ColumnType::kNumber},
                {"normal_queries", "for normals", "", ColumnType::kNumber},
                {"test_queries", "for tests", "", ColumnType::kNumber},
                {"fit_queries", "for the fit", "", ColumnType::kNumber},
                {"weight_queries", "for W", "", ColumnType::kNumber}}};
  return description;
}

std::size_t hidden_of(const RunSpec& spec) {
  return static_cast<std::size_t>(spec.parameters.integer("hidden"));
}

/// Neuron `to` = sign times neuron `from`, with the same output.
void copy_neuron(FeedForward& network, std::size_t from, std::size_t to, double sign) {
  for (std::size_t i = 0; i < network.input.cols(); ++i) {
    network.input(to, i) = sign * network.input(from, i);
  }
  network.bias[to] = sign * network.bias[from];
  network.output[to] = network.output[from];
}

FeedForward draw_network(const RunSpec& spec, const RecoveryJob& job) {
  RandomStream stream = job.stream("extract/ffn");
  const std::size_t hidden = hidden_of(spec);
  const std::string& shape = spec.parameters.choice("network");
  FeedForward network{Matrix<double>(hidden, job.dim), std::vector<double>(hidden),
                      std::vector<double>(hidden), 0};
  stream.fill_normal(network.input.values());
  for (double& entry : network.input.values()) entry /= std::sqrt(static_cast<double>(job.dim));
  stream.fill_normal(network.bias);
  stream.fill_normal(network.output);
  network.constant = stream.normal();
  if (shape == "bias-free") {
    std::ranges::fill(network.bias, 0.0);
    network.constant = 0;
  }
  if (shape == "even") {
    for (std::size_t j = 1; j < hidden; j += 2) copy_neuron(network, j - 1, j, -1);
  }
  if (shape == "duplicate") {
    for (std::size_t j = 1; j < hidden; j += 2) copy_neuron(network, j - 1, j, 1);
  }
  return network;
}

FeedForward clone(const FeedForward& network) {
  return {network.input.clone(), network.bias, network.output, network.constant};
}

/// Largest |g - estimate| / largest |g| over 200 standard normal inputs.
double network_error(const FeedForward& truth, const AbsAffine& estimate, RandomStream stream) {
  std::vector<double> x(estimate.slope.size()), a, b;
  for (int i = 0; i < 200; ++i) {
    stream.fill_normal(x);
    a.push_back(truth(x));
    b.push_back(estimate(x));
  }
  return largest_relative_error(b, a);
}

/// The true network and W, and what a learner found.
RecoveryRow transformer_row(const RecoveryJob& job, const Matrix<double>& weight,
                            const FeedForward& network, const TransformerKnowledge& known,
                            const Oracle& oracle, const Outcome& outcome) {
  RecoveryRow row = row_of(job, oracle, outcome);
  row.hidden = static_cast<double>(network.output.size());
  row.repeated = static_cast<double>(known.head.repeated);
  row.w_error = largest_relative_error(known.head.weight.values(), weight.values());
  row.ffn_error = network_error(
      network, known.network,
      RandomStream(job.seed, hash_name("extract/ffn-gap"), static_cast<std::uint32_t>(job.trial)));
  const NetworkSearch& search = known.search;
  row.extra = {static_cast<double>(known.network.kinks.size()),
               static_cast<double>(search.line_queries),
               static_cast<double>(search.normal_queries),
               static_cast<double>(search.test_queries),
               static_cast<double>(search.polish_queries),
               row.queries - static_cast<double>(search.total())};
  if (std::isfinite(row.w_error)) {
    TransformerOracle truth(weight.clone(), clone(network));
    TransformerOracle recovered(known.head.weight.clone(), known.network.as_network());
    row.function_gap = function_gap(truth, recovered, job.gap_stream());
  }
  return row;
}

JobNeeds needs(const RunSpec& spec, const RecoveryJob& job) {
  const double unknowns = static_cast<double>((job.dim + 1) * (hidden_of(spec) + 1));
  return {unknowns * unknowns * unknowns + 1e4, 40 * unknowns * unknowns + 1e6};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const std::string& shape = spec.parameters.choice("network");
  const std::size_t hidden = hidden_of(spec);
  if ((shape == "even" || shape == "duplicate") && hidden % 2 == 1) {
    return Error{"hidden must be even for a network of pairs, not " + std::to_string(hidden)};
  }
  return recovery().plan(spec, needs);
}

/// Degrees of freedom of a network: a neuron has d inputs, a bias and an output; one of these
/// numbers only sets its scale.
double network_numbers(const std::string& shape, double neurons, double dim) {
  if (shape == "bias-free") return neurons * dim;
  return (shape == "random" ? neurons : neurons / 2) * (dim + 1) + 1;  // pairs hold one neuron
}

/// A network without neurons is constant: W leaves no trace, and the learner says so.
bool is_constant(const RecoveryRow& row) {
  return row.hidden == 0 && row.status == "not-identifiable";
}

Claim exact_claim(const RunSpec& spec, const std::vector<RecoveryRow>& rows,
                  const std::string& method) {
  Claim claim{
      "B2",
      method == "gradient"
          ? "Queries determine the ReLU network and W of a one-layer transformer."
          : "Without biases, f(X) − f(−X) is a single head and gives W (the paper's route).",
      ClaimStatus::kUndecided, "No trial is finished yet."};
  int seen = 0, exact = 0, constant = 0;
  double most = 0, network = 0, weight = 0;
  std::string failure;
  for (const RecoveryRow& row : rows) {
    if (row.method != method) continue;
    if (method == "gradient" && is_constant(row)) {
      ++constant;
      continue;
    }
    ++seen;
    most = std::max(most, row.queries);
    network = std::max(network, row.ffn_error);
    if (is_recovered(row) && row.ffn_error < kExactNetwork && row.w_error < kExactWeight) {
      ++exact;
      weight = std::max(weight, row.w_error);
    } else if (failure.empty()) {
      failure = " First failure: " + row.evidence;
    }
  }
  const std::string traceless =
      constant == 0 ? ""
                    : " In " + counted(static_cast<std::size_t>(constant), "trial") +
                          " the network is constant, so that W leaves no trace.";
  if (seen == 0) {
    if (constant > 0) claim.evidence = traceless.substr(1);
    return claim;
  }
  const bool outside =
      method == "odd-part" && spec.parameters.choice("network") != "bias-free" && exact != seen;
  if (!outside) apply(judge_universal(seen - exact, seen, "transformer", "transformers"), claim);
  claim.evidence =
      std::to_string(exact) + " of " + counted(static_cast<std::size_t>(seen), "trial") +
      ": network to 1e-11 of its largest value (worst " + told_apart(network, kExactNetwork).first +
      ") and W to 1e-9" +
      (exact > 0 ? " (worst of the recovered " + told_apart(weight, kExactWeight).first + ")"
                 : "") +
      ", with at most " + short_text(most) + " queries for k = " + std::to_string(hidden_of(spec)) +
      "." + failure + traceless;
  if (outside) {
    claim.evidence += " This network is outside what the route assumes: choose bias-free.";
  }
  return claim;
}

Figure query_figure(const RunSpec& spec, const Recovered& recovered) {
  const double k = static_cast<double>(hidden_of(spec));
  const std::string& shape = spec.parameters.choice("network");
  Figure figure = dimension_figure(
      "queries", "What does the network cost?",
      "Queries until network and W are known, k = " + short_text(k) +
          " neurons; trials that did not find them are not drawn. Bars: ±1 standard error over "
          "trials.",
      "queries");
  for (const std::string& method : spec.parameters.choices("method")) {
    Series series;
    series.id = series.label = method;
    series.colour = method == "gradient" ? kColourRfa : kColourBrfa;
    series.points = mean_points(
        recovered.rows,
        [&](const RecoveryRow& row) { return row.method == method && is_recovered(row); },
        &RecoveryRow::dim, &RecoveryRow::queries);
    figure.draw_lines().series.push_back(std::move(series));
  }
  figure.draw_lines().series.push_back(
      count_line("unknowns", "unknown numbers",
                 "as many numbers as W and the network hold: d² and " +
                     std::string(shape == "bias-free" ? "kd"
                                 : shape == "random"  ? "k(d + 1) + 1"
                                                      : "(k/2)(d + 1) + 1") +
                     ". Not a bound: one answer can determine more than one number",
                 dims_of(spec), [&](double d) { return d * d + network_numbers(shape, k, d); }));
  return figure;
}

Figure error_figure(const RunSpec& spec, const Recovered& recovered) {
  Figure figure = dimension_figure("errors", "How exact is it?",
                                   "Largest error relative to the largest true value.", "error");
  figure.empty_text.clear();
  figure.draw_lines().references = {{false, 0x1p-53, "rounding of one number"}};
  for (const std::string& method : spec.parameters.choices("method")) {
    for (const bool weight : {true, false}) {
      Series series;
      series.id = method + (weight ? "/w_error" : "/ffn_error");
      series.label = method + (weight ? ", W" : ", network");
      series.colour = method == "gradient" ? kColourRfa : kColourBrfa;
      series.variant = weight ? 0 : 1;
      series.points = mean_points(
          recovered.rows, [&](const RecoveryRow& row) { return row.method == method; },
          &RecoveryRow::dim, weight ? &RecoveryRow::w_error : &RecoveryRow::ffn_error);
      figure.draw_lines().series.push_back(std::move(series));
    }
  }
  return figure;
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  const FeedForward network = draw_network(spec, job);
  RandomStream stream = job.stream("extract/weight");
  const Matrix<double> weight =
      random_weight(stream, job.dim, job.dim, spec.parameters.real("weight-scale"));
  TransformerOracle oracle(weight.clone(), clone(network));
  TransformerKnowledge known(job.dim);
  TransformerOptions options;
  options.route = job.method == "odd-part" ? WeightRoute::kOddPart : WeightRoute::kGradient;
  options.network.seed = spec.seed;
  options.network.budget = static_cast<std::uint64_t>(200 * (hidden_of(spec) + 2) * (job.dim + 2));
  JobReport report;
  double done = 0;
  const auto progress = [&] {
    report.matrices = matrix_pair(weight, known.head.weight);
    done += 0.1 * (1 - done);
    return StepProgress(done, encode(report));
  };
  Steps<Outcome> learning =
      learn_from(oracle, learn_transformer(known, options), kProbeStep, progress);
  const Outcome outcome = co_await learning;
  report.matrices = matrix_pair(weight, known.head.weight);
  report.rows.push_back(transformer_row(job, weight, network, known, oracle, outcome));
  co_return JobResult{encode(report)};
}

void add_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  for (const std::string& method : spec.parameters.choices("method")) {
    findings.result.claims.push_back(exact_claim(spec, recovered.finished, method));
  }
  findings.figures = {
      matrix_figure(shown_matrices(recovered.reports),
                    "W of one trial at the largest d; the network is found before."),
      query_figure(spec, recovered), error_figure(spec, recovered)};
}

}  // namespace

Experiment TransformerExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-transformer";
  experiment.family = "B";
  experiment.title = "Take a network apart";
  experiment.question = "Does a network behind the head hide it?";
  experiment.summary =
      "One attention head followed by a ReLU network. Questions of one token see the network "
      "alone: it is linear between hyperplanes, and walking along random lines finds every one of "
      "them. Then two-token questions inside one linear region reveal W as before.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 32,
                 .default_value = integers({4, 8, 16}),
                 .suggested = {4, 8, 16, 24},
                 .primary = true}),
      described({.name = "hidden",
                 .label = "Neurons",
                 .symbol = "k",
                 .help = "hidden ReLU neurons",
                 .min = 0,
                 .max = 32,
                 .default_value = std::int64_t{16},
                 .suggested = {4, 8, 16, 32},
                 .primary = true}),
      described({.name = "network",
                 .label = "Network",
                 .help = "what kind of network",
                 .choices = {{"random", "random", "normal weights and biases"},
                             {"bias-free", "without biases", "as in the paper, as we know it"},
                             {"even", "even pairs",
                              "every neuron has a mirror image: |a·x + c|, no odd part"},
                             {"duplicate", "duplicates", "every neuron occurs twice"}},
                 .default_value = std::string("random"),
                 .primary = true}),
      described({.name = "method",
                 .label = "Route to W",
                 .help = "how W is found once the network is known",
                 .choices = {{"gradient", "gradient",
                              "through one linear region; biases and even networks are fine"},
                             {"odd-part", "odd part",
                              "the paper's: f(X) − f(−X) is a single head without biases"}},
                 .default_value = names({"gradient"}),
                 .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "transformers drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{2},
                 .suggested = {1, 2, 5, 10},
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
  };
  experiment.layer = head_layer_text(experiment.schema, Behind::kNetwork);
  experiment.presets = {
      {"first-look",
       "Does a network behind the head hide it?",
       "Sixteen neurons with biases. About two thousand questions at d = 16 reveal all of it, the "
       "network to the last digit and W to thirteen. Next: see where the paper's own route stops.",
       {}},
      {"without-biases",
       "Two routes to the same matrix",
       "Without biases f(X) − f(−X) is a plain head, and W follows as before, with two questions "
       "in place of one. Both routes agree.",
       {{"network", "bias-free"}, {"method", "gradient,odd-part"}, {"hidden", "8"}}},
      {"even-network",
       "A network without an odd part",
       "Every neuron has a mirror image, so f(X) − f(−X) says nothing. The gradient route does not "
       "need it.",
       {{"network", "even"}, {"method", "gradient,odd-part"}, {"hidden", "8"}}}};
  experiment.reductions = {{"trials", 1}, {"dim", 4, 2}, {"hidden", 4}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps TransformerExperiment::start(RunSpec spec, std::uint32_t index) {
  return recovery().start(std::move(spec), index, recover);
}

Findings TransformerExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return recovery().find(spec, outputs, add_findings);
}

}  // namespace attnlab::extraction
