// The native executor: worker threads that step a run's jobs while the owner keeps its own thread
// free. The command line and the desktop window both use it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "native/idle_helpers.h"
#include "native/job_loop.h"

namespace attnlab {

/// In which order waiting jobs are begun.
enum class JobOrder {
  kAsPlanned,     ///< for a window: all curves grow together, and the reader can pause and step
  kLargestFirst,  ///< for the shell: no large job runs alone at the end
};

/// Idle threads steal parts of the large matrix products of others (idle_helpers.h), so that a
/// single job uses every core, too.
///
/// All calls come from the thread that owns the pool; only the jobs run elsewhere. A pool serves
/// one run at a time: call cancel() before polling another one. Which thread computes a job, and
/// when, never changes its bytes.
class ThreadPool : public JobExecutor {
 public:
  /// Starts up to `threads` workers, at least one. If the system refuses some, concurrency() says
  /// how many there are; 0 means that no job can run. `ahead`: jobs queued for the workers, so that
  /// no worker waits for the next poll.
  explicit ThreadPool(unsigned threads, JobOrder order = JobOrder::kAsPlanned, unsigned ahead = 0);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Moves news into the run, passes its pause on to the workers and hands out work. A pause takes
  /// effect between two steps of a job; later the job continues from there.
  void poll(Run& run) override;

  /// Jobs in flight are dropped at their next step; does not wait for that.
  void cancel() override;

  unsigned concurrency() const override { return static_cast<unsigned>(workers_.size()); }

  void wait_for_news(std::chrono::milliseconds at_most) override;
  bool has_news();

  /// Hands the next waiting job to the caller, which computes it and reports it to the run; nullopt
  /// when no job waits. Only with JobOrder::kLargestFirst.
  std::optional<std::uint32_t> hand_over();

 private:
  struct Assignment {
    RunSpec spec;
    std::uint32_t job;    // its number in the specification
    std::uint32_t index;  // its number in the run
    std::uint64_t generation;
  };
  struct News {
    std::uint32_t index = 0;
    JobSteps::State state = JobSteps::State::kRunning;
    double fraction = 0;
    std::optional<Bytes> partial = {};
    Bytes output = {};
    Error error = {};
  };

  void give_out(Run& run);
  void work();
  void run_job(const Assignment& assignment);
  bool may_go_on(std::uint64_t generation);
  void tell(std::uint64_t generation, News news);

  const JobOrder order_;
  std::size_t ahead_;
  std::mutex mutex_;  // guards everything below except workers_
  std::condition_variable work_changed_;
  std::condition_variable job_ended_;
  std::deque<std::uint32_t> taken_;  // from the run, not yet in waiting_
  std::deque<Assignment> waiting_;
  std::vector<News> news_;
  std::size_t assigned_ = 0;      // given out and not yet reported to the run as ended
  std::uint64_t generation_ = 0;  // jobs of an older generation are cancelled
  bool paused_ = false;
  bool stopping_ = false;
  bool has_ended_job_ = false;  // news_ holds a finished or failed job
  IdleHelpers helpers_;
  std::vector<std::thread> workers_;
};

}  // namespace attnlab
