// `attnlab bench`: the kernels against their peak, and what the pool makes of them.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/experiment/codecs.h"
#include "core/experiment/registry.h"
#include "core/experiment/text.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/report.h"
#include "native/thread_pool.h"

namespace attnlab {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A learning curve small enough that scheduling, not only arithmetic, shows: 3 jobs a trial.
Expected<RunSpec> small_learning_curve() {
  const Expected<const Experiment*> experiment = experiment_named("rf-learning-curve");
  if (!experiment) return experiment.error();
  RunSpec spec{*experiment, ParameterSet((*experiment)->schema)};
  const std::pair<const char*, const char*> values[] = {{"dim", "8"},
                                                        {"keys", "8"},
                                                        {"heads", "100"},
                                                        {"samples", "64,128,256"},
                                                        {"test-samples", "256"},
                                                        {"trials", "40"}};
  for (const auto& [name, text] : values) {
    if (const auto set = set_parameter(spec, name, text); !set) return set.error();
  }
  return spec;
}

/// Jobs a second of the small learning curve on that many threads.
Expected<double> jobs_per_second(unsigned threads) {
  const Expected<RunSpec> spec = small_learning_curve();
  if (!spec) return spec.error();
  Expected<Plan> plan = spec->experiment->plan(*spec);
  if (!plan) return plan.error();
  Run run(*spec, std::move(*plan));
  ThreadPool pool(threads);
  if (pool.concurrency() == 0) return Error{"the system gives no thread to compute with"};
  const double start = now_s();
  run.resume();
  while (run.active()) {
    pool.poll(run);
    if (run.active()) pool.wait_for_news(std::chrono::milliseconds(100));
  }
  if (run.state() != Run::State::kFinished) return run.error();
  return static_cast<double>(run.jobs_total()) / (now_s() - start);
}

Table bench_table() {
  return {"bench",
          "",
          {{"name", "what", ""}, {"rate", "rate", ""}, {"unit", "unit", ""}, {"note", "note", ""}},
          {}};
}

std::string bench_json(const Table& table) {
  const BuildInfo build = build_info();
  std::string rows;
  for (const std::vector<Cell>& row : table.rows) {
    std::string fields;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool text = std::holds_alternative<std::string>(row[i]);
      if (i > 0) fields += ',';
      fields += json_quoted(table.columns[i].name);
      fields += ':';
      fields += text ? json_quoted(std::get<std::string>(row[i])) : exact_text(row[i]);
    }
    rows += (rows.empty() ? "\n  {" : ",\n  {") + fields + "}";
  }
  return "{\"attnlab\":1,\"build\":{\"version\":" + json_quoted(build.version) +
         ",\"target\":" + json_quoted(build.target) + ",\"simd\":" + json_quoted(build.simd) +
         "},\n\"rows\":[" + rows + "\n]}\n";
}

}  // namespace

int run_benchmarks(const BenchRequest& request) {
  Table table = bench_table();
  std::vector<unsigned> thread_counts = {1};
  if (default_threads() > 1) thread_counts.push_back(default_threads());
  for (const unsigned threads : thread_counts) {
    const Expected<double> rate = jobs_per_second(threads);
    if (!rate) return refuse(rate.error(), kExitRunFailed);
    table.rows.push_back(
        {"rf-learning-curve, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads"),
         *rate, std::string("jobs/s"), std::string("d = N = 8, M = 100, n up to 256")});
  }
  return print(request.json ? bench_json(table) : version_text() + "\n\n" + table_text(table));
}

}  // namespace attnlab
