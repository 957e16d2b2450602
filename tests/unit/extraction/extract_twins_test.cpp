#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

double largest_difference(const Result& result, std::int64_t tokens) {
  double largest = 0;
  for (const auto& row : result.table("answers")->rows) {
    if (std::get<std::int64_t>(row[0]) != tokens) continue;
    largest = std::max(largest, std::abs(std::get<double>(row[4])));
  }
  return largest;
}

Result twins(const char* w, const char* other) {
  const RunSpec spec = spec_of(named("extract-twins"), {{"weight", w}, {"other-weight", other}});
  return named("extract-twins").find(spec, {}).result;
}

}  // namespace

TEST_CASE("extract-twins: wherever W' is dragged, two tokens agree to 1e-12 and three part") {
  for (const char* other : {"-3", "-1.7", "0", "0.1", "2.9"}) {
    const Result result = twins("0.5", other);
    CHECK(largest_difference(result, 2) < 1e-12);
    CHECK(largest_difference(result, 3) > 1e-2);
    CHECK(result.claims.at(0).status == ClaimStatus::kHolds);
  }
}

TEST_CASE("extract-twins: W' = W and W' = -W agree for three tokens and decide nothing") {
  for (const char* other : {"0.5", "-0.5"}) {
    const Result result = twins("0.5", other);
    CHECK(largest_difference(result, 3) < 1e-12);
    CHECK(result.claims.at(0).status == ClaimStatus::kUndecided);
  }
}

TEST_CASE("extract-twins: both figures have handles for W and W' at their values") {
  const RunSpec spec = spec_of(named("extract-twins"), {{"other-weight", "1.25"}});
  for (const Figure& figure : findings_of(spec).figures) {
    REQUIRE(figure.handles.size() == 2);
    CHECK(figure.handles[1].parameter == "other-weight");
    CHECK(figure.handles[1].x == 1.25);
    CHECK(figure.lines().series.size() == 2);
  }
}
