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

/// A number's text in two parts, each of which is aligned: "0.161" and " ± 0.010".
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

std::string aligned_heading(const ColumnText& column) {
  return column.right_aligned ? padded_left(column.heading, column.width())
                              : padded_right(column.heading, column.width());
}

std::string aligned_cell(const ColumnText& column, std::size_t row) {
  const CellText& cell = column.cells[row];
  if (!column.right_aligned) return padded_right(cell.estimate + cell.error, column.width());
  return padded_left(padded_left(cell.estimate, column.estimate_width) +
                         padded_right(cell.error, column.error_width),
                     column.width());
}

constexpr std::size_t kGap = 2;     // between columns
constexpr std::size_t kIndent = 2;  // of lines that continue a row

/// Where the columns of a table are: a row takes one line or several, and long texts are paragraphs
/// below it.
struct Layout {
  std::vector<std::vector<const ColumnText*>> lines;
  std::vector<const ColumnText*> below;
  std::size_t columns = 0;  // of the terminal; 0: any width

  bool one_line() const { return lines.size() == 1 && below.empty(); }
};

std::size_t width_of(const std::vector<const ColumnText*>& columns) {
  std::size_t width = columns.empty() ? 0 : kGap * (columns.size() - 1);
  for (const ColumnText* column : columns) width += column->width();
  return width;
}

/// One line per row where that fits. Otherwise long texts go below the row, the longest first, and
/// a row that is still too wide is broken between columns.
Layout layout_of(const std::vector<ColumnText>& columns, std::size_t width) {
  Layout layout;
  layout.columns = width;
  std::vector<const ColumnText*> side_by_side;
  for (const ColumnText& column : columns) side_by_side.push_back(&column);
  // A text shorter than this is worth a column.
  const std::size_t long_text = std::max<std::size_t>(width / 4, 16);
  while (width > 0 && width_of(side_by_side) > width) {
    const auto shortness = [](const ColumnText* a, const ColumnText* b) {
      return (a->right_aligned ? 0 : a->width()) < (b->right_aligned ? 0 : b->width());
    };
    const auto longest = std::ranges::max_element(side_by_side, shortness);
    if ((*longest)->right_aligned || (*longest)->width() <= long_text) break;
    side_by_side.erase(longest);
  }
  for (const ColumnText& column : columns) {
    const bool beside = std::ranges::find(side_by_side, &column) != side_by_side.end();
    const bool too_wide = width > 0 && column.width() + kIndent > width;
    if (!beside || too_wide) {
      layout.below.push_back(&column);
      continue;
    }
    const std::size_t indent = layout.lines.size() > 1 ? kIndent : 0;
    const bool fits =
        !layout.lines.empty() &&
        (width == 0 || indent + width_of(layout.lines.back()) + kGap + column.width() <= width);
    if (!fits) layout.lines.emplace_back();
    layout.lines.back().push_back(&column);
  }
  return layout;
}

/// The lines of one row or of the headings; `text_of` gives a column's part.
template <class TextOf>
std::string lines_text(const Layout& layout, const TextOf& text_of) {
  std::string text;
  for (const auto& columns : layout.lines) {
    std::string line(&columns == &layout.lines.front() ? 0 : kIndent, ' ');
    for (const ColumnText* column : columns) {
      line += (column == columns.front() ? "" : std::string(kGap, ' ')) + text_of(*column);
    }
    text += without_trailing_blanks(std::move(line)) + "\n";
  }
  return text;
}

/// Dashes under the headings: under each where a row has one line, otherwise one rule.
std::string rule_text(const Layout& layout) {
  if (layout.lines.size() < 2) {
    return lines_text(layout,
                      [](const ColumnText& column) { return std::string(column.width(), '-'); });
  }
  std::size_t width = 0;
  for (const auto& columns : layout.lines) {
    const bool first = &columns == &layout.lines.front();
    width = std::max(width, (first ? 0 : kIndent) + width_of(columns));
  }
  return std::string(width, '-') + "\n";
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
std::string hanging(const std::string& lead, std::string_view paragraph, std::size_t width) {
  // A long lead would leave its paragraph a narrow strip.
  const std::size_t indent = std::min(display_width(lead), std::max<std::size_t>(width / 4, 4));
  if (indent < display_width(lead)) {
    return wrapped(lead + std::string(paragraph), lead.find_first_not_of(' '), width);
  }
  const std::string lines = wrapped(paragraph, indent, width);
  return lead + (lines.empty() ? "\n" : lines.substr(indent));
}

std::string row_text(const Layout& layout, std::size_t row) {
  std::string text =
      lines_text(layout, [&](const ColumnText& column) { return aligned_cell(column, row); });
  for (const ColumnText* column : layout.below) {
    const CellText& cell = column->cells[row];
    if (cell.estimate.empty()) continue;
    text += hanging(std::string(kIndent, ' ') + column->heading + ": ", cell.estimate + cell.error,
                    std::min(layout.columns, kTextColumns));
  }
  return text;
}

std::string rows_text(const Layout& layout, const Table& table) {
  std::string text;
  for (std::size_t row = 0; row < table.rows.size(); ++row) {
    // Rows of several lines are set apart.
    if (row > 0 && !layout.one_line()) text += '\n';
    text += row_text(layout, row);
  }
  return table.rows.empty() ? "(no rows)\n" : text;
}

std::size_t running_width(std::size_t columns) {
  return columns == 0 ? kTextColumns : std::min(columns, kTextColumns);
}

}  // namespace

std::string table_text(const Table& table, std::size_t columns) {
  std::vector<ColumnText> texts;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (!is_error_column(table, table.columns[i])) texts.push_back(column_text(table, i));
  }
  const Layout layout = layout_of(texts, columns);
  return (table.caption.empty() ? "" : wrapped(table.caption, 0, running_width(columns))) +
         lines_text(layout, aligned_heading) + rule_text(layout) + rows_text(layout, table);
}

std::string report_text(const RunSpec& spec, const Result& result, std::size_t columns) {
  const std::size_t width = running_width(columns);
  const Experiment& experiment = *spec.experiment;
  std::string text =
      wrapped(experiment.id + ": " + experiment.title + ". " + experiment.question, 0, width);
  text += query_text(spec) + "\n";
  for (const Table& table : result.tables) text += "\n" + table_text(table, columns);
  for (const Claim& claim : result.claims) {
    const std::string verdict = claim.id + " " + verdict_word(claim.status) + "  ";
    text += "\n" + hanging(verdict, claim.statement, width) + wrapped(claim.evidence, 2, width) +
            wrapped(claim.judged, 2, width);
  }
  if (!result.notes.empty()) text += "\n";
  for (const std::string& note : result.notes) text += hanging("Note: ", note, width);
  return text;
}

}  // namespace attnlab
