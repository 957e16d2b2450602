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
