// `attnlab bench`: the kernels against their peak, and jobs per second with one thread and with
// all.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/findings/row_table.h"
#include "core/numerics/linear_algebra.h"
#include "native/bench/bench_drafts.h"
#include "native/bench/bench_extraction.h"
#include "native/bench/bench_numerics.h"
#include "native/build.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/ranks.h"
#include "native/report.h"
#include "native/thread_pool.h"

namespace attnlab {
namespace {

constexpr int kDraftChanges = 7;  // of each experiment

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// A learning curve small enough that scheduling matters, not only arithmetic: 3 jobs per trial.
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

/// Jobs per second of the small learning curve on `threads` threads.
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

/// A value about a row's peer; nullopt for a row without one.
template <class Value>
std::optional<Value> with_peer(const BenchRow& row, Value value) {
  return row.peer_value > 0 ? std::optional(std::move(value)) : std::nullopt;
}
std::optional<double> peer_value(const BenchRow& row) {
  return with_peer(row, row.peer_value);
}
std::optional<std::string> peer(const BenchRow& row) {
  return with_peer(row, row.peer);
}
std::optional<double> ratio(const BenchRow& row) {
  return with_peer(row, row.value / row.peer_value);
}

Table bench_table(const std::vector<BenchRow>& rows) {
  return RowTable<BenchRow>{
      "bench",
      "",
      {column<&BenchRow::name>("name", "what"), column<&BenchRow::value>("value", "rate"),
       column<&BenchRow::unit>("unit", "unit"), column<&peer_value>("peer_value", "peer"),
       column<&peer>("peer", "which"), column<&ratio>("ratio", "rate / peer")}}
      .of(rows);
}

/// The learning curve on one thread, and on all with that as their peer.
Expected<void> add_jobs_rates(std::vector<BenchRow>& rows) {
  const std::string name = "rf-learning-curve d=N=8 M=100 n<=256, ";
  const Expected<double> single = jobs_per_second(1);
  if (!single) return single.error();
  rows.push_back({name + "1 thread", *single, "jobs/s", 0, ""});
  const unsigned threads = default_threads();
  if (threads == 1) return {};
  const Expected<double> all = jobs_per_second(threads);
  if (!all) return all.error();
  rows.push_back(
      {name + std::to_string(threads) + " threads", *all, "jobs/s", *single, "1 thread"});
  return {};
}

std::string number_json(const Cell& cell) {
  return std::holds_alternative<std::monostate>(cell) ? "null" : exact_text(cell);
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
      fields += text ? json_quoted(std::get<std::string>(row[i])) : number_json(row[i]);
    }
    rows += (rows.empty() ? "\n  {" : ",\n  {") + fields + "}";
  }
  return "{\"attnlab\":1,\"build\":{\"version\":" + json_quoted(build.version) +
         ",\"target\":" + json_quoted(build.target) + ",\"simd\":" + json_quoted(build.simd) +
         "},\n\"rows\":[" + rows + "\n]}\n";
}

/// "sse2, avx2, avx512": what this machine has.
std::string simd_targets() {
  std::string names;
  for (const SimdTarget& target : available_targets()) {
    names += (names.empty() ? "" : ", ") + std::string(target.name);
  }
  return names;
}

Expected<Usage> usage(const std::string&) {
  return Usage{.about = "Kernels against their peak, jobs per second of a small learning curve.",
               .flags = {{"json", "", "As a JSON document", "Bench"},
                         {"drafts", "",
                          "How long a change waits for its draft and for the whole run, in every "
                          "experiment; as CSV",
                          "Bench"},
                         {"simd", "NAME", "Kernels to measure: " + simd_targets(), "Bench"}}};
}

int execute(const Given& given) {
  if (const auto simd = given.value("simd")) {
    const auto named = [&](const SimdTarget& target) { return *simd == target.name; };
    if (std::ranges::none_of(available_targets(), named)) {
      return refuse(
          {"simd is " + quoted_text(*simd) + "; on this machine it is one of " + simd_targets()});
    }
    force_target({simd->c_str()});
  }
  if (given.has("drafts")) return print(table_csv(bench_drafts(kDraftChanges)));
  std::vector<BenchRow> rows = bench_numerics();
  for (BenchRow& row : bench_extraction()) rows.push_back(std::move(row));
  if (const auto added = add_jobs_rates(rows); !added) return refuse(added.error(), kExitRunFailed);
  const Table table = bench_table(rows);
  return print(given.has("json")
                   ? bench_json(table)
                   : version_text() + "\n\n" + table_text(table, terminal_columns(STDOUT_FILENO)));
}

}  // namespace

Command bench_command() {
  return {"bench", "Kernels against their peak, jobs per second", usage, execute};
}

}  // namespace attnlab
