#include "core/experiment/steps.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <vector>

using namespace attnlab;

namespace {

using State = JobSteps::State;

/// Counts the objects that are alive, to see whether a dropped job cleans up.
struct Counted {
  explicit Counted(int& alive) : alive_(&alive) { ++*alive_; }
  Counted(const Counted& other) : alive_(other.alive_) { ++*alive_; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --*alive_; }
  int* alive_;
};

JobSteps counting_job(Counted parameter, int steps) {
  const Counted local = parameter;
  const auto buffer = std::make_unique<std::vector<double>>(1000, 1.0);
  for (int i = 1; i <= steps; ++i) {
    const Bytes so_far(static_cast<std::size_t>(i), static_cast<std::uint8_t>(i));
    co_yield StepProgress{i / (buffer->front() * steps), so_far};
  }
  co_return JobResult{Bytes{7, 8}};
}

JobSteps failing_job(int at) {
  for (int i = 0;; ++i) {
    if (i == at) co_return Error{"step " + std::string(1, static_cast<char>('0' + i)) + " failed"};
    co_yield StepProgress{0.0};
  }
}

}  // namespace

TEST_CASE("a job does nothing until its first step") {
  int alive = 0;
  {
    JobSteps job = counting_job(Counted(alive), 2);
    CHECK(job);
    CHECK(job.state() == State::kRunning);
    CHECK(alive == 1);  // the parameter in its frame
  }
  CHECK(alive == 0);
}

TEST_CASE("a job goes from step to step to its output") {
  int alive = 0;
  JobSteps job = counting_job(Counted(alive), 2);
  CHECK(job.step() == State::kRunning);
  CHECK(job.fraction() == 0.5);
  CHECK(job.step() == State::kRunning);
  CHECK(job.step() == State::kDone);
  CHECK(job.fraction() == 1);
  CHECK(job.step() == State::kDone);
  CHECK(job.take_output() == Bytes{7, 8});
}

TEST_CASE("the newest partial output is handed out once") {
  int alive = 0;
  JobSteps job = counting_job(Counted(alive), 3);
  job.step();
  job.step();
  CHECK(job.take_partial() == Bytes{2, 2});
  CHECK_FALSE(job.take_partial());
  job.step();
  CHECK(job.take_partial() == Bytes{3, 3, 3});
}

TEST_CASE("a job dropped after any number of steps frees everything it holds") {
  for (int steps = 0; steps <= 5; ++steps) {
    int alive = 0;
    {
      JobSteps job = counting_job(Counted(alive), 3);
      for (int i = 0; i < steps; ++i) job.step();
    }
    CHECK(alive == 0);
  }
}

TEST_CASE("moving a job moves its ownership, and assigning drops the old one") {
  int first = 0, second = 0;
  JobSteps job = counting_job(Counted(first), 1);
  JobSteps moved = std::move(job);
  CHECK(first == 1);
  moved = counting_job(Counted(second), 1);
  CHECK(first == 0);
  CHECK(second == 1);
  moved = JobSteps();
  CHECK(second == 0);
}

TEST_CASE("a job fails with its sentence, at once or later, and stays failed") {
  for (int at = 0; at < 3; ++at) {
    JobSteps job = failing_job(at);
    for (int i = 0; i < at; ++i) CHECK(job.step() == State::kRunning);
    CHECK(job.step() == State::kFailed);
    CHECK(job.step() == State::kFailed);
    CHECK(job.error().sentence == "step " + std::to_string(at) + " failed");
  }
}

TEST_CASE("a job that could not be started has failed") {
  JobSteps job;
  CHECK_FALSE(job);
  CHECK(job.step() == State::kFailed);
  CHECK(job.error().sentence == "the job could not be started");
}

#if defined(__cpp_exceptions)
namespace {

JobSteps throwing_job(int kind) {
  const Bytes so_far{1};
  co_yield StepProgress{0.5, so_far};
  if (kind == 0) throw std::bad_alloc();
  if (kind == 1) throw std::runtime_error("singular");
  if (kind == 2) throw 5;
  co_return JobResult{};
}

}  // namespace

TEST_CASE("an exception inside a job becomes its error sentence") {
  const char* const sentences[] = {"the job ran out of memory",
                                   "the job stopped on an internal error: singular",
                                   "the job stopped on an internal error"};
  for (int kind = 0; kind < 3; ++kind) {
    JobSteps job = throwing_job(kind);
    CHECK(job.step() == State::kRunning);
    CHECK(job.step() == State::kFailed);
    CHECK(job.error().sentence == sentences[kind]);
  }
}
#endif
