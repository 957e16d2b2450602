// Result tables: tidy, one observation a row, every estimate next to its standard error.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

/// Empty (unknown or not applicable), integer, real or text.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;

/// What the cells of a column hold. Any cell may be empty as well.
enum class ColumnType {
  kAny,     ///< not stated: a column read from CSV, or cells of several types
  kWhole,   ///< integers
  kNumber,  ///< reals; an integer is one too
  kText,
  kYesNo,  ///< the text "yes" or "no"
};

/// "any", "integer", "number", "text", "yes-no": the name in JSON.
std::string_view type_name(ColumnType type);

struct Column {
  std::string name;   ///< "std_error": the name in CSV and JSON
  std::string label;  ///< "standard error": for people
  /// Column of this table that holds this column's standard error, empty when there is none: views
  /// then print both as one number with its uncertainty.
  std::string error_column;
  ColumnType type = ColumnType::kAny;
};

struct Table {
  std::string name;  ///< "test_error"
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;

  /// Index of a column by name, or columns.size().
  std::size_t column(std::string_view name) const;
};

/// Refuses a row whose length is not the number of columns, and a cell that its column's type does
/// not allow.
Expected<void> check_types(const Table& table);

/// Whether the column holds numbers; where no type is stated, whether no cell is a text.
bool is_numeric(const Table& table, std::size_t column);

/// The number in a cell, NaN for a text and an empty cell.
double number_in(const Cell& cell);

/// The numbers of a column, one per row: NaN for empty cells, and for all rows if the table has no
/// such column.
std::vector<double> numbers_in(const Table& table, std::string_view column);

/// A non-finite real becomes an empty cell, so that no table ever holds a NaN.
Cell real_cell(double value);

/// The cell as text that reads back exactly (CSV) and as text for people (three digits).
std::string exact_text(const Cell& cell);
std::string short_text(const Cell& cell);

}  // namespace attnlab
