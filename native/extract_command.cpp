// `attnlab extract`: the job of extract-black-box, its questions answered by another program.
#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/experiment/outside_question.h"
#include "core/experiment/run.h"
#include "core/extraction/box_report.h"
#include "core/extraction/extract_logits.h"
#include "core/extraction/learn/question.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/common_flags.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/memory_limit.h"
#include "native/output_file.h"
#include "native/process_oracle.h"
#include "native/query_log.h"
#include "native/report.h"

namespace attnlab {
using namespace extraction;
namespace {

constexpr std::size_t kLinesForPeople = 64;  // of one table on a terminal; JSON has all
constexpr double kShortestTimeout_s = 0.01, kLongestTimeout_s = 86400, kTimeout_s = 30;
constexpr const char* kParameters[] = {"dim", "method", "rank"};  // the parameters with a flag
constexpr const char* kLogitParameters[] = {"logits", "queries", "norm"};  // of --method logits
constexpr const char* kLogits = "logits";

/// extract-black-box, or the job of --method logits.
const Experiment& asking_experiment(bool logits) {
  static const Experiment of_logits = logit_box_experiment();
  return logits ? of_logits : *find_experiment("extract-black-box");
}

struct ExtractRequest {
  RunSpec spec;           // of extract-black-box with box = own, or of the job of --method logits
  std::size_t width = 1;  // numbers in an answer
  std::string command;    // run by the shell
  double timeout_s = kTimeout_s;
  OutputFormat format = OutputFormat::kTable;
  std::optional<std::string> out = {}, log = {}, replay = {};
  bool quiet = false;
};

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Everything that is checked and opened before the program is started.
struct Prepared {
  Destination out;
  std::optional<QueryReplay> replay;
  std::optional<QueryLog> log;
};

Expected<void> prepare(const ExtractRequest& request, Prepared& prepared) {
  const auto planned = request.spec.experiment->plan(request.spec);
  if (!planned) return planned.error();
  if (const auto fits = check_memory(request.spec, *planned, usable_memory_bytes()); !fits) {
    return fits.error();
  }
  const auto dim = static_cast<std::size_t>(request.spec.parameters.integer("dim"));
  Expected<Destination> out = Destination::check(request.out);
  if (!out) return out.error();
  prepared.out = std::move(*out);
  if (prepared.out.file()) {
    for (const auto& [flag, file] :
         {std::pair{"--log", request.log}, {"--replay", request.replay}}) {
      if (file && same_file(*request.out, *file)) {
        return Error{std::string("--out and ") + flag + " name the same file " +
                     quoted_text(*request.out)};
      }
    }
  }
  if (request.replay) {
    Expected<QueryReplay> replay = QueryReplay::open(*request.replay, dim, request.width);
    if (!replay) return replay.error();
    prepared.replay = std::move(*replay);
  }
  if (request.log) {
    Expected<QueryLog> log =
        QueryLog::check(*request.log, dim, prepared.replay ? &*prepared.replay : nullptr);
    if (!log) return log.error();
    prepared.log = std::move(*log);
  }
  return {};
}

/// "1234 queries  18 %  3100 queries/s", on a terminal only.
class QueryLine {
 public:
  explicit QueryLine(bool quiet) : line_(quiet), begin_(now_s()) {}
  void draw(std::size_t queries, double fraction) {
    const double now = now_s();
    if (!line_.due(now)) return;
    const double rate = static_cast<double>(queries) / std::max(now - begin_, 1e-3);
    line_.show(counted(queries, "query", "queries") + "  " +
                   std::to_string(static_cast<int>(100 * fraction)) + " %  " + short_text(rate) +
                   " queries/s",
               now);
  }

 private:
  StatusLine line_;
  double begin_;
};

/// Why answering ended early.
struct Failure {
  Error error;
  int exit_code = kExitRunFailed;
};

/// Answers questions from the replay up to its end, then from the program.
class Answering {
 public:
  Answering(const ExtractRequest& request, Prepared& prepared)
      : prepared_(prepared),
        width_(request.width),
        process_(request.command, request.timeout_s, request.width) {}

  /// False: see failure().
  bool answer(const QueryBatch& batch, std::vector<double>& answers) {
    answers.clear();
    if (prepared_.replay) {
      while (answers.size() < batch.size() * width_) {
        const auto known = prepared_.replay->next(batch, answers.size() / width_);
        if (!known) return fail(known.error(), kExitBadInput);
        if (!*known) break;
        answers.insert(answers.end(), (*known)->begin(), (*known)->end());
      }
    }
    if (answers.size() == batch.size() * width_) return true;
    const auto heard = [&](std::span<const double> fresh) -> Expected<void> {
      if (prepared_.log) {
        const auto kept = prepared_.log->append(batch, answers.size() / width_, fresh, width_);
        if (!kept) {
          log_broken_ = true;
          return kept;
        }
      }
      answers.insert(answers.end(), fresh.begin(), fresh.end());
      live_ += fresh.size() / width_;
      return {};
    };
    if (const auto asked = process_.ask(batch, answers.size() / width_, heard); !asked) {
      return fail_asking(asked.error());
    }
    return true;
  }

  bool finish() {
    if (const auto ended = process_.finish(); !ended) return fail_asking(ended.error());
    if (prepared_.log) {
      if (const auto begun = prepared_.log->begin(); !begun) {
        return fail(begun.error(), kExitEnvironment);
      }
    }
    return true;
  }

  /// The job failed, not an answer.
  bool fail_job(const Error& error) {
    return fail({error.sentence + kept_answers()}, kExitRunFailed);
  }

  std::size_t answered() const {
    return live_ + (prepared_.replay ? prepared_.replay->used_answers() : 0);
  }
  const Failure& failure() const { return failure_; }

 private:
  bool fail(Error error, int exit_code) {
    failure_ = {std::move(error), exit_code};
    return false;
  }

  bool fail_asking(const Error& error) {
    if (log_broken_) return fail(error, kExitEnvironment);
    return fail({error.sentence + kept_answers()},
                interrupted() ? kExitInterrupted : kExitRunFailed);
  }

  std::string kept_answers() const {
    const std::string count = counted(answered(), "answer") + (answered() == 1 ? " is " : " are ");
    if (!prepared_.log)
      return "; " + count + "not kept, --log FILE would keep " + (answered() == 1 ? "it" : "them");
    if (answered() == 0) return "; no question was answered";
    return "; " + count + "kept in " + prepared_.log->file() + ", --replay " +
           prepared_.log->file() + " continues from there";
  }

  Prepared& prepared_;
  std::size_t width_;
  ProcessOracle process_;
  std::size_t live_ = 0;
  bool log_broken_ = false;
  Failure failure_;
};

/// Runs the job to its end; nullopt: see answering.failure().
std::optional<Bytes> converse(const ExtractRequest& request, Answering& answering) {
  QueryLine line(request.quiet);
  JobSteps job = request.spec.experiment->start(request.spec, 0);
  QueryBatch batch(1);
  std::vector<double> answers;
  while (job.step() == JobSteps::State::kRunning) {
    OutsideQuestion* question = job.question();
    if (question == nullptr) continue;
    if (!decode_question(question->bytes(), batch)) {
      answering.fail_job({"the job asked what cannot be read"});
      return std::nullopt;
    }
    if (!answering.answer(batch, answers)) return std::nullopt;
    question->answer(encode_answers(answers));
    line.draw(answering.answered(), job.fraction());
  }
  if (job.state() == JobSteps::State::kDone) return job.take_output();
  answering.fail_job(job.error());
  return std::nullopt;
}

/// Long tables are cut for people, with a remark below them.
void shorten(Result& result) {
  for (Table& table : result.tables) {
    if (table.rows.size() <= kLinesForPeople) continue;
    result.notes.push_back("Of the " + std::to_string(table.rows.size()) + " rows of " +
                           table.name + " the first " + std::to_string(kLinesForPeople) +
                           " are shown; --format json has all.");
    table.rows.resize(kLinesForPeople);
  }
}

/// `columns`: of the terminal that shows it, 0 without one.
std::string result_text(const ExtractRequest& request, const Bytes& output, double elapsed_s,
                        std::size_t columns) {
  const RunSpec& spec = request.spec;
  const std::vector<JobOutput> outputs = {{0, output, true}};
  Result result = spec.experiment->find(spec, outputs).result;
  BoxReport report;
  if (request.width == 1 && decode(output, report)) {
    result.tables = box_tables(report, static_cast<std::size_t>(spec.parameters.integer("dim")));
  }
  if (request.format == OutputFormat::kCsv) return table_csv(result.tables.front());
  if (request.format == OutputFormat::kJson) {
    return result_json(spec, result, build_info(), 1, elapsed_s);
  }
  std::erase_if(result.tables, [](const Table& table) { return table.rows.empty(); });
  shorten(result);
  return report_text(spec, result, columns);
}

int extract(const ExtractRequest& request) {
  catch_interrupts();
  Prepared prepared;
  if (const auto ready = prepare(request, prepared); !ready) return refuse(ready.error());
  const double begin = now_s();
  std::optional<Bytes> output;
  {
    Answering answering(request, prepared);
    output = converse(request, answering);
    if (!output || !answering.finish()) {
      const Failure& failure = answering.failure();
      return refuse(failure.error, failure.exit_code);
    }
  }
  const std::string text = result_text(request, *output, now_s() - begin, prepared.out.columns());
  return prepared.out.deliver(text, prepared.log.has_value(), request.quiet);
}

Expected<Usage> usage(const std::string&) {
  const Schema& schema = find_experiment("extract-black-box")->schema;
  const ParameterSet defaults(schema);
  const std::string group = "Extract";
  Usage usage{.about =
                  "Extract an attention head, or the hidden size of a source of logits, from "
                  "another program, as a black box."};
  usage.flags.push_back(
      {"oracle-cmd", "CMD",
       "Command that starts the black box: it reads {\"x\": [[...],...]} and answers "
       "{\"y\": NUMBER}, or {\"y\": [...]} with --method logits, one line each "
       "(docs/oracle-protocol.md)",
       group, /*secret=*/true});
  for (const std::string name : kParameters) {
    const std::string remark = name == "dim" ? "needed" : "default " + defaults.text(name);
    Parameter parameter = *schema.find(name);
    if (name == "method") {
      parameter.choices.push_back({kLogits, "logits", "the hidden size of a source of logits"});
    }
    usage.flags.push_back(parameter_flag(parameter, remark, group));
  }
  const Schema& of_logits = asking_experiment(true).schema;
  const ParameterSet usual(of_logits);
  for (const std::string name : kLogitParameters) {
    const std::string remark = name == kLogits ? "needed there" : "default " + usual.text(name);
    usage.flags.push_back(parameter_flag(*of_logits.find(name), remark, group));
  }
  usage.flags.insert(
      usage.flags.end(),
      {{"log", "FILE", "Write every query with its answer", group},
       {"replay", "FILE", "Continue from the log of an earlier run", group},
       {"timeout", "S",
        "Seconds without an answer that end the run\n" + exact_text(kShortestTimeout_s) + " to " +
            short_text(kLongestTimeout_s) + "; default " + short_text(kTimeout_s),
        group},
       {"format", "NAME", "table, csv (the recovery row) or json; default table", group},
       out_file_flag(group),
       quiet_flag(group)});
  return usage;
}

Expected<double> read_timeout(const Given& given) {
  const std::optional<std::string> text = given.value("timeout");
  if (!text) return kTimeout_s;
  const std::optional<double> value = read_real(*text);
  if (value && *value >= kShortestTimeout_s && *value <= kLongestTimeout_s) return *value;
  return Error{"timeout must be " + exact_text(kShortestTimeout_s) + " to " +
               short_text(kLongestTimeout_s) + " seconds, not " + quoted_text(*text)};
}

Expected<RunSpec> read_logit_spec(const Given& given, RunSpec spec) {
  if (given.has("rank")) return Error{"rank belongs to --method low-rank, not to logits"};
  if (!given.has(kLogits)) {
    return Error{"--method logits needs --logits, the numbers in an answer: " +
                 allowed_text(*spec.experiment->schema.find(kLogits))};
  }
  for (const char* name : {"dim", "logits", "queries", "norm"}) {
    const auto text = given.value(name);
    if (!text) continue;
    if (const auto set = set_parameter(spec, name, *text); !set) return set.error();
  }
  return spec;
}

Expected<RunSpec> read_spec(const Given& given) {
  const bool logits = given.value("method") == kLogits;
  const Experiment& experiment = asking_experiment(logits);
  RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  if (!given.has("dim")) {
    return Error{"extract needs --dim, the length of a token: " +
                 allowed_text(*experiment.schema.find("dim"))};
  }
  if (logits) return read_logit_spec(given, std::move(spec));
  for (const char* name : kLogitParameters) {
    if (!given.has(name)) continue;
    return Error{std::string(name) + " belongs to --method logits"};
  }
  if (const auto set = set_parameter(spec, "box", "own"); !set) return set.error();
  for (const char* name : kParameters) {
    const auto text = given.value(name);
    if (!text) continue;
    if (const auto set = set_parameter(spec, name, *text); !set) return set.error();
  }
  const std::string method = spec.parameters.choice("method");
  if (given.has("rank") && method != "low-rank") {
    return Error{"rank belongs to --method low-rank, not to " + method};
  }
  return spec;
}

int execute(const Given& given) {
  const std::string command = given.value("oracle-cmd").value_or("");
  if (trimmed(command).empty()) {
    return refuse({"extract needs --oracle-cmd, the command that starts the black box"});
  }
  Expected<RunSpec> spec = read_spec(given);
  if (!spec) return refuse(spec.error());
  const Expected<double> timeout = read_timeout(given);
  if (!timeout) return refuse(timeout.error());
  const Expected<OutputFormat> format = read_format(given, false);
  if (!format) return refuse(format.error());
  const bool logits = given.value("method") == kLogits;
  const auto width =
      logits ? static_cast<std::size_t>(spec->parameters.integer(kLogits)) : std::size_t{1};
  return extract({.spec = std::move(*spec),
                  .width = width,
                  .command = command,
                  .timeout_s = *timeout,
                  .format = *format,
                  .out = given.value("out"),
                  .log = given.value("log"),
                  .replay = given.value("replay"),
                  .quiet = given.has("quiet")});
}

}  // namespace

Command extract_command() {
  return {"extract", "Extract a head from another program, as a black box", usage, execute};
}

}  // namespace attnlab
