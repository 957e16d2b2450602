#include "core/experiment/run.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/experiment/pi_experiment.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;

namespace {

using State = Run::State;

RunSpec pi_run() {
  return {&test::pi_experiment(), ParameterSet(test::pi_experiment().schema), 7};
}

Run run_of(std::vector<double> costs) {
  Plan plan;
  for (const double cost : costs) plan.jobs.push_back({"", cost});
  return Run(pi_run(), plan);
}

/// An output that depends on the index alone, as a job's does.
Bytes output_of(std::uint32_t index) {
  return {static_cast<std::uint8_t>(index), 42};
}

bool complete_with_all_outputs(const Run& run) {
  const auto outputs = run.outputs();
  if (outputs.size() != run.jobs_total()) return false;
  for (std::uint32_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].index != i || !outputs[i].complete || outputs[i].bytes != output_of(i))
      return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a run is ready, runs, and finishes when its last job is done") {
  Run run = run_of({1, 1});
  CHECK(run.state() == State::kReady);
  CHECK_FALSE(run.take());
  run.resume();
  CHECK(run.active());
  CHECK(run.take() == 0u);
  CHECK(run.take() == 1u);
  CHECK_FALSE(run.take());
  CHECK(run.jobs_in_flight() == 2);
  run.complete(1, output_of(1));
  CHECK(run.active());
  run.complete(0, output_of(0));
  CHECK(run.state() == State::kFinished);
  CHECK(run.jobs_in_flight() == 0);
  CHECK(run.fraction() == 1);
  CHECK(complete_with_all_outputs(run));
}

TEST_CASE("any order of taking, losing, pausing and completing gives the same outputs") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    test::RandomValues random(seed);
    Run run = run_of({1, 2, 3, 4, 5, 6, 7, 8});
    std::vector<std::uint32_t> taken;
    std::vector<int> losses(8, 0);
    run.resume();
    for (int step = 0; step < 10000 && run.state() != State::kFinished; ++step) {
      if (const auto index = run.take(); index && random.chance(2))
        taken.push_back(*index);
      else if (index)
        taken.insert(taken.begin(), *index);
      if (random.chance(10)) run.pause();
      if (random.chance(5)) run.step_once();
      if (random.chance(3)) run.resume();
      if (taken.empty()) continue;
      const std::size_t which = random.below(taken.size());
      const std::uint32_t index = taken[which];
      if (random.chance(3) && losses[index] + 1 < Run::kMaxLosses) {
        ++losses[index];
        run.lost(index, "the worker died");
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
      } else if (random.chance(2)) {
        run.report_partial(index, {1});
        run.report(index, random.unit());
      } else {
        run.complete(index, output_of(index));
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(which));
      }
      CHECK(run.jobs_in_flight() == taken.size());
    }
    CHECK(run.state() == State::kFinished);
    CHECK(complete_with_all_outputs(run));
    CHECK(run.take_finished().size() == 8);
  }
}

TEST_CASE("a paused run hands out no job, and takes outputs that arrive meanwhile") {
  Run run = run_of({1, 1, 1});
  run.resume();
  CHECK(run.take() == 0u);
  run.pause();
  CHECK(run.state() == State::kPaused);
  CHECK_FALSE(run.take());
  run.complete(0, output_of(0));
  CHECK(run.state() == State::kPaused);
  CHECK(run.jobs_done() == 1);
  run.resume();
  CHECK(run.take() == 1u);
}

TEST_CASE("a step lets exactly one more job finish, then pauses") {
  Run run = run_of({1, 1, 1});
  run.step_once();
  CHECK(run.take() == 0u);
  CHECK_FALSE(run.take());
  run.complete(0, output_of(0));
  CHECK(run.state() == State::kPaused);
  CHECK_FALSE(run.take());
  run.step_once();
  run.step_once();
  CHECK(run.take() == 1u);
  CHECK(run.take() == 2u);
  run.complete(2, output_of(2));
  CHECK(run.active());
  run.complete(1, output_of(1));
  CHECK(run.state() == State::kFinished);
}

TEST_CASE("a step with jobs held in flight finishes one of those and takes no new one") {
  Run run = run_of({1, 1, 1, 1});
  run.resume();
  run.take();
  run.take();
  run.pause();
  run.step_once();
  CHECK_FALSE(run.take());
  run.complete(1, output_of(1));
  CHECK(run.state() == State::kPaused);
  CHECK(run.jobs_in_flight() == 1);
}

TEST_CASE("resuming ends stepping") {
  Run run = run_of({1, 1, 1});
  run.step_once();
  run.resume();
  CHECK(run.take() == 0u);
  CHECK(run.take() == 1u);
  run.complete(0, output_of(0));
  CHECK(run.active());
}

TEST_CASE("a lost job is run again, and after too many losses the run fails with the reason") {
  Run run = run_of({1, 1});
  run.resume();
  CHECK(run.take() == 0u);
  CHECK(run.take() == 1u);
  run.report(0, 0.5);
  run.lost(0, "the worker did not answer");
  CHECK(run.fraction() == 0);
  CHECK(run.notes() ==
        std::vector<std::string>{"job 0 was lost (the worker did not answer) and is run again"});
  CHECK(run.take() == 0u);
  run.lost(0, "the worker died");
  run.complete(1, output_of(1));
  CHECK(run.take() == 0u);
  run.lost(0, "the worker died");
  CHECK(run.state() == State::kFailed);
  CHECK(run.error().sentence == "job 0 was lost 3 times, the last time because: the worker died");
  CHECK(run.outputs().size() == 1);
  CHECK_FALSE(run.take());
}

TEST_CASE("a lost job that answers after all is taken as done") {
  Run run = run_of({1});
  run.resume();
  run.take();
  run.lost(0, "the worker did not answer");
  run.complete(0, output_of(0));
  CHECK(run.state() == State::kFinished);
  run.complete(0, {9});
  CHECK(complete_with_all_outputs(run));
}

TEST_CASE("a failed job fails the run, names itself, and finished jobs are kept") {
  Plan plan;
  plan.jobs = {{"trial 1, RFA", 1}, {"trial 1, BRFA", 1}, {"trial 2, RFA", 1}};
  Run run(pi_run(), plan);
  run.resume();
  for (int i = 0; i < 3; ++i) run.take();
  run.complete(0, output_of(0));
  run.fail(1, {"the matrix is not positive definite"});
  CHECK(run.state() == State::kFailed);
  CHECK(run.error().sentence == "trial 1, BRFA: the matrix is not positive definite");
  run.fail(2, {"later"});
  run.complete(2, output_of(2));
  CHECK(run.state() == State::kFailed);
  CHECK(run.error().sentence == "trial 1, BRFA: the matrix is not positive definite");
  CHECK(run.outputs().size() == 2);
  run.resume();
  run.step_once();
  CHECK(run.state() == State::kFailed);
}

TEST_CASE("adopted jobs are done before the run starts and are not handed to the journal again") {
  Run run = run_of({1, 1, 2});
  CHECK(run.adopt(1, output_of(1)));
  CHECK_FALSE(run.adopt(1, output_of(1)));
  CHECK_FALSE(run.adopt(3, output_of(3)));
  CHECK(run.fraction() == 0.25);
  CHECK(run.state() == State::kReady);
  run.resume();
  CHECK(run.take() == 0u);
  CHECK(run.take() == 2u);
  run.complete(2, output_of(2));
  run.complete(0, output_of(0));
  const auto finished = run.take_finished();
  REQUIRE(finished.size() == 2);
  CHECK(finished[0].index == 2);
  CHECK(finished[1].index == 0);
  CHECK(run.take_finished().empty());
  CHECK(complete_with_all_outputs(run));
}

TEST_CASE("adopting every job finishes the run") {
  Run run = run_of({1});
  CHECK(run.adopt(0, output_of(0)));
  CHECK(run.state() == State::kFinished);
}

TEST_CASE("a plan without jobs is finished at once") {
  const Run run = run_of({});
  CHECK(run.state() == State::kFinished);
  CHECK(run.fraction() == 1);
}

TEST_CASE("the newest partial output is next to complete ones, and the revision grows") {
  Run run = run_of({1, 1});
  run.resume();
  run.take();
  run.take();
  const auto start = run.revision();
  run.report(0, 0.3);
  CHECK(run.revision() == start);
  run.report_partial(0, {1});
  run.report_partial(0, {2});
  CHECK(run.revision() == start + 2);
  run.complete(1, output_of(1));
  CHECK(run.revision() == start + 3);
  const auto outputs = run.outputs();
  REQUIRE(outputs.size() == 2);
  CHECK_FALSE(outputs[0].complete);
  CHECK(outputs[0].bytes == Bytes{2});
  CHECK(outputs[1].complete);
  CHECK(run.take_finished().size() == 1);
}

TEST_CASE("progress is weighted by the cost of the jobs") {
  Run run = run_of({1, 3});
  run.resume();
  run.take();
  run.take();
  run.complete(0, output_of(0));
  CHECK(run.fraction() == 0.25);
  run.report(1, 0.5);
  CHECK(run.fraction() == 0.625);
  run.report(1, 7);
  CHECK(run.fraction() == 1);
  run.report(1, -1);
  CHECK(run.fraction() == 0.25);
  run.report(1, 0.0 / 0.0);
  CHECK(run.fraction() == 0.25);
}

TEST_CASE("invalid costs count as 1") {
  Run run = run_of({0, -5, 0.0 / 0.0, 1});
  run.resume();
  run.take();
  run.complete(0, output_of(0));
  CHECK(run.fraction() == 0.25);
}

TEST_CASE("reports about unknown jobs change nothing") {
  Run run = run_of({1});
  run.resume();
  run.report(5, 0.5);
  run.report_partial(5, {1});
  run.complete(5, {1});
  run.fail(5, {"x"});
  run.lost(5, "x");
  run.report_partial(0, {1});
  CHECK(run.active());
  CHECK(run.revision() == 0);
  CHECK(run.outputs().empty());
}

TEST_CASE("too much memory is refused with the parameter to lower") {
  Plan plan;
  plan.job_bytes = 34.4e9;
  plan.memory_parameter = "points";
  CHECK(check_memory(pi_run(), plan, 34.4e9));
  CHECK(check_memory(pi_run(), plan, 2e9).error().sentence ==
        "points is 1000, which is too much here: one job needs 34 GB of memory and may use at most "
        "2 GB; lower points");
  plan.memory_parameter = "";
  CHECK(check_memory(pi_run(), plan, 2e9).error().sentence ==
        "this run is too large: one job needs 34 GB of memory and may use at most 2 GB");
}
