#include <doctest/doctest.h>

#include <cmath>

#include "core/codecs/codecs.h"
#include "core/experiment/run.h"
#include "tests/unit/experiment/pi_experiment.h"

using namespace attnlab;
using test::pi_experiment;

namespace {

Run quick_run(std::uint64_t seed = 7) {
  const RunSpec spec{&pi_experiment(), *preset_parameters(pi_experiment(), "quick"), seed};
  return Run(spec, *pi_experiment().plan(spec));
}

std::string csv_of(const Run& run) {
  return table_csv(pi_experiment().find(run.spec(), run.outputs()).result.tables[0]);
}

}  // namespace

TEST_CASE("the serial executor does one step per poll and finishes the run") {
  Run run = quick_run();
  SerialExecutor executor;
  executor.poll(run);
  CHECK(run.state() == Run::State::kReady);
  CHECK(run.jobs_in_flight() == 0);
  run.resume();
  executor.poll(run);
  CHECK(run.jobs_in_flight() == 1);
  CHECK(run.fraction() == doctest::Approx(100.0 / 750));
  CHECK(run.outputs().size() == 1);
  int polls = 1;
  for (; run.active() && polls < 100; ++polls) executor.poll(run);
  CHECK(run.state() == Run::State::kFinished);
  CHECK(polls == 12);  // 3 trials of 3 partial outputs and an end
}

TEST_CASE("a paused run is not worked on, and continues where it stopped") {
  Run straight = quick_run(), paused = quick_run();
  SerialExecutor one, other;
  straight.resume();
  while (straight.active()) one.poll(straight);
  paused.resume();
  for (int i = 0; i < 100 && paused.state() != Run::State::kFinished; ++i) {
    other.poll(paused);
    if (!paused.active()) break;
    paused.pause();
    const double fraction = paused.fraction();
    other.poll(paused);
    CHECK(paused.fraction() == fraction);
    paused.resume();
  }
  CHECK(paused.state() == Run::State::kFinished);
  CHECK(csv_of(paused) == csv_of(straight));
}

TEST_CASE("stepping once finishes one job") {
  Run run = quick_run();
  SerialExecutor executor;
  run.step_once();
  for (int i = 0; i < 50; ++i) executor.poll(run);
  CHECK(run.state() == Run::State::kPaused);
  CHECK(run.jobs_done() == 1);
}

TEST_CASE("a run resumed from half of its outputs gives the same table") {
  Run whole = quick_run(), resumed = quick_run();
  SerialExecutor executor;
  whole.resume();
  while (whole.active()) executor.poll(whole);
  resumed.adopt(1, whole.outputs()[1].bytes);
  resumed.resume();
  while (resumed.active()) executor.poll(resumed);
  CHECK(resumed.take_finished().size() == 2);
  CHECK(csv_of(resumed) == csv_of(whole));
}

TEST_CASE("cancelling drops the job in flight") {
  Run run = quick_run();
  SerialExecutor executor;
  run.resume();
  executor.poll(run);
  executor.cancel();
  Run next = quick_run(8);
  next.resume();
  while (next.active()) executor.poll(next);
  CHECK(next.state() == Run::State::kFinished);
  CHECK(run.jobs_done() == 0);
}

TEST_CASE("a job that fails stops the run with its sentence") {
  static const Experiment failing = [] {
    Experiment experiment = pi_experiment();
    experiment.start = [](RunSpec, std::uint32_t index) -> JobSteps {
      co_yield StepProgress{0.5, std::nullopt};
      if (index == 1) co_return Error{"the circle is square"};
      co_return JobResult{{1}};
    };
    return experiment;
  }();
  RunSpec spec{&failing, ParameterSet(failing.schema)};
  Run run(spec, *failing.plan(spec));
  SerialExecutor executor;
  run.resume();
  for (int i = 0; i < 20; ++i) executor.poll(run);
  CHECK(run.state() == Run::State::kFailed);
  CHECK(run.error().sentence == "trial 2: the circle is square");
  CHECK(run.jobs_done() == 1);
}

TEST_CASE("pi comes out within five standard errors") {
  // Fixed seed; a right program would fail for fewer than one seed in 100 000.
  RunSpec spec{&pi_experiment(), ParameterSet(pi_experiment().schema), 3};
  REQUIRE(spec.parameters.set_text("trials", "50"));
  Run run(spec, *pi_experiment().plan(spec));
  SerialExecutor executor;
  run.resume();
  while (run.active()) executor.poll(run);
  const Result result = pi_experiment().find(spec, run.outputs()).result;
  const auto& row = result.tables[0].rows[0];
  CHECK(std::abs(std::get<double>(row[0]) - 3.14159265) < 5 * std::get<double>(row[1]));
}
