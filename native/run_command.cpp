// `attnlab run`: check everything, open the files, compute on the pool, write the result.
#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/citation.h"
#include "core/codecs/codecs.h"
#include "core/picture/svg.h"
#include "core/picture/together.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/common_flags.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/job_loop.h"
#include "native/memory_limit.h"
#include "native/output_file.h"
#include "native/ranks.h"
#include "native/report.h"
#include "native/resume_file.h"

namespace attnlab {
namespace {

struct RunRequest {
  RunSpec spec;
  unsigned threads = 1;
  OutputFormat format = OutputFormat::kTable;
  bool dark = false;                       // ground of an svg
  std::string figure = {};                 // of an svg; empty: the main one
  std::string table = {};                  // of csv; empty: the main one
  std::optional<std::string> out = {};     // result file; standard output without
  std::optional<std::string> resume = {};  // journal file
  double memory_bytes = kNoMemoryLimit;    // what all jobs together may use
  bool quiet = false;
};

/// Everything a run needs, checked and opened before the first job starts.
struct Prepared {
  Plan plan;
  unsigned threads = 1;
  Destination out;
  std::optional<ResumeFile> journal;
};

Expected<Prepared> prepare(const RunRequest& request) {
  Prepared prepared;
  if (const auto allowed = check_threads(request.threads); !allowed) return allowed.error();
  Expected<Plan> plan = request.spec.experiment->plan(request.spec);
  if (!plan) return plan.error();
  prepared.plan = std::move(*plan);
  if (const auto alone = check_alone(prepared.plan); !alone) return alone.error();
  const double limit_bytes =
      std::min(request.memory_bytes, usable_memory_bytes()) / ranks_on_this_machine();
  if (const auto fits = check_memory(request.spec, prepared.plan, limit_bytes); !fits) {
    return fits.error();
  }
  Expected<Destination> out = Destination::check(request.out);
  if (!out) return out.error();
  prepared.out = std::move(*out);
  if (prepared.out.file() && request.resume && same_file(*request.out, *request.resume)) {
    return Error{"--out and --resume name the same file " + quoted_text(*request.out)};
  }
  if (request.resume) {
    Expected<ResumeFile> journal =
        ResumeFile::open("--resume " + *request.resume, *request.resume,
                         journal_owner(request.spec, build_info().version));
    if (!journal) return journal.error();
    prepared.journal = std::move(*journal);
  }
  prepared.threads = affordable_threads(request.threads, prepared.plan.jobs.size(),
                                        prepared.plan.job_bytes, limit_bytes, request.quiet);
  return prepared;
}

std::string wanted_figure_svg(const RunRequest& request, std::vector<Figure> figures) {
  if (figures.empty()) return {};
  add_together(figures);
  const auto named = std::find_if(figures.begin(), figures.end(), [&](const Figure& figure) {
    return figure.id == request.figure;
  });
  return figure_svg(named == figures.end() ? figures.front() : *named,
                    {.dark = request.dark,
                     .slide = request.format == OutputFormat::kSlide,
                     .source = source_line(request.spec, build_info())});
}

/// The table that the request names; null if there is none.
const Table* wanted_table(const RunRequest& request, const Result& result) {
  if (!request.table.empty()) return result.table(request.table);
  return result.tables.empty() ? nullptr : &result.tables.front();
}

/// `columns`: of the terminal that shows it, 0 without one.
std::string findings_text(const RunRequest& request, const Findings& findings, std::size_t jobs,
                          double elapsed_s, std::size_t columns) {
  const Result& result = findings.result;
  switch (request.format) {
    case OutputFormat::kCsv: {
      const Table* table = wanted_table(request, result);
      return table == nullptr ? "" : table_csv(*table);
    }
    case OutputFormat::kJson:
      return result_json(request.spec, result, build_info(), jobs, elapsed_s);
    case OutputFormat::kSvg:
    case OutputFormat::kSlide:
      return wanted_figure_svg(request, findings.figures);
    case OutputFormat::kBibtex:
      return run_bibtex(request.spec, build_info());
    case OutputFormat::kTable:
      break;
  }
  return report_text(request.spec, result, columns);
}

int deliver(const RunRequest& request, const Prepared& prepared, const Run& run, double elapsed_s) {
  const std::vector<JobOutput> outputs = run.outputs();
  Findings findings = request.spec.experiment->find(request.spec, outputs);
  const bool whole = request.format == OutputFormat::kJson || !request.table.empty();
  if (whole && request.spec.experiment->details != nullptr) {
    std::ranges::move(request.spec.experiment->details(request.spec, outputs),
                      std::back_inserter(findings.result.tables));
  }
  if (request.format != OutputFormat::kTable && !request.quiet) {
    for (const std::string& note : findings.result.notes) say("note: " + note);
  }
  const std::string text =
      findings_text(request, findings, run.jobs_total(), elapsed_s, prepared.out.columns());
  return prepared.out.deliver(text, prepared.journal.has_value(), request.quiet);
}

int run_experiment(const RunRequest& request) {
  catch_interrupts();
  Expected<Prepared> prepared = prepare(request);
  if (!prepared) return refuse(prepared.error());
  if (!request.quiet) say_alone();
  Run run(request.spec, prepared->plan);
  RunClock clock;
  ResumeFile* const journal = prepared->journal ? &*prepared->journal : nullptr;
  if (journal != nullptr) adopt_finished(run, *journal, {}, request.quiet);
  Expected<void> computed;
  {
    const std::unique_ptr<JobExecutor> executor = make_executor(prepared->threads);
    if (executor->concurrency() == 0) {
      return refuse({"the system gives no thread to compute with"}, kExitEnvironment);
    }
    computed = compute(run, clock, *executor, journal, {}, request.quiet);
  }
  if (!computed) return refuse(computed.error(), kExitEnvironment);
  if (run.state() != Run::State::kFinished) return refuse_unfinished(run, journal);
  return deliver(request, *prepared, run, clock.elapsed());
}

std::string experiment_names() {
  std::vector<std::string> names;
  for (const Experiment* experiment : experiments()) names.push_back(experiment->id);
  return join(names, ", ");
}

std::vector<Flag> run_flags() {
  const std::string group = "Run";
  return {
      {"preset", "NAME", "Named setting to start from; other flags come on top", group},
      {"seed", "N",
       "Seed of all randomness\n0 to " + std::to_string(kMaxSeed) + "; default " +
           std::to_string(kDefaultSeed),
       group},
      threads_flag(group),
      memory_flag(group),
      {"theme", "NAME", "light or dark: colours of an svg; default light", group},
      {"format", "NAME",
       "table, csv (the main table), json, svg (the main figure) or bibtex; default table", group},
      {"table", "NAME", "The table of a csv (trials: a row a trial); default the main one", group},
      {"figure", "NAME", "The figure of an svg; default the main one", group},
      out_file_flag(group),
      {"resume", "FILE", "Keep finished jobs in a file, and take over those that are in it", group},
      quiet_flag(group)};
}

/// The flags of an experiment come from its schema.
void describe(const Experiment& experiment, Usage& usage) {
  usage.about = experiment.title + ": " + experiment.question + " " + experiment.summary;
  const ParameterSet defaults(experiment.schema);
  std::vector<Flag> flags;
  for (const Parameter& parameter : experiment.schema.parameters) {
    flags.push_back(
        parameter_flag(parameter, "default " + defaults.text(parameter.name), "Parameters"));
  }
  usage.flags.insert(usage.flags.begin(), flags.begin(), flags.end());
  std::size_t width = 0;
  for (const Preset& preset : experiment.presets) width = std::max(width, preset.name.size());
  for (const Preset& preset : experiment.presets) {
    usage.footer += usage.footer.empty() ? "Presets:\n" : "";
    usage.footer += listed(preset.name, width, preset.label);
  }
}

Expected<Usage> usage(const std::string& word) {
  Usage usage{
      .about = "Run an experiment.",
      .words = "EXPERIMENT",
      .words_help = "One of " + experiment_names(),
      .needs_word = "run needs an experiment, there are: " + experiment_names(),
      .flags = run_flags(),
      .footer = wrapped("`attnlab run EXPERIMENT --help` shows the parameters of one experiment.",
                        0, text_columns())};
  if (word.empty()) return usage;
  const Expected<const Experiment*> experiment = experiment_named(word);
  if (!experiment) return experiment.error();
  usage.footer.clear();
  describe(**experiment, usage);
  return usage;
}

/// The preset, then the flags on top of it, then the seed.
Expected<RunSpec> read_spec(const Given& given) {
  const Expected<const Experiment*> experiment = experiment_named(given.words.front());
  if (!experiment) return experiment.error();
  RunSpec spec{*experiment, ParameterSet((*experiment)->schema)};
  if (const auto preset = given.value("preset")) {
    Expected<ParameterSet> known = preset_parameters(**experiment, *preset);
    if (!known) return known.error();
    spec.parameters = std::move(*known);
  }
  for (const Parameter& parameter : (*experiment)->schema.parameters) {
    const auto text = given.value(parameter.name);
    if (!text) continue;
    if (const auto set = set_parameter(spec, parameter.name, *text); !set) return set.error();
  }
  if (const auto text = given.value("seed")) {
    const auto seed = read_seed(*text);
    if (!seed) return seed.error();
    spec.seed = *seed;
  }
  return spec;
}

bool is_picture(OutputFormat format) {
  return format == OutputFormat::kSvg || format == OutputFormat::kSlide;
}

/// Reads which figure is drawn and how; an error if there is no such figure.
Expected<void> read_figure(const Given& given, RunRequest& request) {
  if (given.has("theme") && !is_picture(request.format)) {
    return Error{"theme belongs to --format svg or slide"};
  }
  const std::string theme = given.value("theme").value_or("light");
  if (theme != "light" && theme != "dark") {
    return Error{"theme must be light or dark, not " + quoted_text(theme)};
  }
  request.dark = theme == "dark";
  const auto name = given.value("figure");
  if (!name) return {};
  if (!is_picture(request.format)) return Error{"figure belongs to --format svg or slide"};
  std::vector<std::string> names;
  std::vector<Figure> figures = request.spec.experiment->find(request.spec, {}).figures;
  add_together(figures);
  for (const Figure& figure : figures) names.push_back(figure.id);
  if (std::ranges::find(names, *name) == names.end()) {
    return Error{unknown_name_text("figure", *name, request.spec.experiment->id, names)};
  }
  request.figure = *name;
  return {};
}

/// Flags that were given although they have no effect with the other values.
void remark_on_idle_flags(const Given& given, const RunSpec& spec) {
  for (const Parameter& parameter : spec.experiment->schema.parameters) {
    if (given.value(parameter.name) && !spec.parameters.applies(parameter.name))
      say("note: " + parameter.name + " has no effect here, only where " +
          condition_text(parameter));
  }
}

int execute(const Given& given) {
  Expected<RunSpec> spec = read_spec(given);
  if (!spec) return refuse(spec.error());
  if (!given.has("quiet")) remark_on_idle_flags(given, *spec);
  RunRequest request{.spec = std::move(*spec),
                     .out = given.value("out"),
                     .resume = given.value("resume"),
                     .quiet = given.has("quiet")};
  const Expected<unsigned> threads = read_threads(given);
  if (!threads) return refuse(threads.error());
  const Expected<double> memory = read_memory(given);
  if (!memory) return refuse(memory.error());
  const Expected<OutputFormat> format = read_format(given, true);
  if (!format) return refuse(format.error());
  request.threads = *threads;
  request.memory_bytes = *memory;
  request.format = *format;
  if (const auto drawn = read_figure(given, request); !drawn) return refuse(drawn.error());
  if (given.value("table") && request.format != OutputFormat::kCsv)
    return refuse({"table belongs to --format csv"});
  request.table = given.value("table").value_or("");
  if (const auto known = check_table(request.spec, request.table); !known)
    return refuse(known.error());
  return run_experiment(request);
}

}  // namespace

Command run_command() {
  return {"run", "Run an experiment", usage, execute};
}

}  // namespace attnlab
