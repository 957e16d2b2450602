// extract-black-box: the reader's own box, or one of ours that is only nearly a head.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/outside_question.h"
#include "core/experiment/parameters.h"
#include "core/extraction/box_report.h"
#include "core/extraction/experiments.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/boxes.h"
#include "core/extraction/learn/question.h"
#include "core/findings/findings.h"
#include "core/findings/palette.h"

namespace attnlab::extraction {
namespace {

constexpr const char* kNobodyAnswers =
    "box = own asks a box outside this program, which cannot be reached from here: use the page's "
    "text field, or attnlab extract --oracle-cmd";
constexpr std::size_t kShown = 64;  // rows and columns of W in tables and pictures
constexpr double kPictures = 24;    // partial results of one extraction

struct Setup {
  std::string box, method;
  std::size_t dim = 1;
  BoxOptions options;
};

Setup read_setup(const RunSpec& spec) {
  Setup setup{spec.parameters.choice("box"),
              spec.parameters.choice("method"),
              static_cast<std::size_t>(spec.parameters.integer("dim")),
              {}};
  setup.options.model = setup.method == "single"     ? BoxModel::kSingle
                        : setup.method == "low-rank" ? BoxModel::kLowRank
                                                     : BoxModel::kTransformer;
  setup.options.rank = static_cast<std::size_t>(spec.parameters.integer("rank"));
  setup.options.seed = spec.seed;
  return setup;
}

/// Queries by purpose: every one is counted, even if it is never answered.
struct Counts {
  double learning = 0, checking = 0;
  void add(const QueryBatch& batch) {
    (batch.purpose() == QueryPurpose::kLearn ? learning : checking) +=
        static_cast<double>(batch.size());
  }
};

RecoveryRow row_of(const Setup& setup, const BoxKnowledge& known, const Matrix<double>& truth,
                   const Counts& counts, const Outcome& outcome) {
  RecoveryRow row;
  row.method = setup.method;
  row.dim = static_cast<double>(setup.dim);
  row.trial = 1;
  if (setup.options.model == BoxModel::kLowRank) row.rank = static_cast<double>(known.rank);
  if (setup.options.model == BoxModel::kTransformer) {
    row.hidden = static_cast<double>(known.learned.network.kinks.size());
  }
  row.queries = counts.learning;
  row.check_queries = counts.checking;
  row.predicted_queries = predicted_queries(setup.options, setup.dim, known.rank);
  row.repeated = static_cast<double>(known.learned.head.repeated);
  row.function_gap = known.function_gap;
  if (truth.size() > 0 && outcome.status == ExtractionStatus::kRecovered) {
    row.w_error = largest_relative_error(known.learned.head.weight.values(), truth.values());
  }
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
  return row;
}

MatrixPair pictured(const BoxKnowledge& known, const Matrix<double>& truth) {
  const Matrix<double>& weight = known.learned.head.weight;
  if (truth.size() > 0) return matrix_pair(truth, weight);
  MatrixPair pair = matrix_pair(weight, weight);
  std::ranges::fill(pair.truth, kUnknown);
  return pair;
}

BoxReport final_report(const Setup& setup, const BoxKnowledge& known, const Matrix<double>& truth,
                       const Counts& counts, const Outcome& outcome) {
  BoxReport report;
  report.common.rows.push_back(row_of(setup, known, truth, counts, outcome));
  report.spread = known.spread;
  report.accepted = known.accepted;
  if (std::isfinite(known.function_gap)) {
    for (const LengthGap& gap : known.gaps) {
      report.gaps.push_back(static_cast<double>(gap.questions));
      report.gaps.push_back(gap.worst_gap);
    }
  }
  const bool network = setup.options.model == BoxModel::kTransformer;
  if (outcome.status == ExtractionStatus::kNotIdentifiable && !network) {
    report.value = known.learned.head.value;
  }
  if (outcome.status != ExtractionStatus::kRecovered) return report;
  report.common.matrices = pictured(known, truth);
  report.weight = known.learned.head.weight.clone();
  if (network) {
    report.network = known.learned.network.as_network();
  } else {
    report.value = known.learned.head.value;
  }
  return report;
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  if (index > 0) co_return Error{"this run has no job " + std::to_string(index)};
  const Setup setup = read_setup(spec);
  const MadeBox box = make_box(setup.box, setup.dim, spec.seed);
  BoxKnowledge known(setup.dim);
  Inquiry<Outcome> inquiry = learn_black_box(known, setup.options);
  Counts counts;
  const double d = static_cast<double>(setup.dim);
  const double guess = std::isfinite(predicted_queries(setup.options, setup.dim, 1))
                           ? predicted_queries(setup.options, setup.dim, 1)
                           : 40 * d * d + 400;
  double pictures = 0;
  StepBudget step(10, per_millisecond::kQueryMultiplyAdds);
  while (inquiry.advance()) {
    const QueryBatch& batch = *inquiry.asked();
    counts.add(batch);
    std::vector<double> answers;
    bool full = true;  // a question outside is a step of its own
    if (box.oracle != nullptr) {
      Expected<std::vector<double>> given = box.oracle->ask(batch);
      if (!given) co_return given.error();
      answers = std::move(*given);
      full = step.spend(static_cast<double>(batch.member_count()) * d);
    } else {
      OutsideQuestion question(encode_question(batch));
      const std::optional<Bytes> reply = co_await question;
      if (!reply || !decode_answers(*reply, batch.size(), answers)) {
        co_return Error{kNobodyAnswers};
      }
    }
    inquiry.answer(std::move(answers));
    if (!full) continue;
    const double done = counts.learning / guess;
    StepProgress progress(done < 0.9 ? done : 1 - 0.1 * std::exp(1 - done / 0.9));
    if (done * kPictures > pictures) {
      pictures = std::floor(done * kPictures) + 1;
      BoxReport report;
      report.common.matrices = pictured(known, box.weight);
      progress.partial = encode(report);
    }
    co_yield std::move(progress);
  }
  co_return JobResult{encode(final_report(setup, known, box.weight, counts, inquiry.result()))};
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const Setup setup = read_setup(spec);
  if (setup.options.model == BoxModel::kLowRank && setup.options.rank > setup.dim) {
    return Error{"rank must be 0 to " + std::to_string(setup.dim) + " for dim = " +
                 std::to_string(setup.dim) + ", not " + std::to_string(setup.options.rank)};
  }
  const double d = static_cast<double>(setup.dim);
  Plan plan;
  plan.memory_parameter = "dim";
  if (setup.box == "own") plan.outside = kNobodyAnswers;
  plan.job_bytes = 8 * d * d * 12 + 1e6;
  plan.jobs.push_back({"box " + setup.box + ", taken for " + setup.method, d * d * d + 1000});
  return plan;
}

Claim match_claim(const Setup& setup, const BoxReport* report) {
  const bool network = setup.options.model == BoxModel::kTransformer;
  Claim claim{network                                     ? "B2"
              : setup.options.model == BoxModel::kLowRank ? "B3"
                                                          : "B1",
              network ? "This box is one softmax head with a ReLU network behind it, and queries "
                        "recover it."
                      : "This box is one softmax head, and queries recover it.",
              ClaimStatus::kUndecided, "The box has not been extracted yet."};
  if (report == nullptr || report->common.rows.empty()) return claim;
  const RecoveryRow& row = report->common.rows.front();
  if (row.status == "recovered") claim.status = ClaimStatus::kHolds;
  if (row.status == "not-a-match") claim.status = ClaimStatus::kFails;
  claim.evidence = "After " + short_text(row.queries) + (row.queries == 1 ? " query" : " queries") +
                   " (and " + short_text(row.check_queries) + " to check): " + row.status + ". " +
                   row.evidence;
  return claim;
}

/// One panel for a box whose W is unknown; otherwise true, recovered and difference.
Figure weight_figure(const BoxReport& report, bool told_apart) {
  Figure figure = matrix_figure(&report.common.matrices, "");
  figure.title = "The matrix behind the answers";
  figure.subtitle =
      "W as the answers reveal it (at most the first 64 rows and columns). Empty: not "
      "asked yet.";
  figure.empty_text = told_apart ? "The box is not what it was taken for: there is no W to show."
                                 : "Press Run: the recovered matrix fills in as answers arrive.";
  if (figure.draw_maps().panels.size() != 3) return figure;
  const std::vector<double>& truth = figure.draw_maps().panels[0].values;
  if (std::ranges::none_of(truth, [](double entry) { return std::isfinite(entry); })) {
    figure.draw_maps().panels.erase(figure.draw_maps().panels.begin());
    figure.draw_maps().panels.pop_back();
  }
  return figure;
}

Figure check_figure(const BoxReport& report) {
  Figure figure;
  figure.id = "check";
  figure.title = "Does the recovered model predict fresh answers?";
  figure.subtitle =
      "Largest gap between answer and prediction, in standard deviations of the "
      "answers, for random inputs of each length. Rounding alone stays near 1e-13.";
  figure.x = {"tokens in the question", false, 1, 6, {1, 2, 3, 4, 5, 6}};
  figure.y = {"gap", true, 0, 0, {}};
  figure.draw_lines().references = {{false, report.accepted, "accepted"}};
  figure.table = "check";
  figure.empty_text = "Known when a complete model has been compared with 200 fresh answers.";
  Series series;
  series.id = "gap";
  series.label = "largest gap";
  series.colour = kColourRfa;
  for (std::size_t n = 0; 2 * n + 1 < report.gaps.size(); ++n) {
    const double gap = relative_gap(report, n);
    if (gap > 0) series.points.push_back({static_cast<double>(n + 1), gap, kUnknown, 1});
  }
  if (!series.points.empty()) figure.draw_lines().series.push_back(std::move(series));
  return figure;
}

std::vector<Preset> presets() {
  return {
      {"first-look",
       "Two heads that look like one",
       "This box is a sum of two heads. The learner of one head finds a v and a W, but they do not "
       "predict fresh answers, and the log-odds of a token's weight show that two heads decide. "
       "Next: try the other boxes.",
       {}},
      {"residual",
       "A path around the attention",
       "The query token is also added to the answer. Next to an all-zero query token, any "
       "other token should get half of the attention; here it does not.",
       {{"box", "residual"}}},
      {"network",
       "The right model for the box",
       "A ReLU network reads the mixed token. Taken for a plain head the box does not match; taken "
       "for a head with a network it is recovered.",
       {{"box", "network"}, {"method", "transformer"}}},
      {"own",
       "Your own black box",
       "Write a function that answers a sequence of tokens with one number, and let the lab find "
       "out what is inside. In the page the function is below the figure and runs in a sealed "
       "frame without network; on the command line use attnlab extract.",
       {{"box", "own"}, {"dim", "4"}}},
  };
}

}  // namespace

Experiment BlackBoxExperiment::face() {
  Experiment experiment;
  experiment.id = "extract-black-box";
  experiment.family = "B";
  experiment.title = "Any black box";
  experiment.question = "Is this box an attention head, and which?";
  experiment.summary =
      "Before a learner says that it knows a box, it predicts answers it has not seen. A box that "
      "is not a single head (two heads, positions, a residual path, a network) is recognised, with "
      "the question that reveals it. The box may be one of ours, or your own function or "
      "program.";
  experiment.schema.parameters = {
      described(
          {.name = "box",
           .label = "Box",
           .help = "the box to extract",
           .choices = {{"one-head", "one head", "softmax(xᵢᵀ W q) weights of v·xᵢ"},
                       {"two-heads", "two heads", "the sum of two heads"},
                       {"positions", "positions", "a vector for each place is added to the tokens"},
                       {"residual", "residual", "r·q is added to the answer; q is the last token"},
                       {"network", "network", "a ReLU network of 4 neurons reads the mixed token"},
                       {"own", "your own",
                        "a function in the page, or a program (attnlab extract)"}},
           .default_value = std::string("two-heads"),
           .primary = true}),
      described({.name = "dim",
                 .label = "Token dimension",
                 .symbol = "d",
                 .help = "length of a token",
                 .min = 1,
                 .max = 512,
                 .default_value = std::int64_t{8},
                 .suggested = {2, 4, 8, 16},
                 .logarithmic = true,
                 .primary = true}),
      described(
          {.name = "method",
           .label = "Taken for",
           .help = "the model that the learner assumes",
           .choices = {{"single", "one head", "d² + d queries"},
                       {"low-rank", "a low-rank head", "d + 2dr − r² queries for W of rank r"},
                       {"transformer", "a head with a network",
                        "one hidden ReLU layer on the mixed token"}},
           .default_value = std::string("single"),
           .primary = true}),
      described({.name = "rank",
                 .label = "Rank",
                 .symbol = "r",
                 .help = "rank of W for method low-rank; 0: found by growing",
                 .min = 0,
                 .max = 512,
                 .default_value = std::int64_t{0},
                 .suggested = {0, 1, 2, 4},
                 .applies = {{"method", {"low-rank"}}}}),
  };
  experiment.layer = head_layer_text(experiment.schema);
  experiment.presets = presets();
  experiment.plan = plan_run;
  return experiment;
}

JobSteps BlackBoxExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_job(std::move(spec), index);
}

Findings BlackBoxExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec);
  Findings findings;
  BoxReport report;
  bool complete = false;
  for (const JobOutput& output : outputs) {
    if (output.index != 0) continue;
    const bool read = decode(output.bytes, report);
    complete = read && output.complete;
    if (!read) {
      findings.result.notes.push_back("The output of job 0 could not be read and was left out.");
      report = {};
    }
  }
  findings.result.tables = box_tables(report, kShown);
  const Claim claim = match_claim(setup, complete ? &report : nullptr);
  const bool told_apart = claim.status == ClaimStatus::kFails;
  findings.result.claims = {claim};
  findings.figures = {weight_figure(report, told_apart), check_figure(report)};
  if (told_apart) std::swap(findings.figures[0], findings.figures[1]);  // the evidence first
  return findings;
}

}  // namespace attnlab::extraction
