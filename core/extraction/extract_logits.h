// The parts of extract-logits that its jobs, tables, claims and figures share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/extraction/learn/logit_box.h"
#include "core/extraction/recovery.h"

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
  bool is_top() const { return answers.starts_with("top"); }
};
std::vector<LogitRow> logit_rows(const ParameterSet& parameters,
                                 const std::vector<RecoveryRow>& rows);

/// The job of `attnlab extract --method logits`, whose questions another program answers. It is not
/// in the catalogue, because no other front end can ask that program.
Experiment logit_box_experiment();

/// Tables, claims and figures.
void add_logit_findings(const RunSpec& spec, const Recovered& recovered, Findings& findings);

}  // namespace attnlab::extraction
