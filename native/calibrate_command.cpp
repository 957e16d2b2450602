// `attnlab selftest --claims`: settings are run with many seeds on all threads. Every verdict can
// be kept in a file, one per line, so that a calibration is done in pieces.
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/selftest/calibration.h"
#include "native/calibrate_command.h"
#include "native/common_flags.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/report.h"

namespace attnlab {
namespace {

/// Enough for any calibration, and few enough for a short list of runs.
constexpr std::uint64_t kMostSeeds = 100'000;
static_assert(kMostSeeds < kMoreDataSeed);

struct CalibrateRequest {
  std::string claim;                        ///< id, or "all"
  std::optional<std::string> setting = {};  ///< number of one of the claim's settings, as written
  std::uint64_t seeds = 200;
  unsigned threads = 1;
  OutputFormat format = OutputFormat::kTable;  ///< or kCsv
  std::optional<std::string> resume = {};      ///< file of verdicts so far
  bool kept = false;                           ///< nothing but what that file has
};

struct Task {
  std::size_t setting = 0;
  bool more_data = false;
  RunSpec spec;
};

using Verdicts = std::vector<CalibratedVerdict>;

constexpr std::string_view kKeyStart = "e=";  // of a permalink, and so of every line
constexpr std::string_view kSeed = "&seed=";

std::string without_seed(const std::string& link) {
  return link.substr(0, link.rfind(kSeed));
}

/// Verdicts by the permalink of their run with all parameters and the seed: a setting is computed
/// again when it changes, or when a default does. A parameter that is newer than the file had its
/// default.
class VerdictFile {
 public:
  /// Incomplete lines are left out. A file that begins with another kind of line is refused and not
  /// changed.
  Expected<void> open(const std::string& name) {
    const auto refused = [&](const std::string& reason) {
      return Error{"--resume " + quoted_text(name) + " cannot be used: " + reason};
    };
    struct stat status {};
    const bool there = stat(name.c_str(), &status) == 0;
    if (there && !S_ISREG(status.st_mode)) return refused("it is not a regular file");
    std::ifstream earlier(name);
    if (there && !earlier) return refused(system_reason(errno));
    bool torn = false;
    std::string start;  // the beginning of the first line that is not empty
    for (std::string line; std::getline(earlier, line);) {
      torn = earlier.eof();
      if (start.empty()) start = line.substr(0, kKeyStart.size());
      if (!torn) read(line);
    }
    earlier.close();
    if (!kKeyStart.starts_with(start)) return refused("it is not a file of verdicts");
    errno = 0;
    out_.open(name, std::ios::app);
    if (torn) out_ << '\n' << std::flush;
    return out_ ? Expected<void>() : refused(system_reason(errno));
  }

  const Verdicts* find(const std::string& key) const {
    const auto found = known_.find(key);
    return found == known_.end() ? nullptr : &found->second;
  }

  /// False when the file cannot be written.
  bool add(const std::string& key, Verdicts verdicts) {
    if (out_.is_open()) {
      out_ << key;
      for (const auto& [claim, status] : verdicts) {
        out_ << '\t' << claim << '\t' << status_text(status);
      }
      out_ << "\tend\n" << std::flush;
    }
    known_[key] = std::move(verdicts);
    return out_.good();
  }

 private:
  void read(const std::string& line) {
    Verdicts verdicts;
    const std::vector<std::string_view> parts = split(line, '\t');
    for (std::size_t i = 1; i + 2 < parts.size(); i += 2) {
      const auto status = status_named(parts[i + 1]);
      if (!status) return;
      verdicts.push_back({std::string(parts[i]), *status});
    }
    if (parts.size() > 1 && parts.back() == "end" && parts.size() == 2 * verdicts.size() + 2) {
      known_[with_all_parameters(std::string(parts[0]))] = std::move(verdicts);
    }
  }
  /// The key as this program writes it; as it is where it names what this program does not know.
  std::string with_all_parameters(const std::string& key) {
    const std::size_t seed = std::min(key.rfind(kSeed), key.size());
    std::string& run = runs_[key.substr(0, seed)];
    if (run.empty()) {
      const Permalink link = read_query(key, *experiments().front());
      run = link.notes.empty() ? without_seed(full_query_text(link.spec)) : key.substr(0, seed);
    }
    return run + key.substr(seed);
  }
  static std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (std::size_t end; (end = text.find(at)) != std::string_view::npos;) {
      parts.push_back(text.substr(0, end));
      text.remove_prefix(end + 1);
    }
    parts.push_back(text);
    return parts;
  }
  static std::optional<ClaimStatus> status_named(std::string_view text) {
    for (const ClaimStatus status : {ClaimStatus::kHolds, ClaimStatus::kFails,
                                     ClaimStatus::kUndecided, ClaimStatus::kNoCounterexample}) {
      if (status_text(status) == text) return status;
    }
    return std::nullopt;
  }

  std::map<std::string, Verdicts> known_;
  std::map<std::string, std::string> runs_;  ///< keys without seed, as written and as known
  std::ofstream out_;
};

/// A whole number from 1 to `most`, or the flag's sentence.
Expected<std::uint64_t> read_count(const std::string& name, const std::string& text,
                                   std::uint64_t most) {
  const std::optional<std::int64_t> number = read_integer(text);
  if (!number || *number < 1 || static_cast<std::uint64_t>(*number) > most) {
    return Error{name + " must be 1 to " + std::to_string(most) + ", not " + quoted_text(text)};
  }
  return static_cast<std::uint64_t>(*number);
}

/// The settings that were asked for; an error names the claims there are.
Expected<std::vector<CalibrationSetting>> chosen_settings(const CalibrateRequest& request) {
  std::vector<CalibrationSetting> chosen;
  std::vector<std::string> all_ids;
  for (CalibrationSetting& setting : calibration_settings()) {
    const auto ids = calibrated_claims(setting);
    if (!ids) return ids.error();
    for (const std::string& id : *ids) {
      if (std::find(all_ids.begin(), all_ids.end(), id) == all_ids.end()) all_ids.push_back(id);
    }
    if (request.claim == "all" ||
        std::find(ids->begin(), ids->end(), request.claim) != ids->end()) {
      chosen.push_back(std::move(setting));
    }
  }
  std::sort(all_ids.begin(), all_ids.end());
  if (chosen.empty()) {
    return Error{"claims must be one of all, " + join(all_ids, ", ") + ", not " +
                 quoted_text(request.claim)};
  }
  if (!request.setting) return chosen;
  const auto number = read_count("setting", *request.setting, chosen.size());
  if (!number) return number.error();
  return std::vector{chosen[*number - 1]};
}

/// All runs, those with more data last: they take longest.
Expected<std::vector<Task>> all_tasks(const std::vector<CalibrationSetting>& settings,
                                      std::uint64_t seeds) {
  std::vector<Task> tasks;
  for (const bool more_data : {false, true}) {
    for (std::size_t i = 0; i < settings.size(); ++i) {
      if (more_data && settings[i].more_data.empty()) continue;
      for (std::uint64_t seed = 1; seed <= (more_data ? 1 : seeds); ++seed) {
        const auto spec =
            calibration_spec(settings[i], more_data, more_data ? kMoreDataSeed : seed);
        if (!spec) return spec.error();
        tasks.push_back({i, more_data, *spec});
      }
    }
  }
  return tasks;
}

/// A calibration that ended early.
struct Failure {
  Error error;
  ExitCode code;
};

/// Runs what the file does not know yet, until it is done or interrupted.
std::optional<Failure> run_tasks(const std::vector<Task>& tasks, unsigned threads,
                                 VerdictFile& file) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;  // guards file and failure
  std::optional<Failure> failure;
  const auto work = [&] {
    for (std::size_t i; (i = next++) < tasks.size() && !interrupted();) {
      const std::string key = full_query_text(tasks[i].spec);
      {
        const std::lock_guard lock(mutex);
        if (failure) return;
        if (file.find(key) != nullptr) continue;
      }
      Expected<Verdicts> verdicts = calibration_run(tasks[i].spec, interrupted);
      if (interrupted()) return;
      const std::lock_guard lock(mutex);
      if (!verdicts) {
        failure = {verdicts.error(), kExitRunFailed};
      } else if (!file.add(key, std::move(*verdicts))) {
        failure = {{"the file of --resume cannot be written"}, kExitEnvironment};
      }
      if (failure) return;
    }
  };
  std::vector<std::thread> workers;
  try {
    for (unsigned t = 1; t < threads; ++t) workers.emplace_back(work);
  } catch (const std::system_error&) {
    // The system gives no more threads; those that started do the work.
  }
  work();
  for (std::thread& worker : workers) worker.join();
  return failure;
}

/// All parameters of the setting's runs, without their seed.
std::string link_of(const CalibrationSetting& setting, bool more_data) {
  const auto spec = calibration_spec(setting, more_data, kDefaultSeed);
  if (!spec || (more_data && setting.more_data.empty())) return "";
  return without_seed(full_query_text(*spec));
}

CalibrationCount counted_as(const CalibrationSetting& setting, const std::string& claim) {
  CalibrationCount count;
  count.experiment = setting.experiment;
  count.setting = setting.name;
  count.claim = claim;
  return count;
}

/// One count for each claim of each setting, in the settings' order. A setting without a run has
/// one without a claim.
std::vector<CalibrationCount> counted(const std::vector<CalibrationSetting>& settings,
                                      const std::vector<Task>& tasks, const VerdictFile& file,
                                      const std::string& wanted) {
  std::vector<std::vector<CalibrationCount>> counts(settings.size());
  for (const Task& task : tasks) {
    const Verdicts* verdicts = file.find(full_query_text(task.spec));
    if (verdicts == nullptr) continue;
    std::vector<CalibrationCount>& here = counts[task.setting];
    const CalibrationSetting& setting = settings[task.setting];
    for (const auto& [claim, status] : *verdicts) {
      const auto same = [&name = claim](const CalibrationCount& each) {
        return each.claim == name;
      };
      auto count = std::find_if(here.begin(), here.end(), same);
      if (count == here.end()) {
        count = here.insert(here.end(), counted_as(setting, claim));
      }
      if (task.more_data) {
        count->more_data_known = true;
        count->more_data = status;
      } else {
        count->add(status);
      }
    }
  }
  std::vector<CalibrationCount> all;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    if (counts[i].empty()) counts[i].push_back(counted_as(settings[i], ""));
    for (CalibrationCount& count : counts[i]) {
      const std::string id = count.claim.substr(0, count.claim.find(' '));
      if (wanted != "all" && !id.empty() && id != wanted) continue;
      count.link = link_of(settings[i], false);
      count.more_data_link = link_of(settings[i], true);
      all.push_back(std::move(count));
    }
  }
  return all;
}

Expected<CalibrateRequest> read_request(const Given& given) {
  CalibrateRequest request;
  request.claim = given.value("claims").value_or("");
  request.setting = given.value("setting");
  if (const auto text = given.value("seeds")) {
    const auto seeds = read_count("seeds", *text, kMostSeeds);
    if (!seeds) return seeds.error();
    request.seeds = *seeds;
  }
  const auto threads = read_threads(given);
  if (!threads) return threads.error();
  request.threads = *threads;
  const auto format = read_format(given, false);
  if (!format) return format.error();
  if (*format == OutputFormat::kJson) {
    return Error{"format must be table or csv, not " + quoted_text("json")};
  }
  request.format = *format;
  request.resume = given.value("resume");
  request.kept = given.has("kept");
  if (request.kept && !request.resume) return Error{"--kept needs a file: --resume FILE"};
  return request;
}

}  // namespace

std::vector<Flag> calibration_flags() {
  const std::string group = "Calibration of claims";
  return {{"claims", "ID",
           "Instead measure how often verdicts of this claim, or of \"all\", are contradicted by\n"
           "a run with 50 times the data. Long; with --resume it can be done in pieces",
           group},
          {"setting", "N", "The N-th of its settings only", group},
          {"seeds", "N",
           "Runs of every setting\n1 to " + std::to_string(kMostSeeds) + "; default 200", group},
          threads_flag(group),
          {"format", "NAME", "table or csv", group},
          {"resume", "FILE", "Keep every verdict here, and continue from there", group},
          {"kept", "", "Count the verdicts that are kept there, and run nothing", group}};
}

int calibrate_claims(const Given& given) {
  catch_interrupts();
  const auto request = read_request(given);
  if (!request) return refuse(request.error());
  const auto settings = chosen_settings(*request);
  if (!settings) return refuse(settings.error());
  const auto tasks = all_tasks(*settings, request->seeds);
  if (!tasks) return refuse(tasks.error());
  VerdictFile file;
  if (request->resume) {
    if (const auto opened = file.open(*request->resume); !opened) {
      return refuse(opened.error());
    }
  }
  if (!request->kept) {
    if (const auto failure = run_tasks(*tasks, request->threads, file)) {
      return refuse(failure->error, failure->code);
    }
  }
  const bool csv = request->format == OutputFormat::kCsv;
  const Table table = calibration_table(counted(*settings, *tasks, file, request->claim), csv);
  const int printed =
      print(csv ? table_csv(table) : table_text(table, terminal_columns(STDOUT_FILENO)));
  return interrupted() ? static_cast<int>(kExitInterrupted) : printed;
}

}  // namespace attnlab
