// Measures the inputs of the queue simulation (queue.mjs): the jobs of a sweep, the messages that
// carry them, and the work of rank 0 for each. Prints one JSON document. Usage:
// attnlab_job_times SWEEP.json JOURNAL   (JOURNAL: a file that is written, to time the disk)
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <map>
#include <string>
#include <vector>

#include "core/base/text.h"
#include "core/codecs/codecs.h"
#include "core/codecs/sweep.h"
#include "native/resume_file.h"

namespace attnlab {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Processor time of this process, which has one thread: the time of a job on a processor of its
/// own, independent of other work on this machine.
double worked() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

struct Kind {
  std::uint32_t job = 0;  // the first of its kind
  std::size_t count = 0;
  double seconds = 0;
  Bytes output;
};

/// Seconds of one run of the job, from its name to its output.
double run_once(const Run& run, Kind& kind) {
  const double begin = worked();
  JobSteps job = start_job(run, kind.job);
  while (job.step() == JobSteps::State::kRunning) {
  }
  kind.output = job.take_output();
  return worked() - begin;
}

/// Three runs where one is short.
void measure(const Run& run, Kind& kind) {
  std::vector<double> times = {run_once(run, kind)};
  while (times.size() < 3 && times.front() < 2) times.push_back(run_once(run, kind));
  kind.seconds = median(times);
}

/// The message that native/ranks.cpp sends for a job.
Bytes job_message(const Run& run, std::uint32_t index) {
  ByteWriter message;
  for (const std::uint32_t word : {1u, 0u, index, run.name_of(index).index}) message.u32(word);
  message.text(full_query_text(run.spec_of(index)));
  return message.take();
}

Bytes answer_message(const Bytes& output) {
  ByteWriter message;
  for (const std::uint32_t word : {2u, 0u, 0u}) message.u32(word);
  message.text(std::string(output.begin(), output.end()));
  return message.take();
}

struct HandOut {
  double out_s = 0, in_s = 0, line_s = 0, sync_s = 0;
  std::size_t out_bytes = 0, in_bytes = 0;
};

HandOut measure_hand_out(Run run, const Bytes& output, ResumeFile& journal) {
  constexpr std::uint32_t kTimes = 1000;
  const auto times = static_cast<std::uint32_t>(std::min<std::size_t>(kTimes, run.jobs_total()));
  HandOut found;
  double work = worked();
  for (std::uint32_t i = 0; i < times; ++i) {
    found.out_bytes = std::max(found.out_bytes, job_message(run, i).size());
  }
  found.out_s = (worked() - work) / times;

  const Bytes message = answer_message(output);
  found.in_bytes = message.size();
  run.resume();
  work = worked();
  for (std::uint32_t i = 0; i < times; ++i) {
    ByteReader reader(message);
    for (int word = 0; word < 3; ++word) reader.u32();
    const std::string content = reader.text();
    run.complete(i, Bytes(content.begin(), content.end()));
  }
  found.in_s = (worked() - work) / times;

  const std::vector<JobOutput> finished = run.take_finished();
  std::vector<double> syncs;
  for (std::size_t i = 0; i < std::min<std::size_t>(50, finished.size()); ++i) {
    const auto begin = Clock::now();
    if (!journal.append({finished[i]})) return found;
    syncs.push_back(seconds_since(begin));
  }
  found.sync_s = median(syncs);
  const auto begin = Clock::now();
  if (!journal.append(finished)) return found;
  found.line_s = std::max(0.0, seconds_since(begin) - found.sync_s) / times;
  return found;
}

int report(const char* specification, const char* journal_name) {
  const auto fail = [](const Error& error) {
    std::fprintf(stderr, "attnlab_job_times: %s\n", error.sentence.c_str());
    return 2;
  };
  const Expected<std::string> text = read_file(specification);
  if (!text) return fail(text.error());
  const Expected<SweepSpec> sweep = read_sweep(*text);
  if (!sweep) return fail(sweep.error());
  const Expected<SweepPlan> plan = plan_sweep(*sweep, 1e18);
  if (!plan) return fail(plan.error());
  const Run run = shard_run(*plan, {0, 1});
  std::map<std::pair<std::uint32_t, double>, Kind> kinds;  // point and planned cost: equal work
  for (std::uint32_t i = 0; i < plan->jobs.size(); ++i) {
    Kind& kind = kinds[{run.name_of(i).spec, plan->jobs[i].cost}];
    if (kind.count++ == 0) kind.job = i;
  }
  std::string jobs;
  Bytes output;
  for (auto& [name, kind] : kinds) {
    measure(run, kind);
    if (kind.output.size() > output.size()) output = kind.output;
    jobs += (jobs.empty() ? "" : ",\n  ") + std::string("[") +
            exact_text(static_cast<std::int64_t>(kind.count)) + ", " + exact_text(kind.seconds) +
            "]";
  }
  std::remove(journal_name);
  Expected<ResumeFile> journal =
      ResumeFile::open(journal_name, journal_name,
                       {sweep_text(*sweep), "1", [](const std::string&) { return std::string(); }});
  if (!journal) return fail(journal.error());
  const HandOut found = measure_hand_out(run, output, *journal);
  std::printf(
      "{\"jobs\": [\n  %s],\n \"out_s\": %.3g, \"in_s\": %.3g, \"line_s\": %.3g, \"sync_s\": "
      "%.3g,\n"
      " \"out_bytes\": %zu, \"in_bytes\": %zu}\n",
      jobs.c_str(), found.out_s, found.in_s, found.line_s, found.sync_s, found.out_bytes,
      found.in_bytes);
  return 0;
}

}  // namespace
}  // namespace attnlab

int main(int argc, char** argv) {
  if (argc == 3) return attnlab::report(argv[1], argv[2]);
  std::fprintf(stderr, "usage: attnlab_job_times SWEEP.json JOURNAL\n");
  return 2;
}
