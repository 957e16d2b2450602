#include <doctest/doctest.h>

#include "core/experiment/experiment.h"
#include "tests/unit/experiment/pi_experiment.h"

using namespace attnlab;

TEST_CASE("a preset sets its parameters on top of the defaults") {
  const Experiment& pi = test::pi_experiment();
  const auto quick = preset_parameters(pi, "quick");
  REQUIRE(quick);
  CHECK(quick->integer("points") == 250);
  CHECK(quick->integer("trials") == 3);
}

TEST_CASE("an unknown preset is answered with the ones there are") {
  CHECK(preset_parameters(test::pi_experiment(), "quik").error().sentence ==
        "unknown preset \"quik\" for pi; did you mean \"quick\"? It has: quick");
}

TEST_CASE("an unknown parameter of a run names the experiment") {
  RunSpec spec{&test::pi_experiment(), ParameterSet(test::pi_experiment().schema)};
  CHECK(set_parameter(spec, "point", "5").error().sentence ==
        "unknown parameter \"point\" for pi; did you mean \"points\"? It has: points, trials");
  CHECK(set_parameter(spec, "points", "0").error().sentence ==
        "points must be 1 to 10000000, not 0");
  CHECK(set_parameter(spec, "points", "5"));
  CHECK(spec.parameters.integer("points") == 5);
}

TEST_CASE("seeds are the whole numbers that JSON holds exactly") {
  CHECK(*read_seed("0") == 0);
  CHECK(*read_seed("9007199254740991") == kMaxSeed);
  CHECK(read_seed("9007199254740992").error().sentence ==
        "seed must be 0 to 9007199254740991, not 9007199254740992");
  CHECK(read_seed("-1").error().sentence == "seed must be 0 to 9007199254740991, not -1");
  CHECK(*read_seed(" 1e3 ") == 1000);  // a number is written as for any parameter
  CHECK(read_seed("1x").error().sentence == "seed must be 0 to 9007199254740991, not \"1x\"");
  CHECK_FALSE(read_seed(""));
}
