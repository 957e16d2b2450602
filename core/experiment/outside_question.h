// Questions of a job to the outside: to another program, or to a function in the page.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/experiment/steps.h"

namespace attnlab {

/// `OutsideQuestion question(bytes); reply = co_await question;` in a job ends the step and gives
/// the answer at the next one, or nullopt without an answer: the job then ends with a sentence.
/// (By name, see chain.h.) The driver looks for job.question() after each step; executors that
/// answer no questions need not know of them.
class OutsideQuestion {
 public:
  explicit OutsideQuestion(Bytes bytes) : bytes_(std::move(bytes)) {}
  OutsideQuestion(const OutsideQuestion&) = delete;

  const Bytes& bytes() const { return bytes_; }
  void answer(Bytes bytes) { answer_ = std::move(bytes); }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> asking) noexcept {
    job_ = asking.promise().chain;
    job_->question = this;
    job_->paused = true;
  }
  std::optional<Bytes> await_resume() {
    job_->question = nullptr;
    return std::move(answer_);
  }

 private:
  JobContext* job_ = nullptr;
  Bytes bytes_;
  std::optional<Bytes> answer_;
};

}  // namespace attnlab
