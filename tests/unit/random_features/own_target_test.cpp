// The target `own` in the engine: its estimated level against closed forms, refusals and notes.
#include "core/random_features/own_target.h"

#include <doctest/doctest.h>

#include <cmath>

#include "core/catalogue/catalogue.h"
#include "tests/unit/random_features/eight_formulas.h"
#include "tests/unit/random_features/made_curves.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

RunSpec own_run(const char* id, const std::string& formula) {
  const Experiment& experiment = *find_experiment(id);
  RunSpec spec{&experiment, ParameterSet(experiment.schema), 3};
  CHECK(set_parameter(spec, "target", "own"));
  CHECK(set_parameter(spec, "formula", formula));
  return spec;
}

}  // namespace

// The survey draws the same samples at every run: these comparisons cannot fail by chance. Its
// standard error has 7 degrees of freedom; 6 of them would be exceeded once in 2000 draws.
TEST_CASE("the estimated affine level of a formula is the exact one of its built-in target") {
  for (const EightFormula& each : kEightFormulas) {
    const Target& target = *find_target(each.id);
    for (int degree = 1; degree <= 4 && target.affine_level != nullptr; ++degree) {
      for (const auto& [keys, dim] : {std::pair{16, 16}, std::pair{3, 4}}) {
        CAPTURE(each.id);
        CAPTURE(degree);
        const auto found = affine_level_of({&own_target(), 0, each.with_number(degree)}, keys, dim);
        REQUIRE(found);
        const double exact = target.affine_level(keys, dim, degree);
        CHECK(std::abs(found->level - exact) < 6 * found->std_error + 1e-3);
        CHECK(found->std_error > 0);
        CHECK(found->std_error < 0.05);
        const auto built_in = affine_level_of({&target, static_cast<double>(degree)}, keys, dim);
        CHECK((built_in->level == exact && built_in->std_error == 0));
      }
    }
  }
}

TEST_CASE("levels of tokens off the sphere are estimated, and meet their closed forms") {
  const auto check = [](const char* id, double degree, const TokenWorld& world, double exact) {
    const auto found = affine_level_of({find_target(id), degree}, 4, 5, world);
    REQUIRE(found);
    CAPTURE(id);
    CAPTURE(degree);
    CAPTURE(static_cast<int>(world.law));
    CHECK(found->std_error > 0);
    CHECK(std::abs(found->level - exact) < 6 * found->std_error + 1e-3);
  };
  const double d = 5, n = 4, rho = 0.7;
  const TokenWorld gaussian{.law = TokenLaw::kGaussian}, unequal{.law = TokenLaw::kUnequal};
  const TokenWorld correlated{.law = TokenLaw::kCorrelated, .correlation = rho};
  const TokenWorld clustered{.law = TokenLaw::kClustered, .centres = 3};
  // t^3 = He_3(t) + 3 t in units of a standard deviation: 6 of 15 parts are not linear.
  check("mean-power", 3, gaussian, 6.0 / 15);
  check("mean-power", 2, gaussian, 1);
  // Lengths r with E r^2k = 3^k / (2k + 1) times the moments of the sphere.
  const double m4 = 9.0 / 5 * 3 / (d * (d + 2)), m6 = 27.0 / 7 * 15 / (d * (d + 2) * (d + 4));
  check("mean-power", 3, unequal, 1 - m4 * m4 * d / m6);
  // Mehler: E He_k(a) He_k(b) = k! rho^k.
  const auto shared = [&](double k) { return (1 + (n - 1) * std::pow(rho, k)) / n; };
  check("mean-power", 3, correlated, 6 * shared(3) / (6 * shared(3) + 9 * shared(1)));
  check("mean-power", 2, correlated, 1);
  // The mean given the query, <b, x_0> / d, is linear; the variance around it is
  // (E|x|^4 / d^2 - E|x|^2 / d^3) / N with E|x|^4 = 1 + 2/d.
  const double by_query = 1 / (d * d * d), scatter = ((1 + 2 / d) / (d * d) - by_query) / n;
  check("correlation-value", 1, gaussian, scatter / (scatter + by_query));
  for (const TokenWorld& world : {gaussian, unequal, correlated, clustered}) {
    check("mean-power", 1, world, 0);
  }
  // Positions are constants to an affine function.
  TokenWorld placed = clustered;
  placed.positions = true;
  const TargetCase square{find_target("mean-power"), 2};
  CHECK(affine_level_of(square, 4, 5, placed)->level ==
        affine_level_of(square, 4, 5, clustered)->level);
  CHECK(affine_level_of(square, 4, 5, clustered)->level < 0.8);  // the centres break the symmetry
}

TEST_CASE("a formula without values, or with one value, is refused with a sentence") {
  const auto refused = [](const char* id, const std::string& formula) {
    const RunSpec spec = own_run(id, formula);
    const auto plan = spec.experiment->plan(spec);
    return plan ? std::string() : plan.error().sentence;
  };
  for (const char* id : {"rf-learning-curve", "rf-function", "rf-inside"}) {
    CAPTURE(id);
    CHECK(refused(id, "mean(dot(b1,x))").empty());
    CHECK(refused(id, "N*2").starts_with("formula \"N*2\" has the same value on all of "));
    CHECK(refused(id, "norm(q)").find("has the same value") != std::string::npos);
    CHECK(refused(id, "1/(N-N)").starts_with("formula \"1/(N-N)\" has no value on "));
    CHECK(refused(id, "sqrt(dot(b1,q)-2)").find("(not defined: ") != std::string::npos);
  }
}

TEST_CASE("results say where a formula has no value, and that it depends on places") {
  const auto notes = [](const std::string& formula) {
    const RunSpec spec = own_run("rf-function", formula);
    std::string all;
    for (const std::string& note : spec.experiment->find(spec, {}).result.notes) all += note + "\n";
    return all;
  };
  CHECK(notes("mean(dot(b1,x)^2)").empty());
  CHECK(notes("mean(sqrt(dot(b1,x)+0.99))").find("The formula has no value on ") == 0);
  CHECK(notes("mean(i*dot(b1,x))").find("depends on places (i)") != std::string::npos);
}

TEST_CASE("a target and its formula give the same errors to every model") {
  const auto errors = [](bool own) {
    RunSpec spec = own_run("rf-learning-curve", "mean(dot(q,x)^2*dot(b1,x))");
    if (!own) CHECK(set_parameter(spec, "target", "correlation-value"));
    for (const auto& [name, value] :
         {std::pair{"samples", "32,64"}, std::pair{"heads", "20"}, std::pair{"trials", "2"},
          std::pair{"test-samples", "200"}, std::pair{"dim", "5"}, std::pair{"keys", "4"}})
      CHECK(set_parameter(spec, name, value));
    const Table table = spec.experiment->find(spec, test::run_all(spec)).result.tables[0];
    std::vector<double> means;
    for (const auto& row : table.rows) means.push_back(std::get<double>(row[4]));
    return means;
  };
  const std::vector<double> built_in = errors(false), own = errors(true);
  REQUIRE(built_in.size() == own.size());
  CHECK(own.size() == 8);
  // The labels are equal to the last bit here: both add up the same products in the same order.
  for (std::size_t i = 0; i < own.size(); ++i)
    CHECK(own[i] == doctest::Approx(built_in[i]).epsilon(1e-12));
}
