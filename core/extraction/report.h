// Shared by all experiments of family B: parameters, the `recovery` table, matrices for the heat
// maps, and the byte formats between jobs and tables.
#pragma once

#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/extraction/learn/learner.h"

namespace attnlab::extraction {

/// One row of the `recovery` table. NaN: does not apply, an empty cell.
struct RecoveryRow {
  std::string method;
  double dim = 0, rank = kUnknown, hidden = kUnknown, trial = 0;
  double queries = 0, predicted_queries = kUnknown;
  double v_error = kUnknown, w_error = kUnknown, ffn_error = kUnknown, function_gap = kUnknown;
  std::string status;
  double check_queries = 0;   ///< asked to check the recovered model; not in `queries`
  double repeated = 0;        ///< of `queries`: asked again because the softmax was saturated
  std::vector<double> extra;  ///< columns of one experiment
  std::string evidence;
  /// extra[k]; NaN beyond the end.
  double more(std::size_t k) const { return k < extra.size() ? extra[k] : kUnknown; }
};

/// A matrix and its estimate, for the heat maps: at most 64 x 64 entries.
struct MatrixPair {
  std::size_t rows = 0, columns = 0;
  std::vector<double> truth, recovered;  ///< row-major; NaN where not known yet
};
MatrixPair matrix_pair(const Matrix<double>& truth, const Matrix<double>& recovered);

/// The output of a job; a partial one may have matrices only.
struct JobReport {
  std::vector<RecoveryRow> rows;
  MatrixPair matrices;
};
Bytes encode(const JobReport& report);
/// False for bytes that are not a report.
bool decode(std::span<const std::uint8_t> bytes, JobReport& report);

/// One decoded output.
struct DecodedReport {
  std::uint32_t index = 0;
  bool complete = false;
  JobReport report;
};
/// Sorted by index, so that nothing depends on the order in which jobs ended; a note per output
/// that cannot be read.
std::vector<DecodedReport> decode_reports(std::span<const JobOutput> outputs, std::size_t jobs,
                                          std::vector<std::string>& notes);

/// The main table; `extra` names the columns of RecoveryRow::extra. Also `evidence`, the last
/// column.
Table recovery_table(const std::vector<RecoveryRow>& rows, const std::vector<Column>& extra);

/// Table `weight` (row, column, value, true) of the shown part of W, or of `whole`, at most `most`
/// rows and columns of it.
Table weight_table(const MatrixPair& shown, const Matrix<double>& whole = {}, std::size_t most = 0);
/// A heat map of rows x columns values, row-major, with the names and colours of W.
HeatPanel weight_panel(std::string id, std::string title, std::size_t rows, std::size_t columns,
                       std::vector<double> values);
/// Recovered minus true, with colours of its own. Where it is only rounding, the title says so, and
/// the colours are pale.
HeatPanel difference_panel(const MatrixPair& shown);
/// Heat maps of true, recovered and difference; without panels for null.
Figure matrix_figure(const MatrixPair* shown, std::string subtitle);
/// The largest matrix of any report, the first of equals; null if no report has one.
const MatrixPair* shown_matrices(const std::vector<DecodedReport>& reports);

/// Largest value of a field; NaN when one of them is.
double worst(const std::vector<RecoveryRow>& rows, double RecoveryRow::*field);

/// value-shape: random | basis | tiny-entry | zero; shown at once where it is primary.
Parameter value_shape_parameter(bool primary);
/// v of a shape: normal entries; e_1; one normal entry times 1e-9; 0.
std::vector<double> draw_value(RandomStream& stream, std::size_t dim, const std::string& shape);

}  // namespace attnlab::extraction
