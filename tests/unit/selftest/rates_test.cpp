// Probes of the machine's speed: each does work, and names a peak that is one.
#include "core/selftest/rates.h"

#include <doctest/doctest.h>

namespace attnlab {
namespace {

TEST_CASE(
    "every probe of the machine's speed runs, does work, and is bounded by a peak or "
    "nothing") {
  const std::vector<RateProbe> probes = rate_probes();
  REQUIRE(probes.size() >= 10);
  for (const RateProbe& probe : probes) {
    CAPTURE(probe.name);
    CHECK(probe.amount > 0);
    CHECK(!probe.unit.empty());
    REQUIRE(probe.peak < static_cast<int>(probes.size()));
    if (probe.peak >= 0) CHECK(probes[static_cast<std::size_t>(probe.peak)].peak < 0);
    probe.run();
  }
  CHECK(probes.back().unit == "jobs/s");
}

}  // namespace
}  // namespace attnlab
