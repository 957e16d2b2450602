// A run in progress: which jobs wait, work, are done or were lost, and how far everything is.
// Pure bookkeeping (no clock, no thread): executors take jobs from it and report back, the front
// ends read it. All calls come from one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"

namespace attnlab {

/// A job of a run as a job of one of its specifications.
struct JobName {
  std::uint32_t spec = 0;   ///< number of the specification
  std::uint32_t index = 0;  ///< the job's number there
};

class Run {
 public:
  enum class State { kReady, kRunning, kPaused, kFinished, kFailed };

  Run(RunSpec spec, Plan plan);  ///< a plan without jobs is finished at once
  /// Jobs of several specifications (at least one) as one run: job i of the plan is names[i].
  Run(std::vector<RunSpec> specs, std::vector<JobName> names, Plan plan);

  const RunSpec& spec() const { return specs_.front(); }
  /// The arguments that start job i: Experiment::start(spec_of(i), name_of(i).index).
  const RunSpec& spec_of(std::uint32_t index) const { return specs_[name_of(index).spec]; }
  JobName name_of(std::uint32_t index) const {
    return names_.empty() ? JobName{0, index} : names_[index];
  }
  const Plan& plan() const { return plan_; }
  State state() const { return state_; }

  // For the user's actions.
  void resume();  ///< ready or paused -> running
  void pause();   ///< running -> paused: no new job is handed out, executors hold theirs
  /// Lets one more job finish, then pauses; a job held in flight counts as that one. Calling it
  /// again before that lets one more through.
  void step_once();
  /// Takes over a job finished earlier (a resume file); false when the index is unknown or done.
  bool adopt(std::uint32_t index, Bytes bytes);

  // For executors.
  std::optional<std::uint32_t> take();  ///< next job to work on; nullopt when paused or all taken
  void report(std::uint32_t index, double fraction);
  void report_partial(std::uint32_t index, Bytes bytes);
  void complete(std::uint32_t index, Bytes bytes);  ///< also after a pause, a loss or a failure
  void fail(std::uint32_t index, Error error);      ///< the whole run fails; finished jobs are kept
  /// The worker died or never answered: the job waits again; after kMaxLosses losses the run fails.
  void lost(std::uint32_t index, std::string reason);
  static constexpr int kMaxLosses = 3;

  // For views.
  bool active() const { return state_ == State::kRunning; }
  std::size_t jobs_total() const { return jobs_.size(); }
  std::size_t jobs_done() const { return done_; }
  std::size_t jobs_in_flight() const;
  double fraction() const;  ///< share of the planned cost that is done, 0..1
  const Error& error() const { return error_; }
  const std::vector<std::string>& notes() const { return notes_; }  ///< lost workers
  /// Grows whenever outputs() changed: call find again.
  std::uint64_t revision() const { return revision_; }
  /// Complete outputs and newest partial ones, by index.
  std::vector<JobOutput> outputs() const;
  /// Complete outputs that were not handed out by this call before and were not adopted, in the
  /// order in which they were completed (for a journal).
  std::vector<JobOutput> take_finished();

 private:
  enum class JobState { kWaiting, kWorking, kDone };
  struct Job {
    JobState state = JobState::kWaiting;
    double cost = 1;
    double fraction = 0;
    int losses = 0;
    bool has_partial = false;
    Bytes bytes;
  };
  Job* job(std::uint32_t index);
  void accept(std::uint32_t index, Bytes bytes);
  void set_state(Job& job, JobState state);
  void set_fraction(Job& job, double fraction);
  std::string job_name(std::uint32_t index) const;

  std::vector<RunSpec> specs_;
  std::vector<JobName> names_;  ///< empty when there is one specification
  Plan plan_;
  State state_ = State::kReady;
  std::vector<Job> jobs_;
  double total_cost_ = 0;
  double done_cost_ = 0;     ///< of jobs that are done
  double working_cost_ = 0;  ///< the finished shares of jobs that are worked on
  std::size_t done_ = 0;
  std::size_t working_ = 0;
  std::size_t next_ = 0;  ///< no job before this one waits
  std::uint64_t revision_ = 0;
  std::size_t steps_allowed_ = 0;        ///< jobs that step_once still lets finish; 0: no limit
  std::vector<std::uint32_t> finished_;  ///< completed, not yet taken by take_finished
  Error error_;
  std::vector<std::string> notes_;
};

/// Measures rate and remaining time of a run from times that the front end passes in (seconds,
/// any origin). Only time in which the run was running counts, and only work that was done since
/// the clock's first tick or the run's start: adopted jobs make it neither faster nor slower.
class RunClock {
 public:
  void tick(const Run& run, double now);
  double elapsed() const { return elapsed_; }
  double jobs_per_second() const;  ///< 0 until something is known
  double remaining() const;        ///< seconds; negative until something is known

 private:
  double elapsed_ = 0;
  double last_ = 0;  ///< time of the last tick
  bool ticked_ = false, was_running_ = false;
  double first_fraction_ = 0, fraction_ = 0;
  double first_jobs_ = 0, jobs_ = 0;
};

/// Runs a run's jobs somewhere. poll() never blocks for long: it moves news into the run and hands
/// out new work; call it every frame, or in a loop.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void poll(Run& run) = 0;
  /// Drops every job in flight; they are not reported any more.
  virtual void cancel() = 0;
  virtual unsigned concurrency() const = 0;
};

/// The calling thread does the work, one step a poll: for tests and as the plainest example.
class SerialExecutor : public Executor {
 public:
  void poll(Run& run) override;
  void cancel() override { job_.reset(); }
  unsigned concurrency() const override { return 1; }

 private:
  struct Current {
    std::uint32_t index;
    JobSteps steps;
  };
  std::optional<Current> job_;
};

/// The job's coroutine, at its beginning.
inline JobSteps start_job(const Run& run, std::uint32_t index) {
  const RunSpec& spec = run.spec_of(index);
  return spec.experiment->start(spec, run.name_of(index).index);
}

/// A sentence naming the parameter when one job of the plan needs more than `limit_bytes`.
Expected<void> check_memory(const RunSpec& spec, const Plan& plan, double limit_bytes);

/// Refuses a plan whose jobs ask a box outside this program, for programs that cannot answer it.
Expected<void> check_alone(const Plan& plan);

}  // namespace attnlab
