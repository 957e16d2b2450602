// Rows of the tables that the experiments of family C share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/findings/row_table.h"
#include "core/in_context/scenario.h"

namespace attnlab::in_context {

/// One row of the family's main table.
struct RiskRow {
  Scenario scenario;
  std::string predictor;  ///< "softmax", "linear", "debiased", "ols", "bayes", "ridge", "kernel",
                          ///< "given"
  std::optional<std::size_t> heads;
  double risk = 0, std_error = 0;
  /// Exact for linear, debiased and ols, leading order for softmax, NaN where unknown.
  double theory = 0;
  std::string variant;  ///< variant_name(), or "trained"
  std::optional<std::int64_t> prompts;
  std::optional<std::size_t> estimate = {};  ///< its place in RiskEstimates; none: exact

  std::size_t dim() const { return scenario.dim; }
  std::size_t prompt_length() const { return scenario.prompt_length; }
  std::string_view setting() const { return kSettingNames[std::size_t(scenario.setting)]; }
  double value() const { return scenario.value; }
  double length() const { return static_cast<double>(scenario.prompt_length); }
  double scaled_risk() const { return length() * risk; }
  double scaled_std_error() const { return length() * std_error; }
};

/// Columns of RiskRow, for it and for rows that extend it.
template <class Row>
std::vector<RowColumn<Row>> risk_columns() {
  return {
      column<&RiskRow::predictor, Row>("predictor", "predictor"),
      column<&RiskRow::heads, Row>("heads", "heads h"),
      column<&RiskRow::dim, Row>("dim", "dimension d"),
      column<&RiskRow::prompt_length, Row>("prompt_length", "examples D"),
      column<&RiskRow::setting, Row>("setting", "setting"),
      column<&RiskRow::value, Row>("value", "value"),
      column<&RiskRow::risk, Row>("risk", "risk", "std_error"),
      column<&RiskRow::std_error, Row>("std_error", "standard error"),
      column<&RiskRow::scaled_risk, Row>("scaled_risk", "D × risk", "scaled_std_error"),
      column<&RiskRow::theory, Row>("theory", "theory"),
      column<&RiskRow::scaled_std_error, Row>("scaled_std_error", "standard error of D × risk"),
      column<&RiskRow::variant, Row>("variant", "variant"),
      column<&RiskRow::prompts, Row>("prompts", "prompts"),
  };
}

/// How the errors of two measured risks of a cell go together.
struct CovarianceRow {
  Scenario scenario;
  std::string predictor;
  std::optional<std::size_t> heads;
  std::string other_predictor;
  std::optional<std::size_t> other_heads;
  double covariance = 0;
  std::int64_t prompts = 0;

  std::size_t prompt_length() const { return scenario.prompt_length; }
  double value() const { return scenario.value; }
  std::string_view variant() const { return variant_name(scenario.setting, scenario.variant); }
};

/// Risk of one head divided by the risk of several, in one cell of a risk study.
struct RatioRow {
  std::size_t heads = 0;
  Scenario scenario;
  double ratio = 0, std_error = 0;
  std::int64_t prompts = 0;

  std::size_t prompt_length() const { return scenario.prompt_length; }
  double value() const { return scenario.value; }
  std::string_view variant() const { return variant_name(scenario.setting, scenario.variant); }
};

}  // namespace attnlab::in_context
