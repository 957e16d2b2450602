// Widths at equal budgets, and settings at which two models are the same.
#include "core/random_features/models.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/random_features/experiments.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::random_features;
using namespace attnlab::test;

namespace {

const RandomFeatureModel& model(const char* id) {
  return *find_random_feature_model(id);
}

Values small_run(const char* models, const char* copies) {
  return {{"models", models}, {"copies", copies},     {"dim", "4"},    {"keys", "5"},
          {"heads", "30"},    {"samples", "10,60"},   {"trials", "4"}, {"noise", "0.2"},
          {"degree", "1"},    {"test-samples", "200"}};
}

/// Mean test errors, row by row.
std::vector<double> errors_of(const Values& values) {
  const RunSpec spec = spec_with(named("rf-learning-curve"), values);
  const Result result = findings_of(spec, run_all(spec)).result;
  const Table& table = *result.table("test_error");
  std::vector<double> errors;
  for (const auto& row : table.rows) errors.push_back(std::get<double>(row[table.column("mean")]));
  return errors;
}

}  // namespace

TEST_CASE("with equal operations every model costs as much as RFA, to half a unit") {
  LayerSizes sizes{16, 16, 1000, 4, Budget::kOperations};
  CHECK(units_of(model("rfa"), sizes) == 1000);
  CHECK(units_of(model("brfa"), sizes) == 1000);
  // docs/derivations-random-features.md: 1700, 9350 and 9860 operations a unit.
  CHECK(units_of(model("rfmlp"), sizes) == 182);
  CHECK(units_of(model("rf-invariant"), sizes) == 172);
  sizes.units = 1;
  CHECK(units_of(model("rfmlp"), sizes) == 1);
  for (const std::size_t keys : {1, 7, 64}) {
    sizes.units = 500;
    sizes.keys = keys;
    const auto flops = [&](const char* id) {
      return prediction_flops(std::get<RandomFeatureLayer>(make_layer(model(id), sizes, 1, 0)));
    };
    const double unit = flops("rfmlp") / static_cast<double>(units_of(model("rfmlp"), sizes));
    CHECK(std::abs(flops("rfmlp") - flops("rfa")) <= unit / 2);
  }
  sizes.budget = Budget::kParameters;
  CHECK(units_of(model("rfmlp"), sizes) == 500);
}

TEST_CASE("a run with equal operations says how wide the networks are") {
  Values values = small_run("rfa,rfmlp", "4");
  values.emplace_back("budget", "operations");
  const RunSpec spec = spec_with(named("rf-learning-curve"), values);
  const Findings found = findings_of(spec);
  REQUIRE(found.result.notes.size() == 1);
  CHECK(found.result.notes[0].find("RFMLP has ") == 0);
  CHECK(found.figures[0].subtitle.find("equal operations") != std::string::npos);
}

TEST_CASE("with one copy of every sample the augmented RFMLP is RFMLP, with more it is not") {
  const std::vector<double> plain = errors_of(small_run("rfmlp", "1"));
  CHECK(errors_of(small_run("rfmlp-augmented", "1")) == plain);
  const std::vector<double> more = errors_of(small_run("rfmlp-augmented", "8"));
  // A mean over keys is the same in any order, so copies help. 60 samples of 24 coordinates are
  // fitted to about 0.1 of the variance with or without copies; 10 samples are not.
  CHECK(more[0] < plain[0]);
}

TEST_CASE("the plan counts copies of samples as time and memory") {
  const auto plan = [](const char* models) {
    Values values = small_run(models, "8");
    values[4].second = "300";
    values[5].second = "400";
    const RunSpec spec = spec_with(named("rf-learning-curve"), values);
    return *spec.experiment->plan(spec);
  };
  const Plan plain = plan("rfmlp"), copied = plan("rfmlp-augmented");
  CHECK(copied.job_bytes > 2 * plain.job_bytes);
  CHECK(copied.jobs[0].cost > 4 * plain.jobs[0].cost);
}

TEST_CASE("the figure says when the ridge parameter was chosen on test data") {
  const auto subtitle = [](const char* ridge) {
    Values values = small_run("rfa", "1");
    values.emplace_back("ridge", ridge);
    return findings_of(spec_with(named("rf-learning-curve"), values)).figures[0].subtitle;
  };
  CHECK(subtitle("validation").find("held-out 20 %") != std::string::npos);
  CHECK(subtitle("oracle").find("on the test set itself") != std::string::npos);
  CHECK(subtitle("0.001").find("Ridge 0.001") != std::string::npos);
}

TEST_CASE("a target with a large constant costs no samples unless the constant is penalised") {
  // mean-cosine 0.25 has mean 0.99 and standard deviation 0.003.
  const auto first_error = [](const char* intercept) {
    return errors_of({{"models", "rfa"},
                      {"target", "mean-cosine"},
                      {"frequency", "0.25"},
                      {"dim", "4"},
                      {"keys", "3"},
                      {"heads", "60"},
                      {"samples", "16"},
                      {"trials", "5"},
                      {"test-samples", "200"},
                      {"intercept", intercept}})[0];
  };
  CHECK(first_error("free") < 2);
  CHECK(first_error("penalised") > 20);
}
