// The tutorial's sample as its reader would see it: it runs, and says what the text says it does.
#include <doctest/doctest.h>

#include <algorithm>
#include <variant>

#include "core/methods/methods.h"
#include "tests/unit/support/experiments.h"
#include "tests/unit/tutorial/sharpness.h"

using namespace attnlab;
using namespace attnlab::test;

namespace {

const Experiment& sharpness() {
  static const Experiment experiment = experiment_of<tutorial::SharpnessExperiment>();
  return experiment;
}

}  // namespace

TEST_CASE("the tutorial's experiment runs and its claim holds") {
  const Findings found =
      findings_of(spec_with(sharpness(), {}), run_all(spec_with(sharpness(), {})));
  const Table& table = found.result.tables.at(0);
  REQUIRE(table.rows.size() == 4);
  // At b = 64 the best of 16 keys has nearly all of the weight; at b = 1 little more than 1/16.
  CHECK(std::get<double>(table.rows[0][1]) < 0.2);
  CHECK(std::get<double>(table.rows[3][1]) > 0.9);
  CHECK(found.result.claims.at(0).status == ClaimStatus::kHolds);
  CHECK(found.figures.at(0).lines().series.at(0).points.size() == 4);
}

TEST_CASE("the tutorial's experiment keeps the rules of find: any order, any bytes, no outputs") {
  const RunSpec spec = spec_with(sharpness(), {{"trials", "3"}});
  std::vector<JobOutput> outputs = run_all(spec);
  const std::string text = all_text(findings_of(spec, outputs).result);
  std::reverse(outputs.begin(), outputs.end());
  CHECK(all_text(findings_of(spec, outputs).result) == text);
  outputs[0].bytes = {1, 2, 3};
  CHECK(findings_of(spec, outputs).result.notes.size() == 1);
  CHECK(findings_of(spec).figures.size() == 1);
}
