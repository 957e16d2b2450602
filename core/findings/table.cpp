// Looking up table columns and printing cells; result.h's two lookups live here as well.
#include "core/findings/table.h"

#include <cmath>

#include "core/base/text.h"
#include "core/findings/result.h"

namespace attnlab {

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

const Table* Result::table(std::string_view name) const {
  for (const Table& table : tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

}  // namespace attnlab
