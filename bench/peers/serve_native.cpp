// Our side of the comparison, as a program that bench/peers/compare.mjs talks to, line by line:
// "prepare NAME", "run", "result"; each answer is a line of JSON.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/peers/workloads.h"
#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/numerics/linear_algebra.h"
#include "native/thread_pool.h"

namespace attnlab {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

unsigned processors() {
  return std::max(1u, std::thread::hardware_concurrency());
}

/// Threads that wait for the next forward pass: starting new ones would cost a tenth of a pass.
class Team {
 public:
  explicit Team(std::size_t size) {
    for (std::size_t p = 1; p < size; ++p) threads_.emplace_back([this, p] { serve(p); });
  }
  ~Team() {
    part_ = nullptr;
    turn_ += 1;
    turn_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void run(std::size_t parts, const std::function<void(std::size_t)>& part) {
    part_ = &part;
    parts_ = parts;
    left_ = threads_.size();
    turn_ += 1;
    turn_.notify_all();
    part(0);
    while (left_ > 0) std::this_thread::yield();
  }

 private:
  void serve(std::size_t p) {
    for (unsigned seen = 0;; ++seen) {
      for (int look = 0; look < 20000 && turn_ == seen; ++look) std::this_thread::yield();
      turn_.wait(seen);
      if (part_ == nullptr) return;
      if (p < parts_) (*part_)(p);
      left_ -= 1;
    }
  }

  std::atomic<unsigned> turn_{0};
  std::atomic<std::size_t> left_{0};
  std::size_t parts_ = 0;
  const std::function<void(std::size_t)>* part_ = nullptr;
  std::vector<std::thread> threads_;
};

/// One trial of a large learning curve; every run takes the next seed. Its result: test errors
/// of the last run, from the smallest sample size on.
Expected<Workload> curve() {
  struct State {
    explicit State(RunSpec run) : spec(std::move(run)) {}
    RunSpec spec;
    ThreadPool pool{processors(), JobOrder::kLargestFirst};
    std::uint64_t seed = 0;
    std::vector<double> errors;
  };
  const Expected<const Experiment*> experiment = experiment_named("rf-learning-curve");
  if (!experiment) return experiment.error();
  RunSpec spec{*experiment, ParameterSet((*experiment)->schema)};
  const char* const values[][2] = {
      {"models", "rfa"},        {"target", "mean-power"},
      {"degree", "2"},          {"dim", "16"},
      {"keys", "16"},           {"heads", "1000"},
      {"test-samples", "2048"}, {"trials", "1"},
      {"ridge", "oracle"},      {"samples", "16,32,64,128,256,512,1024,2048,4096"}};
  for (const auto& [name, text] : values) {
    if (const auto set = set_parameter(spec, name, text); !set) return set.error();
  }
  const auto state = std::make_shared<State>(spec);
  const auto run = [state] {
    state->spec.seed = ++state->seed;
    state->errors.clear();
    Expected<Plan> plan = state->spec.experiment->plan(state->spec);
    if (!plan) return;
    Run work(state->spec, std::move(*plan));
    work.resume();
    while (work.active()) {
      state->pool.poll(work);
      if (work.active()) state->pool.wait_for_news(std::chrono::milliseconds(100));
    }
    if (work.state() != Run::State::kFinished) return;
    const Result result = state->spec.experiment->find(state->spec, work.outputs()).result;
    const Table* table = result.table("test_error");
    if (table == nullptr) return;
    for (const auto& row : table->rows) {
      if (const double* error = std::get_if<double>(&row[4])) state->errors.push_back(*error);
    }
  };
  return Workload{1, run, [state] { return state->errors; }};
}

void say(const std::string& line) {
  std::cout << line << std::endl;  // the other side waits for it
}

void serve() {
  Team team(processors());
  const Parallel parallel = [&](std::size_t parts, const std::function<void(std::size_t)>& part) {
    team.run(parts, part);
  };
  std::optional<Workload> work;
  std::string word, name;
  while (std::cin >> word) {
    if (word == "prepare") {
      std::cin >> name;
      Expected<Workload> made =
          name == "curve" ? curve() : make_workload(name, processors(), parallel);
      if (!made) {
        say("{\"error\":" + json_quoted(made.error().sentence) + "}");
        continue;
      }
      work = std::move(*made);
      say("{\"simd\":" + json_quoted(simd_target_name()) + "}");
    } else if (!work) {
      say("{\"error\":\"no work is prepared\"}");
    } else if (word == "run") {
      const double start = now_s();
      work->run();
      const double seconds = now_s() - start;
      say("{\"seconds\":" + exact_text(seconds / static_cast<double>(work->units)) + "}");
    } else {
      std::string values;
      for (const double value : work->result()) {
        values += (values.empty() ? "" : ",") + exact_text(value);
      }
      say("{\"values\":[" + values + "]}");
    }
  }
}

}  // namespace
}  // namespace attnlab

int main() {
  attnlab::serve();
}
