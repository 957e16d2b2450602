#include <doctest/doctest.h>

#include <cmath>

#include "core/findings/result.h"
#include "core/findings/table.h"

using namespace attnlab;

TEST_CASE("a column is found by its name") {
  const Table table{"t", "", {{"n", "n", ""}, {"mean", "mean", "std_error"}}, {}};
  CHECK(table.column("mean") == 1);
  CHECK(table.column("median") == 2);
}

TEST_CASE("a table is found by its name") {
  Result result;
  result.tables.push_back({"pi", "", {}, {}});
  CHECK(result.table("pi") == &result.tables[0]);
  CHECK(result.table("e") == nullptr);
}

TEST_CASE("a real that is not finite becomes an empty cell") {
  CHECK(real_cell(std::nan("")) == Cell(std::monostate{}));
  CHECK(real_cell(HUGE_VAL) == Cell(std::monostate{}));
  CHECK(real_cell(0.5) == Cell(0.5));
}

TEST_CASE("cells print exactly, or with three digits for people") {
  CHECK(exact_text(Cell(1.0 / 3)) == "0.3333333333333333");
  CHECK(short_text(Cell(1.0 / 3)) == "0.333");
  CHECK(short_text(Cell(std::int64_t{1234567})) == "1234567");
  CHECK(exact_text(Cell(std::string("rfa"))) == "rfa");
  CHECK(exact_text(Cell()) == "");
  CHECK(exact_text(Cell(std::nan(""))) == "");
}

TEST_CASE("claim states have the words of the result document") {
  CHECK(status_text(ClaimStatus::kHolds) == "holds");
  CHECK(status_text(ClaimStatus::kFails) == "fails");
  CHECK(status_text(ClaimStatus::kUndecided) == "undecided");
  CHECK(status_text(ClaimStatus::kNoCounterexample) == "no-counterexample");
}

TEST_CASE("cells are held to the type of their column") {
  const std::vector<Cell> cells = {Cell(), std::int64_t{2}, 2.5, std::string("yes"),
                                   std::string("x")};
  const auto allowed = [&](ColumnType type) {
    std::string which;
    for (const Cell& cell : cells) {
      which += check_types({"t", "", {{"c", "", "", type}}, {{cell}}}) ? '1' : '0';
    }
    return which;
  };
  CHECK(allowed(ColumnType::kAny) == "11111");
  CHECK(allowed(ColumnType::kWhole) == "11000");
  CHECK(allowed(ColumnType::kNumber) == "11100");
  CHECK(allowed(ColumnType::kText) == "10011");
  CHECK(allowed(ColumnType::kYesNo) == "10010");
  CHECK(allowed(static_cast<ColumnType>(17)) == "10000");
  const Expected<void> ragged = check_types({"t", "", {{"a", "", ""}, {"b", "", ""}}, {{Cell()}}});
  REQUIRE_FALSE(ragged);
  CHECK(ragged.error().sentence == "row 1 of table \"t\" has 1 cell, and the table has 2 columns");
}

TEST_CASE("a column as numbers has NaN for texts, empty cells and missing columns") {
  const Table table{"t",
                    "",
                    {{"a", "", ""}, {"b", "", ""}},
                    {{std::int64_t{2}, 0.5}, {Cell(), std::string("5")}}};
  const std::vector<double> a = numbers_in(table, "a"), b = numbers_in(table, "b");
  REQUIRE(a.size() == 2);
  CHECK(a[0] == 2);
  CHECK(std::isnan(a[1]));
  CHECK(b[0] == 0.5);
  CHECK(std::isnan(b[1]));
  CHECK(std::isnan(numbers_in(table, "c").at(1)));
}

TEST_CASE("a column is numeric by its type, or by its cells where no type is stated") {
  const auto numeric = [](ColumnType type, const Cell& cell) {
    return is_numeric({"t", "", {{"c", "", "", type}}, {{cell}}}, 0);
  };
  CHECK(numeric(ColumnType::kWhole, Cell()));
  CHECK(numeric(ColumnType::kNumber, Cell()));
  CHECK_FALSE(numeric(ColumnType::kText, Cell()));
  CHECK_FALSE(numeric(ColumnType::kYesNo, Cell()));
  CHECK(numeric(ColumnType::kAny, 0.5));
  CHECK_FALSE(numeric(ColumnType::kAny, std::string("x")));
}
