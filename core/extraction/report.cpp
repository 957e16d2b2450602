#include "core/extraction/report.h"

#include <algorithm>
#include <cmath>

namespace attnlab::extraction {
namespace {

constexpr std::size_t kShown = 64;  // largest matrix side in tables and heat maps

Cell whole_cell(double value) {
  if (!std::isfinite(value)) return {};
  return static_cast<std::int64_t>(std::llround(value));
}

void write_row(ByteWriter& writer, const RecoveryRow& row) {
  writer.text(row.method);
  for (const double value :
       {row.dim, row.rank, row.hidden, row.trial, row.queries, row.predicted_queries, row.v_error,
        row.w_error, row.ffn_error, row.function_gap, row.check_queries, row.repeated}) {
    writer.real(value);
  }
  writer.text(row.status);
  writer.reals(row.extra);
  writer.text(row.evidence);
}

RecoveryRow read_row(ByteReader& reader) {
  RecoveryRow row;
  row.method = reader.text();
  for (double RecoveryRow::*field :
       {&RecoveryRow::dim, &RecoveryRow::rank, &RecoveryRow::hidden, &RecoveryRow::trial,
        &RecoveryRow::queries, &RecoveryRow::predicted_queries, &RecoveryRow::v_error,
        &RecoveryRow::w_error, &RecoveryRow::ffn_error, &RecoveryRow::function_gap,
        &RecoveryRow::check_queries, &RecoveryRow::repeated}) {
    row.*field = reader.real();
  }
  row.status = reader.text();
  row.extra = reader.reals();
  row.evidence = reader.text();
  return row;
}

constexpr double kRounding = 1e-12;  // of the largest entry: a difference of this size

}  // namespace

HeatPanel weight_panel(std::string id, std::string title, std::size_t rows, std::size_t columns,
                       std::vector<double> values) {
  HeatPanel panel;
  panel.id = std::move(id);
  panel.title = std::move(title);
  panel.x.label = "column j";
  panel.y.label = "row i";
  panel.rows = rows;
  panel.columns = columns;
  panel.values = std::move(values);
  panel.scale = ColourScale::kDiverging;
  panel.scale_group = "weight";
  return panel;
}

HeatPanel difference_panel(const MatrixPair& shown) {
  std::vector<double> difference(shown.truth.size());
  double largest = 0;
  bool any = false;
  for (std::size_t k = 0; k < difference.size(); ++k) {
    difference[k] = shown.recovered[k] - shown.truth[k];
    if (std::isnan(difference[k])) continue;
    any = true;
    largest = std::max(largest, std::abs(difference[k]));
  }
  HeatPanel panel =
      weight_panel("difference", "difference", shown.rows, shown.columns, std::move(difference));
  panel.scale_group = panel.id;
  double size = 0;
  for (const double entry : shown.truth) size = std::max(size, std::abs(entry));
  if (any && largest <= kRounding * size) {
    panel.title = largest == 0 ? "no difference" : "difference: rounding only";
    panel.max = kRounding * size;  // so that rounding is as pale as it is small
    panel.min = -panel.max;
  }
  return panel;
}

MatrixPair matrix_pair(const Matrix<double>& truth, const Matrix<double>& recovered) {
  MatrixPair pair;
  pair.rows = std::min(truth.rows(), kShown);
  pair.columns = std::min(truth.cols(), kShown);
  for (std::size_t i = 0; i < pair.rows; ++i) {
    for (std::size_t j = 0; j < pair.columns; ++j) {
      pair.truth.push_back(truth(i, j));
      pair.recovered.push_back(recovered.size() == 0 ? kUnknown : recovered(i, j));
    }
  }
  return pair;
}

Bytes encode(const JobReport& report) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(report.rows.size()));
  for (const RecoveryRow& row : report.rows) write_row(writer, row);
  writer.u32(static_cast<std::uint32_t>(report.matrices.rows));
  writer.u32(static_cast<std::uint32_t>(report.matrices.columns));
  writer.reals(report.matrices.truth);
  writer.reals(report.matrices.recovered);
  return writer.take();
}

bool decode(std::span<const std::uint8_t> bytes, JobReport& report) {
  ByteReader reader(bytes);
  report = {};
  const std::uint32_t rows = reader.u32();
  for (std::uint32_t i = 0; i < rows && reader.ok(); ++i) report.rows.push_back(read_row(reader));
  report.matrices.rows = reader.u32();
  report.matrices.columns = reader.u32();
  report.matrices.truth = reader.reals();
  report.matrices.recovered = reader.reals();
  const std::size_t size = report.matrices.rows * report.matrices.columns;
  return reader.at_end() && report.matrices.rows <= kShown && report.matrices.columns <= kShown &&
         report.matrices.truth.size() == size && report.matrices.recovered.size() == size;
}

std::vector<DecodedReport> decode_reports(std::span<const JobOutput> outputs, std::size_t jobs,
                                          std::vector<std::string>& notes) {
  std::vector<DecodedReport> reports;
  for (const JobOutput& output : outputs) {
    if (output.index >= jobs) continue;
    DecodedReport decoded{output.index, output.complete, {}};
    if (decode(output.bytes, decoded.report)) {
      reports.push_back(std::move(decoded));
    } else {
      notes.push_back("The output of job " + std::to_string(output.index) +
                      " could not be read and was left out.");
    }
  }
  std::ranges::sort(reports, {}, &DecodedReport::index);
  return reports;
}

Table recovery_table(const std::vector<RecoveryRow>& rows, const std::vector<Column>& extra) {
  Table table{"recovery",
              "What was recovered with how many queries. Errors: largest difference divided by the "
              "largest true entry; function gap: largest |f − recovered f| over 200 fresh inputs "
              "divided by the standard deviation of f",
              {{"method", "method", "", ColumnType::kText},
               {"dim", "d", "", ColumnType::kWhole},
               {"rank", "rank", "", ColumnType::kWhole},
               {"hidden", "hidden", "", ColumnType::kWhole},
               {"trial", "trial", "", ColumnType::kWhole},
               {"queries", "queries", "", ColumnType::kWhole},
               {"predicted_queries", "predicted", "", ColumnType::kWhole},
               {"v_error", "error of v", "", ColumnType::kNumber},
               {"w_error", "error of W", "", ColumnType::kNumber},
               {"ffn_error", "error of FFN", "", ColumnType::kNumber},
               {"function_gap", "function gap", "", ColumnType::kNumber},
               {"status", "status", "", ColumnType::kText}},
              {}};
  table.columns.insert(table.columns.end(), extra.begin(), extra.end());
  table.columns.push_back({"check_queries", "checking queries", "", ColumnType::kWhole});
  table.columns.push_back({"repeated", "repeated", "", ColumnType::kWhole});
  table.columns.push_back({"evidence", "evidence", "", ColumnType::kText});
  for (const RecoveryRow& row : rows) {
    std::vector<Cell> cells = {row.method,
                               whole_cell(row.dim),
                               whole_cell(row.rank),
                               whole_cell(row.hidden),
                               whole_cell(row.trial),
                               whole_cell(row.queries),
                               whole_cell(row.predicted_queries),
                               real_cell(row.v_error),
                               real_cell(row.w_error),
                               real_cell(row.ffn_error),
                               real_cell(row.function_gap),
                               row.status};
    for (std::size_t k = 0; k < extra.size(); ++k) {
      cells.push_back(k < row.extra.size() ? real_cell(row.extra[k]) : Cell{});
    }
    cells.push_back(whole_cell(row.check_queries));
    cells.push_back(whole_cell(row.repeated));
    cells.push_back(row.evidence);
    table.rows.push_back(std::move(cells));
  }
  return table;
}

const MatrixPair* shown_matrices(const std::vector<DecodedReport>& reports) {
  const MatrixPair* shown = nullptr;
  for (const DecodedReport& decoded : reports) {
    const MatrixPair& pair = decoded.report.matrices;
    if (pair.rows > 0 && (shown == nullptr || pair.rows > shown->rows)) shown = &pair;
  }
  return shown;
}

Table weight_table(const MatrixPair& shown, const Matrix<double>& whole, std::size_t most) {
  Table table{"weight",
              "The query-key matrix W as recovered, and the true one where it is known",
              {{"row", "row i", "", ColumnType::kWhole},
               {"column", "column j", "", ColumnType::kWhole},
               {"value", "recovered W", "", ColumnType::kNumber},
               {"true", "true W", "", ColumnType::kNumber}},
              {}};
  const bool all = whole.size() > 0;
  const std::size_t rows = all ? std::min(whole.rows(), most) : shown.rows;
  const std::size_t columns = all ? std::min(whole.cols(), most) : shown.columns;
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      const bool is_shown = i < shown.rows && j < shown.columns;
      const std::size_t k = i * shown.columns + j;
      table.rows.push_back({static_cast<std::int64_t>(i + 1), static_cast<std::int64_t>(j + 1),
                            real_cell(all ? whole(i, j) : shown.recovered[k]),
                            is_shown ? real_cell(shown.truth[k]) : Cell{}});
    }
  }
  return table;
}

Figure matrix_figure(const MatrixPair* shown, std::string subtitle) {
  Figure figure;
  figure.id = "matrices";
  figure.title = "The hidden matrix, and what the queries reveal";
  figure.subtitle = std::move(subtitle);
  figure.table = "weight";
  figure.empty_text = "Press Run: the recovered matrix fills in as answers arrive.";
  if (shown == nullptr || shown->truth.empty()) return figure;
  figure.draw_maps().panels = {
      weight_panel("true-weight", "true W", shown->rows, shown->columns, shown->truth),
      weight_panel("recovered-weight", "recovered W", shown->rows, shown->columns,
                   shown->recovered),
      difference_panel(*shown)};
  return figure;
}

double worst(const std::vector<RecoveryRow>& rows, double RecoveryRow::*field) {
  double largest = 0;
  for (const RecoveryRow& row : rows) {
    if (std::isnan(row.*field)) return row.*field;
    largest = std::max(largest, row.*field);
  }
  return largest;
}

std::vector<double> draw_value(RandomStream& stream, std::size_t dim, const std::string& shape) {
  std::vector<double> value(dim, 0.0);
  if (shape == "zero") return value;
  if (shape == "basis") {
    value[0] = 1;
    return value;
  }
  stream.fill_normal(value);
  if (shape == "tiny-entry") value[dim - 1] *= 1e-9;
  return value;
}

}  // namespace attnlab::extraction
