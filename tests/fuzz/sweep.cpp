// Specifications of sweeps: refused with a sentence, or a grid whose own text reads back the same.
// Small grids can be planned and divided into shards.
#include "core/codecs/sweep.h"

#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Expected<SweepSpec> sweep = read_sweep(fuzz::text_of(data, size));
  if (!sweep) {
    ATTNLAB_MUST(valid_utf8(sweep.error().sentence) == sweep.error().sentence);
    return 0;
  }
  const std::string text = sweep_text(*sweep);
  ATTNLAB_MUST(text.find(' ') == std::string::npos);  // one word of a journal's first line
  const Expected<SweepSpec> again = read_sweep(text);
  ATTNLAB_MUST(again && sweep_text(*again) == text && again->points() == sweep->points());
  if (sweep->points() > 8) return 0;
  for (std::size_t i = 0; i < sweep->points(); ++i) {
    ATTNLAB_MUST(again->point(i) == sweep->point(i));
  }
  const Expected<SweepPlan> plan = plan_sweep(*sweep, 1e10);
  if (!plan || plan->jobs.size() > 2000) return 0;
  std::size_t jobs = 0;
  for (std::uint32_t shard = 0; shard < 3; ++shard) {
    jobs += shard_run(*plan, {shard, 3}).jobs_total();
  }
  ATTNLAB_MUST(jobs == plan->jobs.size());
  return 0;
}
