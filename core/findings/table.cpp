// Looking up table columns and printing cells; result.h's two lookups live here as well.
#include "core/findings/table.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "core/findings/result.h"

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

std::string_view status_text(ClaimStatus status) {
  switch (status) {
    case ClaimStatus::kHolds:
      return "holds";
    case ClaimStatus::kFails:
      return "fails";
    case ClaimStatus::kNoCounterexample:
      return "no-counterexample";
    case ClaimStatus::kUndecided:
      break;
  }
  return "undecided";
}

void lack(Claim& claim, Need need) {
  claim.status = ClaimStatus::kUndecided;
  claim.evidence = "Needs " + need.what;
  const char* before = ": ";
  for (const auto& [parameter, text] : need.settings) {
    claim.evidence += before + parameter + " " + text;
    before = ", ";
  }
  claim.evidence += ".";
  claim.need = std::move(need);
}

std::vector<OpenNeed> open_needs(const std::vector<Claim>& claims) {
  std::vector<OpenNeed> open;
  std::vector<std::vector<std::string>> names;
  bool judged = false;
  for (const Claim& claim : claims) {
    if (claim.need.what.empty()) {
      judged = true;
      continue;
    }
    const auto same = std::find_if(open.begin(), open.end(),
                                   [&](const OpenNeed& one) { return one.need == claim.need; });
    const auto at = static_cast<std::size_t>(same - open.begin());
    if (same == open.end()) {
      open.push_back({{}, {}, claim.need});
      names.emplace_back();
    }
    names[at].push_back(claim.id);
  }
  for (std::size_t i = 0; i < open.size(); ++i) {
    const std::size_t count = names[i].size();
    names[i].erase(std::unique(names[i].begin(), names[i].end()), names[i].end());
    open[i].sentence = std::to_string(count) + (judged ? " more claim" : " claim") +
                       (count == 1 ? " needs " : "s need ") + open[i].need.what + ": " +
                       join(names[i], ", ") + ".";
    for (const auto& [parameter, text] : open[i].need.settings)
      open[i].offer += (open[i].offer.empty() ? "Set " : " and ") + parameter + " to " + text;
  }
  return open;
}

const Table* Result::table(std::string_view name) const {
  for (const Table& table : tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace attnlab
