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

/// 1 - |explained|^2 / variance on the samples of one draw; NaN if all values are equal. The
/// coordinates of the tokens are uncorrelated with mean 0 and variance 1 / `scale`; `length` is the
/// squared length of a sample where it is the same for all, else 0.
double affine_level(const TokenBatch& batch, std::vector<double> values, double scale,
                    double length) {
  const auto count = static_cast<double>(batch.count);
  double mean = 0, squares = 0;
  for (const double value : values) mean += value / count;
  for (double& value : values) {
    value -= mean;
    squares += value * value;
  }
  std::vector<double> moments(batch.sample_size());
  double with_itself = squares * length;  // a sample paired with itself
  for (std::size_t s = 0; s < batch.count; ++s) {
    const float* sample = batch.sample(s);
    double own = 0;
    for (std::size_t j = 0; j < moments.size(); ++j) {
      moments[j] += values[s] * static_cast<double>(sample[j]);
      own += static_cast<double>(sample[j]) * static_cast<double>(sample[j]);
    }
    if (length == 0) with_itself += values[s] * values[s] * own;
  }
  double pairs = 0;
  for (const double moment : moments) pairs += moment * moment;
  pairs -= with_itself;
  const double explained = scale * pairs / (count * (count - 1));
  return 1 - explained / (squares / (count - 1));
}

/// Values of the samples of a batch of any case, with what went wrong.
FormulaValues values_of(const TargetCase& item, const TargetDraw& draw, const TokenBatch& batch) {
  if (item.own.empty()) return {target_values(*item.target, draw, batch, item.number), {}};
  return program_of(item.own, batch.keys, batch.dim).values(draw, batch);
}

FormulaSurvey survey(const TargetCase& item, std::size_t keys, std::size_t dim,
                     const TokenWorld& world) {
  const double size = static_cast<double>((keys + 1) * dim);
  const auto share = static_cast<std::size_t>(kSurveyNumbers / size / kSurveyDraws);
  const std::size_t count = std::clamp(share, kFewestSurveySamples, kMostSurveySamples);
  const bool sphere = world.law == TokenLaw::kSphere;
  FormulaSurvey found;
  found.constant = true;
  std::vector<double> levels;
  for (std::uint32_t draw = 0; draw < kSurveyDraws; ++draw) {
    const TokenDraw samples{kSurveySeed, kSurveyDomain, draw, count, keys, dim};
    const TokenBatch batch = draw_tokens(world, samples);
    const FormulaValues values = values_of(item, draw_target(kSurveySeed, draw, dim), batch);
    found.samples += count;
    found.faults.division += values.faults.division;
    found.faults.overflow += values.faults.overflow;
    found.faults.undefined += values.faults.undefined;
    const auto [low, high] = std::minmax_element(values.values.begin(), values.values.end());
    if (!(*high - *low > kRounding * std::max(std::abs(*high), std::abs(*low)))) continue;
    found.constant = false;
    levels.push_back(
        sphere ? affine_level(batch, values.values, static_cast<double>(dim),
                              static_cast<double>(keys + 1))
               : affine_level(whitened_tokens(world, samples, batch), values.values, 1, 0));
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
                                           std::size_t dim, const TokenWorld& world) {
  if (item.own.empty() && world.law == TokenLaw::kSphere) {
    if (item.target->affine_level == nullptr) return std::nullopt;
    return AffineLevel{item.target->affine_level(keys, dim, item.number), 0};
  }
  const Estimate found = survey_target(item, keys, dim, world).affine;
  if (!std::isfinite(found.mean) || !(found.std_error > 0)) return std::nullopt;
  return AffineLevel{found.mean, found.std_error};
}

FormulaSurvey survey_target(const TargetCase& item, std::size_t keys, std::size_t dim,
                            const TokenWorld& world) {
  // Figures, tables and claims of one result ask for the same surveys again and again.
  struct Remembered {
    TargetCase item;
    std::size_t keys, dim;
    TokenWorld world;
    FormulaSurvey found;
  };
  constexpr std::size_t kMost = 64;  // more than the cases of a run
  thread_local std::vector<Remembered> known;
  TokenWorld without_positions = world;  // targets do not read positions
  without_positions.positions = false;
  for (const Remembered& one : known) {
    if (one.item == item && one.keys == keys && one.dim == dim && one.world == without_positions)
      return one.found;
  }
  if (known.size() == kMost) known.erase(known.begin());
  known.push_back({item, keys, dim, without_positions, survey(item, keys, dim, without_positions)});
  return known.back().found;
}

std::string target_refusal(const TargetCase& item, std::size_t keys, std::size_t dim,
                           const TokenWorld& world) {
  if (item.own.empty()) return {};
  const FormulaSurvey found = survey_target(item, keys, dim, world);
  const std::string name = "formula " + quoted_text(item.own);
  if (2 * found.faults.total() > found.samples)
    return name + " has " + faults_text(found) +
           "; a target needs a value on at least half of them";
  if (found.constant)
    return name + " has the same value on all of " + counted(found.samples, "fresh sample") +
           ": there is nothing to learn";
  return {};
}

std::vector<std::string> formula_notes(const TargetCase& item, std::size_t keys, std::size_t dim,
                                       const TokenWorld& world) {
  std::vector<std::string> notes;
  if (item.own.empty()) return notes;
  const FormulaSurvey found = survey_target(item, keys, dim, world);
  if (found.faults.total() > 0)
    notes.push_back("The formula has " + faults_text(found) + "; the target is 0 there.");
  if (!parse_formula(item.own)->reads_place) return notes;
  notes.push_back(
      world.positions
          ? "This target depends on places (i): models that treat the keys alike learn that part "
            "from the positions added to the keys."
          : "This target depends on places (i): models that are invariant to the order of the keys "
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
