// The job of `attnlab extract --method logits`: a program that answers vectors of logits.
#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/experiment/outside_question.h"
#include "core/experiment/parameters.h"
#include "core/extraction/extract_logits.h"
#include "core/extraction/layer.h"
#include "core/extraction/learn/logits.h"
#include "core/extraction/learn/question.h"
#include "core/findings/findings.h"
#include "core/findings/row_table.h"

namespace attnlab::extraction {
namespace {

constexpr const char* kOnlyExtract =
    "this job asks a program, which only attnlab extract --method logits can do";

struct BoxSetup {
  LogitOptions options;
  bool layer = false;
};

BoxSetup read_setup(const ParameterSet& parameters) {
  const auto size = [&](std::string_view name) {
    return static_cast<std::size_t>(parameters.integer(name));
  };
  return {{.token = size("dim"),
           .logits = size("logits"),
           .vectors = size("queries"),
           .top = 0,
           .words = false,
           .computes = true},
          hidden_norm(parameters) == HiddenNorm::kLayer};
}

/// What the logits of a box show.
struct BoxFound {
  std::int64_t dim = 0, logits = 0;
  std::string norm;
  std::int64_t queries = 0, rank = 0;
  std::optional<std::int64_t> hidden_found = {};  ///< empty: undecided
  std::string status;
  double accuracy = kUnknown, noise = kUnknown, gap = kUnknown;
  std::string evidence;
  std::vector<double> values = {}, space = {};  ///< singular values; L x rank
};

Bytes encode(const BoxFound& found) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(found.queries));
  writer.u32(static_cast<std::uint32_t>(found.rank));
  writer.u32(static_cast<std::uint32_t>(found.hidden_found.value_or(0)));
  writer.text(found.status);
  for (const double number : {found.accuracy, found.noise, found.gap}) writer.real(number);
  writer.text(found.evidence);
  writer.reals(found.values);
  writer.reals(found.space);
  return writer.take();
}

bool decode(std::span<const std::uint8_t> bytes, BoxFound& found) {
  ByteReader reader(bytes);
  found.queries = reader.u32();
  found.rank = reader.u32();
  const std::uint32_t hidden = reader.u32();
  if (hidden > 0) found.hidden_found = hidden;
  found.status = reader.text();
  for (double* number : {&found.accuracy, &found.noise, &found.gap}) *number = reader.real();
  found.evidence = reader.text();
  found.values = reader.reals();
  found.space = reader.reals();
  return reader.at_end() &&
         (found.space.empty() || found.space.size() == std::size_t(found.rank * found.logits));
}

Expected<Plan> plan_run(const RunSpec& spec) {
  const LogitOptions options = read_setup(spec.parameters).options;
  const double n = static_cast<double>(options.vectors),
               width = static_cast<double>(options.logits);
  const double few = std::min(n, width);
  Plan plan;
  plan.memory_parameter = "logits";
  plan.outside = kOnlyExtract;
  plan.job_bytes =
      8 * (12 * n * width + 4 * few * few + 16 * n * spec.parameters.integer("dim")) + 1e6;
  plan.jobs.push_back({"box taken for a source of logits", n * width});
  return plan;
}

JobSteps start_job(RunSpec spec, std::uint32_t index) {
  if (index > 0) co_return Error{"this run has no job " + std::to_string(index)};
  const BoxSetup setup = read_setup(spec.parameters);
  const LogitOptions& options = setup.options;
  LogitVectors known;
  Inquiry<Outcome> inquiry =
      ask_logits(known, options, RandomStream(spec.seed, hash_name("extract/logits-prompts"), 0));
  BoxFound found;
  while (inquiry.advance()) {
    const QueryBatch& batch = *inquiry.asked();
    found.queries += static_cast<std::int64_t>(batch.size());
    std::vector<double> answers;
    OutsideQuestion question(encode_question(batch));
    const std::optional<Bytes> reply = co_await question;
    if (!reply || !decode_answers(*reply, batch.size() * options.logits, answers)) {
      co_return Error{kOnlyExtract};
    }
    inquiry.answer(std::move(answers));
    co_yield StepProgress(0.5);
  }
  if (inquiry.result().status != ExtractionStatus::kRecovered) {
    co_return Error{inquiry.result().evidence};
  }
  JacobiRotations rotations(tall_matrix(known));
  StepBudget budget(20, per_millisecond::kSolverMultiplyAdds);
  while (rotations.advance()) {
    if (budget.spend(rotations.work())) co_yield StepProgress(0.9);
  }
  const LogitSpectrum spectrum = read_spectrum(known, rotations.result());
  found.rank = static_cast<std::int64_t>(spectrum.rank);
  found.status = status_text(spectrum.status);
  found.accuracy = spectrum.accuracy;
  found.noise = spectrum.noise;
  found.gap = spectrum.gap;
  found.evidence = spectrum.evidence;
  found.values = spectrum.values;
  if (spectrum.status == RankStatus::kFound) {
    found.hidden_found = found.rank + (setup.layer ? 1 : 0);
    found.space.assign(spectrum.space.values().begin(), spectrum.space.values().end());
  }
  co_return JobResult{encode(found)};
}

const RowTable<BoxFound>& recovery_table() {
  static const RowTable<BoxFound> table{
      "recovery",
      "What the logits of the box show. Hidden size: the rank, and with layer norm one more; "
      "accuracy: bound of the sine of the largest angle between the column space found and that "
      "of U",
      {column<&BoxFound::dim>("dim", "token length"), column<&BoxFound::logits>("logits", "L"),
       column<&BoxFound::norm>("norm", "norm"), column<&BoxFound::queries>("queries", "questions"),
       column<&BoxFound::hidden_found>("hidden_found", "hidden size found"),
       column<&BoxFound::status>("status", "status"), column<&BoxFound::rank>("rank", "rank"),
       column<&BoxFound::accuracy>("accuracy", "accuracy of the column space"),
       column<&BoxFound::noise>("noise", "largest singular value of the noise"),
       column<&BoxFound::gap>("gap", "smallest above / noise"),
       column<&BoxFound::evidence>("evidence", "evidence")}};
  return table;
}

std::vector<Table> tables_of(const BoxFound& found) {
  Table values{"singular_values",
               "Singular values of the vectors of logits",
               {{"index", "index", "", ColumnType::kWhole},
                {"value", "singular value", "", ColumnType::kNumber}},
               {}};
  for (std::size_t k = 0; k < found.values.size(); ++k) {
    values.rows.push_back({static_cast<std::int64_t>(k + 1), real_cell(found.values[k])});
  }
  Table space{"column_space",
              "Orthonormal basis of the column space of U",
              {{"row", "logit", "", ColumnType::kWhole},
               {"column", "vector", "", ColumnType::kWhole},
               {"value", "value", "", ColumnType::kNumber}},
              {}};
  for (std::size_t k = 0; k < found.space.size(); ++k) {
    const std::int64_t place = static_cast<std::int64_t>(k);
    space.rows.push_back(
        {place / found.rank + 1, place % found.rank + 1, real_cell(found.space[k])});
  }
  const std::vector<BoxFound> row = {found};
  return {recovery_table().of(row), std::move(values), std::move(space)};
}

Findings find_box(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Findings findings;
  Claim claim{"B8", "The logits of this box show its hidden size.", ClaimStatus::kUndecided,
              "The box has not been asked yet."};
  for (const JobOutput& output : outputs) {
    BoxFound found;
    found.dim = spec.parameters.integer("dim");
    found.logits = spec.parameters.integer("logits");
    found.norm = spec.parameters.choice("norm");
    if (output.index != 0 || !output.complete) continue;
    if (!decode(output.bytes, found)) {
      findings.result.notes.push_back("The output of job 0 could not be read and was left out.");
      continue;
    }
    findings.result.tables = tables_of(found);
    if (found.hidden_found) claim.status = ClaimStatus::kHolds;
    claim.evidence = "After " + counted(static_cast<std::size_t>(found.queries), "question") +
                     ": " + found.evidence;
  }
  findings.result.claims = {std::move(claim)};
  return findings;
}

}  // namespace

Experiment logit_box_experiment() {
  Experiment experiment;
  experiment.id = "extract-logit-box";
  experiment.family = "B";
  experiment.title = "Logits of a program";
  experiment.question = "What do the logits of a program reveal?";
  experiment.summary =
      "The program answers a vector of L logits. Their singular values show its hidden size, their "
      "singular vectors the column space of its output matrix.";
  experiment.schema.parameters = {
      described({.name = "dim",
                 .label = "Token length",
                 .help = "length of a token",
                 .min = 1,
                 .max = 512,
                 .default_value = std::int64_t{8}}),
      described({.name = "logits",
                 .label = "Logits",
                 .symbol = "L",
                 .help = "numbers in an answer of --method logits",
                 .min = 2,
                 .max = 4096,
                 .default_value = std::int64_t{64}}),
      described({.name = "norm",
                 .label = "Normalisation",
                 .help = "for --method logits: with layer norm the hidden size is the rank and one "
                         "more",
                 .choices = {{"rms", "RMS norm", "rank d"}, {"layer", "layer norm", "rank d − 1"}},
                 .default_value = std::string("rms")}),
      described({.name = "queries",
                 .label = "Vectors",
                 .symbol = "n",
                 .help = "for --method logits: questions, more than the hidden size",
                 .min = 2,
                 .max = 512,
                 .default_value = std::int64_t{64}}),
  };
  experiment.layer = logits_layer_text(experiment.schema);
  experiment.plan = plan_run;
  experiment.start = start_job;
  experiment.find = find_box;
  return experiment;
}

}  // namespace attnlab::extraction
