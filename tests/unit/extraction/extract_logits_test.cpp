// The runs of extract-logits: tables, claims, and what is refused.
#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

std::string cell_text(const Table& table, std::size_t row, std::string_view column) {
  const Cell& cell = table.rows.at(row)[table.column(column)];
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  return std::holds_alternative<double>(cell) ? "number" : "";
}

std::string refusal(const Values& values) {
  const RunSpec spec = spec_of(named("extract-logits"), values);
  const Expected<Plan> plan = spec.experiment->plan(spec);
  return plan ? "" : plan.error().sentence;
}

}  // namespace

TEST_CASE("extract-logits: no counterexample with either norm and all kinds of answers") {
  for (const char* norm : {"rms", "layer"}) {
    const Result result = checked_result(spec_of(
        named("extract-logits"),
        {{"dim", "4,8"}, {"logits", "40"}, {"norm", norm}, {"queries", "30"}, {"trials", "3"}}));
    REQUIRE(result.claims.size() == 4);
    for (const Claim& claim : result.claims) {
      INFO(claim.statement << " " << claim.evidence);
      CHECK(claim.status == ClaimStatus::kNoCounterexample);
    }
    const Table& table = result.tables.at(0);
    CHECK(table.rows.size() == 2 * 3 * 10);
    CHECK(cell_text(table, 0, "norm") == norm);
    CHECK(cell_text(table, 0, "answers") == "exact");
    CHECK(cell_text(table, 0, "hidden_found") == "4");
    CHECK(cell_text(table, 0, "rank") == (norm == std::string("rms") ? "4" : "3"));
    CHECK(result.tables.at(2).rows.size() == 10 * 30);
  }
}

TEST_CASE("extract-logits: with too few vectors no claim is judged and no size is said") {
  const Result result = checked_result(
      spec_of(named("extract-logits"),
              {{"dim", "16"}, {"queries", "16"}, {"trials", "2"}, {"answers", "exact"}}));
  REQUIRE(result.claims.size() == 2);
  for (const Claim& claim : result.claims) CHECK(claim.status == ClaimStatus::kUndecided);
  CHECK(cell_text(result.tables.at(0), 0, "status") == "too-few-answers");
  CHECK(cell_text(result.tables.at(0), 0, "hidden_found").empty());
}

TEST_CASE("extract-logits: where noise hides the gap, the table says so and the shares count it") {
  const Result result = checked_result(spec_of(
      named("extract-logits"), {{"answers", "digits"}, {"digits", "1,6"}, {"trials", "4"}}));
  const Table &rows = result.tables.at(0), &sizes = result.tables.at(1);
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const bool coarse = cell_text(rows, i, "answers") == "digits:1";
    CHECK(cell_text(rows, i, "status") == (coarse ? "noise-hides-it" : "recovered"));
    CHECK(cell_text(rows, i, "hidden_found") == (coarse ? "" : "16"));
  }
  CHECK(cell_text(sizes, 0, "undecided") == "4");
  CHECK(cell_text(sizes, 1, "found") == "4");
  CHECK(cell_text(sizes, 0, "wrong") == "0");
}

TEST_CASE("extract-logits: the same models and prompts are asked in all kinds of answers") {
  const auto text = [](const char* answers) {
    const RunSpec spec = spec_of(
        named("extract-logits"),
        {{"dim", "5"}, {"logits", "20"}, {"queries", "16"}, {"trials", "1"}, {"answers", answers}});
    return table_csv(findings_of(spec, run_all(spec)).result.tables.at(2));
  };
  const std::string both = text("exact,float32"), one = text("exact");
  CHECK(both.starts_with(one));
}

TEST_CASE("extract-logits: sizes that do not fit are refused with what would") {
  CHECK(refusal({{"dim", "8,32"}, {"logits", "33"}}) ==
        "logits must be at least the largest dim and two more, 34, not 33");
  CHECK(refusal({{"dim", "4"}, {"logits", "12"}, {"top", "5,12"}}) ==
        "top must be less than logits, 12, not 12");
  CHECK(refusal({{"dim", "4"}, {"logits", "12"}, {"top", "5,12"}, {"answers", "exact"}}).empty());
}
