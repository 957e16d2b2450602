// Tables for people and the progress line.
#include "native/report.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/base/text.h"
#include "core/codecs/codecs.h"

#include "native/console.h"
#include "native/progress_line.h"
#include "tests/cli/fake_experiment.h"

namespace attnlab {
namespace {

TEST_CASE("an estimate and its standard error become one aligned column") {
  const Table table{"t",
                    "",
                    {{"model", "model", ""},
                     {"n", "n", ""},
                     {"mean", "test error", "std_error"},
                     {"std_error", "standard error", ""}},
                    {{std::string("rfa"), std::int64_t{64}, 0.16123, 0.0102},
                     {std::string("rfmlp"), std::int64_t{4096}, 1.0, std::monostate{}}}};
  CHECK(table_text(table) ==
        "model     n     test error\n"
        "-----  ----  -------------\n"
        "rfa      64  0.161 ± 0.010\n"
        "rfmlp  4096      1\n");
}

TEST_CASE("headings wider than their cells keep the columns aligned") {
  const Table table{"t",
                    "What was measured.",
                    {{"a", "ridge ≤ 1", ""}, {"b", "x", ""}},
                    {{0.5, std::string("±")}, {std::monostate{}, std::string("")}}};
  CHECK(table_text(table) ==
        "What was measured.\n"
        "ridge ≤ 1  x\n"
        "---------  -\n"
        "      0.5  ±\n"
        "\n");
}

TEST_CASE("a table without rows says so") {
  CHECK(table_text({"t", "", {{"a", "a", ""}}, {}}) == "a\n-\n(no rows)\n");
}

Table wide_table() {
  const std::string evidence =
      "The answers to fresh questions agree to 1e-12, and no question had to "
      "be asked twice; a second matrix was tried and refused.";
  return {"t",
          "",
          {{"method", "method", ""},
           {"status", "status", ""},
           {"queries", "queries", ""},
           {"gap", "largest gap", ""},
           {"evidence", "evidence", ""}},
          {{std::string("single"), std::string("recovered"), std::int64_t{20}, 1e-12, evidence},
           {std::string("low-rank"), std::string("not-a-match"), std::int64_t{8}, 0.25,
            std::string("")}}};
}

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (const std::string& line : split(text, '\n')) widest = std::max(widest, display_width(line));
  return widest;
}

TEST_CASE(
    "a table wider than its terminal has long texts below its rows, then several lines per row") {
  const Table table = wide_table();
  CHECK(widest_line(table_text(table)) > 150);
  for (std::size_t columns = 24; columns <= 200; ++columns) {
    CHECK(widest_line(table_text(table, columns)) <= columns);
  }
  CHECK(table_text(table, 200) == table_text(table));
  CHECK(table_text(table, 150).find("1e-12\n  evidence: The answers") != std::string::npos);
  CHECK(table_text(table, 60) ==
        "method    status       queries  largest gap\n"
        "--------  -----------  -------  -----------\n"
        "single    recovered         20        1e-12\n"
        "  evidence: The answers to fresh questions agree to 1e-12,\n"
        "            and no question had to be asked twice; a second\n"
        "            matrix was tried and refused.\n"
        "\n"
        "low-rank  not-a-match        8         0.25\n");
  CHECK(table_text(table, 30) ==
        "method    status       queries\n"
        "  largest gap\n"
        "------------------------------\n"
        "single    recovered         20\n"
        "        1e-12\n"
        "  evidence: The answers to\n"
        "  fresh questions agree to\n"
        "  1e-12, and no question had\n"
        "  to be asked twice; a second\n"
        "  matrix was tried and\n"
        "  refused.\n"
        "\n"
        "low-rank  not-a-match        8\n"
        "         0.25\n");
}

TEST_CASE("a report fits its terminal, apart from the query that is copied") {
  Result result;
  result.tables.push_back(wide_table());
  result.claims.push_back({"B1", "A claim whose statement is longer than forty columns are wide.",
                           ClaimStatus::kNoCounterexample, "Evidence that is longer than that."});
  result.notes = {"A note that is long enough to be broken in a terminal of forty columns."};
  const RunSpec spec = fake_spec(4, 2);
  for (const std::size_t columns : {40, 80, 120}) {
    std::string text = report_text(spec, result, columns);
    text.erase(text.find(query_text(spec)), query_text(spec).size());
    CHECK(widest_line(text) <= columns);
  }
}

TEST_CASE("a claim shows its verdict, its statement and its evidence") {
  Result result;
  result.claims.push_back({"A2", "RFA needs fewer samples.", ClaimStatus::kHolds, "460 ± 30."});
  result.claims.push_back(
      {"B1", "Exactly.", ClaimStatus::kNoCounterexample, "All equal.", "No counterexample in 5."});
  result.notes.push_back("One fit was skipped.");
  const std::string text = report_text(fake_spec(4, 2), result);
  CHECK(text.find("A2 HOLDS  RFA needs fewer samples.\n  460 ± 30.\n") != std::string::npos);
  CHECK(text.find("B1 NO COUNTEREXAMPLE  Exactly.\n  All equal.\n  No counterexample in 5.\n") !=
        std::string::npos);
  CHECK(text.find("Note: One fit was skipped.\n") != std::string::npos);
}

TEST_CASE("width counts letters and not bytes, and long text is broken at blanks") {
  CHECK(display_width("0.1 ± 0.2 ≤ β") == 13);
  CHECK(padded_left("±", 3) == "  ±");
  CHECK(padded_right("≤", 3) == "≤  ");
  CHECK(wrapped("one two three", 2, 10) == "  one two\n  three\n");
  CHECK(wrapped("a maximum(b,cc,dd) é", 2, 9) == "  a\n  maximum\n  (b,cc,\n  dd) é\n");
  CHECK(wrapped("éééééé", 2, 6) == "  éééé\n  éé\n");
  CHECK(wrapped("", 2, 10) == "");
}

TEST_CASE("the progress line fits any terminal") {
  const RunSpec spec = fake_spec(20, 2);
  Run run(spec, *spec.experiment->plan(spec));
  RunClock clock;
  run.resume();
  clock.tick(run, 0);
  for (std::uint32_t i = 0; i < 10; ++i) run.adopt(i, {});
  clock.tick(run, 5);
  const std::string text = progress_text(run, clock, 100);
  CHECK(text.find("10 of 20 jobs  2 jobs/s") != std::string::npos);
  CHECK(text.find(" left") != std::string::npos);
  for (std::size_t columns = 0; columns < 100; ++columns) {
    CHECK(progress_text(run, clock, columns).size() <= columns);
  }
}

}  // namespace
}  // namespace attnlab
