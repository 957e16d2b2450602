// Poll, keep, draw, sleep.
#include "native/job_loop.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/base/text.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/processors.h"
#include "native/progress_line.h"
#include "native/resume_file.h"

namespace attnlab {
namespace {

/// How long the loop sleeps at most; also how late an interrupt or a redraw can be.
constexpr std::chrono::milliseconds kLongestSleep{100};

}  // namespace

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void adopt_finished(Run& run, ResumeFile& journal, JournalNumbers numbers, bool quiet) {
  for (JobOutput& output : journal.take_outputs()) {
    if (output.index < numbers.first) continue;
    const std::uint32_t offset = output.index - numbers.first;
    if (offset % numbers.stride == 0) run.adopt(offset / numbers.stride, std::move(output.bytes));
  }
  if (quiet) return;
  if (!journal.remark().empty()) say(journal.remark());
  if (journal.dropped_lines() > 0) {
    say("the end of " + journal.name() +
        " was damaged: " + counted(journal.dropped_lines(), "line") + " cut off, computed again");
  }
  if (run.jobs_done() > 0) {
    say(std::to_string(run.jobs_done()) + " of " + counted(run.jobs_total(), "job") +
        (run.jobs_done() == 1 ? " is" : " are") + " taken over from " + journal.name());
  }
}

Expected<void> compute(Run& run, RunClock& clock, JobExecutor& executor, ResumeFile* journal,
                       JournalNumbers numbers, bool quiet) {
  ProgressLine progress(quiet);
  run.resume();
  clock.tick(run, now_s());
  while (true) {
    const bool stop = interrupted();
    executor.poll(run);
    clock.tick(run, now_s());
    if (journal != nullptr) {
      std::vector<JobOutput> finished = run.take_finished();
      for (JobOutput& each : finished) each.index = numbers.first + numbers.stride * each.index;
      if (const auto kept = journal->append(finished); !kept) return kept;
    }
    if (stop || !run.active()) return {};
    progress.draw(run, clock, now_s());
    executor.wait_for_news(kLongestSleep);
  }
}

std::string kept_text(const Run& run, const ResumeFile* journal) {
  const bool one = run.jobs_done() == 1;
  const std::string jobs =
      std::to_string(run.jobs_done()) + " of " + counted(run.jobs_total(), "job");
  if (journal == nullptr) {
    return jobs + (one ? " was done and is" : " were done and are") +
           " not kept; --resume FILE would keep " + (one ? "it" : "them");
  }
  return jobs + (one ? " is" : " are") + " kept in " + journal->name() +
         "; the same command continues from there";
}

int refuse_unfinished(const Run& run, const ResumeFile* journal) {
  if (run.state() == Run::State::kFailed) {
    return refuse({run.error().sentence + "; " + kept_text(run, journal)}, kExitRunFailed);
  }
  return refuse({"interrupted: " + kept_text(run, journal)}, kExitInterrupted);
}

unsigned affordable_threads(unsigned wanted_threads, std::size_t jobs, double job_bytes,
                            double limit_bytes, bool quiet) {
  const double wanted = wanted_threads;
  const double at_once = std::min(wanted, static_cast<double>(std::max<std::size_t>(jobs, 1)));
  const double fitting = job_bytes > 0 ? std::floor(limit_bytes / job_bytes) : at_once;
  if (fitting >= at_once) {
    // Threads without a job help the others, as far as there are processors for them.
    const double processors = usable_processors().count;
    return static_cast<unsigned>(std::min(wanted, std::max(at_once, processors)));
  }
  const double threads = std::max(fitting, 1.0);
  if (!quiet) {
    say("runs " + short_text(threads) + " instead of " + short_text(at_once) +
        " jobs at the same time, because one needs " + bytes_text(job_bytes) + " and " +
        bytes_text(limit_bytes) + " may be used");
  }
  return static_cast<unsigned>(threads);
}

}  // namespace attnlab
