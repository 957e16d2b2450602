// Idle threads of the pool steal parts of other threads' computations.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>

#include "core/numerics/parallel.h"

namespace attnlab {

/// One for each pool. Threads of the pool call help() while they have no job; a thread with a job
/// provides these helpers to its computations.
class IdleHelpers : public Helpers {
 public:
  std::size_t width() const override { return 1 + idle_.load(std::memory_order_relaxed); }
  void run(std::size_t parts, const std::function<void(std::size_t)>& part) override;

  /// Computes a waiting part; false when no part waits.
  bool help();
  bool has_work() const { return waiting_.load(std::memory_order_acquire) != 0; }

  /// Marks the calling thread as idle until its next notification, or as busy.
  void set_idle(bool idle) { idle_.fetch_add(idle ? 1 : std::size_t(-1)); }

  /// Called when work arrives, without any lock held.
  std::function<void()> work_arrived;

 private:
  /// One call of run.
  struct Task {
    std::size_t parts = 0;
    const std::function<void(std::size_t)>* part = nullptr;
    std::size_t next = 0;     // guarded by mutex_
    std::size_t running = 0;  // guarded by mutex_
    std::exception_ptr failure;
  };
  bool take_part(std::unique_lock<std::mutex>& lock, Task& task);

  std::mutex mutex_;
  std::condition_variable part_ended_;
  std::deque<Task*> tasks_;
  std::atomic<std::size_t> idle_{0};
  std::atomic<std::size_t> waiting_{0};  // tasks with parts that no thread has taken
};

}  // namespace attnlab
