// Tables and words of the risk studies.
#include <cmath>

#include "core/base/text.h"
#include "core/in_context/risk_study.h"

namespace attnlab::in_context {
namespace {

Cell whole(std::size_t value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::vector<Column> risk_columns() {
  return {{"predictor", "predictor", ""},
          {"heads", "heads h", ""},
          {"dim", "dimension d", ""},
          {"prompt_length", "examples D", ""},
          {"setting", "setting", ""},
          {"value", "value", ""},
          {"risk", "risk", "std_error"},
          {"std_error", "standard error", ""},
          {"scaled_risk", "D × risk", "scaled_std_error"},
          {"theory", "theory", ""},
          {"scaled_std_error", "standard error of D × risk", ""},
          {"variant", "variant", ""},
          {"prompts", "prompts", ""}};
}

Table risk_table(const std::vector<MeasuredCell>& cells) {
  Table table;
  table.name = "risk";
  table.caption =
      "Mean squared error of the prediction of θᵀx_q (1: predicting 0 in the plain task), with one "
      "standard error over prompts; for softmax the risk of the best head set, and the error "
      "counts "
      "the search for it. Theory is exact for linear, debiased and least squares, leading order in "
      "1/D for softmax (our derivation, docs/derivations.md)";
  table.columns = risk_columns();
  for (const MeasuredCell& cell : cells) {
    for (const RiskPoint& point : cell.points) {
      const Scenario& scenario = point.scenario;
      const double length = static_cast<double>(scenario.prompt_length);
      table.rows.push_back({point.predictor, point.heads == 0 ? Cell{} : whole(point.heads),
                            whole(scenario.dim), whole(scenario.prompt_length),
                            std::string(kSettingNames[std::size_t(scenario.setting)]),
                            real_cell(scenario.value), real_cell(point.risk),
                            real_cell(point.std_error), real_cell(length * point.risk),
                            real_cell(point.theory), real_cell(length * point.std_error),
                            std::string(variant_name(scenario.setting, scenario.variant)),
                            static_cast<std::int64_t>(std::llround(cell.sums.count))});
    }
  }
  return table;
}

Table head_table(const RiskStudy& study, const std::vector<MeasuredCell>& cells) {
  Table table;
  table.name = "heads";
  table.caption =
      "The head sets found: prediction = Σ weight · S(scale), S(b) the softmax average "
      "of the labels with scores b x_qᵀ KQ x";
  table.columns = {{"heads", "heads h", ""},  {"prompt_length", "examples D", ""},
                   {"value", "value", ""},    {"variant", "variant", ""},
                   {"head", "head", ""},      {"scale", "scale b", ""},
                   {"weight", "weight a", ""}};
  for (const MeasuredCell& cell : cells) {
    const Scenario& scenario = cell.cell.scenario;
    for (std::size_t s = 0; s < cell.sums.heads.size(); ++s) {
      for (std::size_t h = 0; h < cell.sums.heads[s].size(); ++h) {
        const IsotropicHead& head = cell.sums.heads[s][h];
        table.rows.push_back({whole(study.heads[s]), whole(scenario.prompt_length),
                              real_cell(scenario.value),
                              std::string(variant_name(scenario.setting, scenario.variant)),
                              whole(h + 1), real_cell(head.scale), real_cell(head.weight)});
      }
    }
  }
  return table;
}

Table ratio_table(const RiskStudy& study, const std::vector<MeasuredCell>& cells) {
  Table table;
  table.name = "ratio";
  table.caption =
      "Risk of one head divided by the risk of several on the same prompts, with one "
      "standard error from their joint covariance";
  table.columns = {{"heads", "heads h", ""},        {"prompt_length", "examples D", ""},
                   {"value", "value", ""},          {"variant", "variant", ""},
                   {"ratio", "ratio", "std_error"}, {"std_error", "standard error", ""},
                   {"prompts", "prompts", ""}};
  for (const MeasuredCell& cell : cells) {
    const Scenario& scenario = cell.cell.scenario;
    for (const std::size_t heads : study.heads) {
      const Estimate ratio = cell.ratio(study, heads);
      if (heads < 2 || !(ratio.mean > 0)) continue;
      table.rows.push_back({whole(heads), whole(scenario.prompt_length), real_cell(scenario.value),
                            std::string(variant_name(scenario.setting, scenario.variant)),
                            real_cell(ratio.mean), real_cell(ratio.std_error),
                            static_cast<std::int64_t>(std::llround(cell.sums.count))});
    }
  }
  return table;
}

std::vector<std::string> risk_notes(const RiskStudy& study,
                                    const std::vector<MeasuredCell>& cells) {
  std::vector<std::string> notes;
  bool fewer = false, no_ols = false, exact_zero = false, floor = false;
  for (const MeasuredCell& cell : cells) {
    const Scenario& scenario = cell.cell.scenario;
    for (std::size_t s = 0; s < cell.sums.heads.size(); ++s) {
      fewer = fewer || cell.sums.heads[s].size() < study.heads[s];
    }
    bool has_ols = false;
    for (const RiskPoint& point : cell.points) has_ols = has_ols || point.predictor == "ols";
    no_ols = no_ols || !has_ols;
    exact_zero = exact_zero || (scenario.noise == 0 && scenario.prompt_length >= scenario.dim);
    floor = floor || risk_floor(scenario) > 0;
  }
  notes.push_back(
      "The theory of softmax heads is our own derivation (docs/derivations.md), not quoted from "
      "the "
      "paper; it is the leading order in 1/D and approached slowly.");
  if (exact_zero) {
    notes.push_back(
        "Without noise, least squares and Bayes know θ exactly from d examples on: their risk is 0 "
        "there and has no place on a logarithmic axis.");
  }
  if (study.setting == Setting::kLocal && study.values.front() == 0 && study.noise == 0) {
    notes.push_back(
        "At radius 0 without noise every example is the query itself: heads read its label off, "
        "and "
        "their risk is 0 up to rounding.");
  }
  if (no_ols) {
    notes.push_back(
        "Least squares has no row where its risk is infinite (D about d with noise) or not "
        "defined.");
  }
  if (fewer) {
    notes.push_back(
        "Some larger head sets use fewer heads than allowed, because no further head lowered the "
        "risk on prompts of its own (table heads).");
  }
  if (floor) {
    notes.push_back(
        "Heads with KQ = bI keep a risk that does not fall with D: ρ bends the gradient "
        "away from θ. Its level is drawn as a line.");
  }
  if (study.setting != Setting::kPrior) {
    notes.push_back(
        "Ridge regression at its best strength is Bayes here (rows ridge and bayes); "
        "they differ where the prior mean is known.");
  } else {
    notes.push_back(
        "The read-out of x_q belongs to the heads; linear attention, least squares, "
        "ridge and kernel smoothing without it are the rows of labels-only.");
    notes.push_back(
        "A linear read-out of x_q alone does not remove the prior mean from the leading order: the "
        "labels still carry θ₀ᵀx as noise. Values that read y − θ₀ᵀx do (docs/derivations.md).");
  }
  return notes;
}

std::string study_text(const RiskStudy& study) {
  return "d = " + std::to_string(study.dim) +
         (study.setting != Setting::kNoise && study.noise > 0 ? ", σ² = " + short_text(study.noise)
                                                              : std::string()) +
         ", " + counted(static_cast<std::size_t>(study.prompts), "prompt") + " a point";
}

std::string_view value_symbol(Setting setting) {
  switch (setting) {
    case Setting::kNoise:
      return "σ²";
    case Setting::kCorrelation:
      return "ρ";
    case Setting::kLocal:
      return "radius";
    case Setting::kPrior:
      return "|θ₀|";
    case Setting::kBase:
      break;
  }
  return "";
}

std::string cell_text(const Scenario& scenario) {
  if (scenario.setting == Setting::kBase) return {};
  std::string text =
      std::string(value_symbol(scenario.setting)) + " = " + short_text(scenario.value);
  const std::string_view variant = variant_label(scenario.setting, scenario.variant);
  if (!variant.empty()) text += ", " + std::string(variant);
  return text;
}

}  // namespace attnlab::in_context
