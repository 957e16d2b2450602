#include "core/findings/row_table.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using namespace attnlab;

namespace {

struct Point {
  std::string model;
  double error = 0, std_error = 0;
  std::size_t trials = 0;
  std::optional<std::int64_t> heads;
  double scaled() const { return 2 * error; }
};

std::string shout(const Point& point) {
  return point.model + "!";
}

}  // namespace

TEST_CASE("each column of a described table shows its own member of each row") {
  const RowTable<Point> described{
      "points",
      "Some points",
      {column<&Point::model>("model", "model"),
       column<&Point::error>("mean", "test error", "std_error"),
       column<&Point::std_error>("std_error", "standard error"),
       column<&Point::trials>("trials", "trials"), column<&Point::heads>("heads", "heads M"),
       column<&Point::scaled>("scaled", "twice the error"), column<&shout>("loud", "loud")}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Point> points = {{"rfa", 0.25, nan, 3, 7}, {"rfmlp", 1, 0.5, 0, {}}};
  const Table table = described.of(points);
  CHECK(table.name == "points");
  REQUIRE(table.columns.size() == 7);
  CHECK(table.columns[1].error_column == "std_error");
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0] == std::vector<Cell>{std::string("rfa"),
                                           0.25,
                                           {},
                                           std::int64_t{3},
                                           std::int64_t{7},
                                           0.5,
                                           std::string("rfa!")});
  CHECK(table.rows[1] ==
        std::vector<Cell>{
            std::string("rfmlp"), 1.0, 0.5, std::int64_t{0}, {}, 2.0, std::string("rfmlp!")});
}

TEST_CASE("a count kept as a double is an integer cell, and NaN an empty one") {
  CHECK(whole_cell(16) == Cell(std::int64_t{16}));
  CHECK(whole_cell(0.5) == Cell(0.5));
  CHECK(whole_cell(std::numeric_limits<double>::quiet_NaN()) == Cell());
}

TEST_CASE("a column has the type of what it shows, and an empty cell fits every type") {
  struct Row {
    double error = 0;
    std::optional<double> known{};
    std::size_t trials = 0;
    std::string model{};
    std::optional<bool> exact{};
    Count size{};
    Cell any{};
  };
  const RowTable<Row> described{
      "t",
      "",
      {column<&Row::error>("error", ""), column<&Row::known>("known", ""),
       column<&Row::trials>("trials", ""), column<&Row::model>("model", ""),
       column<&Row::exact>("exact", ""), column<&Row::size>("size", ""),
       column<&Row::any>("any", ""), column<&Row::any>("stated", "", "", ColumnType::kNumber)}};
  const Table table = described.of(std::vector<Row>{{0.5, {}, 3, "rfa", true, {2}, 1.5},
                                                    {1, 2, 0, "", {}, {2.5}, std::string("x")}});
  std::vector<std::string> types;
  for (const Column& column : table.columns) types.emplace_back(type_name(column.type));
  CHECK(types == std::vector<std::string>{"number", "number", "integer", "text", "yes-no", "number",
                                          "any", "number"});
  CHECK(table.rows[0][4] == Cell(std::string("yes")));
  CHECK(table.rows[0][5] == Cell(std::int64_t{2}));
  CHECK(table.rows[1][5] == Cell(2.5));
  const Expected<void> checked = check_types(table);
  REQUIRE_FALSE(checked);  // a text in the column whose type was stated
  CHECK(checked.error().sentence ==
        "row 2 of table \"t\" has \"x\" in column \"stated\", whose type is number");
}
