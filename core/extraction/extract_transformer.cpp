// extract-transformer: its schema, jobs, tables, claims and figures.
#include <algorithm>
#include <cmath>

#include "core/findings/findings.h"
#include "core/findings/palette.h"
#include "core/base/text.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/experiments.h"
#include "core/extraction/report.h"
#include "core/extraction/learn/transformer.h"

namespace attnlab::extraction {
namespace {

constexpr double kExactNetwork = 1e-11, kExactWeight = 1e-9;

struct Setup {
  std::vector<std::string> methods;
  std::vector<std::int64_t> dims;
  std::size_t hidden = 8, trials = 1;
  std::string shape;
  double scale = 1;
  std::size_t jobs() const { return dims.size() * trials * methods.size(); }
};

Setup read_setup(const ParameterSet& parameters) {
  return {parameters.choices("method"),
          parameters.integers("dim"),
          static_cast<std::size_t>(parameters.integer("hidden")),
          static_cast<std::size_t>(parameters.integer("trials")),
          parameters.choice("network"),
          parameters.real("weight-scale")};
}

struct JobName {
  std::size_t dim = 0, trial = 0;
  std::string method;
};

JobName job_name(const Setup& setup, std::size_t index) {
  const std::size_t methods = setup.methods.size();
  return {static_cast<std::size_t>(setup.dims[index / methods / setup.trials]),
          index / methods % setup.trials, setup.methods[index % methods]};
}

/// Neuron `to` = sign times neuron `from`, with the same output.
void copy_neuron(FeedForward& network, std::size_t from, std::size_t to, double sign) {
  for (std::size_t i = 0; i < network.input.cols(); ++i) {
    network.input(to, i) = sign * network.input(from, i);
  }
  network.bias[to] = sign * network.bias[from];
  network.output[to] = network.output[from];
}

FeedForward draw_network(const Setup& setup, const JobName& job, std::uint64_t seed) {
  RandomStream stream(seed, hash_name("extract/ffn"), static_cast<std::uint32_t>(job.trial),
                      static_cast<std::uint32_t>(job.dim));
  const std::size_t hidden = setup.hidden;
  FeedForward network{Matrix<double>(hidden, job.dim), std::vector<double>(hidden),
                      std::vector<double>(hidden), 0};
  stream.fill_normal(network.input.values());
  for (double& entry : network.input.values()) entry /= std::sqrt(static_cast<double>(job.dim));
  stream.fill_normal(network.bias);
  stream.fill_normal(network.output);
  network.constant = stream.normal();
  if (setup.shape == "bias-free") {
    std::ranges::fill(network.bias, 0.0);
    network.constant = 0;
  }
  if (setup.shape == "even") {
    for (std::size_t j = 1; j < hidden; j += 2) copy_neuron(network, j - 1, j, -1);
  }
  if (setup.shape == "duplicate") {
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

RecoveryRow row_of(const Setup& setup, const JobName& job, const Matrix<double>& weight,
                   const FeedForward& network, const TransformerKnowledge& known, Oracle& oracle,
                   const Outcome& outcome, std::uint64_t seed) {
  RecoveryRow row;
  row.method = job.method;
  row.dim = static_cast<double>(job.dim);
  row.hidden = static_cast<double>(setup.hidden);
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.check_queries = static_cast<double>(oracle.checking_queries());
  row.repeated = static_cast<double>(known.head.repeated);
  row.w_error = largest_relative_error(known.head.weight.values(), weight.values());
  row.ffn_error = network_error(
      network, known.network,
      RandomStream(seed, hash_name("extract/ffn-gap"), static_cast<std::uint32_t>(job.trial)));
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
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
  const FeedForward network = draw_network(setup, job, spec.seed);
  RandomStream stream(spec.seed, hash_name("extract/weight"), static_cast<std::uint32_t>(job.trial),
                      static_cast<std::uint32_t>(job.dim));
  const Matrix<double> weight = random_weight(stream, job.dim, job.dim, setup.scale);
  TransformerOracle oracle(weight.clone(), clone(network));
  TransformerKnowledge known(job.dim);
  TransformerOptions options;
  options.route = job.method == "odd-part" ? WeightRoute::kOddPart : WeightRoute::kGradient;
  options.network.seed = spec.seed;
  options.network.budget = static_cast<std::uint64_t>(200 * (setup.hidden + 2) * (job.dim + 2));
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
  report.rows.push_back(row_of(setup, job, weight, network, known, oracle, outcome, spec.seed));
  co_return JobResult{encode(report)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const Setup setup = read_setup(spec.parameters);
  if ((setup.shape == "even" || setup.shape == "duplicate") && setup.hidden % 2 == 1) {
    return Error{"hidden must be even for a network of pairs, not " + std::to_string(setup.hidden)};
  }
  Plan plan;
  plan.memory_parameter = "hidden";
  for (std::size_t i = 0; i < setup.jobs(); ++i) {
    const JobName job = job_name(setup, i);
    const double unknowns = static_cast<double>((job.dim + 1) * (setup.hidden + 1));
    plan.job_bytes = std::max(plan.job_bytes, 40 * unknowns * unknowns + 1e6);
    plan.jobs.push_back({"d = " + std::to_string(job.dim) + ", " + job.method + ", trial " +
                             std::to_string(job.trial + 1) + " of " + std::to_string(setup.trials),
                         unknowns * unknowns * unknowns + 1e4});
  }
  return plan;
}

Claim exact_claim(const Setup& setup, const std::vector<RecoveryRow>& rows,
                  const std::string& method) {
  Claim claim{
      "B2",
      method == "gradient"
          ? "Queries determine the ReLU network and W of a one-layer transformer."
          : "Without biases, f(X) − f(−X) is a single head and gives W (the paper's route).",
      ClaimStatus::kUndecided, "No trial is finished yet."};
  std::size_t seen = 0, exact = 0;
  double most = 0, network = 0, weight = 0;
  std::string failure;
  for (const RecoveryRow& row : rows) {
    if (row.method != method) continue;
    ++seen;
    most = std::max(most, row.queries);
    network = std::max(network, row.ffn_error);
    if (row.status == "recovered" && row.ffn_error < kExactNetwork && row.w_error < kExactWeight) {
      ++exact;
      weight = std::max(weight, row.w_error);
    } else if (failure.empty()) {
      failure = " First failure: " + row.evidence;
    }
  }
  if (seen == 0) return claim;
  const bool outside = method == "odd-part" && setup.shape != "bias-free";
  claim.status = exact == seen ? ClaimStatus::kHolds
                 : outside     ? ClaimStatus::kUndecided
                               : ClaimStatus::kFails;
  claim.evidence = std::to_string(exact) + " of " + std::to_string(seen) +
                   " trials: network to 1e-11 of its largest value (worst " + short_text(network) +
                   ") and W to 1e-9" +
                   (exact > 0 ? " (worst of the recovered " + short_text(weight) + ")" : "") +
                   ", with at most " + short_text(most) +
                   " queries for k = " + std::to_string(setup.hidden) + "." + failure;
  if (outside && exact != seen) {
    claim.evidence += " This network is outside what the route assumes: choose bias-free.";
  }
  return claim;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec.parameters);
  Result result;
  const std::vector<DecodedReport> reports = decode_reports(outputs, setup.jobs(), result.notes);
  result.tables.push_back(recovery_table(reports, {{"hyperplanes", "hyperplanes", ""},
                                                   {"line_queries", "for lines", ""},
                                                   {"normal_queries", "for normals", ""},
                                                   {"test_queries", "for tests", ""},
                                                   {"fit_queries", "for the fit", ""},
                                                   {"weight_queries", "for W", ""}}));
  if (const MatrixPair* shown = shown_matrices(reports)) {
    result.tables.push_back(weight_table(*shown));
  }
  const std::vector<RecoveryRow> rows = recovery_rows(reports);
  for (const std::string& method : setup.methods) {
    result.claims.push_back(exact_claim(setup, rows, method));
  }
  return result;
}

Figure query_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "queries";
  figure.title = "What does the network cost?";
  figure.subtitle = "Queries until network and W are known, k = " + std::to_string(setup.hidden) +
                    " neurons. Bars: ±1 standard error over trials.";
  figure.x = {"dimension d", true, 0, 0, {}};
  figure.y = {"queries", true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished transformer adds a point.";
  for (const std::string& method : setup.methods) {
    Series series;
    series.id = series.label = method;
    series.colour = method == "gradient" ? kColourRfa : kColourBrfa;
    if (const Table* table = result.table("recovery")) {
      series.points = mean_points(*table, method, "dim", "queries", true);
    }
    figure.draw_lines().series.push_back(std::move(series));
  }
  Series unknowns;
  unknowns.id = "unknowns";
  unknowns.label = "unknown numbers";
  unknowns.note = "d² + (k + 1)(d + 1) numbers in W and the network: no method can ask fewer";
  unknowns.role = SeriesRole::kExact;
  unknowns.colour = kColourReference;
  for (const std::int64_t dim : setup.dims) {
    const double d = static_cast<double>(dim), k = static_cast<double>(setup.hidden);
    unknowns.points.push_back({d, d * d + (k + 1) * (d + 1), 0, 0});
  }
  figure.draw_lines().series.push_back(std::move(unknowns));
  return figure;
}

Figure error_figure(const Setup& setup, const Result& result) {
  Figure figure;
  figure.id = "errors";
  figure.title = "How exact is it?";
  figure.subtitle = "Largest error relative to the largest true value.";
  figure.x = {"dimension d", true, 0, 0, {}};
  figure.y = {"error", true, 0, 0, {}};
  figure.draw_lines().references = {{false, 0x1p-53, "rounding of one number"}};
  figure.table = "recovery";
  for (const std::string& method : setup.methods) {
    for (const char* what : {"w_error", "ffn_error"}) {
      Series series;
      const bool weight = what[0] == 'w';
      series.id = method + "/" + what;
      series.label = method + (weight ? ", W" : ", network");
      series.colour = method == "gradient" ? kColourRfa : kColourBrfa;
      series.variant = weight ? 0 : 1;
      if (const Table* table = result.table("recovery")) {
        series.points = mean_points(*table, method, "dim", what, true);
      }
      figure.draw_lines().series.push_back(std::move(series));
    }
  }
  return figure;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  const Setup setup = read_setup(spec.parameters);
  return {matrix_figure(result, "W of one trial at the largest d; the network is found before."),
          query_figure(setup, result), error_figure(setup, result)};
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
      "alone: "
      "it is linear between hyperplanes, and walking along random lines finds every one of them. "
      "Then two-token questions inside one linear region reveal W as before.";
  experiment.schema.parameters = {
      primary(integer_list_parameter("dim", "Token dimension", "d", "length of a token", 1, 32,
                                     {4, 8, 16}, {4, 8, 16, 24})),
      primary(integer_parameter("hidden", "Neurons", "k", "hidden ReLU neurons", 0, 32, 16,
                                {4, 8, 16, 32})),
      primary(choice_parameter(
          "network", "Network", "what kind of network",
          {{"random", "random", "normal weights and biases"},
           {"bias-free", "without biases", "as in the paper"},
           {"even", "even pairs", "every neuron has a mirror image: |a·x + c|, no odd part"},
           {"duplicate", "duplicates", "every neuron occurs twice"}},
          "random")),
      primary(choice_list_parameter(
          "method", "Route to W", "how W is found once the network is known",
          {{"gradient", "gradient", "through one linear region; biases and even networks are fine"},
           {"odd-part", "odd part", "the paper's: f(X) − f(−X) is a single head without biases"}},
          {"gradient"})),
      primary(integer_parameter("trials", "Trials", "", "transformers drawn independently", 1, 1000,
                                2, {1, 2, 5, 10})),
      real_parameter("weight-scale", "Size of W", "‖W‖", "Frobenius norm of W on average", 1e-3,
                     1e3, 1, {0.01, 1, 100}),
  };
  experiment.presets = {
      {"first-look",
       "Does a network behind the head hide it?",
       "Sixteen neurons with biases. About two thousand questions at d = 16 reveal all of it, the "
       "network to the last digit and W to thirteen. Next: see where the paper's own route stops.",
       {}},
      {"without-biases",
       "Two routes to the same matrix",
       "Without biases f(X) − f(−X) is a plain head, and W follows as before, at two questions for "
       "one. Both routes agree.",
       {{"network", "bias-free"}, {"method", "gradient,odd-part"}, {"hidden", "8"}}},
      {"even-network",
       "A network without an odd part",
       "Every neuron has a mirror image, so f(X) − f(−X) says nothing. The gradient route does not "
       "need it.",
       {{"network", "even"}, {"method", "gradient,odd-part"}, {"hidden", "8"}}}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps TransformerExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_job(std::move(spec), index);
}

Findings TransformerExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
