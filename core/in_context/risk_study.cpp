// Cells, jobs and estimates of risk_study.h.
#include "core/in_context/risk_study.h"
#include "core/experiment/parameters.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/in_context/parameters.h"

namespace attnlab::in_context {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Enough to keep the loss of the search small next to the standard error: the loss falls like
/// 1 / search prompts, the error like 1 / sqrt(prompts) (docs/derivations.md).
std::size_t search_prompts_for(std::size_t prompts) {
  constexpr std::size_t kLeast = 1000, kShare = 4;
  constexpr double kPerRoot = 63.25;  // 4000 search prompts for 4000 prompts
  const double root = std::ceil(kPerRoot * std::sqrt(static_cast<double>(prompts)));
  return std::max({kLeast, static_cast<std::size_t>(root), prompts / kShare});
}

constexpr std::size_t kMaxParts = 8;
/// Measured risks below are 0 up to rounding: they have no ratio.
constexpr double kRoundingRisk = 1e-12;

/// Heads measured on a prompt.
std::size_t total_heads(const RiskStudy& study) {
  std::size_t sum = 0;
  for (const std::size_t heads : study.heads) sum += heads;
  return kSetsPerCount * sum + study.given.size();
}

struct JobName {
  std::size_t cell, part;
};
JobName job_name(const RiskStudy& study, std::size_t index) {
  std::size_t cell = 0;
  while (index >= study.cells[cell].parts) index -= study.cells[cell++].parts;
  return {cell, index};
}

std::size_t part_prompts(const RiskStudy& study, const JobName& job) {
  const std::size_t parts = study.cells[job.cell].parts;
  return study.prompts / parts + (job.part < study.prompts % parts ? 1 : 0);
}

Bytes encode(const RiskSums& sums) {
  ByteWriter writer;
  writer.real(sums.count);
  writer.reals(sums.means);
  writer.reals(sums.comoments);
  for (const auto& set : sums.heads) {
    std::vector<double> numbers;
    for (const IsotropicHead& head : set) {
      numbers.push_back(head.scale);
      numbers.push_back(head.weight);
    }
    writer.reals(numbers);
  }
  return writer.take();
}

bool decode(std::span<const std::uint8_t> bytes, const RiskStudy& study, RiskSums& sums) {
  const std::size_t sets = study.heads.size();
  ByteReader reader(bytes);
  sums.count = reader.real();
  sums.means = reader.reals();
  sums.comoments = reader.reals();
  sums.heads.assign(sets, {});
  for (auto& set : sums.heads) {
    const std::vector<double> numbers = reader.reals();
    for (std::size_t i = 0; i + 1 < numbers.size(); i += 2) {
      set.push_back({numbers[i], numbers[i + 1]});
    }
  }
  const std::size_t given = study.given.empty() ? 0 : 1;
  const std::size_t values = 2 * sets + kBaselines + given + kControls;
  return reader.at_end() && sums.count > 0 && sums.means.size() == values &&
         sums.comoments.size() == values * values;
}

/// The largest meaningful value of a setting.
double value_limit(Setting setting) {
  return setting == Setting::kCorrelation ? 0.99 : setting == Setting::kNoise ? 100 : 10;
}

std::vector<RiskRow> cell_rows(const RiskStudy& study, const MeasuredCell& measured) {
  const Scenario& scenario = measured.cell.scenario;
  const PromptLaw law = make_prompt_law(scenario);
  const double length = static_cast<double>(scenario.prompt_length);
  const auto at = [&](std::size_t i) { return measured.estimates.risks[i]; };
  const std::size_t sets = study.heads.size();
  std::vector<RiskRow> rows;
  const auto add = [&](const char* predictor, std::optional<std::size_t> heads, double risk,
                       double error, double theory, std::optional<std::size_t> estimate = {}) {
    rows.push_back({scenario, predictor, heads, risk, error, theory,
                    std::string(variant_name(scenario.setting, scenario.variant)),
                    std::llround(measured.sums.count), estimate});
  };
  for (std::size_t i = 0; i < sets; ++i) {
    add("softmax", study.heads[i], at(i), measured.estimates.std_error(i),
        risk_theory(scenario, study.heads[i]), i);
  }
  if (!study.given.empty()) {
    const std::size_t i = sets + kBaselines;
    add("given", study.given.size(), at(i), measured.estimates.std_error(i), kNaN, i);
  }
  if (scenario.variant == Variant::kReadOut)
    return rows;  // the other predictors are rows of labels-only
  const auto add_exact = [&](const char* predictor, double risk) {
    if (std::isfinite(risk)) add(predictor, {}, risk, 0, risk);
  };
  add_exact("linear", law.linear.best());
  add_exact("debiased", law.debiased);
  const auto add_measured = [&](const char* predictor, Baseline which, double theory) {
    const std::size_t i = sets + which;
    if (std::isfinite(at(i))) add(predictor, {}, at(i), measured.estimates.std_error(i), theory, i);
  };
  const bool whole = scenario.prompt_length >= scenario.dim;
  if (scenario.setting == Setting::kLocal) {
    if (scenario.prompt_length >= scenario.dim + 2) add_measured("ols", kLeastSquares, kNaN);
  } else if (whole || scenario.setting != Setting::kCorrelation) {
    add_exact("ols", least_squares_risk(scenario.task(), length));
  }
  const double zero = scenario.noise == 0 && whole ? 0 : kNaN;
  add_measured("bayes", kBayes, zero);
  add_measured("ridge", kRidge, zero);
  add_measured("kernel", kKernel, kNaN);
  return rows;
}

std::size_t head_index(const RiskStudy& study, std::size_t heads) {
  return static_cast<std::size_t>(std::find(study.heads.begin(), study.heads.end(), heads) -
                                  study.heads.begin());
}

}  // namespace

std::size_t RiskStudy::job_count() const {
  std::size_t count = 0;
  for (const RiskCell& cell : cells) count += cell.parts;
  return count;
}

Parameter setting_parameter(std::string_view default_setting) {
  Parameter parameter;
  parameter.name = "setting";
  parameter.label = "Setting";
  parameter.help = "the difficulty that is added to the plain task";
  parameter.kind = ParameterKind::kChoice;
  parameter.choices = {
      {"base", "Plain task", "x ~ N(0, I), θ ~ N(0, I/d), labels with the variance given by noise"},
      {"noise", "Noisy labels", "value is σ², the variance of the label noise"},
      {"correlation", "Correlated features", "value is ρ: Cov(x)ᵢⱼ = ρ^|i−j|"},
      {"local", "Examples near the query", "value is the radius ρ: xᵢ = q + ρ nᵢ, q the query"},
      {"prior", "Prior knowledge", "value is |θ₀|: θ ~ N(θ₀, I/d)"}};
  parameter.default_value = std::string(default_setting);
  parameter.primary = true;
  return parameter;
}

Parameter value_parameter(std::vector<double> values) {
  Parameter parameter =
      described({.name = "value",
                 .label = "Strength",
                 .help = "σ², ρ, radius or |θ₀|, as the setting says; the plain task has none",
                 .max = 100,
                 .default_value = 0.0,
                 .suggested = {0, 0.1, 0.25, 0.5, 0.75, 0.9, 1, 2},
                 .applies = {{"setting", {"noise", "correlation", "local", "prior"}}}});
  parameter.kind = ParameterKind::kRealList;
  parameter.max_items = 12;
  parameter.default_value = std::move(values);
  parameter.primary = true;
  return parameter;
}

Parameter prompts_parameter(std::int64_t prompts) {
  return described({.name = "prompts",
                    .label = "Prompts",
                    .help = "random prompts that measure each risk; four times as many halve the "
                            "error bars",
                    .min = 100,
                    .max = 10000000,
                    .default_value = prompts,
                    .suggested = {1000, 4000, 20000, 100000},
                    .logarithmic = true});
}

RiskStudy read_risk_study(const ParameterSet& parameters) {
  RiskStudy study;
  for (const std::int64_t heads : parameters.integers("heads")) {
    study.heads.push_back(static_cast<std::size_t>(heads));
  }
  study.given = given_heads(parameters);
  study.dim = static_cast<std::size_t>(parameters.integer("dim"));
  for (const std::int64_t length : parameters.integers("prompt-length")) {
    study.lengths.push_back(static_cast<std::size_t>(length));
  }
  const auto setting =
      std::find(kSettingNames.begin(), kSettingNames.end(), parameters.choice("setting"));
  study.setting = static_cast<Setting>(setting - kSettingNames.begin());
  study.values = parameters.reals("value");
  if (study.setting == Setting::kBase) study.values = {0};
  study.noise = parameters.real("noise");
  study.prompts = static_cast<std::size_t>(parameters.integer("prompts"));
  study.search_prompts = search_prompts_for(study.prompts);
  for (const double value : study.values) {
    for (const Variant variant : variants_of(study.setting)) {
      for (const std::size_t length : study.lengths) {
        const double noise = study.setting == Setting::kNoise ? value : study.noise;
        RiskCell cell{{study.setting, variant, value, noise, study.dim, length}, 1};
        const double share = measure_cost(cell.scenario, total_heads(study), study.prompts) /
                             search_cost(cell.scenario, study.search_prompts);
        cell.parts = static_cast<std::size_t>(
            std::clamp(std::round(share), 1.0, static_cast<double>(kMaxParts)));
        study.cells.push_back(cell);
      }
    }
  }
  return study;
}

Expected<Plan> plan_risk_study(const RunSpec& spec) {
  const RiskStudy study = read_risk_study(spec.parameters);
  for (const double value : study.values) {
    if (value <= value_limit(study.setting)) continue;
    return Error{"value must be 0 to " + short_text(value_limit(study.setting)) + " with setting " +
                 std::string(kSettingNames[std::size_t(study.setting)]) + ", not " +
                 exact_text(value)};
  }
  Plan plan;
  plan.memory_parameter = "prompt-length";
  for (std::size_t i = 0; i < study.job_count(); ++i) {
    const JobName job = job_name(study, i);
    const Scenario& scenario = study.cells[job.cell].scenario;
    // Five prompts (one for each half of the search and for heads by hand, the measured one, the
    // smoothed one), with
    // noise also the weights for every scale and bandwidth and for every head; the means of a
    // block.
    const double dim = static_cast<double>(scenario.dim);
    const double row = 4.0 * static_cast<double>(padded_length(scenario.prompt_length));
    const double scales = 2 * 60 + static_cast<double>(total_heads(study));
    const double prompts = study.given.empty() ? 4 : 5;
    const double rows = prompts * dim + 1 + (scenario.noise > 0 ? scales + 1 : 0);
    plan.job_bytes = std::max(plan.job_bytes, row * rows + 128 * scales * dim + 1e5);
    std::string label = "D = " + std::to_string(scenario.prompt_length);
    const std::string where = cell_text(scenario);
    if (!where.empty()) label += ", " + where;
    const std::size_t parts = study.cells[job.cell].parts;
    if (parts > 1) {
      label += ", part " + std::to_string(job.part + 1) + " of " + std::to_string(parts);
    }
    plan.jobs.push_back({std::move(label),
                         search_cost(scenario, study.search_prompts) +
                             measure_cost(scenario, total_heads(study), part_prompts(study, job))});
  }
  return plan;
}

JobSteps start_risk_job(RunSpec spec, std::uint32_t index) {
  const RiskStudy study = read_risk_study(spec.parameters);
  if (index >= study.job_count()) co_return Error{"this run has no job " + std::to_string(index)};
  const JobName job = job_name(study, index);
  HeadRiskTask task;
  task.law = make_prompt_law(study.cells[job.cell].scenario);
  task.head_counts = study.heads;
  task.given = study.given;
  task.baselines = true;
  task.search_prompts = study.search_prompts;
  task.prompts = part_prompts(study, job);
  task.seed = spec.seed;
  task.cell = static_cast<std::uint32_t>(job.cell);
  task.part = static_cast<std::uint32_t>(job.part);
  RiskSums sums;
  JobSteps steps = measure_heads(std::move(task), sums);
  co_await steps;
  co_return JobResult{encode(sums)};
}

std::vector<MeasuredCell> measured_cells(const RiskStudy& study, std::span<const JobOutput> outputs,
                                         std::vector<std::string>& notes) {
  std::vector<const JobOutput*> by_index(study.job_count(), nullptr);
  for (const JobOutput& output : outputs) {
    if (output.complete && output.index < by_index.size()) by_index[output.index] = &output;
  }
  std::vector<MeasuredCell> cells;
  std::size_t index = 0;
  for (const RiskCell& cell : study.cells) {
    MeasuredCell measured{cell, {}, {}, {}};
    for (std::size_t part = 0; part < cell.parts; ++part, ++index) {
      if (by_index[index] == nullptr) continue;
      RiskSums sums;
      if (decode(by_index[index]->bytes, study, sums)) {
        measured.sums.merge(sums);
      } else {
        notes.push_back("The output of job " + std::to_string(index) +
                        " could not be read and was left out.");
      }
    }
    if (measured.sums.count == 0) continue;
    measured.estimates =
        corrected_risks(measured.sums, control_means(make_prompt_law(cell.scenario)));
    measured.rows = cell_rows(study, measured);
    cells.push_back(std::move(measured));
  }
  return cells;
}

Estimate MeasuredCell::advantage(const RiskStudy& study, std::size_t heads) const {
  const std::size_t one = head_index(study, 1), many = head_index(study, heads);
  if (one >= study.heads.size() || many >= study.heads.size()) return {kNaN, kNaN, 0};
  const std::size_t n = estimates.risks.size();
  const auto covariance = [&](std::size_t i, std::size_t j) {
    return estimates.covariance[i * n + j];
  };
  const double variance = covariance(one, one) + covariance(many, many) - 2 * covariance(one, many);
  return {estimates.risks[one] - estimates.risks[many], std::sqrt(std::max(variance, 0.0)),
          static_cast<int>(sums.count)};
}

Estimate MeasuredCell::ratio(const RiskStudy& study, std::size_t heads) const {
  const std::size_t one = head_index(study, 1), many = head_index(study, heads);
  if (one >= study.heads.size() || many >= study.heads.size()) return {kNaN, kNaN, 0};
  const double top = estimates.risks[one], bottom = estimates.risks[many];
  if (!(top > kRoundingRisk && bottom > kRoundingRisk)) return {kNaN, kNaN, 0};
  const std::size_t n = estimates.risks.size();
  const auto relative = [&](std::size_t i, std::size_t j) {
    return estimates.covariance[i * n + j] / (estimates.risks[i] * estimates.risks[j]);
  };
  const double variance = relative(one, one) + relative(many, many) - 2 * relative(one, many);
  return {top / bottom, top / bottom * std::sqrt(std::max(variance, 0.0)),
          static_cast<int>(sums.count)};
}

double risk_theory(const Scenario& scenario, std::size_t heads) {
  const double constant = heads == 1 ? one_head_theory(scenario) : many_head_theory(scenario);
  const bool read_out = scenario.variant == Variant::kReadOut;
  return shrunk_risk(read_out ? 1 : scenario.task().signal, constant,
                     static_cast<double>(scenario.prompt_length));
}

}  // namespace attnlab::in_context
