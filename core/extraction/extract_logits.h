// The parts of extract-logits that its jobs, tables, claims and figures share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/extraction/learn/logit_box.h"
#include "core/extraction/recovery.h"
#include "core/findings/verdict.h"
#include "core/numerics/binomial.h"

namespace attnlab::extraction {

/// One way to answer.
struct LogitCase {
  std::string name;  ///< "exact", "float32", "bfloat16", "digits:6", "top:5"
  LogitAnswer answer;
  double digits = 0;  ///< significant decimal digits of a number in the answer
};
/// In the order of the choices.
std::vector<LogitCase> logit_cases(const ParameterSet& parameters);
HiddenNorm hidden_norm(const ParameterSet& parameters);

/// Extra entries of extract-logits's rows, in order; after them the singular values.
enum LogitColumn : std::size_t {
  kLogitRank,
  kLogitSine,
  kLogitAccuracy,
  kLogitNoise,
  kLogitGap,
  kLogitColumns,
};

/// A row of `recovery`.
struct LogitRow {
  std::int64_t dim = 0, logits = 0;
  std::string norm, answers;
  std::int64_t trial = 0, queries = 0;
  std::optional<std::int64_t> hidden_found;  ///< empty: undecided
  double column_space_error = kUnknown;
  std::string status;
  double accuracy = kUnknown;  ///< stated bound of column_space_error
  std::int64_t rank = 0;       ///< singular values above the noise
  double noise = 0, gap = 0;
  std::int64_t vectors = 0, predicted_queries = 0, repeated = 0;
  std::string evidence;
  std::vector<double> values;  ///< singular values

  bool found() const { return hidden_found == dim; }
  bool wrong() const { return hidden_found && hidden_found != dim; }
};
std::vector<LogitRow> logit_rows(const ParameterSet& parameters,
                                 const std::vector<RecoveryRow>& rows);

/// The trials of one size and one kind of answers.
struct SizeRow {
  std::int64_t dim = 0;
  std::string answers;
  double digits = 0;
  std::int64_t trials = 0, found = 0, undecided = 0, wrong = 0;
  std::vector<double> errors = {}, accuracies = {};

  double share() const { return static_cast<double>(found) / static_cast<double>(trials); }
  double low() const {
    return share_lower_bound(static_cast<int>(found), static_cast<int>(trials), kVerdictTail);
  }
  double high() const {
    return share_upper_bound(static_cast<int>(found), static_cast<int>(trials), kVerdictTail);
  }
  /// Binomial standard error with half a success and half a failure added, so that it is not 0 at
  /// the ends.
  double std_error() const {
    const double count = static_cast<double>(trials) + 1;
    const double p = (static_cast<double>(found) + 0.5) / count;
    return std::sqrt(p * (1 - p) / count);
  }
  double largest_error() const {
    return errors.empty() ? kUnknown : *std::ranges::max_element(errors);
  }
  bool is_digits() const { return answers.starts_with("digits"); }
};

/// Kinds of answers, by LogitCase::name.
inline bool is_exact(std::string_view answers) {
  return answers == "exact";
}
inline bool is_top(std::string_view answers) {
  return answers.starts_with("top");
}
inline bool is_rounded(std::string_view answers) {
  return !is_exact(answers) && !is_top(answers);
}

/// Rows of the trial whose singular values are shown.
std::vector<const LogitRow*> shown_rows(const RunSpec& spec, const std::vector<LogitRow>& rows);

/// The job of `attnlab extract --method logits`, whose questions another program answers. It is not
/// in the catalogue, because no other front end can ask that program.
Experiment logit_box_experiment();

std::vector<Figure> logit_figures(const RunSpec& spec, const std::vector<LogitRow>& rows,
                                  const std::vector<SizeRow>& sizes);

/// Tables, claims and figures.
void add_logit_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings);

}  // namespace attnlab::extraction
