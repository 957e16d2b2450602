// Jobs without work that yield often, so that many threads get in each other's way.
#include "tests/cli/fake_experiment.h"

#include <limits>
#include <new>
#include <string>

namespace attnlab {
namespace {

Parameter integer_parameter(const char* name, std::int64_t min, std::int64_t max,
                            std::int64_t value) {
  Parameter parameter;
  parameter.name = parameter.label = parameter.help = name;
  parameter.kind = ParameterKind::kInteger;
  parameter.min = static_cast<double>(min);
  parameter.max = static_cast<double>(max);
  parameter.default_value = value;
  return parameter;
}

Expected<Plan> plan_fake(const RunSpec& spec) {
  Plan plan;
  for (std::int64_t i = 0; i < spec.parameters.integer("jobs"); ++i) {
    plan.jobs.push_back({"job " + std::to_string(i), 1.0 + static_cast<double>(i % 3)});
  }
  plan.job_bytes = 1000;
  plan.memory_parameter = "jobs";
  return plan;
}

JobSteps start_fake(RunSpec spec, std::uint32_t index) {
  const std::int64_t steps = spec.parameters.integer("steps");
  for (std::int64_t step = 0; step < steps; ++step) {
    ByteWriter partial;
    partial.u32(index);
    co_yield StepProgress{static_cast<double>(step) / static_cast<double>(steps), partial.take()};
  }
  if (static_cast<std::int64_t>(index) == spec.parameters.integer("failing")) {
    co_return Error{"the factorisation failed"};
  }
  co_return JobResult{fake_output(spec, index)};
}

JobSteps start_greedy(RunSpec, std::uint32_t) {
  co_yield StepProgress{0.5, {}};
  // Like a kernel that asks for more memory than there is.
  throw std::bad_alloc();
}

Findings find_fake(const RunSpec&, std::span<const JobOutput> outputs) {
  Table table{"jobs", "Finished jobs", {{"job", "job", ""}}, {}};
  for (const JobOutput& output : outputs) {
    table.rows.push_back({static_cast<std::int64_t>(output.index)});
  }
  Result result;
  result.tables.push_back(std::move(table));
  return {std::move(result), {}};
}

Experiment make_experiment(JobSteps (*start)(RunSpec, std::uint32_t)) {
  Experiment experiment;
  experiment.id = "fake";
  experiment.title = "Fake";
  experiment.schema.parameters = {integer_parameter("jobs", 0, 100000, 4),
                                  integer_parameter("steps", 0, 1000000, 2),
                                  integer_parameter("failing", -1, 100000, -1)};
  experiment.plan = plan_fake;
  experiment.start = start;
  experiment.find = find_fake;
  return experiment;
}

}  // namespace

const Experiment& fake_experiment() {
  static const Experiment experiment = make_experiment(start_fake);
  return experiment;
}

const Experiment& greedy_experiment() {
  static const Experiment experiment = make_experiment(start_greedy);
  return experiment;
}

RunSpec fake_spec(int jobs, int steps, int failing) {
  RunSpec spec{&fake_experiment(), ParameterSet(fake_experiment().schema)};
  static_cast<void>(spec.parameters.set("jobs", std::int64_t{jobs}));
  static_cast<void>(spec.parameters.set("steps", std::int64_t{steps}));
  static_cast<void>(spec.parameters.set("failing", std::int64_t{failing}));
  return spec;
}

Bytes fake_output(const RunSpec& spec, std::uint32_t index) {
  ByteWriter writer;
  writer.u64(spec.seed);
  writer.u32(index * 2654435761u);
  return writer.take();
}

}  // namespace attnlab
