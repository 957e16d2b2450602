// Grids of parameters: reading, points, jobs and the joined table.
#include "core/codecs/sweep.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"

using namespace attnlab;

namespace {

SweepSpec read(std::string_view json) {
  Expected<SweepSpec> sweep = read_sweep(json);
  REQUIRE_MESSAGE(sweep, (sweep ? std::string() : sweep.error().sentence));
  return std::move(*sweep);
}

constexpr std::string_view kGrid =
    R"({"experiment":"rf-learning-curve","seed":9007199254740991,"parameters":{
        "heads":{"from":1,"to":64,"factor":4},"samples":[16,[16,32],"64,128"],
        "noise":{"from":0,"to":0.5,"step":0.1},"dim":"4","ridge":["oracle",0.5],"trials":3}})";

}  // namespace

TEST_CASE("a sweep's text reads back as the same sweep") {
  const SweepSpec sweep = read(kGrid);
  const std::string text = sweep_text(sweep);
  CHECK(text.find(' ') == std::string::npos);
  const SweepSpec again = read(text);
  CHECK(sweep_text(again) == text);
  REQUIRE(again.points() == sweep.points());
  for (std::size_t i = 0; i < sweep.points(); ++i) CHECK(again.point(i) == sweep.point(i));
}

TEST_CASE("ranges reach both ends without the digits that sums of fractions leave") {
  const SweepSpec sweep = read(kGrid);
  REQUIRE(sweep.axes.size() == 4);
  for (const SweepAxis& axis : sweep.axes) {
    if (axis.parameter == "heads")
      CHECK(axis.values == std::vector<std::string>{"1", "4", "16", "64"});
    if (axis.parameter == "noise") {
      CHECK(axis.values == std::vector<std::string>{"0", "0.1", "0.2", "0.3", "0.4", "0.5"});
    }
    if (axis.parameter == "samples") {
      CHECK(axis.values == std::vector<std::string>{"16", "16,32", "64,128"});
    }
  }
  CHECK(sweep.points() == 4 * 3 * 6 * 2);
  std::set<std::string> names;
  for (std::size_t i = 0; i < sweep.points(); ++i) names.insert(sweep.point_name(i));
  CHECK(names.size() == sweep.points());
}

TEST_CASE("the shards of a sweep have every job once, under the point it belongs to") {
  const SweepSpec sweep = read(kGrid);
  const auto plan = plan_sweep(sweep, 1e12);
  REQUIRE(plan);
  std::set<std::uint64_t> seen;
  for (std::uint32_t shard = 0; shard < 7; ++shard) {
    const Run run = shard_run(*plan, {shard, 7});
    for (std::uint32_t i = 0; i < run.jobs_total(); ++i) {
      const std::uint64_t job = std::uint64_t{i} * 7 + shard;
      const JobName name = run.name_of(i);
      CHECK(plan->first_job[name.spec] + name.index == job);
      CHECK(run.spec_of(i) == plan->points[name.spec]);
      CHECK(seen.insert(job).second);
    }
  }
  CHECK(seen.size() == plan->jobs.size());
}

TEST_CASE("seeds are swept like a parameter, and change fastest") {
  for (const char* seeds : {"[3,4,5]", R"({"from":3,"to":5,"step":1})", "[3,4,5.0]"}) {
    CAPTURE(seeds);
    const SweepSpec sweep =
        read(R"({"experiment":"rf-learning-curve","parameters":{"dim":[4,8],"trials":2},"seed":)" +
             std::string(seeds) + "}");
    REQUIRE(sweep.points() == 6);
    for (std::size_t i = 0; i < 6; ++i) {
      CHECK(sweep.point(i).seed == 3 + i % 3);
      CHECK(sweep.point(i).parameters.integer("dim") == (i < 3 ? 4 : 8));
    }
    CHECK(sweep.point_name(1) == "dim 4, seed 4");
    CHECK(axis_text(sweep, kSeedAxis) == "one of 3; 4; 5");
    const SweepSpec again = read(sweep_text(sweep));
    CHECK(sweep_text(again) == sweep_text(sweep));
    for (std::size_t i = 0; i < 6; ++i) CHECK(again.point(i) == sweep.point(i));
  }
  for (const char* seeds :
       {"[1,1]", "[]", "[-1]", "[0.5]", R"({"from":0,"to":1,"step":0.5})", "[9007199254740993]",
        R"(["3"])", "[1e300]", "[[1]]", R"([{"from":1}])"}) {
    CAPTURE(seeds);
    const auto refused =
        read_sweep(R"({"experiment":"rf-heads","seed":)" + std::string(seeds) + "}");
    REQUIRE(!refused);
    CHECK(refused.error().sentence.find("seed") != std::string::npos);
  }
}

TEST_CASE("a range of large seeds has neither rounded seeds nor any above its end") {
  const auto seeds_of = [](const char* range) {
    const SweepSpec sweep = read(R"({"experiment":"rf-heads","seed":)" + std::string(range) + "}");
    return sweep.axis(kSeedAxis)->values;
  };
  using Seeds = std::vector<std::string>;
  CHECK(seeds_of(R"({"from":1234567890123,"to":1234567890399,"step":100})") ==
        Seeds{"1234567890123", "1234567890223", "1234567890323"});
  CHECK(seeds_of(R"({"from":9007199254740989,"to":9007199254740991,"step":1})") ==
        Seeds{"9007199254740989", "9007199254740990", "9007199254740991"});
  CHECK(seeds_of(R"({"from":3,"to":243,"factor":3})") == Seeds{"3", "9", "27", "81", "243"});
}

TEST_CASE("no parameter has the name of the axis that sweeps the seed") {
  for (const Experiment* experiment : experiments()) {
    CHECK(experiment->schema.find(kSeedAxis) == nullptr);
  }
}

TEST_CASE("a sweep's table ends with the fixed seed and every fixed parameter that has an effect") {
  const auto columns_of = [](const char* json) {
    const SweepSpec sweep = read(json);
    const auto plan = plan_sweep(sweep, 1e12);
    REQUIRE(plan);
    std::vector<std::string> names;
    const Expected<Table> table = read_csv(sweep_csv(sweep, *plan, {}));
    REQUIRE(table);
    CHECK(table->rows.empty());
    for (const Column& column : table->columns) names.push_back(column.name);
    return names;
  };
  using Names = std::vector<std::string>;
  const Names base = columns_of(R"({"experiment":"icl-risk","parameters":{"dim":[2,3]}})");
  CHECK(Names(base.begin(), base.begin() + 3) == Names{"point", "swept_dim", "predictor"});
  // `value` has no effect in the plain setting.
  CHECK(Names(base.end() - 8, base.end()) == Names{"prompts", "seed", "fixed_heads",
                                                   "fixed_prompt_length", "fixed_prompts",
                                                   "fixed_setting", "noise", "given"});
  const Names swept = columns_of(
      R"({"experiment":"icl-risk","seed":[1,2],"parameters":{"setting":["base","noise"]}})");
  CHECK(Names(swept.begin(), swept.begin() + 3) == Names{"point", "swept_setting", "seed"});
  CHECK(std::ranges::count(swept, "seed") == 1);
  CHECK(std::ranges::count(swept, "fixed_value") == 1);
}
