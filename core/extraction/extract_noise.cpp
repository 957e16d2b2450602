// extract-noise: its schema and jobs.
#include "core/extraction/extract_noise.h"
#include "core/experiment/parameters.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/low_rank.h"
#include "core/extraction/learn/noise_adversary.h"
#include "core/findings/findings.h"

namespace attnlab::extraction {
namespace {

constexpr const char* kAdversary = "adversary";

NoiseKind noise_kind(const std::string& name) {
  if (name == "sign") return NoiseKind::kSign;
  if (name == "gaussian") return NoiseKind::kGaussian;
  if (name == "adversarial") return NoiseKind::kRounding;  // its name since the first version
  return NoiseKind::kUniform;
}

const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{
      .axes = {"trials", "method", "weight-scale"},
      .memory_parameter = "dim",
      .extra = {{"noise", "noise τ", "", ColumnType::kNumber},
                {"weight_norm", "‖W‖", "", ColumnType::kNumber},
                {"min_value", "min |v|", "", ColumnType::kNumber},
                {"repeats", "repeats", "", ColumnType::kNumber},
                {"frobenius_error", "‖ΔW‖", "", ColumnType::kNumber},
                {"bound", "bound", "", ColumnType::kNumber}}};
  return description;
}

/// W with |W|_F = scale exactly; entries of v with random signs between `smallest` and twice that.
Head draw_bounded_head(const RecoveryJob& job, double smallest) {
  RandomStream weight = job.stream("extract/weight"), value = job.stream("extract/bounded-value");
  Head head{random_weight(weight, job.dim, job.dim, 1), std::vector<double>(job.dim)};
  const double length = norm(head.weight.values());
  for (double& entry : head.weight.values()) entry *= job.axis.at("weight-scale") / length;
  for (double& entry : head.value) {
    const double sign = value.uniform() < 0.5 ? -1 : 1;
    entry = sign * smallest * (1 + value.uniform());
  }
  head.value[0] = smallest;  // mu itself
  return head;
}

/// The quantities that differ between the extractions of a job.
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

RecoveryRow noise_row(const NoiseSetup& setup, const RecoveryJob& job, const NoiseCase& item,
                      const Head& head, const HeadKnowledge& known, const Oracle& oracle) {
  const double d = static_cast<double>(job.dim), scale = job.axis.at("weight-scale");
  const double error = frobenius_error(known.weight, head.weight) * norm(head.weight.values());
  // An error of half of W's size or more counts as a failure.
  RecoveryRow row = row_of(
      job, oracle,
      {error < 0.5 * scale ? ExtractionStatus::kRecovered : ExtractionStatus::kBudgetExhausted,
       {}});
  compare(row, job, head, known);
  row.predicted_queries = (d * d + d) * item.repeats;
  const double bound = noise_bound(d, scale, item.tau, item.smallest);
  const bool applies = job.method == "bounded" && setup.kind != "gaussian" && scale >= 1;
  row.extra = {item.tau,      scale,
               item.smallest, static_cast<double>(item.repeats),
               error,         applies ? bound : kUnknown};
  return row;
}

JobNeeds needs(const RunSpec& spec, const RecoveryJob& job) {
  const NoiseSetup setup = read_noise_setup(spec.parameters);
  const double d = static_cast<double>(job.dim);
  double repeats = 0;
  for (const std::int64_t r : setup.repeats) repeats += static_cast<double>(r);
  const bool climbs = setup.kind == kAdversary;
  const double climbing =
      climbs ? 3 * d * d * d * (d + 30) * static_cast<double>(setup.repeats.size()) : 0;
  return {static_cast<double>(setup.taus.size() * setup.smallest.size()) *
              (repeats * (d * d * d + 1000) + climbing),
          8 * d * d * (climbs ? 14 : 10) + 1e5};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  return recovery().plan(spec, needs);
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "How much noise can the method bear?",
       "Every answer is wrong by up to τ. The error of W grows in proportion and stays under the "
       "bound. Next: let the noise be chosen by an adversary, or "
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
       "the noise to rounding: the same question always gets the same wrong answer, "
       "and asking again teaches nothing.",
       {{"repeats", "1,4,16,64"}, {"noise", "0.001"}, {"trials", "4"}, {"method", "bounded"}}},
      {"adversary",
       "What is the worst that τ can do?",
       "An adversary knows the head and the learner and chooses every sign, by hill climbing. The "
       "error is several times that of random noise, and comes to about half of the bound.",
       {{"noise-kind", "adversary"}}},
      {"adversarial",
       "Every answer is rounded",
       "Answers are rounded to multiples of 2τ, as by a display with few digits. That does less "
       "harm than random signs, but asking again does not help.",
       {{"noise-kind", "adversarial"}}}};
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  const NoiseSetup setup = read_noise_setup(spec.parameters);
  const std::vector<NoiseCase> cases = cases_of(setup);
  JobReport report;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    const Head head = draw_bounded_head(job, cases[k].smallest);
    const double done = static_cast<double>(k) / static_cast<double>(cases.size());
    const NoisyHeadOptions options{job.axis.at("weight-scale"), job.method == "balanced",
                                   setup.probe_norm, cases[k].repeats};
    HeadsOracle exact(head.clone());
    NoisyOracle noisy(
        exact, noise_kind(setup.kind), cases[k].tau,
        RandomStream(spec.seed, hash_name("extract/noise/" + job.method),
                     static_cast<std::uint32_t>(job.index), static_cast<std::uint32_t>(k)));
    std::optional<NoiseAdversary> adversary;
    if (setup.kind == kAdversary) {
      adversary.emplace(head.clone(), options, cases[k].tau);
      const double d = static_cast<double>(job.dim);
      StepBudget step(10, per_millisecond::kQueryMultiplyAdds);
      while (adversary->climb()) {
        if (step.spend(d * d * (d + 30))) co_yield StepProgress{done, encode(report)};
      }
    }
    Oracle& oracle = adversary ? static_cast<Oracle&>(*adversary) : noisy;
    HeadKnowledge known(job.dim);
    Steps<bool> learning = learn_from(oracle, learn_noisy_head(known, options), kBatchStep,
                                      [done] { return StepProgress(done); });
    co_await learning;
    report.rows.push_back(noise_row(setup, job, cases[k], head, known, oracle));
    report.matrices = matrix_pair(head.weight, known.weight);
    if (k % 8 == 7) co_yield StepProgress{done, encode(report)};
  }
  co_return JobResult{encode(report)};
}

void add_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings) {
  const NoiseSetup setup = read_noise_setup(spec.parameters);
  findings.result.claims = noise_claims(setup, recovered.finished);
  findings.figures = noise_figures(setup, recovered);
}

}  // namespace

NoiseSetup read_noise_setup(const ParameterSet& parameters) {
  return {static_cast<std::size_t>(parameters.integer("dim")),
          static_cast<std::size_t>(parameters.integer("trials")),
          parameters.reals("noise"),
          parameters.reals("weight-scale"),
          parameters.reals("min-value"),
          parameters.integers("repeats"),
          parameters.choice("noise-kind"),
          parameters.real("probe-norm")};
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
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 128,
                 .default_value = std::int64_t{16},
                 .suggested = {4, 8, 16, 32},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "noise",
                 .label = "Noise",
                 .symbol = "τ",
                 .help = "size of the noise in one answer",
                 .min = 1e-12,
                 .max = 1,
                 .default_value = reals({1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2}),
                 .suggested = {1e-6, 1e-4, 1e-2},
                 .logarithmic = true,
                 .primary = true}),
      described(
          {.name = "noise-kind",
           .label = "Kind of noise",
           .help = "what the noise looks like",
           .choices =
               {{"uniform", "uniform", "uniform between −τ and τ"},
                {"sign", "sign", "−τ or τ by a coin"},
                {"gaussian", "Gaussian", "normal with standard deviation τ: no bound applies"},
                {"adversarial", "rounding", "answers rounded to multiples of 2τ: always the same"},
                {"adversary", "adversary",
                 "−τ or τ, chosen by an adversary that knows head and learner: hill climbing "
                 "over the signs"}},
           .default_value = std::string("uniform"),
           .primary = true}),
      described({.name = "method",
                 .label = "Probes",
                 .help = "how the questions are scaled",
                 .choices = {{"bounded", "bounded",
                              "probes eᵢ/‖W‖ with query tokens eⱼ/2, as in the theorem"},
                             {"balanced", "balanced",
                              "reflected probes of the length below: error about τ / S"}},
                 .default_value = names({"bounded", "balanced"}),
                 .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "heads drawn independently",
                 .min = 1,
                 .max = 1000,
                 .default_value = std::int64_t{3},
                 .suggested = {1, 3, 5, 10},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of W, known to the "
                         "learner as its bound",
                 .min = 1,
                 .max = 100,
                 .default_value = reals({2}),
                 .suggested = {1, 2, 4},
                 .logarithmic = true}),
      described({.name = "min-value",
                 .label = "Smallest value",
                 .symbol = "μ",
                 .help = "smallest entry of v; the others are up to twice as large",
                 .min = 1e-3,
                 .max = 100,
                 .default_value = reals({1}),
                 .suggested = {0.1, 0.3, 1},
                 .logarithmic = true}),
      described({.name = "probe-norm",
                 .label = "Probe norm",
                 .symbol = "S",
                 .help = "length of balanced probes",
                 .min = 1,
                 .max = 1024,
                 .default_value = 32.0,
                 .suggested = {1, 8, 32, 64},
                 .logarithmic = true,
                 .applies = {{"method", {"balanced"}}}}),
      described({.name = "repeats",
                 .label = "Repeats",
                 .symbol = "M",
                 .help = "every question is asked this often",
                 .min = 1,
                 .max = 4096,
                 .default_value = integers({1}),
                 .suggested = {1, 4, 16, 64},
                 .logarithmic = true}),
  };
  experiment.layer = head_layer_text(experiment.schema, Behind::kNoise);
  experiment.presets = presets();
  experiment.reductions = {{"trials", 1}, {"repeats", 1, 2}, {"noise", 0, 4}, {"dim", 8}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps NoiseExperiment::start(RunSpec spec, std::uint32_t index) {
  return recovery().start(std::move(spec), index, recover);
}

Findings NoiseExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return recovery().find(spec, outputs, add_findings);
}

}  // namespace attnlab::extraction
