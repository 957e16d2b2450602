// The protocol between a job that divides its work and its driver.
#include "core/experiment/shared_work.h"

#include <doctest/doctest.h>

#include <string>

using namespace attnlab;

namespace {

/// Ten pieces; records which were done here and which were taken from helpers.
struct Pieces : DividedWork {
  std::string text;
  WorkPart here{0, 10, 0};

  JobSteps run() override {
    for (; here.begin < here.end; ++here.begin) {
      text += std::to_string(here.begin);
      co_yield StepProgress{0, {}};
    }
    co_return JobResult{};
  }
  double fraction() const override { return 0.25; }
  std::size_t worth() const override { return here.end - here.begin > 2 ? 2 : 0; }
  std::vector<WorkPart> give_up(std::size_t parts) override {
    const std::size_t begin = here.begin + 1, count = here.end - begin;
    std::vector<WorkPart> given;
    for (std::size_t part = 1; part < parts; ++part) {
      given.push_back({begin + part * count / parts, begin + (part + 1) * count / parts, 0});
    }
    here.end = given.front().begin;
    return given;
  }
  Bytes share(const WorkPart& part) const override {
    return {static_cast<std::uint8_t>(part.begin), static_cast<std::uint8_t>(part.end)};
  }
  bool adopt(const WorkPart& part, const Bytes& result) override {
    if (result.empty()) return false;
    text += "[" + std::to_string(part.begin) + "-" + std::to_string(part.end - 1) + "]";
    return true;
  }
  void take_back(const WorkPart& part) override { here = part; }
};

using State = JobSteps::State;

void run_to_end(JobSteps& job) {
  while (job.step() == State::kRunning) {
  }
  CHECK(job.state() == State::kDone);
}

}  // namespace

TEST_CASE("a job without helpers does everything itself") {
  Pieces pieces;
  JobSteps job = run_divided(pieces);
  run_to_end(job);
  CHECK(pieces.text == "0123456789");
  job = {};
  CHECK(job.shared_work() == nullptr);
}

TEST_CASE("helpers may come at any time, and their results are taken in order") {
  Pieces pieces;
  JobSteps job = run_divided(pieces);
  job.step();
  SharedWork& work = *job.shared_work();
  CHECK(work.wanted() == 2);
  work.grant(1);
  const auto later = work.next_share();
  REQUIRE(later);
  CHECK(later->bytes == Bytes{5, 10});
  CHECK(!work.next_share());
  job.step();
  work.grant(9);  // no more than were wanted
  const auto second = work.next_share(), third = work.next_share();
  REQUIRE(third);
  CHECK(second->bytes == Bytes{3, 4});
  CHECK(third->bytes == Bytes{4, 5});
  CHECK(work.wanted() == 0);
  work.grant(1);  // too late
  CHECK(!work.next_share());
  work.settle(later->number, Bytes{7});
  job.step();
  CHECK(!work.waiting());
  job.step();
  CHECK(work.waiting());
  CHECK(job.step() == State::kRunning);
  work.settle(third->number, Bytes{7});
  work.settle(77, Bytes{7});
  CHECK(work.waiting());
  work.settle(second->number, Bytes{7});
  CHECK(!work.waiting());
  run_to_end(job);
  CHECK(pieces.text == "012[3-3][4-4][5-9]");
}

TEST_CASE("a share that is lost or cannot be read is done by the job, or by another helper") {
  Pieces pieces;
  JobSteps job = run_divided(pieces);
  job.step();
  SharedWork& work = *job.shared_work();
  work.grant(2);
  const auto first = work.next_share(), second = work.next_share();
  REQUIRE(second);
  work.settle(first->number, {});                // lost
  work.settle(first->number, Bytes{7});          // and silent from then on
  work.settle(second->number, Bytes{});          // cannot be read
  while (pieces.text != "01234567") job.step();  // the second part is here again
  REQUIRE(work.wanted() == 2);
  work.grant(1);
  const auto again = work.next_share();
  REQUIRE(again);
  work.settle(again->number, Bytes{7});
  run_to_end(job);
  CHECK(pieces.text == "012345678[9-9]");
}
