#include "core/experiment/comparison.h"

#include <doctest/doctest.h>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"

using namespace attnlab;

namespace {

RunSpec run_with(std::initializer_list<std::pair<const char*, const char*>> texts,
                 std::uint64_t seed = 1) {
  const Experiment* experiment = find_experiment("rf-learning-curve");
  RunSpec spec{experiment, ParameterSet(experiment->schema), seed};
  for (const auto& [name, text] : texts) REQUIRE(spec.parameters.set_text(name, text));
  return spec;
}

Figure one_curve(const char* id, SeriesRole role, double y) {
  Series series;
  series.id = id;
  series.label = id;
  series.role = role;
  series.points = {{16, y, 0.1, 3}, {64, y / 2, 0.1, 3}};
  Figure figure;
  figure.id = "curve";
  figure.draw_lines().series = {series};
  return figure;
}

KeptResult kept_run(const RunSpec& spec, double y) {
  KeptResult kept{spec, {}, {}};
  kept.findings.figures = {one_curve("rfa", SeriesRole::kMeasured, y)};
  Table table;
  table.name = "test_error";
  table.columns = {{"samples", "n", {}}};
  table.rows = {{std::int64_t{16}}};
  kept.findings.result.tables = {table};
  return kept;
}

}  // namespace

TEST_CASE("a kept run is named by the parameters in which it differs from the one shown") {
  const RunSpec now = run_with({});
  CHECK(difference_text(run_with({}), now) == "the same parameters");
  CHECK(difference_text(run_with({{"heads", "77"}}), now) == "heads = 77");
  CHECK(difference_text(run_with({{"heads", "77"}}, 3), now) == "heads = 77, seed = 3");
  CHECK(difference_text(run_with({{"dim", "5"}, {"keys", "4"}, {"heads", "77"}}, 3), now)
            .ends_with(" and 2 more"));
}

TEST_CASE("a figure gets the curves of kept runs, each once and under a name of its own") {
  const RunSpec now = run_with({});
  const std::vector<KeptResult> kept{kept_run(run_with({{"heads", "77"}}), 0.8),
                                     kept_run(run_with({}, 9), 0.6)};
  const Figure both = with_kept(one_curve("rfa", SeriesRole::kMeasured, 1.0), now, kept);
  REQUIRE(both.lines().series.size() == 3);
  CHECK(both.lines().series[0].label == "rfa");
  CHECK(both.lines().series[1].label == "rfa (heads = 77)");
  CHECK(both.lines().series[2].label == "rfa (seed = 9)");
  CHECK(both.lines().series[1].points[0].y == 0.8);
  CHECK(both.lines().series[1].id != both.lines().series[2].id);
  // Equal theory lines are not drawn twice.
  std::vector<KeptResult> theory{kept[0]};
  theory[0].findings.figures = {one_curve("level", SeriesRole::kTheory, 1.0)};
  CHECK(
      with_kept(one_curve("level", SeriesRole::kTheory, 1.0), now, theory).lines().series.size() ==
      1);
  CHECK(
      with_kept(one_curve("level", SeriesRole::kTheory, 0.5), now, theory).lines().series.size() ==
      2);
}

TEST_CASE("a run is not compared with itself nor with another experiment") {
  const RunSpec now = run_with({});
  const KeptResult itself = kept_run(now, 0.8);
  CHECK(with_kept(one_curve("rfa", SeriesRole::kMeasured, 1.0), now, {&itself, 1})
            .lines()
            .series.size() == 1);
  const Experiment* other = find_experiment("extract-single");
  const KeptResult foreign = kept_run({other, ParameterSet(other->schema), 1}, 0.8);
  CHECK(with_kept(one_curve("rfa", SeriesRole::kMeasured, 1.0), now, {&foreign, 1})
            .lines()
            .series.size() == 1);
  CHECK(with_kept(foreign.findings.result.tables[0], now, {&foreign, 1}).columns.size() == 1);
}

TEST_CASE("a table gets the rows of kept runs and a column that names their run") {
  const RunSpec now = run_with({});
  const std::vector<KeptResult> kept{kept_run(run_with({{"heads", "77"}}), 0.8)};
  const Table both = with_kept(kept[0].findings.result.tables[0], now, kept);
  REQUIRE(both.columns.size() == 2);
  REQUIRE(both.rows.size() == 2);
  CHECK(table_csv(both).find("16,now") != std::string::npos);
  CHECK(table_csv(both).find("16,heads = 77") != std::string::npos);
}
