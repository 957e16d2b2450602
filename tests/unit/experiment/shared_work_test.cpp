// The talk between a job that wants help and whoever drives it.
#include "core/experiment/shared_work.h"

#include <doctest/doctest.h>

#include <string>

using namespace attnlab;

namespace {

/// Writes down which part was computed and which was taken in.
struct Notes {
  std::string text;
  DividedWork work{
      [](std::size_t share, std::size_t parts) {
        return Bytes{static_cast<std::uint8_t>(share), static_cast<std::uint8_t>(parts)};
      },
      [this](std::size_t part, std::size_t) { return compute(part); },
      [this](std::size_t part, std::size_t, const Bytes& result) {
        if (result.empty()) return false;
        text += "adopted " + std::to_string(part) + "; ";
        return true;
      }};

  JobSteps compute(std::size_t part) {
    co_yield StepProgress{0, {}};
    text += "computed " + std::to_string(part) + "; ";
    co_return JobResult{};
  }
};

using State = JobSteps::State;

}  // namespace

TEST_CASE("a job that nobody helps does everything itself") {
  Notes notes;
  JobSteps job = run_divided(2, notes.work);
  CHECK(job.step() == State::kRunning);
  REQUIRE(SharedWork::open() != nullptr);
  CHECK(SharedWork::open()->wanted() == 2);
  CHECK(job.step() == State::kRunning);
  CHECK(SharedWork::open()->wanted() == 0);
  SharedWork::open()->grant(2);  // too late: ignored
  CHECK(job.step() == State::kDone);
  CHECK(notes.text == "computed 0; ");
  job = {};
  CHECK(SharedWork::open() == nullptr);
}

TEST_CASE("a job waits for its helpers, takes results in in order and does what got lost") {
  Notes notes;
  JobSteps job = run_divided(3, notes.work);
  job.step();
  SharedWork& work = *SharedWork::open();
  work.grant(9);
  CHECK(work.share(1) == Bytes{1, 4});  // three helpers at most
  CHECK(work.share(3) == Bytes{3, 4});
  work.settle(3, Bytes{7});
  job.step();
  CHECK(!work.waiting());
  CHECK(job.step() == State::kRunning);  // its own part is done
  CHECK(work.waiting());
  CHECK(job.step() == State::kRunning);
  work.settle(2, {});  // lost
  work.settle(4, Bytes{7});
  work.settle(0, Bytes{7});
  CHECK(work.waiting());
  work.settle(1, Bytes{});  // cannot be read
  CHECK(!work.waiting());
  work.settle(1, Bytes{7});  // twice
  while (job.step() == State::kRunning) {
  }
  CHECK(job.state() == State::kDone);
  CHECK(notes.text == "computed 0; computed 1; computed 2; adopted 3; ");
}

TEST_CASE("work that is not worth help asks for none") {
  Notes notes;
  JobSteps job = run_divided(0, notes.work);
  CHECK(job.step() == State::kRunning);
  CHECK(SharedWork::open() == nullptr);
  CHECK(job.step() == State::kDone);
}
