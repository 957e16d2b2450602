// A table described once: each column's name and label next to the member of the row that it shows,
// so that the two cannot get out of step. The member's type gives the column's type.
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
#include <type_traits>
#include <utility>
#include <vector>

#include "core/findings/table.h"

namespace attnlab {

/// A count kept as a double, which may be fractional: an integer cell where it is whole.
struct Count {
  double value = 0;
};

/// Values as cells. NaN and an empty optional are empty cells.
inline Cell cell_of(double value) {
  return real_cell(value);
}
inline Cell cell_of(Count count) {
  return count.value == std::floor(count.value) && std::abs(count.value) < 0x1p63
             ? Cell(static_cast<std::int64_t>(count.value))
             : real_cell(count.value);
}
inline Cell cell_of(bool value) {
  return std::string(value ? "yes" : "no");
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

/// A Count as a cell, for a function that gives cells.
inline Cell whole_cell(double value) {
  return cell_of(Count{value});
}

/// Text known at compile time: a column's description owns no string, so that it needs no code.
struct Literal {
  std::string_view text = {};
  consteval Literal() = default;
  consteval Literal(const char* literal) : text(literal) {}
};

template <class Row>
struct RowColumn {
  Literal name, label, error_column;
  ColumnType type = ColumnType::kAny;
  Cell (*cell)(const Row& row) = nullptr;
};

namespace detail {
template <class Row, class Value>
Row row_of(Value Row::*);  // of a member or a member function without arguments
template <class Row, class Value>
Row row_of(Value (*)(const Row&));

template <class Value>
struct TypeOf {
  static constexpr ColumnType value = std::is_same_v<Value, bool>       ? ColumnType::kYesNo
                                      : std::is_integral_v<Value>       ? ColumnType::kWhole
                                      : std::is_floating_point_v<Value> ? ColumnType::kNumber
                                      : std::is_same_v<Value, Count>    ? ColumnType::kNumber
                                      : std::is_same_v<Value, Cell>     ? ColumnType::kAny
                                                                        : ColumnType::kText;
};
template <class Value>
struct TypeOf<std::optional<Value>> : TypeOf<Value> {};
}  // namespace detail

/// A column that shows a member of the row, or the result of a function of the row. `error_column`
/// and `type`: as in Column; for a function that returns a Cell, state the type. State `Row` where
/// it derives from the class that has the member.
template <auto value, class Row = decltype(detail::row_of(value))>
constexpr RowColumn<Row> column(Literal name, Literal label, Literal error_column = {},
                                std::optional<ColumnType> type = {}) {
  using Value = std::remove_cvref_t<std::invoke_result_t<decltype(value), const Row&>>;
  return {name, label, error_column, type.value_or(detail::TypeOf<Value>::value),
          [](const Row& row) { return cell_of(std::invoke(value, row)); }};
}

template <class Row>
struct RowTable {
  std::string name, caption;
  std::vector<RowColumn<Row>> columns;

  Table of(std::span<const Row> rows) const {
    Table table{name, caption, {}, {}};
    for (const auto& [column, label, error_column, type, cell] : columns) {
      table.columns.push_back({std::string(column.text), std::string(label.text),
                               std::string(error_column.text), type});
    }
    for (const Row& row : rows) {
      std::vector<Cell>& cells = table.rows.emplace_back();
      for (const RowColumn<Row>& column : columns) cells.push_back(column.cell(row));
    }
    return table;
  }
};

}  // namespace attnlab
