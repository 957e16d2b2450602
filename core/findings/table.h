// Result tables: tidy, one observation a row, every estimate with its standard error beside it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace attnlab {

/// Empty (unknown or not applicable), integer, real or text.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

struct Column {
  std::string name;   ///< "std_error": the name in CSV and JSON
  std::string label;  ///< "standard error": for people
  /// Column of this table that holds this column's standard error, empty when there is none: views
  /// then print both as one number with its uncertainty.
  std::string error_column;
};

struct Table {
  std::string name;  ///< "test_error"
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;

  /// Index of a column by name, or columns.size().
  std::size_t column(std::string_view name) const;
};

/// A non-finite real becomes an empty cell, so that no table ever holds a NaN.
Cell real_cell(double value);

/// The cell as text that reads back exactly (CSV) and as text for people (three digits).
std::string exact_text(const Cell& cell);
std::string short_text(const Cell& cell);

}  // namespace attnlab
