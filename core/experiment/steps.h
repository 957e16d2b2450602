// A job as a coroutine: straight-line code that pauses at every co_yield, so that any executor can
// show progress, pause, or drop it between two steps of 10 to 200 ms.
//
//   JobSteps start(RunSpec spec, std::uint32_t index) {
//     for (...) { work(); co_yield StepProgress{done / total}; }
//     co_return JobResult{bytes};              // or co_return Error{"..."}
//   }
//
// Take parameters by value: they live in the coroutine's frame.
#pragma once

#include <coroutine>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/expected.h"

namespace attnlab {

/// Fraction of the job's work that is done, 0..1; `partial` optionally shows what is known so far
/// (same encoding as the final output; it replaces the partial output given before).
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

class [[nodiscard]] JobSteps {
 public:
  enum class State { kRunning, kDone, kFailed };

  struct promise_type {
    State state = State::kRunning;
    double fraction = 0;
    std::optional<Bytes> partial;
    Bytes output;
    Error error;

    JobSteps get_return_object() {
      return JobSteps(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(StepProgress progress) {
      fraction = progress.fraction;
      if (progress.partial) partial = std::move(progress.partial);
      return {};
    }
    void return_value(JobResult result) {
      output = std::move(result.bytes);
      fraction = 1;
      state = State::kDone;
    }
    void return_value(Error failure) {
      error = std::move(failure);
      state = State::kFailed;
    }
    void unhandled_exception() {
#if defined(__cpp_exceptions)
      try {
        throw;
      } catch (const std::bad_alloc&) {
        error = {"the job ran out of memory"};
      } catch (const std::exception& failure) {
        error = {std::string("the job stopped on an internal error: ") + failure.what()};
      } catch (...) {
        error = {"the job stopped on an internal error"};
      }
#endif
      state = State::kFailed;
    }
  };

  JobSteps() = default;
  JobSteps(JobSteps&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  JobSteps& operator=(JobSteps&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~JobSteps() {
    if (handle_) handle_.destroy();
  }

  /// Runs up to the next co_yield; a job that is done or failed stays so. An empty JobSteps has
  /// failed.
  State step() {
    if (!handle_) return State::kFailed;
    if (handle_.promise().state == State::kRunning && !handle_.done()) handle_.resume();
    return handle_.promise().state;
  }

  explicit operator bool() const { return static_cast<bool>(handle_); }
  State state() const { return handle_ ? handle_.promise().state : State::kFailed; }
  double fraction() const { return handle_.promise().fraction; }
  /// The newest partial output, handed out once.
  std::optional<Bytes> take_partial() { return std::exchange(handle_.promise().partial, {}); }
  Bytes take_output() { return std::move(handle_.promise().output); }
  const Error& error() const {
    static const Error not_started{"the job could not be started"};
    return handle_ ? handle_.promise().error : not_started;
  }

 private:
  explicit JobSteps(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace attnlab
