#include <doctest/doctest.h>

#include "core/experiment/run.h"
#include "tests/unit/experiment/pi_experiment.h"

using namespace attnlab;

namespace {

Run run_of(std::vector<double> costs) {
  Plan plan;
  for (const double cost : costs) plan.jobs.push_back({"", cost});
  return Run({&test::pi_experiment(), ParameterSet(test::pi_experiment().schema)}, plan);
}

void finish_one(Run& run) {
  run.complete(*run.take(), {});
}

}  // namespace

TEST_CASE("rate and remaining time are unknown before a run begins") {
  Run run = run_of({1, 1});
  RunClock clock;
  clock.tick(run, 100);
  clock.tick(run, 200);
  CHECK(clock.elapsed() == 0);
  CHECK(clock.jobs_per_second() == 0);
  CHECK(clock.remaining() < 0);
}

TEST_CASE("remaining time follows the cost that is done, not the number of jobs") {
  Run run = run_of({1, 3});
  RunClock clock;
  clock.tick(run, 10);
  run.resume();
  clock.tick(run, 10);
  finish_one(run);
  clock.tick(run, 12);
  CHECK(clock.elapsed() == 2);
  CHECK(clock.jobs_per_second() == 0.5);
  CHECK(clock.remaining() == doctest::Approx(6));
}

TEST_CASE("time while the run is not running does not count") {
  Run run = run_of({1, 1, 1, 1});
  RunClock clock;
  run.resume();
  clock.tick(run, 0);
  finish_one(run);
  clock.tick(run, 1);
  run.pause();
  clock.tick(run, 2);  // it ran until about now
  clock.tick(run, 50);
  clock.tick(run, 100);
  CHECK(clock.elapsed() == 2);
  run.resume();
  clock.tick(run, 101);
  finish_one(run);
  clock.tick(run, 103);
  CHECK(clock.elapsed() == 4);
  CHECK(clock.jobs_per_second() == 0.5);
}

TEST_CASE("adopted jobs make a run neither faster nor slower") {
  Run run = run_of({1, 1, 1, 1});
  RunClock clock;
  clock.tick(run, 0);
  run.adopt(0, {});
  run.adopt(1, {});
  clock.tick(run, 1);
  run.resume();
  clock.tick(run, 1);
  finish_one(run);
  clock.tick(run, 3);
  CHECK(clock.jobs_per_second() == 0.5);
  CHECK(clock.remaining() == doctest::Approx(2));
}

TEST_CASE("a run that ends between two ticks has its duration, and no time remains") {
  Run run = run_of({1});
  RunClock clock;
  run.resume();
  clock.tick(run, 5);
  finish_one(run);
  clock.tick(run, 8);
  clock.tick(run, 1000);
  CHECK(clock.elapsed() == 3);
  CHECK(clock.remaining() == 0);
}

TEST_CASE("a clock that is set back does not make time negative") {
  Run run = run_of({1});
  RunClock clock;
  run.resume();
  clock.tick(run, 5);
  clock.tick(run, 2);
  CHECK(clock.elapsed() == 0);
  clock.tick(run, 3);
  CHECK(clock.elapsed() == 1);
}
