// Columns are laid out by the width that UTF-8 text takes on a terminal.
#include "native/report.h"

#include <algorithm>
#include <cctype>
#include <variant>
#include <vector>

#include "core/base/text.h"
#include "core/codecs/codecs.h"
#include "native/console.h"

namespace attnlab {
namespace {

constexpr std::size_t kTextColumns = 100;

/// A number's text with two parts that are aligned each on its own: "0.161" and " ± 0.010".
struct CellText {
  std::string estimate, error;
};

struct ColumnText {
  std::string heading;
  std::vector<CellText> cells;
  bool right_aligned = false;
  std::size_t estimate_width = 0, error_width = 0;

  std::size_t width() const {
    return std::max(display_width(heading), estimate_width + error_width);
  }
};

CellText cell_text(const Cell& cell, const Cell* error) {
  if (error == nullptr || !std::holds_alternative<double>(*error)) return {short_text(cell), ""};
  const std::string merged = estimate_text(number_in(cell), number_in(*error));
  const std::size_t sign = merged.find(" ±");
  if (sign == std::string::npos) return {merged, ""};
  return {merged.substr(0, sign), merged.substr(sign)};
}

ColumnText column_text(const Table& table, std::size_t index) {
  const Column& column = table.columns[index];
  ColumnText text;
  text.heading = column.label.empty() ? column.name : column.label;
  const std::size_t error_index =
      column.error_column.empty() ? table.columns.size() : table.column(column.error_column);
  for (const std::vector<Cell>& row : table.rows) {
    const Cell* error = error_index < row.size() ? &row[error_index] : nullptr;
    text.cells.push_back(cell_text(row[index], error));
    text.estimate_width = std::max(text.estimate_width, display_width(text.cells.back().estimate));
    text.error_width = std::max(text.error_width, display_width(text.cells.back().error));
  }
  text.right_aligned = is_numeric(table, index);
  return text;
}

bool is_error_column(const Table& table, const Column& column) {
  return std::any_of(table.columns.begin(), table.columns.end(),
                     [&](const Column& other) { return other.error_column == column.name; });
}

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string line_of(const std::vector<ColumnText>& columns, std::size_t row) {
  std::string line;
  for (const ColumnText& column : columns) {
    const CellText& cell = column.cells[row];
    std::string text = column.right_aligned ? padded_left(cell.estimate, column.estimate_width) +
                                                  padded_right(cell.error, column.error_width)
                                            : cell.estimate + cell.error;
    text = column.right_aligned ? padded_left(text, column.width())
                                : padded_right(text, column.width());
    line += (line.empty() ? "" : "  ") + text;
  }
  return without_trailing_blanks(std::move(line)) + "\n";
}

/// "HOLDS", "NO COUNTEREXAMPLE".
std::string verdict_word(ClaimStatus status) {
  std::string word(status_text(status));
  for (char& c : word) {
    c = c == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return word;
}

/// A paragraph whose first line starts with `lead` and whose other lines are indented below it.
std::string hanging(const std::string& lead, std::string_view paragraph) {
  const std::size_t indent = display_width(lead);
  const std::string lines = wrapped(paragraph, indent, kTextColumns);
  return lead + (lines.empty() ? "\n" : lines.substr(indent));
}

}  // namespace

std::string table_text(const Table& table) {
  std::vector<ColumnText> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!is_error_column(table, table.columns[i])) columns.push_back(column_text(table, i));
  }
  std::string text = table.caption.empty() ? "" : wrapped(table.caption, 0, kTextColumns);
  std::string heading, rule;
  for (const ColumnText& column : columns) {
    const std::string gap = heading.empty() ? "" : "  ";
    heading += gap + (column.right_aligned ? padded_left(column.heading, column.width())
                                           : padded_right(column.heading, column.width()));
    rule += gap + std::string(column.width(), '-');
  }
  text += without_trailing_blanks(std::move(heading)) + "\n" + rule + "\n";
  for (std::size_t row = 0; row < table.rows.size(); ++row) text += line_of(columns, row);
  if (table.rows.empty()) text += "(no rows)\n";
  return text;
}

std::string report_text(const RunSpec& spec, const Result& result) {
  const Experiment& experiment = *spec.experiment;
  std::string text = wrapped(experiment.id + ": " + experiment.title + ". " + experiment.question,
                             0, kTextColumns);
  text += query_text(spec) + "\n";
  for (const Table& table : result.tables) text += "\n" + table_text(table);
  for (const Claim& claim : result.claims) {
    const std::string verdict = claim.id + " " + verdict_word(claim.status) + "  ";
    text += "\n" + hanging(verdict, claim.statement) + wrapped(claim.evidence, 2, kTextColumns) +
            wrapped(claim.judged, 2, kTextColumns);
  }
  if (!result.notes.empty()) text += "\n";
  for (const std::string& note : result.notes) text += hanging("Note: ", note);
  return text;
}

}  // namespace attnlab
