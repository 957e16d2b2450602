// A job as a coroutine: straight-line code that pauses at every co_yield, so that any executor can
// show progress, pause, or drop it between two steps of 10 to 200 ms.
//
//   JobSteps start(RunSpec spec, std::uint32_t index) {
//     for (...) { work(); co_yield StepProgress{done / total}; }
//     JobSteps fit = fit_nested(...);          // a child of the job, see chain.h
//     co_await fit;                            // its pauses, progress and failure are the job's
//     Steps<Outcome> learning = learn_from(...);
//     const Outcome outcome = co_await learning.within(0.5, 1);
//     co_return JobResult{bytes};              // or co_return Error{"..."}
//   }
//
// Take parameters by value: they live in the coroutine's frame. A failure at any depth ends the
// whole job with its sentence: no check is needed after an await. Only executors and tests
// call step().
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/expected.h"
#include "core/experiment/chain.h"

namespace attnlab {

class OutsideQuestion;
class SharedWork;

/// Fraction of the work that is done, 0..1; `partial` optionally shows what is known so far (same
/// encoding as the job's output; it replaces the partial output given before).
/// Not an aggregate: GCC 12 would destroy the members of `co_yield StepProgress{...}` twice.
struct StepProgress {
  StepProgress(double done, std::optional<Bytes> known = {})
      : fraction(done), partial(std::move(known)) {}
  double fraction;
  std::optional<Bytes> partial;
};

struct JobResult {
  Bytes bytes;
};

/// What the coroutines of one job share.
struct JobContext : Chain {
  double fraction = 0;
  double begin = 0, end = 1;  ///< where in the job the innermost coroutine's fractions lie
  std::optional<Bytes> partial;
  std::optional<Error> error;
  OutsideQuestion* question = nullptr;  ///< the job waits for its answer
  SharedWork* shared_work = nullptr;    ///< the work that the job divides now

  void fail(Error why) {
    error = std::move(why);
    failed = true;
  }
};

/// `JobContext& job = co_await this_job();` in any coroutine of a job.
struct ThisJob {
  JobContext* job = nullptr;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> asking) noexcept {
    job = asking.promise().chain;
    return false;
  }
  JobContext& await_resume() const noexcept { return *job; }
};
inline ThisJob this_job() {
  return {};
}

/// See Steps::within.
template <class Promise>
struct AwaitWithin : AwaitChild<Promise> {
  double begin, end;
  double outer_begin = 0, outer_end = 1;

  template <class Parent>
  void await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    JobContext& job = *parent.promise().chain;
    outer_begin = job.begin;
    outer_end = job.end;
    job.begin = outer_begin + begin * (outer_end - outer_begin);
    job.end = outer_begin + end * (outer_end - outer_begin);
    AwaitChild<Promise>::await_suspend(parent);
  }
  auto await_resume() {
    JobContext& job = *this->child.promise().chain;
    job.begin = outer_begin;
    job.end = outer_end;
    return AwaitChild<Promise>::await_resume();
  }
};

template <class T>
struct StepsPromise;

/// A job, or a part of one that gives a T. Only a job (T = JobResult) is driven with step().
template <class T>
class [[nodiscard]] Steps : public ChainedCoroutine<StepsPromise<T>> {
 public:
  enum class State { kRunning, kDone, kFailed };
  using promise_type = StepsPromise<T>;
  using ChainedCoroutine<promise_type>::ChainedCoroutine;

  /// `co_await child.within(a, b)`: the child's fractions 0..1 become a..b of its parent's.
  AwaitWithin<promise_type> within(double begin, double end) & {
    return {{this->handle_}, begin, end};
  }

  /// Runs up to the next pause; a job that is done or failed stays so. An empty JobSteps has
  /// failed.
  State step() requires std::same_as<T, JobResult> {
    if (state() == State::kRunning) context().run(this->handle_);
    return state();
  }

  explicit operator bool() const { return static_cast<bool>(this->handle_); }
  State state() const {
    if (!this->handle_ || context().failed) return State::kFailed;
    return this->handle_.done() ? State::kDone : State::kRunning;
  }
  double fraction() const {
    return state() == State::kDone ? 1 : this->handle_ ? context().fraction : 0;
  }
  /// The newest partial output, handed out once.
  std::optional<Bytes> take_partial() {
    return this->handle_ ? std::exchange(context().partial, {}) : std::nullopt;
  }
  Bytes take_output() requires std::same_as<T, JobResult> {
    return std::move(this->handle_.promise().value->bytes);
  }
  const Error& error() const {
    static const Error not_started{"the job could not be started"};
    return this->handle_ && context().error ? *context().error : not_started;
  }
  /// The question at which the job has stopped (outside_question.h), or null.
  OutsideQuestion* question() const {
    return state() == State::kRunning ? context().question : nullptr;
  }
  /// The work that the job would share with helpers (shared_work.h), or null.
  SharedWork* shared_work() const {
    return state() == State::kRunning ? context().shared_work : nullptr;
  }

 private:
  JobContext& context() const { return *this->handle_.promise().chain; }
};

using JobSteps = Steps<JobResult>;

/// Ends the job with a sentence about the exception that is being handled.
void fail_by_exception(JobContext& job);

template <class T>
struct StepsPromise : ChainedPromise<T, JobContext> {
  Steps<T> get_return_object() { return Steps<T>(*this); }
  std::suspend_always yield_value(StepProgress progress) {
    JobContext& job = *this->chain;
    job.fraction = job.begin + progress.fraction * (job.end - job.begin);
    if (progress.partial) job.partial = std::move(progress.partial);
    job.paused = true;
    return {};
  }
  using ChainedPromise<T, JobContext>::return_value;
  void return_value(Error failure) { this->chain->fail(std::move(failure)); }
  void unhandled_exception() { fail_by_exception(*this->chain); }
};

}  // namespace attnlab
