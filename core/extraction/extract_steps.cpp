// extract-steps (live): the questions of extract-single one after the other.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/extraction/experiments.h"
#include "core/extraction/interrogation_steps.h"
#include "core/extraction/layer.h"
#include "core/extraction/recovery.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"

namespace attnlab::extraction {
namespace {

constexpr std::size_t kMostDim = 8;
constexpr std::size_t kHeads = 20;     // for the verdict
constexpr double kExactError = 1e-10;  // as extract-single

AskedHead asked_head(const RunSpec& spec, std::size_t trial) {
  RecoveryJob job;
  job.seed = spec.seed;
  job.trial = trial;
  job.dim = static_cast<std::size_t>(spec.parameters.integer("dim"));
  SingleHeadOptions options;
  options.form =
      spec.parameters.choice("method") == "robust" ? ProbeForm::kRobust : ProbeForm::kPlain;
  options.seed = spec.seed;
  options.trial = static_cast<std::uint32_t>(trial);
  return ask_every_question(draw_head(job, spec.parameters.real("weight-scale"), "random"),
                            options);
}

std::size_t shown_questions(const RunSpec& spec, const AskedHead& asked) {
  return std::min(static_cast<std::size_t>(spec.parameters.integer("questions")),
                  asked.questions.size());
}

double largest_error(const Matrix<double>& known, const Matrix<double>& truth) {
  return largest_relative_error(known.values(), truth.values());
}

// --- Words ---------------------------------------------------------------------------------------

/// "a₃ᵀ W e₁": digits are single because d is at most 8.
std::string subscript(std::size_t index) {
  static constexpr const char* kDigits[] = {"₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈"};
  return kDigits[std::min(index, kMostDim - 1)];
}

std::string form_text(const AskedHead& asked, const AskedQuestion& question, bool units) {
  if (units) {
    const auto row = asked.probes.row(question.row);
    const auto place = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
    return "W" + subscript(place) + subscript(*question.column);
  }
  return "a" + subscript(question.row) + "ᵀ W e" + subscript(*question.column);
}

bool single_entries(const RunSpec& spec) {
  return spec.parameters.choice("method") == "plain";
}

std::string token_text(const RunSpec& spec, const AskedHead& asked, const AskedQuestion& question) {
  if (!question.column) return "[e" + subscript(question.row) + "]";
  const std::string length = question.query == 1 ? "" : short_text(question.query) + " ";
  const std::string side = length + "e" + subscript(*question.column);
  std::string probe = "a" + subscript(question.row);
  if (single_entries(spec)) {
    const auto row = asked.probes.row(question.row);
    probe = "e" + subscript(static_cast<std::size_t>(std::ranges::max_element(row) - row.begin()));
  } else {
    probe = short_text(asked.probe_norm) + " " + probe;
  }
  return "[" + probe + " + " + side + "; " + side + "]";
}

std::string sentence_of(const RunSpec& spec, const AskedHead& asked, std::size_t count) {
  const AskedQuestion& question = asked.questions[count - 1];
  std::string text =
      "Question " + std::to_string(count) + " of " + std::to_string(asked.questions.size()) + ", " +
      token_text(spec, asked, question) + ", is answered " + short_text(question.answer) + ". ";
  if (!question.column) {
    return text + "A single token has all of the attention, so this is v" +
           subscript(question.row) + ".";
  }
  text += "The first token's share of the attention is therefore " + short_text(question.share);
  if (!std::isfinite(question.gives)) {
    return text + ": saturated, so that its odds have no logarithm, and the entry is lost.";
  }
  text += ", and the logarithm of its odds gives " +
          form_text(asked, question, single_entries(spec)) + " = " + short_text(question.gives) +
          ".";
  if (question.repeated)
    text += " It was asked before with a longer query token, too near to 0 or 1.";
  return text;
}

// --- Tables, figures, claim ----------------------------------------------------------------------

struct StepRow {
  std::int64_t question;
  std::string tokens;
  double answer, share;
  std::string about;
  double gives;
};

Table step_table(const RunSpec& spec, const AskedHead& asked, std::size_t count) {
  std::vector<StepRow> rows;
  for (std::size_t n = 0; n < count; ++n) {
    const AskedQuestion& question = asked.questions[n];
    rows.push_back({static_cast<std::int64_t>(n + 1), token_text(spec, asked, question),
                    question.answer, question.share,
                    question.column ? form_text(asked, question, single_entries(spec))
                                    : "v" + subscript(question.row),
                    question.gives});
  }
  const RowTable<StepRow> table{
      "questions",
      "The questions so far. Share: of the attention, for the first token",
      {column<&StepRow::question>("question", "question"),
       column<&StepRow::tokens>("tokens", "tokens"), column<&StepRow::answer>("answer", "answer"),
       column<&StepRow::share>("share", "share"), column<&StepRow::about>("about", "gives"),
       column<&StepRow::gives>("gives", "value")}};
  return table.of(rows);
}

HeatPanel matrix_panel(std::string id, std::string title, const Matrix<double>& values) {
  return weight_panel(std::move(id), std::move(title), values.rows(), values.cols(),
                      {values.values().begin(), values.values().end()});
}

Figure step_figure(const RunSpec& spec, const AskedHead& asked, const KnownSoFar& known,
                   std::size_t count) {
  Figure figure;
  figure.id = "steps";
  figure.title = "What does one answer give?";
  figure.subtitle = sentence_of(spec, asked, count) + " Empty cells: not known yet.";
  figure.table = "questions";
  std::vector<HeatPanel>& panels = figure.draw_maps().panels;
  panels.push_back(matrix_panel("true-weight", "hidden W", asked.head.weight));
  if (!single_entries(spec)) {
    panels.push_back(matrix_panel("forms", "answers: aᵢᵀ W eⱼ", known.forms));
    panels.back().y.label = "probe i";
  }
  panels.push_back(matrix_panel("known-weight", "W from the answers", known.weight));
  panels.push_back(difference_panel(matrix_pair(asked.head.weight, known.weight)));
  return figure;
}

Claim exact_claim(const RunSpec& spec) {
  Claim claim{"B1", "d² + d answers determine one softmax head.", ClaimStatus::kUndecided, {}};
  int wrong = 0;
  double worst = 0;
  std::size_t most = 0;
  const std::size_t dim = static_cast<std::size_t>(spec.parameters.integer("dim"));
  for (std::size_t trial = 0; trial < kHeads; ++trial) {
    const AskedHead asked = asked_head(spec, trial);
    const KnownSoFar known = known_after(asked, asked.questions.size());
    const double error = largest_error(known.weight, asked.head.weight);
    most = std::max(most, asked.questions.size());
    wrong += !(error < kExactError);
    worst = larger_gap(worst, error);
  }
  apply(judge_universal(wrong, static_cast<int>(kHeads), "head", "heads"), claim);
  claim.evidence =
      "This head and " + std::to_string(kHeads - 1) +
      " others, all questions asked: largest error of an entry, relative to the "
      "largest one, " +
      (std::isfinite(worst) ? short_text(worst) : "unbounded (entries were lost)") + "; " +
      std::to_string(dim * dim + dim) + " questions" +
      (most > dim * dim + dim ? ", and at most " + std::to_string(most - dim * dim - dim) +
                                    " asked again because the softmax was saturated."
                              : ".");
  return claim;
}

// --- Parameters ----------------------------------------------------------------------------------

std::vector<Preset> presets() {
  return {
      {"entry",
       "One question, one entry",
       "The first d questions are single tokens and give v. Each later one has two tokens, and its "
       "answer gives one entry of W. Move the number of questions and watch the matrix fill in. "
       "Next: probes that read all rows at once.",
       {}},
      {"column",
       "Probes that mix the rows",
       "The robust form asks with long probes aᵢ that mix all rows of W, so that none has a tiny "
       "value. An answer gives aᵢᵀ W eⱼ, and after d of them a column of W follows. Next: a "
       "softmax "
       "that saturates.",
       {{"method", "robust"}, {"dim", "4"}, {"questions", "11"}}},
      {"sharp",
       "When the softmax saturates",
       "With a large W a share is so near to 0 or 1 that rounding hides the score. The robust form "
       "sees it and asks again with a shorter query token; the simplest form loses the entry.",
       {{"method", "robust"}, {"weight-scale", "1000"}, {"questions", "20"}}},
  };
}

Schema schema() {
  return {{
      described({.name = "questions",
                 .label = "Questions asked",
                 .help = "how many of the questions are shown; beyond the last one, all of them",
                 .min = 1,
                 .max = 100,
                 .default_value = std::int64_t{6},
                 .suggested = {1, 3, 6, 12, 100},
                 .logarithmic = true,
                 .primary = true}),
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = static_cast<double>(kMostDim),
                 .default_value = std::int64_t{3},
                 .suggested = {2, 3, 4, 8},
                 .primary = true}),
      described({.name = "method",
                 .label = "Method",
                 .help = "how the questions are chosen",
                 .choices = {{"plain", "simplest", "unit vectors, no scaling: one entry an answer"},
                             {"robust", "robust",
                              "balanced, scaled probes; repeats where the softmax saturates"}},
                 .default_value = std::string("plain"),
                 .primary = true}),
      described({.name = "weight-scale",
                 .label = "Size of W",
                 .symbol = "‖W‖",
                 .help = "Frobenius norm of W on average; its entries are normal with this "
                         "standard deviation divided by d",
                 .min = 1e-6,
                 .max = 1e6,
                 .default_value = 1.0,
                 .suggested = {0.01, 1, 100},
                 .logarithmic = true}),
  }};
}

Expected<Plan> plan(const RunSpec&) {
  return Plan{};
}

}  // namespace

Experiment StepsExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-steps";
  experiment.family = "B";
  experiment.title = "Question by question";
  experiment.question = "What does one answer say about the head?";
  experiment.summary =
      "The same questions as in \"Take one head apart\", one after the other. A single token has "
      "all "
      "of the attention, so its answer is an entry of v. Of two tokens, the answer shows how the "
      "attention is shared; the logarithm of the odds is a score, and the score is an entry of W.";
  experiment.schema = schema();
  experiment.layer = head_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.plan = plan;
  return experiment;
}

Findings StepsExperiment::find(const RunSpec& spec, std::span<const JobOutput>) {
  const AskedHead asked = asked_head(spec, 0);
  const std::size_t count = shown_questions(spec, asked);
  const KnownSoFar known = known_after(asked, count);
  Result result;
  result.tables = {step_table(spec, asked, count),
                   weight_table(matrix_pair(asked.head.weight, known.weight))};
  result.claims.push_back(exact_claim(spec));
  result.summary = sentence_of(spec, asked, count);
  return {std::move(result), {step_figure(spec, asked, known, count)}};
}

}  // namespace attnlab::extraction
