// Jobs from axes: order, names, streams.
#include "core/extraction/recovery.h"

#include <set>

#include "core/extraction/experiments.h"
#include "tests/unit/extraction/experiment_runs.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

TEST_CASE("recovery: jobs run through the axes, the last one fastest, and say where they are") {
  const RunSpec spec = spec_of(named("extract-single"),
                               {{"dim", "4,8"}, {"trials", "2"}, {"method", "robust,plain"}});
  const RecoveryExperiment description{.axes = {"dim", "trials", "method"}};
  CHECK(description.jobs(spec.parameters) == 8);
  const auto job = description.job(spec, 3);
  REQUIRE(static_cast<bool>(job));
  CHECK(job->dim == 4);
  CHECK(job->trial == 1);
  CHECK(job->method == "plain");
  CHECK(job->label == "d = 4, trial 2 of 2, plain");
  CHECK(description.job(spec, 4)->dim == 8);
  CHECK(!static_cast<bool>(description.job(spec, 8)));
}

TEST_CASE("recovery: fresh inputs belong to seed and trial") {
  std::set<double> first;
  for (const std::uint64_t seed : {1u, 2u}) {
    for (const std::size_t trial : {0u, 1u}) {
      RecoveryJob job;
      job.seed = seed;
      job.trial = trial;
      first.insert(job.gap_stream().uniform());
    }
  }
  CHECK(first.size() == 4);
}
