// The loop around an executor that run and sweep share: work until the run ends or is interrupted,
// keep finished jobs, show progress.
#pragma once

#include <chrono>
#include <string>

#include "core/experiment/run.h"

namespace attnlab {

class ResumeFile;

/// An executor whose owner can sleep.
class JobExecutor : public Executor {
 public:
  /// Sleeps until a job has finished or failed since the last poll, or until the time is over.
  virtual void wait_for_news(std::chrono::milliseconds at_most) = 0;
};

/// Seconds of a clock that never goes back.
double now_s();

/// Number of a run's job in its journal: first + stride * index (a shard's jobs carry their
/// numbers in the whole sweep).
struct JournalNumbers {
  std::uint32_t first = 0;
  std::uint32_t stride = 1;
};

/// Moves jobs that finished earlier from the journal into the run and says what was found.
void adopt_finished(Run& run, ResumeFile& journal, JournalNumbers numbers, bool quiet);

/// Computes until the run is finished, failed or interrupted. An error when the journal cannot be
/// written any more; without a journal no job is kept.
Expected<void> compute(Run& run, RunClock& clock, JobExecutor& executor, ResumeFile* journal,
                       JournalNumbers numbers, bool quiet);

/// Which jobs of a run that stops early are kept: "3 of 20 jobs are kept in run.journal; ...".
std::string kept_text(const Run& run, const ResumeFile* journal);

/// Says why an ended run has no result, and returns the exit code.
int refuse_unfinished(const Run& run, const ResumeFile* journal);

/// Threads for `jobs` jobs of `job_bytes` each: `wanted`, but only as many jobs at the same time as
/// fit into `limit_bytes` (at least one; says so when that is fewer than wanted). Where all jobs
/// fit, there may be more threads than jobs, up to usable_processors(): a single large job then
/// uses them all.
unsigned affordable_threads(unsigned wanted, std::size_t jobs, double job_bytes, double limit_bytes,
                            bool quiet);

}  // namespace attnlab
