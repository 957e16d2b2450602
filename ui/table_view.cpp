// Result tables for people: estimates merged with their standard errors.
#include "ui/table_view.h"

#include "core/base/text.h"

namespace attnlab {

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
  return estimate_text(number_in(cell), number_in(row[column.error]));
}

std::string cell_exact_text(const std::vector<Cell>& row, const TableViewColumn& column) {
  std::string text = exact_text(row[column.column]);
  if (column.error < row.size() && !std::holds_alternative<std::monostate>(row[column.error]))
    text += " ± " + exact_text(row[column.error]);
  return text;
}

}  // namespace attnlab
