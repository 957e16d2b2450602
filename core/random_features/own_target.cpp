#include "core/random_features/own_target.h"

#include <algorithm>
#include <cmath>

#include "core/attention/tokens.h"
#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/numerics/random.h"

namespace attnlab::random_features {
namespace {

constexpr std::uint64_t kSurveySeed = 20230711;  // any fixed number
constexpr std::uint32_t kSurveyDomain = hash_name("rf/survey");
constexpr double kRounding = 1e-6;      // tokens are float: the length of one is 1 to 1e-7
constexpr double kSurveyNumbers = 2e6;  // coordinates of all samples: about 20 ms
constexpr std::size_t kFewestSurveySamples = 32, kMostSurveySamples = 2048;  // of a draw

/// The program of a formula that the schema has accepted.
FormulaProgram program_of(const std::string& formula, std::size_t keys, std::size_t dim) {
  return {*parse_formula(formula), keys, dim};
}

/// 1 - |explained|^2 / variance on the samples of one draw; NaN if all values are equal.
double affine_level(const TokenBatch& batch, std::vector<double> values) {
  const auto count = static_cast<double>(batch.count);
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (double& value : values) {
    value -= mean;
    squares += value * value;
  }
  std::vector<double> moments(batch.sample_size());
  for (std::size_t s = 0; s < batch.count; ++s) {
    const float* sample = batch.sample(s);
    for (std::size_t j = 0; j < moments.size(); ++j)
      moments[j] += values[s] * static_cast<double>(sample[j]);
  }
  double pairs = 0;
  for (const double moment : moments) pairs += moment * moment;
  pairs -=
      squares * static_cast<double>(batch.keys + 1);  // a sample with itself: tokens have length 1
  const double explained = static_cast<double>(batch.dim) * pairs / (count * (count - 1));
  return 1 - explained / (squares / (count - 1));
}

FormulaSurvey survey(const std::string& formula, std::size_t keys, std::size_t dim) {
  const FormulaProgram program = program_of(formula, keys, dim);
  const double size = static_cast<double>((keys + 1) * dim);
  const auto share = static_cast<std::size_t>(kSurveyNumbers / size / kSurveyDraws);
  const std::size_t count = std::clamp(share, kFewestSurveySamples, kMostSurveySamples);
  FormulaSurvey found;
  found.constant = true;
  std::vector<double> levels;
  for (std::uint32_t draw = 0; draw < kSurveyDraws; ++draw) {
    const TokenBatch batch = draw_sphere_tokens(kSurveySeed, kSurveyDomain, draw, count, keys, dim);
    const FormulaValues values = program.values(draw_target(kSurveySeed, draw, dim), batch);
    found.samples += count;
    found.faults.division += values.faults.division;
    found.faults.overflow += values.faults.overflow;
    found.faults.undefined += values.faults.undefined;
    const auto [low, high] = std::minmax_element(values.values.begin(), values.values.end());
    if (!(*high - *low > kRounding * std::max(std::abs(*high), std::abs(*low)))) continue;
    found.constant = false;
    levels.push_back(affine_level(batch, values.values));
  }
  if (levels.size() == kSurveyDraws) found.affine = mean_and_error(levels);
  return found;
}

/// "no value on 12 of 4096 fresh samples (division by zero: 10, overflow: 2)"
std::string faults_text(const FormulaSurvey& found) {
  const auto text = [](std::size_t count) { return exact_text(static_cast<std::int64_t>(count)); };
  std::vector<std::string> reasons;
  const auto add = [&](const char* reason, std::size_t count) {
    if (count > 0) reasons.push_back(std::string(reason) + ": " + text(count));
  };
  add("division by zero", found.faults.division);
  add("overflow", found.faults.overflow);
  add("not defined", found.faults.undefined);
  return "no value on " + text(found.faults.total()) + " of " + text(found.samples) +
         " fresh samples (" + join(reasons, ", ") + ")";
}

}  // namespace

std::vector<double> case_values(const TargetCase& item, const TargetDraw& draw,
                                const TokenBatch& batch) {
  if (item.own.empty()) return target_values(*item.target, draw, batch, item.number);
  return program_of(item.own, batch.keys, batch.dim).values(draw, batch).values;
}

std::string own_formula(const Target& target, const ParameterSet& parameters) {
  return &target == &own_target() ? parameters.text("formula") : std::string();
}

TargetCase single_case(const ParameterSet& parameters) {
  const Target& target = *find_target(parameters.choice("target"));
  TargetCase item{&target, target.default_number, own_formula(target, parameters)};
  if (target.number == TargetNumber::kDegree)
    item.number = static_cast<double>(parameters.integer("degree"));
  if (target.number == TargetNumber::kFrequency && parameters.schema().find("frequency") != nullptr)
    item.number = parameters.real("frequency");
  return item;
}

std::string AffineLevel::text() const {
  return std_error > 0 ? estimate_text(level, std_error) : short_text(level);
}

std::optional<AffineLevel> affine_level_of(const TargetCase& item, std::size_t keys,
                                           std::size_t dim) {
  if (item.own.empty()) {
    if (item.target->affine_level == nullptr) return std::nullopt;
    return AffineLevel{item.target->affine_level(keys, dim, item.number), 0};
  }
  const Estimate found = survey_formula(item.own, keys, dim).affine;
  if (!std::isfinite(found.mean) || !(found.std_error > 0)) return std::nullopt;
  return AffineLevel{found.mean, found.std_error};
}

FormulaSurvey survey_formula(const std::string& formula, std::size_t keys, std::size_t dim) {
  // Figures, tables and claims of one result ask for the same survey again and again.
  struct Remembered {
    std::string formula;
    std::size_t keys = 0, dim = 0;
    FormulaSurvey found;
  };
  thread_local Remembered last;
  if (last.formula != formula || last.keys != keys || last.dim != dim)
    last = {formula, keys, dim, survey(formula, keys, dim)};
  return last.found;
}

std::string target_refusal(const TargetCase& item, std::size_t keys, std::size_t dim) {
  if (item.own.empty()) return {};
  const FormulaSurvey found = survey_formula(item.own, keys, dim);
  const std::string name = "formula " + quoted_text(item.own);
  if (2 * found.faults.total() > found.samples)
    return name + " has " + faults_text(found) +
           "; a target needs a value on at least half of them";
  if (found.constant)
    return name + " has the same value on all of " + counted(found.samples, "fresh sample") +
           ": there is nothing to learn";
  return {};
}

std::vector<std::string> formula_notes(const TargetCase& item, std::size_t keys, std::size_t dim) {
  std::vector<std::string> notes;
  if (item.own.empty()) return notes;
  const FormulaSurvey found = survey_formula(item.own, keys, dim);
  if (found.faults.total() > 0)
    notes.push_back("The formula has " + faults_text(found) + "; the target is 0 there.");
  if (parse_formula(item.own)->reads_place)
    notes.push_back(
        "This target depends on places (i): models that are invariant to the order of the keys "
        "cannot learn that part.");
  return notes;
}

Parameter formula_parameter() {
  Parameter parameter;
  parameter.name = "formula";
  parameter.label = "Formula";
  parameter.symbol = "f";
  parameter.help =
      "the target own: an expression of x (this key), q (the query), b1 b2 b3 (fixed unit "
      "vectors), "
      "S (a fixed matrix) and mean, sum, max, min, avg(score; value) over the keys";
  parameter.kind = ParameterKind::kText;
  parameter.form = TextForm::kFormula;
  parameter.min = 1;
  parameter.max = static_cast<double>(kMostFormulaLetters);
  parameter.choices = {
      {"avg(4*dot(q,x);dot(b1,x))", "softmax attention", "a softmax head with W = 4 I"},
      {"mean(dot(b1,x)^2)", "mean of a square", "mean-power of degree 2"},
      {"max(dot(b1,x))-mean(dot(b1,x))", "maximum above the mean", "the keys compared"},
      {"mean(relu(dot(q,S*x))*dot(b1,x))", "a ReLU head", "a random head, read along b1"},
      {"mean(N*(i==1)*dot(b1,x))", "the first key", "depends on the place of the key"}};
  parameter.default_value = parameter.choices.front().name;
  parameter.applies = {{"target", {std::string(own_target().id)}}};
  parameter.primary = true;
  return parameter;
}

}  // namespace attnlab::random_features
