// A table described once: every column's name and label beside what it shows of a row, so that the
// two cannot get out of step.
//
//   struct Point { std::string model; double error = 0, std_error = 0; std::int64_t trials = 0; };
//   const RowTable<Point> table{"test_error", "Mean squared test error",
//                               {column<&Point::model>("model", "model"),
//                                column<&Point::error>("mean", "test error", "std_error"),
//                                column<&Point::std_error>("std_error", "standard error"),
//                                column<&Point::trials>("trials", "trials")}};
//   result.tables.push_back(table.of(points));
#pragma once

#include <cmath>
#include <concepts>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/findings/table.h"

namespace attnlab {

/// Values as cells. NaN and an empty optional are empty cells.
inline Cell cell_of(double value) {
  return real_cell(value);
}
template <std::integral Integer>
Cell cell_of(Integer value) {
  return static_cast<std::int64_t>(value);
}
inline Cell cell_of(std::string_view text) {
  return std::string(text);
}
inline Cell cell_of(const std::string& text) {
  return text;
}
inline Cell cell_of(Cell cell) {
  return cell;
}
template <class Value>
Cell cell_of(const std::optional<Value>& value) {
  return value ? cell_of(*value) : Cell();
}

/// A count kept as a double: an integer where it is whole, empty for NaN.
inline Cell whole_cell(double value) {
  return value == std::floor(value) ? cell_of(static_cast<std::int64_t>(value)) : real_cell(value);
}

template <class Row>
struct RowColumn {
  Column column;
  Cell (*cell)(const Row& row);
};

namespace detail {
template <class Row, class Value>
Row row_of(Value Row::*);  // of a member or a member function without arguments
template <class Row, class Value>
Row row_of(Value (*)(const Row&));
}  // namespace detail

/// A column that shows a member of the row, or what a function of the row gives. `error_column`: as
/// in Column. `Row` is named where it extends the row that has the member.
template <auto value, class Row = decltype(detail::row_of(value))>
auto column(std::string name, std::string label, std::string error_column = {}) {
  return RowColumn<Row>{{std::move(name), std::move(label), std::move(error_column)},
                        [](const Row& row) { return cell_of(std::invoke(value, row)); }};
}

template <class Row>
struct RowTable {
  std::string name, caption;
  std::vector<RowColumn<Row>> columns;

  Table of(std::span<const Row> rows) const {
    Table table{name, caption, {}, {}};
    for (const RowColumn<Row>& column : columns) table.columns.push_back(column.column);
    for (const Row& row : rows) {
      std::vector<Cell>& cells = table.rows.emplace_back();
      for (const RowColumn<Row>& column : columns) cells.push_back(column.cell(row));
    }
    return table;
  }
};

}  // namespace attnlab
