// Planned memory of jobs against their measured peak.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/cli/job_memory.h"

#if !defined(__SANITIZE_ADDRESS__)  // where nothing is counted (heap_count.cpp)

namespace attnlab {
namespace {

struct Measured {
  double planned = 0, peak = 0;
};

/// The run with the largest peak among its jobs.
Measured measure(const std::string& query) {
  const Permalink link = read_query(query, *experiments().front());
  REQUIRE_MESSAGE(link.notes.empty(), join(link.notes, "; "));
  const Expected<Plan> plan = link.spec.experiment->plan(link.spec);
  const std::string refusal = plan ? "" : plan.error().sentence;
  REQUIRE_MESSAGE(plan, refusal);
  Measured measured{plan->job_bytes, 0};
  for (std::uint32_t i = 0; i < plan->jobs.size(); ++i) {
    const std::optional<double> peak = job_memory(query, i);
    REQUIRE_MESSAGE(peak, plan->jobs[i].label << " of " << query << " did not end well");
    measured.peak = std::max(measured.peak, *peak);
  }
  return measured;
}

/// Short runs that take much memory. The plan must say at least `least_mb`; 0 for experiments that
/// need too little memory to measure.
struct Sized {
  const char* query;
  double least_mb;
};
const Sized kRuns[] = {
    {"e=rf-learning-curve&dim=4&keys=4&heads=500&samples=1500&test-samples=512&models=rfa,rfmlp,"
     "rfa-softmax",
     40},
    {"e=rf-learning-curve&dim=4&keys=4&samples=1500&test-samples=512&models=rfa-kernel,"
     "brfa-kernel",
     40},
    {"e=rf-learning-curve&dim=4&keys=4&heads=100&samples=256,4096&test-samples=512&models=rfa&"
     "degree=1,2,3,4&ridge=validation",
     20},
    {"e=rf-learning-curve&dim=16&keys=16&heads=10&samples=1024&test-samples=32768&models=rfa", 60},
    {"e=rf-heads&dim=4&keys=4&heads=500&samples=1500&test-samples=512&models=rfa", 40},
    {"e=rf-complexity&dim=4&keys=4&heads=500&samples=1500&test-samples=512&degree=1,2", 40},
    {"e=rf-bias&dim=4&keys=4&heads=500&samples=1500&test-samples=512&bias-scale=0,4", 40},
    {"e=rf-length&dim=4&keys=2,64&heads=500&samples=1500&test-samples=512&models=rfa", 40},
    {"e=rf-sizes&dim=2,4&keys=2,64&heads=500&samples=1500&test-samples=512&models=rfa", 40},
    {"e=rf-learning-curve&dim=4&keys=4&samples=1500&test-samples=512&tokens=gaussian&"
     "models=rfa-kernel,brfa-kernel,invariant-kernel",
     40},
    {"e=rf-map&dim=4&keys=4&heads=500&samples=1500&test-samples=512&target=mean-power&degree=1,2",
     40},
    {"e=rf-trained&dim=16&keys=16&heads=32&samples=2048&test-samples=4096&steps=2&train=both&"
     "compare=rfa-wide",
     40},
    {"e=rf-trained&dim=16&keys=16&heads=1&samples=2048&test-samples=32768&steps=2&train=both&"
     "compare=rfa-wide",
     40},
    {"e=extract-single&dim=512&method=robust,gaussian,plain", 20},
    {"e=extract-low-rank&dim=256&rank=4&method=range-finder", 0},
    {"e=extract-low-rank&dim=24&rank=2&method=factors,nuclear-norm&oversampling=1", 0},
    {"e=extract-transformer&dim=32&hidden=16", 0},
    {"e=extract-noise&dim=128&noise=1e-6", 0},
    {"e=extract-noise&dim=64&noise=1e-6&noise-kind=adversary", 0},
    {"e=extract-multi-head&dim=8&heads=2", 0},
    {"e=extract-membership&dim=48&bits=4", 0},
    {"e=extract-logits&dim=64&logits=512&queries=512&answers=exact,digits&digits=6", 20},
    {"e=extract-logits&dim=8&logits=512&queries=256&answers=top&top=2", 10},
    {"e=extract-black-box&box=one-head&dim=512&method=single", 20},
    {"e=extract-black-box&box=network&dim=64&method=transformer", 0},
    {"e=icl-risk&dim=4&prompt-length=65536&prompts=100&noise=0.5&heads=1", 15},
    {"e=icl-scenarios&dim=4&prompt-length=65536&prompts=100&setting=local&value=1&heads=1", 0},
    {"e=icl-training&dim=20&prompt-length=100&batch=8192&steps=10&prompts=1000&heads=1", 60},
    {"e=icl-plateaus&heads=32&eigenvalues=8,7,6,5,4,3,2,1&steps=10000&trials=1", 0},
    {"e=icl-depth&dim=2&steps=10&prompts=200000&layers=1", 10},
    {"e=icl-embedding&dim=20&prompt-length=50&batch=8192&steps=10&prompts=1000&heads=1&embedding=2",
     30},
    {"e=icl-diversity&dim=32&kappa=1&alpha=1&tau=2&trials=1&test-prompts=10", 15},
    {"e=icl-diversity&dim=40&kappa=1&alpha=1&tau=0.8&trials=1&test-prompts=10", 15},
};

/// Memory that every thread takes once, in addition to its jobs: 3 MB of kernel workspace, and
/// small tables.
constexpr double kAlways = 6e6;

}  // namespace

TEST_CASE("no job takes more memory than its plan says, and plans do not say much more") {
  std::set<std::string> measured;
  for (const Sized& run : kRuns) {
    const std::string query(run.query);
    CAPTURE(query);
    const bool trials = query.starts_with("e=rf") ||
                        (query.starts_with("e=extract") && query.find("black-box") == query.npos);
    const Measured found = measure(query + (trials ? "&trials=1" : ""));
    const double planned = found.planned / 1e6, peak = found.peak / 1e6;
    CAPTURE(planned);
    CAPTURE(peak);
    CHECK(found.peak <= found.planned + kAlways);
    CHECK(planned >= run.least_mb);
    if (run.least_mb > 0) CHECK(found.planned <= 3 * found.peak);
    measured.insert(query.substr(2, query.find('&') - 2));
  }
  for (const Experiment* experiment : experiments()) {
    if (!experiment->start) continue;
    CAPTURE(experiment->id);
    CHECK(measured.contains(experiment->id));
  }
}

}  // namespace attnlab

#endif
