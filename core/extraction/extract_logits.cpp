// extract-logits: its schema and jobs.
#include "core/extraction/extract_logits.h"

#include <algorithm>
#include <cmath>

#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/logits.h"

namespace attnlab::extraction {
namespace {

constexpr double kSweeps = 8;           // of the singular values, about
constexpr double kBitDigits = 0.30103;  // decimal digits of a binary one
constexpr double kDoubleDigits = 53 * kBitDigits;

const RecoveryExperiment& recovery() {
  static const RecoveryExperiment description{.axes = {"dim", "trials"},
                                              .memory_parameter = "queries"};
  return description;
}

std::size_t size_of(const RunSpec& spec, std::string_view name) {
  return static_cast<std::size_t>(spec.parameters.integer(name));
}

JobNeeds needs(const RunSpec& spec, const RecoveryJob& job) {
  const double n = static_cast<double>(size_of(spec, "queries"));
  const double logits = static_cast<double>(size_of(spec, "logits"));
  const double d = static_cast<double>(job.dim);
  const double few = std::min(n, logits), many = std::max(n, logits);
  JobNeeds need{0, 0};
  for (const LogitCase& one : logit_cases(spec.parameters)) {
    const double questions =
        n * static_cast<double>(questions_per_vector(size_of(spec, "logits"), one.answer.top));
    need.cost += kSweeps * few * few * (5 * many + few) + questions * logits * (d + 30);
  }
  need.bytes = 8 * (6 * n * logits + 3 * few * few + 512 * (2 * logits + 3 * d) +
                    logits * (2 * logits + 6 * d) + 5 * n * logits) +
               2e5;
  return need;
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const std::int64_t logits = spec.parameters.integer("logits");
  const std::int64_t largest = spec.parameters.integers("dim").back();
  if (logits < largest + 2) {
    return Error{"logits must be at least the largest dim and two more, " +
                 std::to_string(largest + 2) + ", not " + std::to_string(logits)};
  }
  for (const LogitCase& one : logit_cases(spec.parameters)) {
    if (one.answer.top < size_of(spec, "logits")) continue;
    return Error{"top must be less than logits, " + std::to_string(logits) + ", not " +
                 std::to_string(one.answer.top)};
  }
  return recovery().plan(spec, needs);
}

RecoveryRow logit_row(const RecoveryJob& job, const LogitModel& model, const LogitCase& one,
                      const LogitVectors& known, const LogitSpectrum& spectrum) {
  RecoveryRow row;
  row.method = one.name;
  row.dim = static_cast<double>(job.dim);
  row.trial = static_cast<double>(job.trial + 1);
  row.predicted_queries =
      static_cast<double>(known.rows.rows() * questions_per_vector(model.words(), one.answer.top));
  row.repeated = static_cast<double>(known.repeated);
  row.status = status_text(spectrum.status);
  row.evidence = spectrum.evidence;
  double sine = kUnknown;
  if (spectrum.status == RankStatus::kFound) {
    const std::size_t hidden = spectrum.rank + (model.norm == HiddenNorm::kLayer ? 1 : 0);
    row.hidden = static_cast<double>(hidden);
    sine = largest_sine(spectrum.space, column_space(model, one.answer.top > 0));
  }
  row.extra = {static_cast<double>(spectrum.rank), sine, spectrum.accuracy, spectrum.noise,
               spectrum.gap};
  if (job.trial == 0) {
    row.extra.insert(row.extra.end(), spectrum.values.begin(), spectrum.values.end());
  }
  return row;
}

JobSteps recover(RunSpec spec, RecoveryJob job) {
  const std::vector<LogitCase> cases = logit_cases(spec.parameters);
  RandomStream drawing = job.stream("extract/logits-model");
  const LogitModel model =
      random_logit_model(drawing, size_of(spec, "logits"), job.dim, hidden_norm(spec.parameters));
  JobReport report;
  for (std::size_t k = 0; k < cases.size(); ++k) {
    const double done = static_cast<double>(k) / static_cast<double>(cases.size());
    const double next = static_cast<double>(k + 1) / static_cast<double>(cases.size());
    LogitOracle oracle(model, cases[k].answer);
    LogitVectors known;
    const LogitOptions options{.token = model.words(),
                               .logits = model.words(),
                               .vectors = size_of(spec, "queries"),
                               .top = cases[k].answer.top};
    // The same prompts in all cases.
    Steps<Outcome> asking =
        learn_from(oracle, ask_logits(known, options, job.stream("extract/logits-prompts")),
                   kBatchStep, [done] { return StepProgress(done); });
    const Outcome outcome = co_await asking;
    if (outcome.status != ExtractionStatus::kRecovered) co_return Error{outcome.evidence};
    JacobiRotations rotations(tall_matrix(known));
    StepBudget budget(20, per_millisecond::kSolverMultiplyAdds);
    while (rotations.advance()) {
      if (budget.spend(rotations.work())) co_yield StepProgress(done);
    }
    const LogitSpectrum spectrum = read_spectrum(known, rotations.result());
    report.rows.push_back(logit_row(job, model, cases[k], known, spectrum));
    report.rows.back().queries = static_cast<double>(oracle.learning_queries());
    co_yield StepProgress{next, encode(report)};
  }
  co_return JobResult{encode(report)};
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "How many hidden units has a model that only shows logits?",
       "Vectors of logits all lie in the column space of U, so that their number of non-zero "
       "singular values is the hidden size. Rounded answers add noise below; as long as a gap is "
       "left, the count is right. Next: lower the digits until the noise hides it.",
       {}},
      {"layer-norm",
       "Does layer norm hide a dimension?",
       "Layer norm subtracts the mean of the hidden state, so that one direction never reaches the "
       "logits: the rank is d − 1. With RMS norm it is d.",
       {{"norm", "layer"}, {"dim", "8,16,32"}, {"answers", "exact"}}},
      {"top-five",
       "Is a list of five words enough?",
       "The box only shows the five likeliest words with their log-probabilities, and takes a "
       "logit "
       "bias. Four more words a question can be lifted into the list next to one reference, and "
       "all "
       "logits follow up to a constant: 16 questions a prompt in place of one.",
       {{"answers", "exact,top"}, {"top", "2,5,20"}}},
      {"coarse",
       "When does rounding hide the hidden size?",
       "One to three digits, and bfloat16. With one digit the smallest singular values of the "
       "model are close to the noise: no count is sure, and the lab says so. A larger vocabulary "
       "brings them out. Next: 256 logits and 192 vectors.",
       {{"answers", "bfloat16,digits"}, {"digits", "1,2,3"}, {"queries", "64"}}}};
}

}  // namespace

std::vector<LogitCase> logit_cases(const ParameterSet& parameters) {
  std::vector<LogitCase> cases;
  for (const std::string& name : parameters.choices("answers")) {
    if (name == "float32" || name == "bfloat16") {
      const int bits = name == "float32" ? 24 : 8;
      cases.push_back({name, {{GrainKind::kBits, 0, bits}, 0}, bits * kBitDigits});
    } else if (name == "digits") {
      for (const std::int64_t digits : parameters.integers("digits")) {
        cases.push_back({"digits:" + std::to_string(digits),
                         {{GrainKind::kDigits, 0, static_cast<int>(digits)}, 0},
                         static_cast<double>(digits)});
      }
    } else if (name == "top") {
      for (const std::int64_t top : parameters.integers("top")) {
        cases.push_back(
            {"top:" + std::to_string(top), {{}, static_cast<std::size_t>(top)}, kDoubleDigits});
      }
    } else {
      cases.push_back({name, {}, kDoubleDigits});
    }
  }
  return cases;
}

HiddenNorm hidden_norm(const ParameterSet& parameters) {
  return parameters.choice("norm") == "layer" ? HiddenNorm::kLayer : HiddenNorm::kRms;
}

Experiment LogitsExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-logits";
  experiment.family = "B";
  experiment.title = "Logits";
  experiment.question = "What do the logits of a service reveal?";
  experiment.summary =
      "A language model of one layer answers a vector of L logits, U norm(z). The hidden state z "
      "has d entries, and d is below L, so that all answers lie in a space of dimension d: their "
      "singular values show the hidden size, and their singular vectors the column space of U. "
      "Rounded answers and lists of the likeliest words show it, too, as far as their grain "
      "allows.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Hidden size",
                 .symbol = "d",
                 .help = "length of the hidden state, which the learner does not know",
                 .min = 3,
                 .max = 64,
                 .default_value = integers({16}),
                 .suggested = {4, 8, 16, 32},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "logits",
                 .label = "Logits",
                 .symbol = "L",
                 .help = "words of the vocabulary; at least d + 2",
                 .min = 5,
                 .max = 512,
                 .default_value = std::int64_t{64},
                 .suggested = {32, 64, 128, 256},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "norm",
                 .label = "Normalisation",
                 .help = "of the hidden state before U",
                 .choices = {{"rms", "RMS norm", "z divided by its root mean square: rank d"},
                             {"layer", "layer norm",
                              "the same for z minus its mean, no bias: rank d − 1"}},
                 .default_value = std::string("rms"),
                 .primary = true}),
      described({.name = "answers",
                 .label = "Answers",
                 .help = "what the box tells",
                 .choices = {{"exact", "exact", "all logits as doubles"},
                             {"float32", "float32", "all logits, 24 significant bits"},
                             {"bfloat16", "bfloat16", "all logits, 8 significant bits"},
                             {"digits", "digits", "all logits, rounded to significant digits"},
                             {"top", "top k",
                              "log-probabilities of the k likeliest words, after a logit bias that "
                              "each question chooses"}},
                 .default_value = names({"exact", "float32", "bfloat16", "digits", "top"}),
                 .primary = true}),
      described({.name = "digits",
                 .label = "Digits",
                 .help = "significant decimal digits of a logit",
                 .min = 1,
                 .max = 15,
                 .default_value = integers({1, 2, 3, 4, 6, 8}),
                 .suggested = {1, 2, 3, 6},
                 .primary = true,
                 .applies = {{"answers", {"digits"}}}}),
      described({.name = "top",
                 .label = "Words listed",
                 .symbol = "k",
                 .help = "words in a list of the likeliest; below L",
                 .min = 2,
                 .max = 64,
                 .default_value = integers({5}),
                 .suggested = {2, 5, 20},
                 .logarithmic = true,
                 .applies = {{"answers", {"top"}}}}),
      described({.name = "queries",
                 .label = "Vectors",
                 .symbol = "n",
                 .help = "vectors of logits to collect, one for each prompt; more than d",
                 .min = 2,
                 .max = 512,
                 .default_value = std::int64_t{48},
                 .suggested = {24, 48, 96, 192},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "trials",
                 .label = "Trials",
                 .help = "models drawn independently",
                 .min = 1,
                 .max = 10000,
                 .default_value = std::int64_t{8},
                 .suggested = {4, 8, 32, 100},
                 .logarithmic = true,
                 .primary = true}),
  };
  experiment.layer = logits_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.reductions = {{"trials", 1}, {"digits", 0, 3}, {"queries", 32}, {"dim", 8, 1}};
  experiment.plan = plan_run;
  return experiment;
}

JobSteps LogitsExperiment::start(RunSpec spec, std::uint32_t index) {
  return recovery().start(std::move(spec), index, recover);
}

Findings LogitsExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Findings findings;
  const Recovered recovered = recovery().read(spec, outputs, findings.result.notes);
  add_logit_findings(spec, recovered, findings);
  return findings;
}

}  // namespace attnlab::extraction
