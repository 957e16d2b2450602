#include "core/experiment/shared_work.h"

#include <algorithm>
#include <utility>

namespace attnlab {
void SharedWork::grant(std::size_t helpers) {
  const std::size_t count = std::min(helpers, wanted());
  if (count == 0) return;
  // The pieces kept here come before all pieces handed out earlier, and so do those handed out now.
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
    break;
  }
  if (waiting_) must_wait();
}

bool SharedWork::must_wait() {
  waiting_ = !given_.empty() && given_.front().out;
  return waiting_;
}

JobSteps run_divided(DividedWork& work) {
  JobContext& job = co_await this_job();
  SharedWork shared(job, work);
  for (bool left = true; left;) {
    JobSteps here = work.run();
    co_await here;
    left = false;
    while (!left && !shared.given_.empty()) {
      while (shared.must_wait()) co_yield StepProgress{work.fraction()};
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
