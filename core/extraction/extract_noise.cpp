// extract-noise: its schema and jobs.
#include "core/extraction/extract_noise.h"

#include <algorithm>
#include <cmath>

#include "core/findings/findings.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/experiments.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/noisy_head.h"

namespace attnlab::extraction {
namespace {

NoiseKind noise_kind(const std::string& name) {
  if (name == "sign") return NoiseKind::kSign;
  if (name == "gaussian") return NoiseKind::kGaussian;
  if (name == "adversarial") return NoiseKind::kRounding;
  return NoiseKind::kUniform;
}

/// Trials outermost, then methods, then sizes of W.
struct JobName {
  std::size_t trial = 0;
  std::string method;
  double scale = 1;
};

JobName job_name(const NoiseSetup& setup, std::size_t index) {
  const std::size_t scales = setup.scales.size(), methods = setup.methods.size();
  return {index / scales / methods, setup.methods[index / scales % methods],
          setup.scales[index % scales]};
}

/// W with |W|_F = scale exactly; entries of v with random signs between `smallest` and twice that.
Head draw_head(const NoiseSetup& setup, const JobName& job, double smallest, std::uint64_t seed) {
  const auto trial = static_cast<std::uint32_t>(job.trial);
  RandomStream weight(seed, hash_name("extract/weight"), trial,
                      static_cast<std::uint32_t>(setup.dim));
  RandomStream value(seed, hash_name("extract/bounded-value"), trial,
                     static_cast<std::uint32_t>(setup.dim));
  Head head{random_weight(weight, setup.dim, setup.dim, 1), std::vector<double>(setup.dim)};
  const double length = norm(head.weight.values());
  for (double& entry : head.weight.values()) entry *= job.scale / length;
  for (double& entry : head.value) {
    const double sign = value.uniform() < 0.5 ? -1 : 1;
    entry = sign * smallest * (1 + value.uniform());
  }
  head.value[0] = smallest;  // mu itself
  return head;
}

/// What one extraction of a job varies.
struct NoiseCase {
  double tau = 0, smallest = 1;
  int repeats = 1;
};

std::vector<NoiseCase> cases_of(const NoiseSetup& setup) {
  std::vector<NoiseCase> cases;
  for (const double smallest : setup.smallest) {
    for (const std::int64_t repeats : setup.repeats) {
      for (const double tau : setup.taus) {
        cases.push_back({tau, smallest, static_cast<int>(repeats)});
      }
    }
  }
  return cases;
}

RecoveryRow row_of(const NoiseSetup& setup, const JobName& job, const NoiseCase& item,
                   const Head& head, const HeadKnowledge& known, const Oracle& oracle) {
  RecoveryRow row;
  const double d = static_cast<double>(setup.dim);
  row.method = job.method;
  row.dim = d;
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.predicted_queries = (d * d + d) * item.repeats;
  row.v_error = largest_relative_error(known.value, head.value);
  row.w_error = largest_relative_error(known.weight.values(), head.weight.values());
  const double error = frobenius_error(known.weight, head.weight) * norm(head.weight.values());
  // Noise of size tau: half of W's size or more says nothing about W any more.
  row.status = status_text(error < 0.5 * job.scale ? ExtractionStatus::kRecovered
                                                   : ExtractionStatus::kBudgetExhausted);
  const double bound = noise_bound(d, job.scale, item.tau, item.smallest);
  const bool applies = job.method == "bounded" && setup.kind != "gaussian" && job.scale >= 1;
  row.extra = {item.tau,      job.scale,
               item.smallest, static_cast<double>(item.repeats),
               error,         applies ? bound : kUnknown};
  HeadsOracle truth(head.clone()), recovered(Head{known.weight.clone(), known.value});
  row.function_gap = function_gap(truth, recovered, RandomStream(7, hash_name("extract/gap"), 0));
  return row;
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  const NoiseSetup setup = read_noise_setup(spec.parameters);
  if (index >= setup.jobs()) co_return Error{"this run has no job " + std::to_string(index)};
  const JobName job = job_name(setup, index);
  const std::vector<NoiseCase> cases = cases_of(setup);
  JobReport report;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    const Head head = draw_head(setup, job, cases[k].smallest, spec.seed);
    HeadsOracle exact(head.clone());
    NoisyOracle oracle(
        exact, noise_kind(setup.kind), cases[k].tau,
        RandomStream(spec.seed, hash_name("extract/noise/" + job.method),
                     static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(k)));
    HeadKnowledge known(setup.dim);
    const double done = static_cast<double>(k) / static_cast<double>(cases.size());
    const NoisyHeadOptions options{job.scale, job.method == "balanced", setup.probe_norm,
                                   cases[k].repeats};
    Steps<bool> learning = learn_from(oracle, learn_noisy_head(known, options), kBatchStep,
                                      [done] { return StepProgress(done); });
    co_await learning;
    report.rows.push_back(row_of(setup, job, cases[k], head, known, oracle));
    report.matrices = matrix_pair(head.weight, known.weight);
    if (k % 8 == 7) co_yield StepProgress{done, encode(report)};
  }
  co_return JobResult{encode(report)};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const NoiseSetup setup = read_noise_setup(spec.parameters);
  Plan plan;
  plan.memory_parameter = "dim";
  const double d = static_cast<double>(setup.dim);
  double repeats = 0;
  for (const std::int64_t r : setup.repeats) repeats += static_cast<double>(r);
  for (std::size_t i = 0; i < setup.jobs(); ++i) {
    const JobName job = job_name(setup, i);
    plan.jobs.push_back({job.method + " probes, trial " + std::to_string(job.trial + 1) + " of " +
                             std::to_string(setup.trials),
                         repeats * static_cast<double>(setup.taus.size() * setup.smallest.size()) *
                             (d * d * d + 1000)});
  }
  plan.job_bytes = 80 * d * d + 1e5;
  return plan;
}

Result reduce(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const NoiseSetup setup = read_noise_setup(spec.parameters);
  Result result;
  const std::vector<DecodedReport> reports = decode_reports(outputs, setup.jobs(), result.notes);
  result.tables.push_back(recovery_table(reports, {{"noise", "noise τ", ""},
                                                   {"weight_norm", "‖W‖", ""},
                                                   {"min_value", "min |v|", ""},
                                                   {"repeats", "repeats", ""},
                                                   {"frobenius_error", "‖ΔW‖", ""},
                                                   {"bound", "bound", ""}}));
  if (const MatrixPair* shown = shown_matrices(reports)) {
    result.tables.push_back(weight_table(*shown));
  }
  result.claims = noise_claims(setup, recovery_rows(reports));
  return result;
}

std::vector<Figure> figures(const RunSpec& spec, const Result& result) {
  return noise_figures(read_noise_setup(spec.parameters), result);
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "How much noise can the method bear?",
       "Every answer is wrong by up to τ. The error of W grows in proportion and stays under the "
       "bound, here by a factor of five to ten. Next: let the noise be chosen by an adversary, or "
       "average it away.",
       {}},
      {"sizes",
       "When does noise hurt more?",
       "The theory says that the error grows with the square of W's size and with one over the "
       "smallest entry of v. Three sizes of each; the claims give the measured exponents.",
       {{"weight-scale", "1,2,4"},
        {"min-value", "0.1,0.3,1"},
        {"noise", "1e-6"},
        {"trials", "4"},
        {"method", "bounded"}}},
      {"averaging",
       "Does asking again help?",
       "Random noise averages away like one over the square root of the number of repeats. Now set "
       "the noise to adversarial rounding: the same question always gets the same wrong answer, "
       "and "
       "asking again teaches nothing.",
       {{"repeats", "1,4,16,64"}, {"noise", "0.001"}, {"trials", "4"}, {"method", "bounded"}}},
      {"adversarial",
       "An adversary rounds every answer",
       "Answers are rounded to multiples of 2τ. The bound holds for any noise of size τ, so it "
       "holds "
       "here.",
       {{"noise-kind", "adversarial"}}}};
}

}  // namespace

NoiseSetup read_noise_setup(const ParameterSet& parameters) {
  NoiseSetup setup;
  setup.dim = static_cast<std::size_t>(parameters.integer("dim"));
  setup.trials = static_cast<std::size_t>(parameters.integer("trials"));
  setup.methods = parameters.choices("method");
  setup.taus = parameters.reals("noise");
  setup.scales = parameters.reals("weight-scale");
  setup.smallest = parameters.reals("min-value");
  setup.repeats = parameters.integers("repeats");
  setup.kind = parameters.choice("noise-kind");
  setup.probe_norm = parameters.real("probe-norm");
  return setup;
}

Experiment NoiseExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-noise";
  experiment.family = "B";
  experiment.title = "Noisy answers";
  experiment.question = "What if the answers are not exact?";
  experiment.summary =
      "The same questions, but every answer is wrong by up to τ. With probes that keep the softmax "
      "far from saturation the error of W is proportional to τ and has an explicit bound. Longer "
      "probes make the same noise matter less, so an honest claim says how long probes may be.";
  experiment.schema.parameters = {
      primary(integer_parameter("dim", "Token dimension", "d", "length of a token", 1, 128, 16,
                                {4, 8, 16, 32})),
      primary(real_list_parameter("noise", "Noise", "τ", "size of the noise in one answer", 1e-12,
                                  1, {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2},
                                  {1e-6, 1e-4, 1e-2})),
      primary(choice_parameter(
          "noise-kind", "Kind of noise", "what the noise looks like",
          {{"uniform", "uniform", "uniform between −τ and τ"},
           {"sign", "sign", "−τ or τ by a coin"},
           {"gaussian", "Gaussian", "normal with standard deviation τ: no bound applies"},
           {"adversarial", "adversarial rounding", "answers rounded to multiples of 2τ"}},
          "uniform")),
      primary(choice_list_parameter(
          "method", "Probes", "how the questions are scaled",
          {{"bounded", "bounded", "probes eᵢ/‖W‖ with query tokens eⱼ/2, as in the theorem"},
           {"balanced", "balanced", "reflected probes of the length below: error about τ / S"}},
          {"bounded", "balanced"})),
      primary(integer_parameter("trials", "Trials", "", "heads drawn independently", 1, 1000, 3,
                                {1, 3, 5, 10})),
      real_list_parameter("weight-scale", "Size of W", "‖W‖",
                          "Frobenius norm of W, known to the "
                          "learner as its bound",
                          1, 100, {2}, {1, 2, 4}),
      real_list_parameter("min-value", "Smallest value", "μ",
                          "smallest entry of v; the others are up to twice as large", 1e-3, 100,
                          {1}, {0.1, 0.3, 1}),
      real_parameter("probe-norm", "Probe norm", "S", "length of balanced probes", 1, 1024, 32,
                     {1, 8, 32, 64}),
      integer_list_parameter("repeats", "Repeats", "M", "every question is asked this often", 1,
                             4096, {1}, {1, 4, 16, 64}),
  };
  experiment.presets = presets();
  experiment.plan = plan_run;
  return experiment;
}

JobSteps NoiseExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_job(std::move(spec), index);
}

Findings NoiseExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = reduce(spec, outputs);
  std::vector<Figure> shown = figures(spec, result);
  return {std::move(result), std::move(shown)};
}

}  // namespace attnlab::extraction
