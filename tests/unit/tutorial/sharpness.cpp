// Sample of docs/tutorial.md: how sharp must attention be to pick out one key?
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "core/attention/tokens.h"
#include "core/experiment/experiment.h"
#include "core/experiment/parameters.h"
#include "core/findings/row_table.h"
#include "core/findings/verdict.h"
#include "core/numerics/random.h"
#include "core/numerics/statistics.h"
#include "tests/unit/tutorial/sharpness.h"

namespace attnlab::tutorial {
namespace {

// [parameters]
struct Setup {
  std::size_t dim, keys, trials;
  std::vector<double> scales;
};

Setup read_setup(const ParameterSet& parameters) {
  return {static_cast<std::size_t>(parameters.integer("dim")),
          static_cast<std::size_t>(parameters.integer("keys")),
          static_cast<std::size_t>(parameters.integer("trials")), parameters.reals("scale")};
}
// [parameters]

// [job]
constexpr std::size_t kSamples = 256;  // a trial's; well under a step of 10 ms

/// Mean over samples of the largest softmax weight, for each scale.
std::vector<double> largest_weights(const Setup& setup, const TokenBatch& tokens) {
  std::vector<double> sums(setup.scales.size(), 0.0);
  std::vector<double> scores(setup.keys);
  for (std::size_t sample = 0; sample < tokens.count; ++sample) {
    for (std::size_t key = 0; key < setup.keys; ++key) {
      scores[key] = 0;
      for (std::size_t a = 0; a < setup.dim; ++a) {
        scores[key] +=
            double{tokens.token(sample, 0)[a]} * double{tokens.token(sample, key + 1)[a]};
      }
    }
    const double best = *std::max_element(scores.begin(), scores.end());
    for (std::size_t s = 0; s < setup.scales.size(); ++s) {
      double total = 0;
      for (const double score : scores) total += std::exp(setup.scales[s] * (score - best));
      sums[s] += 1 / total;  // the best key's weight: its own exponential is 1
    }
  }
  for (double& sum : sums) sum /= static_cast<double>(tokens.count);
  return sums;
}
// [job]

// [find]
/// One row of the main table.
struct Row {
  double scale = 0, weight = 0, std_error = 0;
  std::int64_t trials = 0;
};

const RowTable<Row>& weight_table() {
  static const RowTable<Row> table{"weight",
                                   "Largest softmax weight of a key, with one standard error",
                                   {column<&Row::scale>("scale", "scale b"),
                                    column<&Row::weight>("weight", "largest weight", "std_error"),
                                    column<&Row::std_error>("std_error", "standard error"),
                                    column<&Row::trials>("trials", "trials")}};
  return table;
}

Claim sharper_claim(const Setup& setup, const std::vector<std::vector<double>>& trials) {
  Claim claim{"T1", "A larger scale puts more weight on the best key."};
  std::vector<Comparison> comparisons;
  for (std::size_t s = 0; s + 1 < setup.scales.size(); ++s) {
    std::vector<double> differences;  // paired: a trial's scales share its tokens
    for (const std::vector<double>& trial : trials) differences.push_back(trial[s + 1] - trial[s]);
    comparisons.push_back(mean_comparison("next scale minus this one", differences));
  }
  const Verdict verdict = judge(std::move(comparisons));
  apply(verdict, claim);
  for (const JudgedComparison& judged : verdict.comparisons) {
    claim.evidence += interval_text(judged) + " ";
  }
  return claim;
}

Figure weight_figure(const std::vector<Row>& rows) {
  Figure figure;
  figure.id = "weight";
  figure.title = "How sharp must attention be to pick out one key?";
  figure.subtitle = "Bars: ±1 standard error over trials.";
  figure.x = {"scale of the scores, b", true, 0, 0, {}};
  figure.y = {"largest weight", false, 0, 1, {}};
  figure.table = "weight";
  figure.empty_text = "Press Run: each trial adds to every point.";
  Series series;
  series.id = series.label = "softmax";
  for (const Row& row : rows) {
    series.points.push_back({row.scale, row.weight, row.std_error, static_cast<int>(row.trials)});
  }
  figure.draw_lines().series.push_back(std::move(series));
  return figure;
}
// [find]

}  // namespace

// [face]
Experiment SharpnessExperiment::face() {
  Experiment experiment;
  experiment.id = "sharpness";
  experiment.family = "C";
  experiment.title = "Sharpness";
  experiment.question = "How sharp must attention be to pick out one key?";
  experiment.summary =
      "Keys and query are uniform on the unit sphere. The scale of the scores decides whether "
      "softmax averages over all keys or picks one.";
  experiment.layer.formulas = {"\\text{weight}_i = \\text{softmax}_i(b\\, x_i^\\top q)"};
  experiment.schema.parameters = {described({.name = "scale",
                                             .label = "Scale",
                                             .symbol = "b",
                                             .help = "factor of the scores",
                                             .min = 0.01,
                                             .max = 1000,
                                             .default_value = reals({1, 4, 16, 64}),
                                             .suggested = {1, 4, 16, 64},
                                             .logarithmic = true,
                                             .primary = true}),
                                  described({.name = "keys",
                                             .label = "Keys",
                                             .symbol = "N",
                                             .help = "key tokens",
                                             .min = 2,
                                             .max = 1024,
                                             .default_value = std::int64_t{16},
                                             .primary = true}),
                                  described({.name = "dim",
                                             .label = "Token dimension",
                                             .symbol = "d",
                                             .help = "length of a token",
                                             .min = 1,
                                             .max = 256,
                                             .default_value = std::int64_t{8}}),
                                  described({.name = "trials",
                                             .label = "Trials",
                                             .help = "independent repetitions",
                                             .min = 1,
                                             .max = 1000,
                                             .default_value = std::int64_t{5}})};
  experiment.presets = {{"first-look", "First look", "From averaging to picking.", {}}};
  experiment.plan = [](const RunSpec& spec) -> Expected<Plan> {
    const Setup setup = read_setup(spec.parameters);
    Plan plan;
    for (std::size_t trial = 0; trial < setup.trials; ++trial) {
      plan.jobs.push_back({"trial " + std::to_string(trial + 1),
                           static_cast<double>(kSamples * setup.keys * setup.dim)});
    }
    plan.job_bytes = 4.0 * kSamples * static_cast<double>((setup.keys + 1) * setup.dim);
    plan.memory_parameter = "keys";
    return plan;
  };
  return experiment;
}
// [face]

// [start]
JobSteps SharpnessExperiment::start(RunSpec spec, std::uint32_t index) {
  const Setup setup = read_setup(spec.parameters);
  const TokenBatch tokens =
      draw_sphere_tokens(spec.seed, hash_name("sharpness"), index, kSamples, setup.keys, setup.dim);
  ByteWriter writer;
  for (const double weight : largest_weights(setup, tokens)) writer.real(weight);
  co_return JobResult{writer.take()};
}

Findings SharpnessExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Setup setup = read_setup(spec.parameters);
  Findings findings;
  std::vector<JobOutput> ordered(outputs.begin(), outputs.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const JobOutput& a, const JobOutput& b) { return a.index < b.index; });
  std::vector<std::vector<double>> trials;  // [trial][scale]
  for (const JobOutput& output : ordered) {
    ByteReader reader(output.bytes);
    std::vector<double> weights(setup.scales.size());
    for (double& weight : weights) weight = reader.real();
    if (reader.at_end() && output.index < setup.trials)
      trials.push_back(std::move(weights));
    else
      findings.result.notes.push_back("Output " + std::to_string(output.index) +
                                      " could not be read and was left out.");
  }
  std::vector<Row> rows;
  for (std::size_t s = 0; s < setup.scales.size() && !trials.empty(); ++s) {
    std::vector<double> values;
    for (const std::vector<double>& trial : trials) values.push_back(trial[s]);
    const Estimate estimate = mean_and_error(values);
    rows.push_back({setup.scales[s], estimate.mean, estimate.std_error, estimate.count});
  }
  findings.result.tables = {weight_table().of(rows)};
  findings.result.claims = {sharper_claim(setup, trials)};
  findings.figures = {weight_figure(rows)};
  return findings;
}
// [start]

}  // namespace attnlab::tutorial
