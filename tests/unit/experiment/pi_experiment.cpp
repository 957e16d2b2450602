#include "tests/unit/experiment/pi_experiment.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace attnlab::test {
namespace {

constexpr std::int64_t kPointsPerStep = 100;

Bytes encoded(std::int64_t points, std::int64_t inside) {
  ByteWriter writer;
  writer.u64(static_cast<std::uint64_t>(points));
  writer.u64(static_cast<std::uint64_t>(inside));
  return writer.take();
}

/// pi's estimate of one output, NaN when it does not decode.
double estimate_of(const Bytes& bytes) {
  ByteReader reader(bytes);
  const auto points = static_cast<double>(reader.u64());
  const auto inside = static_cast<double>(reader.u64());
  return reader.at_end() && points > 0 ? 4 * inside / points : std::nan("");
}

Expected<Plan> plan(const RunSpec& spec) {
  const std::int64_t points = spec.parameters.integer("points");
  Plan plan;
  for (std::int64_t i = 0; i < spec.parameters.integer("trials"); ++i) {
    plan.jobs.push_back({"trial " + std::to_string(i + 1), static_cast<double>(points)});
  }
  plan.job_bytes = 16.0 * static_cast<double>(points);
  plan.memory_parameter = "points";
  return plan;
}

JobSteps start(RunSpec spec, std::uint32_t index) {
  const std::int64_t points = spec.parameters.integer("points");
  std::mt19937_64 random(spec.seed * 1000003 + index);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  std::int64_t done = 0, inside = 0;
  while (done < points) {
    const std::int64_t end = std::min(done + kPointsPerStep, points);
    for (; done < end; ++done) {
      const double x = uniform(), y = uniform();
      inside += x * x + y * y < 1;
    }
    co_yield StepProgress{static_cast<double>(done) / static_cast<double>(points),
                          encoded(done, inside)};
  }
  co_return JobResult{encoded(done, inside)};
}

Findings find(const RunSpec&, std::span<const JobOutput> outputs) {
  std::vector<JobOutput> ordered(outputs.begin(), outputs.end());
  std::sort(ordered.begin(), ordered.end(),
            [](const JobOutput& a, const JobOutput& b) { return a.index < b.index; });
  Result result;
  double sum = 0, squares = 0, count = 0;
  for (const JobOutput& output : ordered) {
    const double estimate = estimate_of(output.bytes);
    if (std::isnan(estimate)) {
      result.notes.push_back("trial " + std::to_string(output.index + 1) + " does not decode");
      continue;
    }
    sum += estimate;
    squares += estimate * estimate;
    ++count;
  }
  Table table{"pi",
              "Estimates of pi",
              {{"estimate", "estimate", "std_error"},
               {"std_error", "standard error", ""},
               {"trials", "trials", ""}},
              {}};
  const double mean = sum / count;
  const double variance = (squares / count - mean * mean) * count / (count - 1);
  table.rows.push_back(
      {real_cell(mean), real_cell(std::sqrt(variance / count)), static_cast<std::int64_t>(count)});
  result.tables.push_back(table);
  return {std::move(result), {}};
}

Parameter whole_parameter(std::string name, double max, std::int64_t value) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = parameter.name;
  parameter.min = 1;
  parameter.max = max;
  parameter.default_value = value;
  return parameter;
}

Experiment make_pi() {
  Experiment experiment;
  experiment.id = "pi";
  experiment.family = "A";
  experiment.title = "Pi by chance";
  experiment.question = "How many random points until pi shows?";
  experiment.summary = "Points in a square; the share inside the circle is pi/4.";
  experiment.schema.parameters = {whole_parameter("points", 1e7, 1000),
                                  whole_parameter("trials", 1000, 5)};
  experiment.presets = {{"quick", "Quick", "A first look.", {{"points", "250"}, {"trials", "3"}}}};
  experiment.plan = plan;
  experiment.start = start;
  experiment.find = find;
  return experiment;
}

Parameter parameter_of(std::string name, ParameterKind kind, double min, double max,
                       std::size_t max_items, ParameterValue value) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = parameter.name;
  parameter.kind = kind;
  parameter.min = min;
  parameter.max = max;
  parameter.max_items = max_items;
  parameter.default_value = std::move(value);
  return parameter;
}

Experiment make_every_kind() {
  using Kind = ParameterKind;
  using Words = std::vector<std::string>;
  Experiment experiment;
  experiment.id = "every-kind";
  experiment.family = "A";
  experiment.schema.parameters = {
      parameter_of("whole", Kind::kInteger, -1000, 100000, 1, std::int64_t{16}),
      parameter_of("real", Kind::kReal, -10, 10, 1, 0.5),
      parameter_of("word", Kind::kChoice, 0, 0, 1, "red"),
      parameter_of("word-or-real", Kind::kChoiceOrReal, 1e-12, 1000, 1, "red"),
      parameter_of("wholes", Kind::kIntegerList, 1, 65536, 8, std::vector<std::int64_t>{16, 64}),
      parameter_of("reals", Kind::kRealList, -1e300, 1e300, 8, std::vector<double>{0, 0.25}),
      parameter_of("words", Kind::kChoiceList, 0, 0, 3, Words{"red", "blue"}),
      parameter_of("points", Kind::kRealTuple, -3, 3, 8, std::vector<double>{1, -2, 1, 0.5}),
      parameter_of("matrix", Kind::kRealTuple, -1e300, 1e300, 4, std::vector<double>{1, 0, 0, 1}),
      parameter_of("formula", Kind::kText, 1, 300, 1, "dot(b1,q)"),
  };
  experiment.schema.parameters[7].min_items = experiment.schema.parameters[7].group = 2;
  experiment.schema.parameters[8].min_items = 4;
  for (Parameter& parameter : experiment.schema.parameters) {
    if (parameter.name.starts_with("word")) {
      parameter.choices = {{"red", "Red", ""}, {"green", "Green", ""}, {"blue", "Blue", ""}};
    }
  }
  Parameter& formula = experiment.schema.parameters[9];
  formula.form = TextForm::kFormula;
  for (const char* example : {"dot(b1,q)", "-1/2+mean(2^(i==1)*norm(x-q)-.5e-3)",
                              "avg(4*dot(q,x);max(cos(N*dot(b1,S*x))))"})
    formula.choices.push_back({example, "", ""});
  return experiment;
}

}  // namespace

const Experiment& pi_experiment() {
  static const Experiment experiment = make_pi();
  return experiment;
}

const Experiment& every_kind_experiment() {
  static const Experiment experiment = make_every_kind();
  return experiment;
}

}  // namespace attnlab::test
