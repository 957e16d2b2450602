#include "core/experiment/shared_work.h"

#include <algorithm>
#include <utility>

namespace attnlab {
namespace {

// A job runs on one thread at a time and divides one piece of work at a time.
thread_local SharedWork* open_work = nullptr;

}  // namespace

SharedWork* SharedWork::open() {
  return open_work;
}

SharedWork::SharedWork(DividedWork& work) : work_(work) {
  open_work = this;
}

SharedWork::~SharedWork() {
  if (open_work == this) open_work = nullptr;
}

void SharedWork::grant(std::size_t helpers) {
  const std::size_t count = std::min(helpers, wanted());
  if (count == 0) return;
  // What is left here comes before everything given up earlier, and so does what it gives up now.
  std::size_t place = 0;
  for (const WorkPart& part : work_.give_up(count + 1)) {
    given_.insert(given_.begin() + static_cast<std::ptrdiff_t>(place++),
                  {.number = next_number_++, .part = part, .result = {}});
  }
}

std::optional<SharedWork::Share> SharedWork::next_share() {
  for (Given& given : given_) {
    if (given.fetched) continue;
    given.fetched = true;
    return Share{given.number, work_.share(given.part)};
  }
  return {};
}

void SharedWork::settle(std::uint32_t number, std::optional<Bytes> result) {
  for (Given& given : given_) {
    if (given.number != number || !given.out) continue;
    given.out = false;
    given.result = std::move(result);
  }
  if (waiting_) must_wait();
}

bool SharedWork::must_wait() {
  waiting_ = !given_.empty() && given_.front().out;
  return waiting_;
}

JobSteps run_divided(DividedWork& work) {
  SharedWork shared(work);
  for (bool left = true; left;) {
    JobSteps steps = work.run();
    while (steps.step() == JobSteps::State::kRunning) co_yield StepProgress{0, {}};
    if (steps.state() == JobSteps::State::kFailed) co_return steps.error();
    left = false;
    while (!left && !shared.given_.empty()) {
      while (shared.must_wait()) co_yield StepProgress{0, {}};
      const SharedWork::Given given = std::move(shared.given_.front());
      shared.given_.pop_front();
      if (given.result && work.adopt(given.part, *given.result)) continue;
      work.take_back(given.part);
      left = true;
    }
  }
  co_return JobResult{};
}

}  // namespace attnlab
