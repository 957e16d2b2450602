// CLI11 splits the words and lays out the help; values are read by core, so that a flag, a
// permalink and a JSON document accept the same texts and refuse with the same sentences.
#include "native/arguments.h"

#include <sched.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/extraction/experiments.h"
#include "core/findings/findings.h"
#include "core/numerics/linear_algebra.h"
#include "native/build.h"
#include "native/console.h"
#include "native/ranks.h"
#include "native/value_flags.h"

namespace attnlab {
namespace {

constexpr std::size_t kHelpColumn = 34;
constexpr std::size_t kHelpWidth = 100;
constexpr double kShortestTimeout_s = 0.01, kLongestTimeout_s = 86400, kTimeout_s = 30;

/// "sse2, avx2, avx512": what this machine has.
std::string simd_targets() {
  std::string names;
  for (const SimdTarget& target : available_targets()) {
    names += (names.empty() ? "" : ", ") + std::string(target.name);
  }
  return names;
}

Expected<Request> bench_request(bool json, const std::string& simd) {
  const auto named = [&](const SimdTarget& target) { return simd == target.name; };
  if (!simd.empty() && std::ranges::none_of(available_targets(), named)) {
    return Error{"simd is \"" + simd + "\"; on this machine it is one of " + simd_targets()};
  }
  return Request{BenchRequest{json, simd}};
}

/// Help with broken lines and without CLI11's remarks on how often a value may come.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kHelpColumn); }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_name().empty() ? "" : " " + option->get_type_name();
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string lines;
    for (const std::string& line : split(option->get_description(), '\n')) {
      lines += wrapped(line, 0, kHelpWidth - kHelpColumn);
    }
    if (!lines.empty()) lines.pop_back();
    return lines;
  }
};

std::string type_name(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::kInteger:
      return "INTEGER";
    case ParameterKind::kReal:
      return "NUMBER";
    case ParameterKind::kChoice:
      return "NAME";
    case ParameterKind::kChoiceOrReal:
      return "NAME|NUMBER";
    case ParameterKind::kIntegerList:
      return "INTEGER,...";
    case ParameterKind::kRealList:
    case ParameterKind::kRealTuple:
      return "NUMBER,...";
    case ParameterKind::kChoiceList:
      return "NAME,...";
  }
  return "VALUE";
}

std::string experiment_names() {
  std::vector<std::string> names;
  for (const Experiment* experiment : experiments()) names.push_back(experiment->id);
  return join(names, ", ");
}

void describe_experiment(CLI::App& app, ValueFlags& flags, const Experiment& experiment) {
  const ParameterSet defaults(experiment.schema);
  for (const Parameter& parameter : experiment.schema.parameters) {
    const std::string unit = parameter.unit.empty() ? "" : " " + parameter.unit;
    flags.add(parameter.name, type_name(parameter.kind),
              parameter.help + "\n" + allowed_text(parameter) + unit + "; default " +
                  defaults.text(parameter.name),
              "Parameters");
  }
  app.description(wrapped(experiment.title + ": " + experiment.question + " " + experiment.summary,
                          0, kHelpWidth));
  std::string presets;
  for (const Preset& preset : experiment.presets) {
    presets += "  " + padded_right(preset.name, kHelpColumn - 2) + preset.label + "\n";
  }
  if (!presets.empty()) app.footer("Presets:\n" + presets);
}

/// The experiment's name among the words after `run`: the first that is neither a flag nor a flag's
/// value. The flags of the experiment can only be declared once it is known.
std::string experiment_word(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!word.starts_with("-")) return word;
    const bool has_value = word.starts_with("--") && word.find('=') == std::string::npos &&
                           word != "--help" && word != "--quiet";
    if (has_value) ++i;
  }
  return "";
}

Expected<double> read_timeout(const std::string& text) {
  const std::optional<double> value = read_real(text);
  if (value && *value >= kShortestTimeout_s && *value <= kLongestTimeout_s) return *value;
  return Error{"timeout must be " + exact_text(kShortestTimeout_s) + " to " +
               short_text(kLongestTimeout_s) + " seconds, not " + quoted_text(text)};
}

/// `figures`: also the formats of a figure and its source.
Expected<OutputFormat> read_format(const std::string& text, bool figures) {
  if (text == "table") return OutputFormat::kTable;
  if (text == "csv") return OutputFormat::kCsv;
  if (text == "json") return OutputFormat::kJson;
  if (figures && text == "svg") return OutputFormat::kSvg;
  if (figures && text == "bibtex") return OutputFormat::kBibtex;
  return Error{std::string("format must be one of table, csv, json") +
               (figures ? ", svg, bibtex, not " : ", not ") + quoted_text(text)};
}

/// The preset, then the flags on top of it, then the seed.
Expected<RunSpec> spec_of(const Experiment& experiment, const ValueFlags& flags) {
  RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  if (const auto preset = flags.value("preset")) {
    Expected<ParameterSet> known = preset_parameters(experiment, *preset);
    if (!known) return known.error();
    spec.parameters = std::move(*known);
  }
  for (const Parameter& parameter : experiment.schema.parameters) {
    const auto text = flags.value(parameter.name);
    if (!text) continue;
    if (const auto set = set_parameter(spec, parameter.name, *text); !set) return set.error();
  }
  if (const auto text = flags.value("seed")) {
    const auto seed = read_seed(*text);
    if (!seed) return seed.error();
    spec.seed = *seed;
  }
  return spec;
}

/// The experiment draws a figure of this name.
Expected<void> check_figure(const RunSpec& spec, const std::string& name) {
  std::vector<std::string> names;
  for (const Figure& figure : spec.experiment->find(spec, {}).figures) {
    if (figure.id == name) return {};
    names.push_back(figure.id);
  }
  return Error{unknown_name_text("figure", name, spec.experiment->id, names)};
}

Expected<Request> run_request(const Experiment& experiment, const ValueFlags& flags, bool quiet) {
  if (const Expected<void> single = flags.check_single(); !single) return single.error();
  Expected<RunSpec> spec = spec_of(experiment, flags);
  if (!spec) return spec.error();
  RunRequest request{.spec = std::move(*spec)};
  request.threads = default_threads();
  request.out = flags.value("out");
  request.resume = flags.value("resume");
  request.quiet = quiet;
  if (const auto text = flags.value("threads")) {
    const auto threads = read_threads(*text);
    if (!threads) return threads.error();
    request.threads = *threads;
  }
  if (const auto text = flags.value("memory")) {
    const auto memory = read_memory(*text);
    if (!memory) return memory.error();
    request.memory_bytes = *memory;
  }
  if (const auto text = flags.value("theme")) {
    if (*text != "light" && *text != "dark") {
      return Error{"theme must be light or dark, not " + quoted_text(*text)};
    }
    request.dark = *text == "dark";
  }
  if (const auto text = flags.value("format")) {
    const auto format = read_format(*text, true);
    if (!format) return format.error();
    request.format = *format;
  }
  if (const auto name = flags.value("figure")) {
    if (request.format != OutputFormat::kSvg) return Error{"figure belongs to --format svg"};
    if (const auto known = check_figure(request.spec, *name); !known) return known.error();
    request.figure = *name;
  }
  return Request{std::move(request)};
}

Expected<Request> extract_request(const ValueFlags& flags, bool quiet) {
  if (const auto single = flags.check_single(); !single) return single.error();
  const Experiment& experiment = *find_experiment("extract-black-box");
  ExtractRequest request{RunSpec{&experiment, ParameterSet(experiment.schema)}, {}, kTimeout_s};
  if (const auto set = set_parameter(request.spec, "box", "own"); !set) return set.error();
  const auto command = flags.value("oracle-cmd");
  if (!command || trimmed(*command).empty()) {
    return Error{"extract needs --oracle-cmd, the command that starts the black box"};
  }
  request.command = *command;
  if (!flags.value("dim")) {
    return Error{"extract needs --dim, the length of a token: " +
                 allowed_text(*experiment.schema.find("dim"))};
  }
  for (const char* name : {"dim", "method", "rank"}) {
    const auto text = flags.value(name);
    if (!text) continue;
    if (const auto set = set_parameter(request.spec, name, *text); !set) return set.error();
  }
  if (flags.value("rank") && request.spec.parameters.choice("method") != "low-rank") {
    return Error{"rank belongs to --method low-rank, not to " +
                 request.spec.parameters.choice("method")};
  }
  if (const auto text = flags.value("timeout")) {
    const auto timeout = read_timeout(*text);
    if (!timeout) return timeout.error();
    request.timeout_s = *timeout;
  }
  if (const auto text = flags.value("format")) {
    const auto format = read_format(*text, false);
    if (!format) return format.error();
    request.format = *format;
  }
  request.out = flags.value("out");
  request.log = flags.value("log");
  request.replay = flags.value("replay");
  request.quiet = quiet;
  return Request{std::move(request)};
}

/// What to say about the first word that nothing has claimed.
Error unclaimed_word(const std::string& word, const Experiment* experiment) {
  if (word.starts_with("--") && word.size() > 2 && experiment != nullptr) {
    RunSpec spec{experiment, ParameterSet(experiment->schema)};
    const std::string name = word.substr(2, word.find('=') - 2);
    if (const auto set = set_parameter(spec, name, ""); !set) return set.error();
  }
  if (word.starts_with("-"))
    return Error{"unknown flag " + quoted_text(word) + "; see attnlab --help"};
  return Error{"unexpected word " + quoted_text(word) + "; parameters are written --NAME VALUE"};
}

/// CLI11's complaint as our sentence.
Error complaint(const CLI::ParseError& error) {
  const std::string words = error.what();
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::size_t colon = words.find(':');
    if (colon != std::string::npos) return Error{words.substr(0, colon) + " needs a value"};
  }
  return Error{words};
}

std::string link_query(const std::string& link) {
  const std::size_t hash = link.find('#');
  return hash == std::string::npos ? link : link.substr(hash + 1);
}

/// The whole grammar; built anew for every call because the flags depend on the experiment.
class Grammar {
 public:
  explicit Grammar(const Experiment* experiment) : experiment_(experiment) {
    app_.name("attnlab");
    const auto formatter = std::make_shared<HelpFormatter>();
    app_.formatter(formatter);
    app_.set_version_flag("--version", version_text(), "Print the version and exit");
    app_.require_subcommand(0, 1);
    app_.allow_extras();
    app_.footer("Without a command the desktop window opens.");
    for (CLI::App* command : {list_, run_, extract_, bench_, open_, sweep_, merge_, selftest_}) {
      command->allow_extras();
      command->formatter(formatter);
    }
    list_->add_flag("--json", list_json_, "As a JSON document");
    bench_->add_flag("--json", bench_json_, "As a JSON document");
    bench_->add_option("--simd", bench_simd_, "Kernels to measure: " + simd_targets())
        ->type_name("NAME");
    open_->add_option("LINK", link_, "A permalink, or what stands after its #")->type_name("");
    describe_run();
    describe_extract();
    sweep_
        ->add_option("SPEC.json", specification_,
                     "The grid: {\"experiment\":ID, \"parameters\":{NAME:[VALUE, ...]}, "
                     "\"seed\":N}")
        ->type_name("");
    describe_sweep(sweep_flags_);
    describe_calibration(selftest_flags_);
    merge_->add_option("DIR", folders_, "Folders that shards of one sweep were written to")
        ->type_name("");
    describe_merge(merge_flags_);
    for (CLI::App* command : {sweep_, merge_}) {
      command->add_flag("--quiet", quiet_, "No progress and no remarks on standard error");
    }
  }

  /// May throw CLI::ParseError.
  void parse(const std::vector<std::string>& words) {
    app_.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  }

  std::string help() const { return app_.help(); }

  Expected<Request> request() const {
    if (!app_.remaining().empty()) return unknown_command(app_.remaining().front());
    for (const CLI::App* command :
         {list_, run_, extract_, bench_, open_, sweep_, merge_, selftest_}) {
      if (!*command || command->remaining().empty()) continue;
      return unclaimed_word(command->remaining().front(), *run_ ? experiment_ : nullptr);
    }
    if (*list_) return Request{ListRequest{list_json_}};
    if (*bench_) return bench_request(bench_json_, bench_simd_);
    if (*run_) return run_request(*experiment_, run_flags_, quiet_);
    if (*extract_) return extract_request(extract_flags_, extract_quiet_);
    if (*selftest_) return selftest_request(claims_option_->count() > 0, claim_, selftest_flags_);
    if (*sweep_) return sweep_request({specification_, sweep_flags_, quiet_});
    if (*merge_) return merge_request(folders_, merge_flags_, quiet_);
    if (*open_ && link_.empty()) return Error{"open needs a permalink"};
    return Request{DesktopRequest{link_query(link_)}};
  }

 private:
  void describe_run() {
    run_->add_option("EXPERIMENT", experiment_name_, "One of " + experiment_names())->type_name("");
    run_flags_.add("preset", "NAME", "Named setting to start from; other flags come on top", "Run");
    run_flags_.add("seed", "N",
                   "Seed of all randomness\n0 to " + std::to_string(kMaxSeed) + "; default " +
                       std::to_string(kDefaultSeed),
                   "Run");
    add_threads_flag(run_flags_, "Run");
    add_memory_flag(run_flags_, "Run");
    run_flags_.add("theme", "NAME", "light or dark: colours of an svg; default light", "Run");
    run_flags_.add(
        "format", "NAME",
        "table, csv (the main table), json, svg (the main figure) or bibtex; default table", "Run");
    run_flags_.add("figure", "NAME", "The figure of an svg; default the main one", "Run");
    run_flags_.add("out", "FILE", "Write the result to a file instead of standard output", "Run");
    run_flags_.add("resume", "FILE",
                   "Keep finished jobs in a file, and take over those that are in it", "Run");
    run_->add_flag("--quiet", quiet_, "No progress and no remarks on standard error")->group("Run");
    if (experiment_ != nullptr) {
      describe_experiment(*run_, run_flags_, *experiment_);
    } else {
      run_->footer("`attnlab run EXPERIMENT --help` shows the parameters of one experiment.");
    }
  }

  void describe_extract() {
    const Schema& schema = find_experiment("extract-black-box")->schema;
    const std::string group = "Extract";
    extract_flags_.add(
        "oracle-cmd", "CMD",
        "Command that starts the black box: it reads {\"x\": [[...],...]} and answers "
        "{\"y\": NUMBER}, one line each (docs/oracle-protocol.md)",
        group);
    const ParameterSet defaults(schema);
    for (const char* name : {"dim", "method", "rank"}) {
      const Parameter& parameter = *schema.find(name);
      const bool needed = parameter.name == "dim";
      extract_flags_.add(name, type_name(parameter.kind),
                         parameter.help + "\n" + allowed_text(parameter) +
                             (needed ? "; needed" : "; default " + defaults.text(name)),
                         group);
    }
    extract_flags_.add("log", "FILE", "Write every query with its answer", group);
    extract_flags_.add("replay", "FILE", "Go on from the log of an earlier run", group);
    extract_flags_.add("timeout", "S",
                       "Seconds without an answer that end the run\n" +
                           exact_text(kShortestTimeout_s) + " to " + short_text(kLongestTimeout_s) +
                           "; default " + short_text(kTimeout_s),
                       group);
    extract_flags_.add("format", "NAME", "table, csv (the recovery row) or json; default table",
                       group);
    extract_flags_.add("out", "FILE", "Write the result to a file instead of standard output",
                       group);
    extract_->add_flag("--quiet", extract_quiet_, "No progress on standard error")->group(group);
  }

  static Error unknown_command(const std::string& word) {
    if (word.starts_with("-"))
      return Error{"unknown flag " + quoted_text(word) + "; see attnlab --help"};
    return Error{unknown_name_text(
        "command", word, {},
        {"list", "run", "extract", "sweep", "merge", "selftest", "bench", "open"})};
  }

  const Experiment* experiment_;
  CLI::App app_{"Attention Lab: experiments on what a single attention layer can learn."};
  CLI::App* list_ = app_.add_subcommand("list", "Experiments, their parameters and presets");
  CLI::App* run_ = app_.add_subcommand("run", "Run an experiment");
  CLI::App* extract_ = app_.add_subcommand("extract", "Take another program apart, as a black box");
  CLI::App* sweep_ = app_.add_subcommand("sweep", "Run an experiment over a grid of parameters");
  CLI::App* merge_ = app_.add_subcommand("merge", "Join the shards of a sweep");
  CLI::App* selftest_ =
      app_.add_subcommand("selftest", "Check known answers and closed forms on this machine");
  CLI::App* bench_ = app_.add_subcommand("bench", "Kernels against their peak, jobs per second");
  CLI::App* open_ = app_.add_subcommand("open", "Open a permalink in the desktop window");
  ValueFlags run_flags_{*run_}, extract_flags_{*extract_};
  ValueFlags selftest_flags_{*selftest_};
  std::string claim_;
  CLI::Option* claims_option_ =
      selftest_
          ->add_option("--claims", claim_,
                       "Measure how often verdicts are wrong instead (long), of one claim or all")
          ->type_name("[ID]")
          ->expected(0, 1);
  ValueFlags sweep_flags_{*sweep_}, merge_flags_{*merge_};
  bool list_json_ = false, bench_json_ = false, quiet_ = false, extract_quiet_ = false;
  std::string bench_simd_;
  std::string link_, experiment_name_, specification_;
  std::vector<std::string> folders_;
};

/// Refuses "--seed=" and "--quiet=1", which CLI11 would take for something else.
Expected<void> check_spelling(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::size_t sign = word.find('=');
    if (!word.starts_with("--") || sign == std::string::npos) continue;
    const std::string flag = word.substr(0, sign);
    if (flag == "--json" || flag == "--quiet") return Error{flag + " takes no value"};
    if (sign + 1 == word.size()) return Error{flag + " needs a value"};
  }
  return {};
}

bool asks_for_help(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

}  // namespace

Expected<Request> read_arguments(const std::vector<std::string>& arguments) {
  const Experiment* experiment = nullptr;
  if (!arguments.empty() && arguments.front() == "run") {
    const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    const std::string word = experiment_word(rest);
    if (word.empty() && !asks_for_help(rest)) {
      return Error{"run needs an experiment, there are: " + experiment_names()};
    }
    if (!word.empty()) {
      const Expected<const Experiment*> known = experiment_named(word);
      if (!known) return known.error();
      experiment = *known;
    }
  }
  if (const auto spelled = check_spelling(arguments); !spelled) return spelled.error();
  Grammar grammar(experiment);
  try {
    grammar.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return Request{ShowText{grammar.help()}};
  } catch (const CLI::CallForVersion&) {
    return Request{ShowText{version_text() + "\n"}};
  } catch (const CLI::ParseError& error) {
    return complaint(error);
  }
  return grammar.request();
}

unsigned default_threads() {
  // The processors this process may run on, which a container or taskset makes fewer than there
  // are.
  if (ranks() != nullptr && ranks()->size() > 1) return 1;  // every rank computes one at a time
  cpu_set_t allowed;
  unsigned processors = std::thread::hardware_concurrency();
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    processors = static_cast<unsigned>(CPU_COUNT(&allowed));
  }
  return std::clamp(processors, 1u, kMaxThreads);
}

}  // namespace attnlab
