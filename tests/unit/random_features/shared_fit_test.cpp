// A shared fit gives the same bytes as an unshared one, whichever helpers compute and whichever
// shares get lost.
#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <string>

#include "core/experiment/shared_work.h"
#include "core/random_features/experiments.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;

namespace {

/// Drives a job and its helpers, all on this thread.
struct Shared {
  std::size_t helpers = 0;    ///< at a time
  std::size_t after = 1;      ///< steps before helpers come
  std::size_t lost = 0;       ///< every share whose number is a multiple gets no result; 0: none
  bool torn = false;          ///< results lack their last byte
  std::size_t shares = 0;     ///< computed or lost
  std::size_t kinds[4] = {};  ///< of each kind
};

Bytes run_to_end(JobSteps steps) {
  while (steps.step() == JobSteps::State::kRunning) {
  }
  REQUIRE(steps.state() == JobSteps::State::kDone);
  return steps.take_output();
}

Bytes run_shared(const RunSpec& spec, std::uint32_t index, Shared& shared) {
  JobSteps job = spec.experiment->start(spec, index);
  std::deque<SharedWork::Share> given;
  for (std::size_t step = 1; job.step() == JobSteps::State::kRunning; ++step) {
    SharedWork* const work = job.shared_work();
    if (work == nullptr || step < shared.after) continue;
    if (shared.helpers > given.size()) work->grant(shared.helpers - given.size());
    while (auto share = work->next_share()) given.push_front(*std::move(share));
    if (!work->waiting()) continue;
    REQUIRE(!given.empty());
    const auto [number, share] = given.front();  // the last one comes back first
    given.pop_front();
    ++shared.kinds[share[0]];
    if (++shared.shares % std::max<std::size_t>(shared.lost, 1) == 0 && shared.lost > 0) {
      work->settle(number, {});
      continue;
    }
    Bytes result = run_to_end(spec.experiment->assist(spec, index, share));
    if (shared.torn) result.pop_back();
    work->settle(number, std::move(result));
  }
  REQUIRE(job.state() == JobSteps::State::kDone);
  CHECK(given.empty());
  return job.take_output();
}

/// Large enough that all three phases are worth sharing.
RunSpec spec_of(const char* ridge, const char* model, const char* samples, const char* heads,
                const char* tests = "2500") {
  return test::spec_with(named("rf-learning-curve"),
                         {{"dim", "3"},
                          {"keys", "2"},
                          {"models", model},
                          {"heads", heads},
                          {"samples", samples},
                          {"degree", "1,2,3,4,5,6"},
                          {"target", "mean-power,query-power,correlation-power"},
                          {"test-samples", tests},
                          {"trials", "1"},
                          {"ridge", ridge}});
}

}  // namespace

TEST_CASE("a shared fit has the bytes of an unshared one") {
  const RunSpec spec = spec_of("oracle", "rfa", "700,1000", "1500");
  Shared alone;
  const Bytes expected = run_shared(spec, 0, alone);
  CHECK(alone.kinds[0] == 0);
  for (const std::size_t helpers : {1, 3}) {
    Shared shared{.helpers = helpers, .after = 3};  // the matrix is begun
    CHECK(run_shared(spec, 0, shared) == expected);
    CHECK(shared.kinds[0] == helpers);  // strips of the kernel matrix
    CHECK(shared.kinds[2] > 0);         // predictions
  }
}

TEST_CASE("factors for all ridge parameters at once are shared, with the same bytes") {
  // So many test samples that predictions cost more than all factors.
  const RunSpec spec = spec_of("oracle", "rfa", "600", "700", "6000");
  Shared alone;
  const Bytes expected = run_shared(spec, 0, alone);
  for (const std::size_t helpers : {1, 3}) {
    Shared shared{.helpers = helpers};
    CHECK(run_shared(spec, 0, shared) == expected);
    CHECK(shared.kinds[1] >= helpers);
  }
}

TEST_CASE("under validation rows, solves and predictions are shared, and the bytes stay") {
  const RunSpec spec = spec_of("validation", "rfa", "700,1000", "1500");
  Shared alone;
  const Bytes expected = run_shared(spec, 0, alone);
  for (const std::size_t helpers : {1, 3}) {
    CAPTURE(helpers);
    Shared shared{.helpers = helpers};
    CHECK(run_shared(spec, 0, shared) == expected);
    CHECK(shared.kinds[0] >= helpers);
    CHECK(shared.kinds[2] >= helpers);
    CHECK(shared.kinds[3] >= helpers);  // fits of both sizes, with and without held-out samples
  }
  Shared lost{.helpers = 2, .lost = 2}, torn{.helpers = 1, .torn = true};
  CHECK(run_shared(spec, 0, lost) == expected);
  CHECK(run_shared(spec, 0, torn) == expected);
}

TEST_CASE("shares that get lost or come back torn are computed by the job itself") {
  for (const bool finite : {true, false}) {
    CAPTURE(finite);
    const RunSpec spec = finite ? spec_of("oracle", "rfa", "800,1000", "1500", "200")
                                : spec_of("oracle", "brfa-kernel", "500,800", "10", "100");
    Shared alone;
    const Bytes expected = run_shared(spec, 0, alone);
    for (const std::size_t lost : {0, 1, 2}) {
      Shared shared{.helpers = 2, .after = finite ? 3u : 1u, .lost = lost};
      CHECK(run_shared(spec, 0, shared) == expected);
      CHECK(shared.shares > 1);
    }
    Shared torn{.helpers = 1, .after = finite ? 3u : 1u, .torn = true};
    CHECK(run_shared(spec, 0, torn) == expected);
  }
}

TEST_CASE("a damaged share is refused with a sentence") {
  const RunSpec spec = spec_of("oracle", "rfa", "300", "300");
  const Bytes damaged[] = {
      {},
      {9, 0, 0, 0},                                                  // no such kind
      {0, 0, 0, 0, 5, 0, 0, 0},                                      // rows without an end
      {0, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},  // end before they begin
      {0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0},  // more than there are
      {0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},          // begun, and no values
      {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 99, 0, 0, 0, 1, 0, 0, 0},
      {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0},
      {2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},  // groups beyond the last
      {2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},  // no size
      {2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0},  // more sizes than there are
      {2, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 255, 255, 255, 255},
      {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},  // no such ridge
      {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0},  // more rows
      {3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0},      // no factor
  };
  for (const Bytes& share : damaged) {
    JobSteps steps = spec.experiment->assist(spec, 0, share);
    while (steps.step() == JobSteps::State::kRunning) {
    }
    CHECK(steps.state() == JobSteps::State::kFailed);
    CHECK(steps.error().sentence == "a share of this job could not be read");
  }
}
