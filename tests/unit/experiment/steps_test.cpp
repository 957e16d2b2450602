#include "core/experiment/steps.h"

#include <doctest/doctest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "core/experiment/outside_question.h"

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

namespace {

Steps<int> doubled(int value, Counted held) {
  const Bytes so_far(1, static_cast<std::uint8_t>(value));
  co_yield StepProgress{0.5, so_far};
  if (value == 13) co_return Error{"13 cannot be doubled"};
  co_yield StepProgress{1};
  co_return *held.alive_ > 0 ? 2 * value : 0;
}

Steps<int> quadrupled(int value, Counted held) {
  Steps<int> once = doubled(value, held);
  const int two = co_await once.within(0, 0.5);
  Steps<int> twice = doubled(two, held);
  const int four = co_await twice.within(0.5, 1);
  co_return four;
}

JobSteps job_of_parts(int value, Counted held, bool& resumed) {
  Steps<int> part = quadrupled(value, held);
  const int result = co_await part.within(0.2, 0.6);
  resumed = true;
  co_yield StepProgress{0.8};
  co_return JobResult{Bytes{static_cast<std::uint8_t>(result)}};
}

JobSteps job_of_many_parts(int parts) {
  int sum = 0;
  for (int i = 0; i < parts; ++i) {
    const auto one = []() -> Steps<int> { co_return 1; };
    Steps<int> part = one();
    const int value = co_await part;
    sum += value;
  }
  co_return JobResult{Bytes{static_cast<std::uint8_t>(sum == parts)}};
}

JobSteps job_that_asks(bool& answered) {
  const auto asking = [](bool& heard) -> Steps<int> {
    OutsideQuestion question(Bytes{1, 2});
    const std::optional<Bytes> reply = co_await question;
    heard = reply == Bytes{3};
    co_yield StepProgress{0.5};
    co_return 0;
  };
  Steps<int> part = asking(answered);
  co_await part;
  co_return JobResult{};
}

JobSteps job_of_nothing() {
  JobSteps part;
  co_await part;
  co_return JobResult{};
}

template <class Part>
concept AwaitableByName = requires(Part part) {
  part.operator co_await();
};
template <class Part>
concept AwaitableAsTemporary = requires(Part part) {
  std::move(part).operator co_await();
};
template <class Part>
concept Driven = requires(Part part) {
  part.step();
};
static_assert(AwaitableByName<Steps<int>> && !AwaitableAsTemporary<Steps<int>>);
static_assert(Driven<JobSteps> && !Driven<Steps<int>>);  // a part can only be awaited

}  // namespace

TEST_CASE("a part's steps, progress and partial outputs are the job's, at any depth") {
  int alive = 0;
  bool resumed = false;
  JobSteps job = job_of_parts(3, Counted(alive), resumed);
  const double fractions[] = {0.3, 0.4, 0.5, 0.6, 0.8};
  for (int i = 0; i < 5; ++i) {
    REQUIRE(job.step() == State::kRunning);
    CHECK(job.fraction() == doctest::Approx(fractions[i]).epsilon(1e-15));
    const std::optional<Bytes> partial = job.take_partial();
    CHECK(partial.has_value() == (i == 0 || i == 2));
    if (i == 2) CHECK(*partial == Bytes{6});
    CHECK(resumed == (i == 4));
  }
  CHECK(job.step() == State::kDone);
  CHECK(job.fraction() == 1);
  CHECK(job.take_output() == Bytes{12});
  job = {};
  CHECK(alive == 0);
}

TEST_CASE("a part that fails ends the job with its sentence, and nothing above it continues") {
  int alive = 0;
  {
    bool resumed = false;
    JobSteps job = job_of_parts(13, Counted(alive), resumed);
    CHECK(job.step() == State::kRunning);
    for (int i = 0; i < 3; ++i) CHECK(job.step() == State::kFailed);
    CHECK(job.error().sentence == "13 cannot be doubled");
    CHECK_FALSE(resumed);
  }
  CHECK(alive == 0);
}

TEST_CASE("a job dropped inside its parts frees all of them") {
  for (int steps = 0; steps <= 6; ++steps) {
    int alive = 0;
    {
      bool resumed = false;
      JobSteps job = job_of_parts(3, Counted(alive), resumed);
      for (int i = 0; i < steps; ++i) job.step();
    }
    CHECK(alive == 0);
  }
}

TEST_CASE("a million awaits in one step need no stack") {
  JobSteps job = job_of_many_parts(1000000);
  CHECK(job.step() == State::kDone);
  CHECK(job.take_output() == Bytes{1});
}

TEST_CASE("a part's question is the job's, until the next step") {
  bool answered = false;
  JobSteps job = job_that_asks(answered);
  CHECK(job.question() == nullptr);
  CHECK(job.step() == State::kRunning);
  REQUIRE(job.question() != nullptr);
  CHECK(job.question()->bytes() == Bytes{1, 2});
  job.question()->answer(Bytes{3});
  CHECK(job.step() == State::kRunning);
  CHECK(answered);
  CHECK(job.question() == nullptr);
  CHECK(job.step() == State::kDone);
}

TEST_CASE("a part that could not be started ends the job") {
  JobSteps job = job_of_nothing();
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

JobSteps job_of_throwing_part(int kind) {
  JobSteps part = throwing_job(kind);
  co_await part;
  co_return JobResult{};
}

}  // namespace

TEST_CASE("an exception inside a job or its parts becomes its error sentence") {
  const char* const sentences[] = {"the job ran out of memory",
                                   "the job stopped on an internal error: singular",
                                   "the job stopped on an internal error"};
  for (int kind = 0; kind < 3; ++kind) {
    for (auto* start : {throwing_job, job_of_throwing_part}) {
      JobSteps job = start(kind);
      CHECK(job.step() == State::kRunning);
      CHECK(job.step() == State::kFailed);
      CHECK(job.error().sentence == sentences[kind]);
    }
  }
}
#endif
