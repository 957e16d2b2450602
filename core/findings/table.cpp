// Looking up table columns and printing cells; result.h's two lookups live here as well.
#include "core/findings/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"

namespace attnlab {
namespace {

bool allows(ColumnType type, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return true;
  const auto* text = std::get_if<std::string>(&cell);
  switch (type) {
    case ColumnType::kAny:
      return true;
    case ColumnType::kWhole:
      return std::holds_alternative<std::int64_t>(cell);
    case ColumnType::kNumber:
      return text == nullptr;
    case ColumnType::kText:
      return text != nullptr;
    case ColumnType::kYesNo:
      return text != nullptr && (*text == "yes" || *text == "no");
  }
  return false;  // an unknown type, decoded from bytes
}

std::string count_text(std::size_t count) {
  return exact_text(static_cast<std::int64_t>(count));
}

}  // namespace

std::string_view type_name(ColumnType type) {
  switch (type) {
    case ColumnType::kWhole:
      return "integer";
    case ColumnType::kNumber:
      return "number";
    case ColumnType::kText:
      return "text";
    case ColumnType::kYesNo:
      return "yes-no";
    case ColumnType::kAny:
      break;
  }
  return "any";
}

Expected<void> check_types(const Table& table) {
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const std::vector<Cell>& row = table.rows[r];
    const std::string where = "row " + count_text(r + 1) + " of table " + quoted_text(table.name);
    if (row.size() != table.columns.size()) {
      return Error{where + " has " + counted(row.size(), "cell") + ", and the table has " +
                   counted(table.columns.size(), "column")};
    }
    for (std::size_t c = 0; c < row.size(); ++c) {
      const Column& column = table.columns[c];
      if (allows(column.type, row[c])) continue;
      return Error{where + " has " + quoted_text(exact_text(row[c])) + " in column " +
                   quoted_text(column.name) + ", whose type is " +
                   std::string(type_name(column.type))};
    }
  }
  return {};
}

bool is_numeric(const Table& table, std::size_t column) {
  const ColumnType type = table.columns[column].type;
  if (type != ColumnType::kAny) return type == ColumnType::kWhole || type == ColumnType::kNumber;
  return std::none_of(table.rows.begin(), table.rows.end(), [&](const std::vector<Cell>& row) {
    return column < row.size() && std::holds_alternative<std::string>(row[column]);
  });
}

double number_in(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> numbers_in(const Table& table, std::string_view column) {
  const std::size_t index = table.column(column);
  std::vector<double> numbers;
  for (const std::vector<Cell>& row : table.rows) {
    numbers.push_back(number_in(index < row.size() ? row[index] : Cell()));
  }
  return numbers;
}

std::size_t Table::column(std::string_view wanted) const {
  std::size_t i = 0;
  while (i < columns.size() && columns[i].name != wanted) ++i;
  return i;
}

Cell real_cell(double value) {
  if (!std::isfinite(value)) return std::monostate{};
  return value;
}

std::string exact_text(const Cell& cell) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return exact_text(*integer);
  if (const auto* real = std::get_if<double>(&cell)) {
    return std::isfinite(*real) ? exact_text(*real) : std::string();
  }
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  return {};
}

std::string short_text(const Cell& cell) {
  if (const auto* real = std::get_if<double>(&cell)) {
    return std::isfinite(*real) ? short_text(*real) : std::string();
  }
  return exact_text(cell);
}

}  // namespace attnlab
