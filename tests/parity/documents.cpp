// Result documents of random runs of every experiment, for parity.mjs to compare with those of the
// WebAssembly modules. Usage: attnlab_parity SEED SETTINGS. Four lines a run: "default" or "any"
// (where its parameters come from), its query, the document by the kernels without fused
// multiply-add (what WebAssembly has), the document by the best kernels of this machine.
#include <algorithm>
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

/// Sizes that keep a run to a fraction of a second.
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
    {"kappa", 8, 2},
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

/// Largest cost of a run, in floating-point operations.
constexpr double kMostCost = 1e9;

[[noreturn]] void give_up(const std::string& sentence) {
  std::fprintf(stderr, "%s\n", sentence.c_str());
  std::exit(1);
}

const Size* size_of(const Parameter& parameter) {
  const auto found =
      std::ranges::find_if(kSizes, [&](const Size& size) { return parameter.name == size.name; });
  return found == std::end(kSizes) ? nullptr : found;
}

ParameterValue draw_value(Parameter parameter, const Size& size, test::RandomValues& random) {
  parameter.max = std::max(parameter.min, std::min(parameter.max, size.max));
  parameter.max_items = std::min(parameter.max_items, size.max_items);
  return random.value(parameter);
}

/// A random run that the experiment accepts and that asks no box outside this program. Parameters
/// without a Size stay at their defaults, or (`any`) are anywhere in their range in half of the
/// cases.
RunSpec draw_run(const Experiment& experiment, bool any, test::RandomValues& random) {
  for (int attempt = 0; attempt < 10000; ++attempt) {
    RunSpec spec{&experiment, ParameterSet(experiment.schema), random.bits() % (kMaxSeed + 1)};
    for (const Parameter& parameter : experiment.schema.parameters) {
      const Size* size = size_of(parameter);
      if (size == nullptr && (!any || random.chance(2))) continue;
      const ParameterValue value =
          size == nullptr ? random.value(parameter) : draw_value(parameter, *size, random);
      if (!spec.parameters.set(parameter.name, value))
        give_up("the schema of " + experiment.id + " refuses a value of " + parameter.name);
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
  const Result result = whole_result(spec, outputs);
  std::string text = result_json(spec, result, {"", "", simd_target_name()}, jobs, 0);
  std::ranges::replace(text, '\n', ' ');
  return text;
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
      const bool any = i % 2 == 1;
      const RunSpec spec = draw_run(*experiment, any, random);
      std::cout << (any ? "any" : "default") << "\n" << full_query_text(spec) << "\n";
      for (const std::string& target : {std::string(available_targets().front().name), best}) {
        force_target({target.c_str()});
        std::cout << document(spec) << "\n" << std::flush;
      }
    }
  }
}
