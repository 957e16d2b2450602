// Result tables for people: estimates merged with their standard errors.
#include "ui/table_view.h"

#include <cmath>
#include <limits>

#include "core/base/text.h"

namespace attnlab {
namespace {

double number(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  return std::numeric_limits<double>::quiet_NaN();
}

bool is_numeric(const Table& table, std::size_t column) {
  for (const std::vector<Cell>& row : table.rows)
    if (column < row.size() && std::holds_alternative<std::string>(row[column])) return false;
  return true;
}

}  // namespace

std::vector<TableViewColumn> table_view(const Table& table) {
  std::vector<bool> is_error(table.columns.size(), false);
  for (const Column& column : table.columns)
    if (const std::size_t i = table.column(column.error_column); i < is_error.size())
      is_error[i] = true;
  std::vector<TableViewColumn> view;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (is_error[i]) continue;
    const std::string& error = table.columns[i].error_column;
    view.push_back(
        {i, error.empty() ? table.columns.size() : table.column(error), is_numeric(table, i)});
  }
  return view;
}

std::string cell_text(const Table& table, const std::vector<Cell>& row,
                      const TableViewColumn& column) {
  const Cell& cell = row[column.column];
  if (column.error >= table.columns.size() || std::holds_alternative<std::monostate>(cell))
    return short_text(cell);
  return estimate_text(number(cell), number(row[column.error]));
}

std::string cell_exact_text(const std::vector<Cell>& row, const TableViewColumn& column) {
  std::string text = exact_text(row[column.column]);
  if (column.error < row.size() && !std::holds_alternative<std::monostate>(row[column.error]))
    text += " ± " + exact_text(row[column.error]);
  return text;
}

}  // namespace attnlab
