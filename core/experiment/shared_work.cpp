#include "core/experiment/shared_work.h"

#include <algorithm>

namespace attnlab {
namespace {

// A job runs on one thread at a time and asks for help at one place at a time.
thread_local SharedWork* open_work = nullptr;

}  // namespace

SharedWork::~SharedWork() {
  if (open_work == this) open_work = nullptr;
}

SharedWork* SharedWork::open() {
  return open_work;
}

void SharedWork::await_suspend(std::coroutine_handle<>) noexcept {
  asking_ = true;
  open_work = this;
}

void SharedWork::grant(std::size_t helpers) {
  results_.resize(std::min(helpers, wanted()));
  asking_ = false;
}

bool SharedWork::must_wait() {
  waiting_ = std::any_of(results_.begin(), results_.end(), [](const Result& r) { return r.out; });
  return waiting_;
}

void SharedWork::settle(std::size_t share, std::optional<Bytes> result) {
  if (share == 0 || share > results_.size() || !results_[share - 1].out) return;
  results_[share - 1] = {false, std::move(result)};
  if (waiting_) must_wait();
}

JobSteps run_divided(std::size_t most, const DividedWork& work) {
  SharedWork shared(most, work.share);
  const std::size_t parts = co_await shared;  // helpers and the job itself
  for (std::size_t part = 0; part < parts; ++part) {
    if (part == 1) {
      while (shared.must_wait()) co_yield StepProgress{0, {}};
    }
    if (part > 0) {
      const std::optional<Bytes> result = shared.take(part);
      if (result && work.adopt(part, parts, *result)) continue;
    }
    JobSteps steps = work.compute(part, parts);
    while (steps.step() == JobSteps::State::kRunning) co_yield StepProgress{0, {}};
    if (steps.state() == JobSteps::State::kFailed) co_return steps.error();
  }
  co_return JobResult{};
}

}  // namespace attnlab
