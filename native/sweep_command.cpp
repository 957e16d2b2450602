// `attnlab sweep` and `attnlab merge`: a grid into a folder with a journal and one table.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/base/text.h"
#include "core/codecs/codecs.h"
#include "core/codecs/sweep.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/common_flags.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/job_loop.h"
#include "native/memory_limit.h"
#include "native/output_file.h"
#include "native/ranks.h"
#include "native/resume_file.h"

namespace attnlab {
namespace {

constexpr std::string_view kJournalName = "/journal";
constexpr std::string_view kTableName = "/table.csv";
constexpr std::int64_t kMaxShards = 1000000;

/// A grid, or every N-th job of it.
struct SweepRequest {
  std::string specification;  // file
  std::string out;            // folder
  std::string table = {};     // empty: the main one
  Shard shard = {};
  unsigned threads = 1;
  double memory_bytes = kNoMemoryLimit;
  bool quiet = false;
};

/// Shards of one sweep, to be joined.
struct MergeRequest {
  std::vector<std::string> folders;
  std::string out;         // folder
  std::string table = {};  // empty: the main one
  bool quiet = false;
};

/// The name of a sweep in its journal, and how another sweep differs from it.
JournalOwner sweep_owner(const SweepSpec& sweep) {
  const std::string name = sweep_text(sweep);
  const auto difference = [sweep](const std::string& other) -> std::string {
    const Expected<SweepSpec> there = read_sweep(other);
    const std::string start = "it belongs to another ";
    if (!there) return start + "run";
    if (there->fixed.experiment != sweep.fixed.experiment) {
      return start + "sweep: experiment was " + there->fixed.experiment->id + " there and is " +
             sweep.fixed.experiment->id + " here";
    }
    for (const Parameter& parameter : sweep.fixed.experiment->schema.parameters) {
      const std::string before = axis_text(*there, parameter.name);
      const std::string now = axis_text(sweep, parameter.name);
      if (before == now) continue;
      return start + "sweep: " + parameter.name + " was " + before + " there and is " + now +
             " here";
    }
    return start + "sweep: seed was " + axis_text(*there, kSeedAxis) + " there and is " +
           axis_text(sweep, kSeedAxis) + " here";
  };
  return {name, build_info().version, difference};
}

/// An existing or new folder; a new one is removed if the command fails before it writes into it.
class OutFolder {
 public:
  static Expected<OutFolder> open(const std::string& given) {
    std::string name = given;
    while (name.size() > 1 && name.ends_with('/')) name.pop_back();
    const auto error = [&](const std::string& reason) {
      return Error{"--out " + given + " cannot be used: " + reason};
    };
    if (mkdir(name.c_str(), 0777) == 0) {
      sync_folder(folder_of(name));
      return OutFolder(name, true);
    }
    if (errno != EEXIST) return error(system_reason(errno));
    struct stat status {};
    if (stat(name.c_str(), &status) != 0) return error(system_reason(errno));
    if (!S_ISDIR(status.st_mode)) return error("it is not a folder");
    return OutFolder(name, false);
  }

  std::string file(std::string_view name) const { return name_ + std::string(name); }
  const std::string& name() const { return name_; }
  void take_back() const {
    if (made_) rmdir(name_.c_str());
  }

 private:
  OutFolder(std::string name, bool made) : name_(std::move(name)), made_(made) {}
  std::string name_;
  bool made_;
};

/// The folder's files, checked and open.
struct SweepFiles {
  OutFolder folder;
  OutputFile table;
  ResumeFile journal;
};

/// `table`: its name; empty for the main one.
Expected<SweepFiles> open_files(const std::string& out, const SweepSpec& sweep,
                                const std::string& table_name) {
  Expected<OutFolder> folder = OutFolder::open(out);
  if (!folder) return folder.error();
  Expected<OutputFile> table = OutputFile::check(
      folder->file(table_name.empty() ? std::string(kTableName) : "/" + table_name + ".csv"));
  if (!table) {
    folder->take_back();
    return table.error();
  }
  const std::string journal_name = folder->file(kJournalName);
  Expected<ResumeFile> journal = ResumeFile::open(journal_name, journal_name, sweep_owner(sweep));
  if (!journal) {
    folder->take_back();
    return journal.error();
  }
  return SweepFiles{std::move(*folder), std::move(*table), std::move(*journal)};
}

Expected<SweepSpec> read_specification(const std::string& file) {
  const Expected<std::string> text = read_file(file);
  if (!text) return Error{file + " cannot be read: " + text.error().sentence};
  Expected<SweepSpec> sweep = read_sweep(*text);
  if (!sweep) return Error{file + ": " + sweep.error().sentence};
  return sweep;
}

int write_table(const SweepSpec& sweep, const SweepPlan& plan, std::vector<JobOutput> outputs,
                const std::string& table, const OutputFile& file, bool quiet) {
  return write_file(file, sweep_csv(sweep, plan, std::move(outputs), table), quiet);
}

/// The outputs that belong to the sweep's jobs, each once; an error when two journals disagree.
Expected<std::vector<JobOutput>> joined(std::vector<JobOutput> outputs, std::size_t jobs) {
  std::stable_sort(outputs.begin(), outputs.end(),
                   [](const JobOutput& a, const JobOutput& b) { return a.index < b.index; });
  std::vector<JobOutput> once;
  for (JobOutput& output : outputs) {
    if (output.index >= jobs) continue;
    if (once.empty() || once.back().index != output.index) {
      once.push_back(std::move(output));
    } else if (once.back().bytes != output.bytes) {
      return Error{"job " + std::to_string(output.index) +
                   " has two different results: the folders were not computed by the same program "
                   "on the same kind of machine"};
    }
  }
  return once;
}

int run_sweep(const SweepRequest& request) {
  catch_interrupts();
  if (const auto allowed = check_threads(request.threads); !allowed) return refuse(allowed.error());
  const Expected<SweepSpec> sweep = read_specification(request.specification);
  if (!sweep) return refuse(sweep.error());
  const double limit_bytes =
      std::min(request.memory_bytes, usable_memory_bytes()) / ranks_on_this_machine();
  const Expected<SweepPlan> plan = plan_sweep(*sweep, limit_bytes);
  if (!plan) return refuse(plan.error());
  if (const auto known = check_table(plan->points.front(), request.table); !known)
    return refuse(known.error());
  Expected<SweepFiles> files = open_files(request.out, *sweep, request.table);
  if (!files) return refuse(files.error());
  if (!request.quiet) say_alone();

  Run run = shard_run(*plan, request.shard);
  const JournalNumbers numbers{request.shard.index, request.shard.count};
  adopt_finished(run, files->journal, numbers, request.quiet);
  const unsigned threads = affordable_threads(request.threads, run.jobs_total(), plan->job_bytes,
                                              limit_bytes, request.quiet);
  RunClock clock;
  Expected<void> computed;
  {
    const std::unique_ptr<JobExecutor> executor = make_executor(threads);
    if (executor->concurrency() == 0) {
      return refuse({"the system gives no thread to compute with"}, kExitEnvironment);
    }
    computed = compute(run, clock, *executor, &files->journal, numbers, request.quiet);
  }
  if (!computed) return refuse(computed.error(), kExitEnvironment);
  if (run.state() != Run::State::kFinished) return refuse_unfinished(run, &files->journal);
  if (request.shard.count > 1) {
    if (!request.quiet) {
      say("shard " + std::to_string(request.shard.index + 1) + " of " +
          std::to_string(request.shard.count) + " is in " + files->journal.name() +
          "; attnlab merge joins the shards and writes the table");
    }
    return kExitDone;
  }
  return write_table(*sweep, *plan, run.outputs(), request.table, files->table, request.quiet);
}

int merge_sweep(const MergeRequest& request) {
  catch_interrupts();
  std::optional<SweepSpec> sweep;
  std::vector<JobOutput> found;
  for (const std::string& folder : request.folders) {
    const std::string name = folder + std::string(kJournalName);
    const auto fail = [&](const std::string& reason) {
      return refuse({name + " cannot be used: " + reason});
    };
    const Expected<std::string> text = read_file(name);
    if (!text) return fail(text.error().sentence);
    if (!sweep) {
      const auto header = read_journal_header(*text);
      if (!header) return fail(header.error().sentence);
      Expected<SweepSpec> named = read_sweep(header->first);
      if (!named) return fail("it does not belong to a sweep");
      sweep = std::move(*named);
    }
    Expected<Journal> journal = read_journal(*text, sweep_owner(*sweep));
    if (!journal) return fail(journal.error().sentence);
    std::move(journal->outputs.begin(), journal->outputs.end(), std::back_inserter(found));
  }
  const Expected<SweepPlan> plan = plan_sweep(*sweep, kNoMemoryLimit);
  if (!plan) return refuse(plan.error());
  const std::size_t jobs = plan->jobs.size();
  Expected<std::vector<JobOutput>> outputs = joined(std::move(found), jobs);
  if (!outputs) return refuse(outputs.error());

  if (const auto known = check_table(plan->points.front(), request.table); !known)
    return refuse(known.error());
  Expected<SweepFiles> files = open_files(request.out, *sweep, request.table);
  if (!files) return refuse(files.error());
  if (!request.quiet && !files->journal.remark().empty()) say(files->journal.remark());
  std::vector<JobOutput> all = files->journal.take_outputs();
  std::vector<bool> there(jobs, false);
  for (const JobOutput& output : all) {
    if (output.index < jobs) there[output.index] = true;
  }
  std::vector<JobOutput> fresh;
  for (const JobOutput& output : *outputs) {
    if (!there[output.index]) fresh.push_back(output);
  }
  if (const auto kept = files->journal.append(fresh); !kept) {
    return refuse(kept.error(), kExitEnvironment);
  }
  std::move(outputs->begin(), outputs->end(), std::back_inserter(all));
  outputs = joined(std::move(all), jobs);
  if (!outputs) return refuse(outputs.error());
  if (outputs->size() < jobs) {
    return refuse({counted(jobs - outputs->size(), "job") + " of " + std::to_string(jobs) +
                   (jobs - outputs->size() == 1 ? " is" : " are") +
                   " missing; those that are there are in " + files->journal.name() +
                   ", and attnlab sweep with --out " + files->folder.name() + " computes the rest"},
                  kExitRunFailed);
  }
  return write_table(*sweep, *plan, std::move(*outputs), request.table, files->table,
                     request.quiet);
}

Expected<Shard> read_shard(const std::string& text) {
  const std::vector<std::string> parts = split(text, '/');
  if (parts.size() == 2) {
    const auto number = read_integer(parts[0]), count = read_integer(parts[1]);
    if (number && count && *count >= 1 && *count <= kMaxShards && *number >= 1 &&
        *number <= *count) {
      return Shard{static_cast<std::uint32_t>(*number - 1), static_cast<std::uint32_t>(*count)};
    }
  }
  return Error{"shard must be I/N with I from 1 to N and N from 1 to " +
               std::to_string(kMaxShards) + ", not " + quoted_text(text)};
}

Flag table_flag(const char* group) {
  return {"table", "NAME",
          "Write NAME.csv (trials: a row a trial); default the main table, table.csv", group};
}

Expected<Usage> sweep_usage(const std::string&) {
  return Usage{
      .about = "Run an experiment over a grid of parameters.",
      .words = "SPEC.json",
      .words_help = "The grid: {\"experiment\":ID, \"parameters\":{NAME:[VALUE, ...]}, \"seed\":N}",
      .needs_word = "sweep needs the name of a JSON file",
      .flags = {
          {"out", "DIR", "Folder for table.csv and journal; made when it is not there", "Sweep"},
          {"shard", "I/N", "Only every N-th job, beginning with the I-th", "Sweep"},
          table_flag("Sweep"),
          threads_flag("Sweep"),
          memory_flag("Sweep"),
          quiet_flag("Sweep")}};
}

int execute_sweep(const Given& given) {
  const std::string out = given.value("out").value_or("");
  if (out.empty()) return refuse({"sweep needs --out DIR, the folder for its files"});
  SweepRequest request{
      .specification = given.words.front(), .out = out, .table = given.value("table").value_or("")};
  if (const auto text = given.value("shard")) {
    const auto shard = read_shard(*text);
    if (!shard) return refuse(shard.error());
    request.shard = *shard;
  }
  const auto threads = read_threads(given);
  if (!threads) return refuse(threads.error());
  const auto memory = read_memory(given);
  if (!memory) return refuse(memory.error());
  request.threads = *threads;
  request.memory_bytes = *memory;
  request.quiet = given.has("quiet");
  return run_sweep(request);
}

Expected<Usage> merge_usage(const std::string&) {
  return Usage{.about = "Join the shards of a sweep.",
               .words = "DIR...",
               .words_help = "Folders that shards of one sweep were written to",
               .needs_word = "merge needs the folders of a sweep's shards",
               .flags = {{"out", "DIR", "Folder for the joined table.csv and journal", "Merge"},
                         table_flag("Merge"),
                         quiet_flag("Merge")}};
}

int execute_merge(const Given& given) {
  const std::string out = given.value("out").value_or("");
  if (out.empty()) return refuse({"merge needs --out DIR, the folder for the joined files"});
  return merge_sweep({given.words, out, given.value("table").value_or(""), given.has("quiet")});
}

}  // namespace

Command sweep_command() {
  return {"sweep", "Run an experiment over a grid of parameters", sweep_usage, execute_sweep};
}

Command merge_command() {
  return {"merge", "Join the shards of a sweep", merge_usage, execute_merge};
}

}  // namespace attnlab
