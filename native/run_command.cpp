// `attnlab run`: check everything, open the files, compute on the pool, write the result.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "core/experiment/codecs.h"
#include "core/experiment/registry.h"
#include "core/experiment/text.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/memory_limit.h"
#include "native/output_file.h"
#include "native/progress_line.h"
#include "native/report.h"
#include "native/resume_file.h"
#include "native/thread_pool.h"

namespace attnlab {
namespace {

/// How long the loop sleeps at most; also how late an interrupt or a redraw can be.
constexpr std::chrono::milliseconds kLongestSleep{100};

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Everything a run needs, checked and opened before the first job starts.
struct Prepared {
  Plan plan;
  unsigned threads = 1;
  std::optional<OutputFile> out;
  std::optional<ResumeFile> journal;
};

/// As many threads as jobs that fit into memory side by side; says so when that is fewer than
/// asked.
unsigned affordable_threads(const RunRequest& request, const Plan& plan, double limit_bytes) {
  const double jobs = static_cast<double>(std::max<std::size_t>(plan.jobs.size(), 1));
  const double wanted = std::min(static_cast<double>(request.threads), jobs);
  const double fitting = plan.job_bytes > 0 ? std::floor(limit_bytes / plan.job_bytes) : wanted;
  if (fitting >= wanted) return static_cast<unsigned>(wanted);
  const double threads = std::max(fitting, 1.0);
  if (!request.quiet) {
    say("runs " + short_text(threads) + " instead of " + short_text(wanted) +
        " jobs at the same time, because one needs " + bytes_text(plan.job_bytes) + " and " +
        bytes_text(limit_bytes) + " may be used");
  }
  return static_cast<unsigned>(threads);
}

Expected<Prepared> prepare(const RunRequest& request) {
  Prepared prepared;
  Expected<Plan> plan = request.spec.experiment->plan(request.spec);
  if (!plan) return plan.error();
  prepared.plan = std::move(*plan);
  const double limit_bytes = usable_memory_bytes();
  if (const auto fits = check_memory(request.spec, prepared.plan, limit_bytes); !fits) {
    return fits.error();
  }
  if (request.out) {
    Expected<OutputFile> out = OutputFile::check(*request.out);
    if (!out) return out.error();
    prepared.out = std::move(*out);
    if (request.resume && same_file(*request.out, *request.resume)) {
      return Error{"--out and --resume name the same file " + quoted_text(*request.out)};
    }
  }
  if (request.resume) {
    Expected<ResumeFile> journal =
        ResumeFile::open(*request.resume, request.spec, build_info().version);
    if (!journal) return journal.error();
    prepared.journal = std::move(*journal);
  }
  prepared.threads = affordable_threads(request, prepared.plan, limit_bytes);
  return prepared;
}

/// Moves jobs that finished earlier from the journal into the run and says what was found.
void adopt_finished(Run& run, ResumeFile& journal, bool quiet) {
  for (JobOutput& output : journal.take_outputs()) run.adopt(output.index, std::move(output.bytes));
  if (quiet) return;
  if (journal.dropped_lines() > 0) {
    say("the end of " + journal.name() +
        " was damaged: " + std::to_string(journal.dropped_lines()) +
        (journal.dropped_lines() == 1 ? " line" : " lines") + " cut off, computed again");
  }
  if (run.jobs_done() > 0) {
    say(std::to_string(run.jobs_done()) + " of " + std::to_string(run.jobs_total()) +
        " jobs are taken over from " + journal.name());
  }
}

/// What is left of a run that stops early: "3 of 20 jobs are kept in run.journal; ...".
std::string kept_text(const Run& run, const std::optional<ResumeFile>& journal) {
  const std::string jobs =
      std::to_string(run.jobs_done()) + " of " + std::to_string(run.jobs_total()) + " jobs";
  if (!journal) return jobs + " were done and are not kept; --resume FILE would keep them";
  return jobs + " are kept in " + journal->name() + "; the same command goes on from there";
}

/// Computes until the run is finished, failed or interrupted. An error when the journal cannot be
/// written any more.
Expected<void> compute(Run& run, RunClock& clock, ThreadPool& pool, Prepared& prepared,
                       bool quiet) {
  ProgressLine progress(quiet);
  run.resume();
  clock.tick(run, now_s());
  while (true) {
    const bool stop = interrupted();
    pool.poll(run);
    clock.tick(run, now_s());
    if (prepared.journal) {
      if (const auto kept = prepared.journal->append(run.take_finished()); !kept) return kept;
    }
    if (stop || !run.active()) return {};
    progress.draw(run, clock, now_s());
    pool.wait_for_news(kLongestSleep);
  }
}

std::string result_text(const RunRequest& request, const Result& result, std::size_t jobs,
                        double elapsed_s) {
  switch (request.format) {
    case OutputFormat::kCsv:
      return result.tables.empty() ? "" : table_csv(result.tables.front());
    case OutputFormat::kJson:
      return result_json(request.spec, result, build_info(), jobs, elapsed_s);
    case OutputFormat::kTable:
      break;
  }
  return report_text(request.spec, result);
}

int deliver(const RunRequest& request, const Prepared& prepared, const Run& run, double elapsed_s) {
  const Result result = request.spec.experiment->reduce(request.spec, run.outputs());
  if (request.format != OutputFormat::kTable && !request.quiet) {
    for (const std::string& note : result.notes) say("note: " + note);
  }
  const std::string text = result_text(request, result, run.jobs_total(), elapsed_s);
  if (!prepared.out) return print(text);
  const Expected<void> written = prepared.out->write(text);
  return written ? kExitDone : refuse(written.error(), kExitEnvironment);
}

}  // namespace

int run_experiment(const RunRequest& request) {
  catch_interrupts();
  Expected<Prepared> prepared = prepare(request);
  if (!prepared) return refuse(prepared.error());
  Run run(request.spec, prepared->plan);
  RunClock clock;
  if (prepared->journal) adopt_finished(run, *prepared->journal, request.quiet);
  Expected<void> computed;
  {
    ThreadPool pool(prepared->threads, JobOrder::kLargestFirst);
    if (pool.concurrency() == 0) {
      return refuse({"the system gives no thread to compute with"}, kExitEnvironment);
    }
    computed = compute(run, clock, pool, *prepared, request.quiet);
  }
  if (!computed) return refuse(computed.error(), kExitEnvironment);
  if (run.state() == Run::State::kFailed) {
    return refuse({run.error().sentence + "; " + kept_text(run, prepared->journal)},
                  kExitRunFailed);
  }
  if (run.state() != Run::State::kFinished) {
    return refuse({"interrupted: " + kept_text(run, prepared->journal)}, kExitInterrupted);
  }
  return deliver(request, *prepared, run, clock.elapsed());
}

}  // namespace attnlab
