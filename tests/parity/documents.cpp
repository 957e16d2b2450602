// Result documents of random runs of every experiment, for parity.mjs to compare with those of the
// WebAssembly modules. Usage: attnlab_parity SEED SETTINGS. Three lines a run: its query, the
// document by the kernels without fused multiply-add (what WebAssembly has), the document by the
// best kernels of this machine.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/numerics/linear_algebra.h"
#include "tests/unit/experiment/random_values.h"

namespace attnlab {
namespace {

/// Sizes that keep a run to a fraction of a second; all other parameters use their whole range.
struct Size {
  const char* name;
  double max;
  std::size_t max_items = 3;
};
constexpr Size kSizes[] = {
    {"batch", 64},
    {"bits", 20},
    {"degree", 6},
    {"dim", 6, 2},
    {"frequency", 64},
    {"heads", 40, 2},
    {"hidden", 5},
    {"keys", 5},
    {"lengths", 64},
    {"models", 0, 4},
    {"noise", 1e300, 2},
    {"oversampling", 4, 2},
    {"prompt-length", 40, 2},
    {"prompts", 200},
    {"repeats", 8, 2},
    {"samples", 260},
    {"steps", 60},
    {"test-samples", 128},
    {"trials", 2},
    {"weight-scale", 1e300, 2},
};

/// Floating-point operations of a run: what a plan counts as its cost.
constexpr double kMostCost = 1e8;

[[noreturn]] void give_up(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::exit(1);
}

Schema scaled_down(Schema schema) {
  for (Parameter& parameter : schema.parameters) {
    for (const Size& size : kSizes) {
      if (parameter.name != size.name) continue;
      parameter.max = std::max(parameter.min, std::min(parameter.max, size.max));
      if (parameter.kind != ParameterKind::kRealTuple)
        parameter.max_items = std::min(parameter.max_items, size.max_items);
    }
  }
  return schema;
}

/// A random run that the experiment accepts and that asks nobody outside this program.
RunSpec draw_run(const Experiment& experiment, test::RandomValues& random) {
  const Schema small = scaled_down(experiment.schema);
  for (int attempt = 0; attempt < 10000; ++attempt) {
    const ParameterSet drawn = random.parameters(small);
    RunSpec spec{&experiment, ParameterSet(experiment.schema), random.bits() % (kMaxSeed + 1)};
    for (const Parameter& parameter : small.parameters) {
      if (!spec.parameters.set(parameter.name, drawn.value(parameter.name)))
        give_up("the schema of " + experiment.id + " refuses " + parameter.name + " = " +
                drawn.text(parameter.name));
    }
    const Expected<Plan> plan = experiment.plan(spec);
    if (!plan || !plan->outside.empty()) continue;
    double cost = 0;
    for (const PlannedJob& job : plan->jobs) cost += job.cost;
    if (cost <= kMostCost) return spec;
  }
  give_up("no random setting of " + experiment.id + " is accepted and small");
}

std::string document(const RunSpec& spec) {
  std::vector<JobOutput> outputs;
  const std::size_t jobs = spec.experiment->plan(spec)->jobs.size();
  for (std::uint32_t index = 0; index < jobs; ++index) {
    JobSteps job = spec.experiment->start(spec, index);
    while (job.step() == JobSteps::State::kRunning) {
    }
    if (job.state() == JobSteps::State::kFailed)
      give_up(full_query_text(spec) + ": " + job.error().sentence);
    outputs.push_back({index, job.take_output()});
  }
  const Result result = spec.experiment->find(spec, outputs).result;
  return result_json(spec, result, {"", "", simd_target_name()}, jobs, 0);
}

}  // namespace
}  // namespace attnlab

int main(int count, char** words) {
  using namespace attnlab;
  if (count != 3) give_up("usage: attnlab_parity SEED SETTINGS");
  test::RandomValues random(std::strtoull(words[1], nullptr, 10));
  const int settings = std::atoi(words[2]);
  const std::string best = simd_target_name();
  for (const Experiment* experiment : experiments()) {
    for (int i = 0; i < settings; ++i) {
      const RunSpec spec = draw_run(*experiment, random);
      std::cout << full_query_text(spec) << "\n";
      for (const std::string& target : {std::string(available_targets().front().name), best}) {
        force_target({target.c_str()});
        std::cout << document(spec) << "\n" << std::flush;
      }
    }
  }
}
