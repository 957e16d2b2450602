// The thread pool against the serial executor, and its promises on pause, cancel and failure.
#include "native/thread_pool.h"

#include <doctest/doctest.h>
#include <sched.h>

#include <chrono>
#include <thread>

#include "native/processors.h"
#include "tests/cli/fake_experiment.h"

namespace attnlab {
namespace {

using std::chrono::milliseconds;

Run started_run(const RunSpec& spec) {
  Run run(spec, *spec.experiment->plan(spec));
  run.resume();
  return run;
}

/// Polls until the run is no longer active; at most for a minute.
void finish(Run& run, ThreadPool& pool) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (run.active() && std::chrono::steady_clock::now() < deadline) {
    pool.poll(run);
    if (run.active()) pool.wait_for_news(milliseconds(20));
  }
}

TEST_CASE("any number of threads gives the outputs of the serial executor") {
  const RunSpec spec = fake_spec(200, 7);
  Run reference = started_run(spec);
  SerialExecutor serial;
  while (reference.active()) serial.poll(reference);
  const auto check_pool = [&](unsigned threads, JobOrder order) {
    Run run = started_run(spec);
    ThreadPool pool(threads, order);
    finish(run, pool);
    REQUIRE(run.state() == Run::State::kFinished);
    const auto expected = reference.outputs(), outputs = run.outputs();
    REQUIRE(outputs.size() == expected.size());
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      CHECK(outputs[i].complete);
      CHECK(outputs[i].bytes == expected[i].bytes);
    }
  };
  for (const unsigned threads : {1u, 2u, 5u, 16u}) {
    check_pool(threads, JobOrder::kAsPlanned);
    check_pool(threads, JobOrder::kLargestFirst);
  }
}

TEST_CASE("one worker begins with the largest jobs and keeps the plan's order among equals") {
  Run run = started_run(fake_spec(9, 2));  // costs 1 2 3 1 2 3 1 2 3
  ThreadPool pool(1, JobOrder::kLargestFirst);
  std::vector<std::uint32_t> order;
  while (run.active()) {
    pool.poll(run);
    for (const JobOutput& output : run.take_finished()) order.push_back(output.index);
    if (run.active()) pool.wait_for_news(milliseconds(20));
  }
  CHECK(order == std::vector<std::uint32_t>{2, 5, 8, 1, 4, 7, 0, 3, 6});
}

TEST_CASE("a finished job is handed to the journal exactly once") {
  const RunSpec spec = fake_spec(300, 3);
  Run run = started_run(spec);
  ThreadPool pool(4);
  std::vector<int> seen(300, 0);
  while (run.active()) {
    pool.poll(run);
    for (const JobOutput& output : run.take_finished()) ++seen[output.index];
    if (run.active()) pool.wait_for_news(milliseconds(20));
  }
  CHECK(seen == std::vector<int>(300, 1));
}

TEST_CASE("a pause holds jobs between two steps and a resume continues them") {
  const RunSpec spec = fake_spec(3, 200000);
  Run run = started_run(spec);
  ThreadPool pool(3);
  pool.poll(run);
  run.pause();
  pool.poll(run);
  std::this_thread::sleep_for(milliseconds(50));
  pool.poll(run);  // the steps that were under way when the pause came
  const double held = run.fraction();
  std::this_thread::sleep_for(milliseconds(50));
  pool.poll(run);
  CHECK(run.fraction() == held);
  CHECK(run.state() == Run::State::kPaused);
  CHECK(run.jobs_done() == 0);
  run.resume();
  finish(run, pool);
  CHECK(run.state() == Run::State::kFinished);
}

TEST_CASE("one step lets exactly one job finish") {
  Run run(fake_spec(10, 5), *fake_experiment().plan(fake_spec(10, 5)));
  ThreadPool pool(4);
  for (std::size_t done = 1; done <= 3; ++done) {
    run.step_once();
    finish(run, pool);
    CHECK(run.state() == Run::State::kPaused);
    CHECK(run.jobs_done() == done);
  }
}

TEST_CASE("after a cancel no job of the old run is reported to the new one") {
  ThreadPool pool(4);
  for (int round = 0; round < 20; ++round) {
    Run dropped = started_run(fake_spec(50, 500));
    pool.poll(dropped);
    pool.cancel();
    RunSpec spec = fake_spec(8, 2);
    spec.seed = static_cast<std::uint64_t>(round);
    Run run = started_run(spec);
    finish(run, pool);
    REQUIRE(run.state() == Run::State::kFinished);
    for (const JobOutput& output : run.outputs()) {
      CHECK(output.bytes == fake_output(spec, output.index));
    }
    pool.cancel();
  }
}

TEST_CASE("a failing job fails the run and finished jobs are kept") {
  Run run = started_run(fake_spec(20, 3, 11));
  ThreadPool pool(2);
  finish(run, pool);
  CHECK(run.state() == Run::State::kFailed);
  CHECK(run.error().sentence.find("the factorisation failed") != std::string::npos);
  for (const JobOutput& output : run.outputs())
    CHECK_FALSE((output.complete && output.index == 11));
}

TEST_CASE("a job that runs out of memory fails the run with a sentence") {
  RunSpec spec{&greedy_experiment(), ParameterSet(greedy_experiment().schema)};
  Run run = started_run(spec);
  ThreadPool pool(2);
  finish(run, pool);
  CHECK(run.state() == Run::State::kFailed);
  CHECK(run.error().sentence.find("memory") != std::string::npos);
}

TEST_CASE("a pool can be destroyed while its jobs run or are paused") {
  for (const bool paused : {false, true}) {
    Run run = started_run(fake_spec(8, 1000000));
    ThreadPool pool(3);
    pool.poll(run);
    if (paused) run.pause();
    pool.poll(run);
  }
}

TEST_CASE("processors that this process may not use are not counted") {
  std::thread([] {  // the mask is the thread's own
    cpu_set_t allowed, first;
    REQUIRE(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    int processor = 0;
    while (!CPU_ISSET(processor, &allowed)) ++processor;
    CPU_ZERO(&first);
    CPU_SET(processor, &first);
    REQUIRE(sched_setaffinity(0, sizeof first, &first) == 0);
    CHECK(usable_processors().count == 1);
    CHECK(affordable_threads(8, 1, 0, 1e9, true) == 1);
  })
      .join();
}

TEST_CASE("a reader that sleeps long finds one piece of news for each job") {
  Run run = started_run(fake_spec(4, 20000));
  ThreadPool pool(4);
  pool.poll(run);
  std::this_thread::sleep_for(milliseconds(30));
  finish(run, pool);
  CHECK(run.state() == Run::State::kFinished);
}

}  // namespace
}  // namespace attnlab
