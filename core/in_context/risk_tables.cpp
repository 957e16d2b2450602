// Tables and words of the risk studies.
#include <cmath>

#include "core/base/text.h"
#include "core/in_context/risk_study.h"

namespace attnlab::in_context {
namespace {

/// One head of a set found.
struct HeadRow {
  std::size_t heads = 0;
  Scenario scenario;
  std::size_t head = 0;  ///< from 1
  double scale = 0, weight = 0;

  std::size_t prompt_length() const { return scenario.prompt_length; }
  double value() const { return scenario.value; }
  std::string_view variant() const { return variant_name(scenario.setting, scenario.variant); }
};

std::vector<HeadRow> head_rows(const RiskStudy& study, const std::vector<MeasuredCell>& cells) {
  std::vector<HeadRow> rows;
  for (const MeasuredCell& cell : cells) {
    for (std::size_t s = 0; s < cell.sums.heads.size(); ++s) {
      for (std::size_t h = 0; h < cell.sums.heads[s].size(); ++h) {
        const IsotropicHead& head = cell.sums.heads[s][h];
        rows.push_back({study.heads[s], cell.cell.scenario, h + 1, head.scale, head.weight});
      }
    }
  }
  return rows;
}

}  // namespace

std::vector<RiskRow> risk_rows(const std::vector<MeasuredCell>& cells) {
  std::vector<RiskRow> rows;
  for (const MeasuredCell& cell : cells) {
    rows.insert(rows.end(), cell.rows.begin(), cell.rows.end());
  }
  return rows;
}

std::vector<RatioRow> ratio_rows(const RiskStudy& study, const std::vector<MeasuredCell>& cells) {
  std::vector<RatioRow> rows;
  for (const MeasuredCell& cell : cells) {
    for (const std::size_t heads : study.heads) {
      const Estimate ratio = cell.ratio(study, heads);
      if (heads < 2 || !(ratio.mean > 0)) continue;
      rows.push_back(
          {heads, cell.cell.scenario, ratio.mean, ratio.std_error, std::llround(cell.sums.count)});
    }
  }
  return rows;
}

std::vector<Table> risk_tables(const RiskStudy& study, const std::vector<MeasuredCell>& cells) {
  const RowTable<RiskRow> risk{
      "risk",
      "Mean squared error of the prediction of θᵀq (1: predicting 0 in the plain task), with one "
      "standard error over prompts; for softmax the risk of the best head set, and the error "
      "counts the search for it. Theory is exact for linear, debiased and least squares, leading "
      "order in 1/D for softmax (our derivation, docs/derivations.md)",
      risk_columns<RiskRow>()};
  const RowTable<HeadRow> heads{
      "heads",
      "The head sets found: prediction = Σ weight · S(scale), S(b) the softmax average of the "
      "labels with scores b qᵀ KQ x",
      {column<&HeadRow::heads>("heads", "heads h"),
       column<&HeadRow::prompt_length>("prompt_length", "examples D"),
       column<&HeadRow::value>("value", "value"), column<&HeadRow::variant>("variant", "variant"),
       column<&HeadRow::head>("head", "head"), column<&HeadRow::scale>("scale", "scale b"),
       column<&HeadRow::weight>("weight", "weight a")}};
  const RowTable<RatioRow> ratio{
      "ratio",
      "Risk of one head divided by the risk of several on the same prompts, with one standard "
      "error from their joint covariance",
      {column<&RatioRow::heads>("heads", "heads h"),
       column<&RatioRow::prompt_length>("prompt_length", "examples D"),
       column<&RatioRow::value>("value", "value"), column<&RatioRow::variant>("variant", "variant"),
       column<&RatioRow::ratio>("ratio", "ratio", "std_error"),
       column<&RatioRow::std_error>("std_error", "standard error"),
       column<&RatioRow::prompts>("prompts", "prompts")}};
  return {risk.of(risk_rows(cells)), heads.of(head_rows(study, cells)),
          ratio.of(ratio_rows(study, cells))};
}

Table covariance_table(const std::vector<MeasuredCell>& cells) {
  std::vector<CovarianceRow> rows;
  for (const MeasuredCell& cell : cells) {
    const std::size_t n = cell.estimates.risks.size();
    for (const RiskRow& a : cell.rows) {
      for (const RiskRow& b : cell.rows) {
        if (!a.estimate || !b.estimate || *b.estimate > *a.estimate) continue;
        rows.push_back({cell.cell.scenario, a.predictor, a.heads, b.predictor, b.heads,
                        cell.estimates.covariance[*a.estimate * n + *b.estimate],
                        std::llround(cell.sums.count)});
      }
    }
  }
  const RowTable<CovarianceRow> table{
      "covariance",
      "Covariance of two estimated risks over the same prompts, each pair once: the squared "
      "standard error of their difference is the sum of their variances (a predictor with itself) "
      "minus twice their covariance. Predictors that are not here have an exact risk",
      {column<&CovarianceRow::prompt_length>("prompt_length", "examples D"),
       column<&CovarianceRow::value>("value", "value"),
       column<&CovarianceRow::variant>("variant", "variant"),
       column<&CovarianceRow::predictor>("predictor", "predictor"),
       column<&CovarianceRow::heads>("heads", "heads h"),
       column<&CovarianceRow::other_predictor>("other_predictor", "other predictor"),
       column<&CovarianceRow::other_heads>("other_heads", "its heads"),
       column<&CovarianceRow::covariance>("covariance", "covariance"),
       column<&CovarianceRow::prompts>("prompts", "prompts")}};
  return table.of(rows);
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
    for (const RiskRow& row : cell.rows) has_ols = has_ols || row.predictor == "ols";
    no_ols = no_ols || !has_ols;
    exact_zero = exact_zero || (scenario.noise == 0 && scenario.prompt_length >= scenario.dim);
    floor = floor || risk_floor(scenario) > 0;
  }
  notes.push_back(
      "The theory of softmax heads is our own derivation (docs/derivations.md), not quoted from "
      "the paper; it is the leading order in 1/D and approached slowly.");
  if (!study.given.empty()) {
    std::string text;
    for (const IsotropicHead& head : study.given) {
      const std::string_view sign = head.weight < 0 ? "-" : "+";
      if (!text.empty()) (text += ' ') += std::string(sign) + ' ';
      if (text.empty() && head.weight < 0) text = sign;
      text += short_text(std::abs(head.weight)) + " S(" + short_text(head.scale) + ")";
    }
    notes.push_back("Heads by hand (rows given): f = " + text +
                    ", where S(b) averages the labels with weights softmax(b xᵢᵀq). They stay as "
                    "they are while the best sets differ from point to point.");
  }
  if (exact_zero) {
    notes.push_back(
        "Without noise, least squares and Bayes know θ exactly from d examples on: their risk is 0 "
        "there and has no place on a logarithmic axis.");
  }
  if (study.setting == Setting::kLocal && study.values.front() == 0 && study.noise == 0) {
    notes.push_back(
        "At radius 0 without noise every example is the query itself: heads read its label off, "
        "and their risk is 0 up to rounding.");
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
        "Ridge regression at its best ridge parameter is Bayes here (rows ridge and bayes); "
        "they differ where the prior mean is known.");
  } else {
    notes.push_back(
        "The read-out of the query belongs to the heads; linear attention, least squares, "
        "ridge and kernel smoothing without it are the rows of labels-only.");
    notes.push_back(
        "A linear read-out of the query alone does not remove the prior mean from the leading "
        "order: the "
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
