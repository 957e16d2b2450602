#include <doctest/doctest.h>

#include <cmath>

#include "core/codecs/codecs.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;

namespace {

std::string refusal(std::string_view text) {
  const auto read = read_csv(text);
  return read ? std::string() : read.error().sentence;
}

Cell random_cell(test::RandomValues& random) {
  switch (random.below(5)) {
    case 0:
      return std::monostate{};
    case 1:
      return static_cast<std::int64_t>(random.bits());
    case 2:
      return random.any_real();
    case 3:
      return random.text_of("ab ,\"\n\r5e.-", 8);
    default:
      return random.any_bytes(8);
  }
}

}  // namespace

TEST_CASE("every table reads back from its CSV, cell by cell") {
  test::RandomValues random(1);
  for (int i = 0; i < 500; ++i) {
    Table table;
    const std::size_t columns = 1 + random.below(4), rows = random.below(5);
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string name = random.text_of("abc,\"\n 5", 6);
      table.columns.push_back({name, name, ""});
    }
    for (std::size_t r = 0; r < rows; ++r) {
      std::vector<Cell>& row = table.rows.emplace_back();
      for (std::size_t c = 0; c < columns; ++c) row.push_back(random_cell(random));
    }
    const std::string csv = table_csv(table);
    CAPTURE(csv);
    const auto read = read_csv(csv);
    REQUIRE(read);
    REQUIRE(read->columns.size() == columns);
    for (std::size_t c = 0; c < columns; ++c) {
      CHECK(read->columns[c].name == table.columns[c].name);
    }
    CHECK(read->rows == table.rows);
    CHECK(table_csv(*read) == csv);
  }
}

TEST_CASE("CSV has a header row, exact reals, empty cells and plain line ends") {
  const Table table{"t",
                    "",
                    {{"model", "", ""}, {"n", "", ""}, {"mean", "", ""}},
                    {{std::string("rfa"), std::int64_t{64}, 1.0 / 3},
                     {std::string("a \"b\", c"), Cell(), std::nan("")}}};
  CHECK(table_csv(table) == "model,n,mean\nrfa,64,0.3333333333333333\n\"a \"\"b\"\", c\",,\n");
}

TEST_CASE("text that looks like a number is quoted and stays text") {
  const Table table{"t",
                    "",
                    {{"x", "", ""}},
                    {{std::string("5")}, {std::string("nan")}, {std::string()}, {Cell()}}};
  CHECK(table_csv(table) == "x\n\"5\"\n\"nan\"\n\"\"\n\n");
  const auto read = read_csv(table_csv(table));
  REQUIRE(read);
  CHECK(read->rows == table.rows);
}

TEST_CASE("a real with a whole value reads back as an integer") {
  const auto read = read_csv("x\n2\n2.5\n");
  REQUIRE(read);
  CHECK(read->rows[0][0] == Cell(std::int64_t{2}));
  CHECK(read->rows[1][0] == Cell(2.5));
}

TEST_CASE("CRLF line ends and a missing last line end are understood") {
  const auto read = read_csv("a,b\r\n1,\"x\r\ny\"\r\n2,z");
  REQUIRE(read);
  REQUIRE(read->rows.size() == 2);
  CHECK(read->rows[0][1] == Cell(std::string("x\r\ny")));
  CHECK(read->rows[1][1] == Cell(std::string("z")));
}

TEST_CASE("ragged rows and stray quotes are refused with their line") {
  CHECK(refusal("") == "a CSV table needs a header row; this text is empty");
  CHECK(refusal("a,b\n1,2\n3\n") == "line 3 has 1 cell and the header has 2");
  CHECK(refusal("a\n\"x\ny\"\n1,2\n") == "line 4 has 2 cells and the header has 1");
  CHECK(refusal("a\n\"x\n\n") == "the quoted cell that begins in line 2 is never closed");
  CHECK(refusal("a\n\"x\"y\n") == "line 2 has text after a closing quote");
  CHECK(refusal("a\nx\"y\n") == "line 2 has a quote inside a cell without quotes");
}

TEST_CASE("any bytes as CSV give a table or a sentence") {
  test::RandomValues random(2);
  for (int i = 0; i < 5000; ++i) {
    const auto read = read_csv(random.text_of("a1,\"\n\r", 20));
    if (!read) CHECK_FALSE(read.error().sentence.empty());
  }
}

TEST_CASE("a table reads back into its columns, and what does not fit their types is refused") {
  const std::vector<Column> columns = {{"model", "model", "", ColumnType::kText},
                                       {"n", "training samples n", "", ColumnType::kWhole},
                                       {"mean", "test error", "", ColumnType::kNumber}};
  const Table table{
      "t",
      "",
      columns,
      {{std::string("5"), std::int64_t{64}, 0.25}, {std::string("rfa"), Cell(), std::int64_t{1}}}};
  const auto read = read_csv(table_csv(table), columns);
  REQUIRE(read);
  CHECK(read->rows == table.rows);
  CHECK(read->columns[1].label == "training samples n");
  const auto refused = [&](std::string_view text) {
    const auto typed = read_csv(text, columns);
    return typed ? std::string() : typed.error().sentence;
  };
  CHECK(refused("model,n\nrfa,64\n") ==
        "the header has the columns \"model,n\" in place of \"model,n,mean\"");
  CHECK(refused("model,n,mean\nrfa,64.5,1\n") ==
        "row 1 of table \"\" has \"64.5\" in column \"n\", whose type is integer");
  CHECK(refused("model,n,mean\nrfa,64,half\n") ==
        "row 1 of table \"\" has \"half\" in column \"mean\", whose type is number");
  CHECK(refused("model,n,mean\n5,64,1\n") ==
        "row 1 of table \"\" has \"5\" in column \"model\", whose type is text");
}
