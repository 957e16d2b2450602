// A sweep: one experiment at every point of a grid of parameter values. The jobs of all points form
// one list, so that executors, journals and shards treat a sweep as they treat a run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/experiment/run.h"

namespace attnlab {

/// The name of the axis that sweeps the seed; no parameter is called so.
inline constexpr std::string_view kSeedAxis = "seed";

/// One swept parameter, or the seed, with its values as canonical texts, in the order of the
/// specification.
struct SweepAxis {
  std::string parameter;
  std::vector<std::string> values;
};

struct SweepSpec {
  RunSpec fixed;                ///< experiment, and the parameters and the seed if not swept
  std::vector<SweepAxis> axes;  ///< in the schema's order, then the seed; the last changes fastest
  const SweepAxis* axis(std::string_view parameter) const;  ///< null where it is fixed
  std::size_t points() const;                               ///< 1 without axes
  RunSpec point(std::size_t index) const;
  std::string point_name(std::size_t index) const;  ///< "dim 4, heads 2"; empty without axes
};

inline constexpr std::size_t kMaxSweepPoints = 100000;
inline constexpr std::size_t kMaxSweepJobs = 4000000;

/// Reads {"experiment":ID, "parameters":{NAME: VALUES, ...}, "seed":VALUES}; seed and parameters
/// may be left out. VALUES is a list with one entry per grid value (for a parameter that is a list
/// itself an entry may be a list), a range {"from":A, "to":B, "step":S} or {"from":A, "to":B,
/// "factor":F} (both ends included), or one value, which is fixed and not swept. Every value goes
/// through the schema. An error is one sentence naming what is wrong.
Expected<SweepSpec> read_sweep(std::string_view json);

/// The sweep with every parameter, as JSON without blanks: read_sweep of it gives the same sweep.
std::string sweep_text(const SweepSpec& sweep);

/// The values a parameter or kSeedAxis takes in the sweep: "4" when it is fixed, "one of 1; 2; 4".
std::string axis_text(const SweepSpec& sweep, std::string_view parameter);

struct SweepPlan {
  std::vector<RunSpec> points;
  std::vector<std::uint32_t> first_job;  ///< of every point; at the end the number of all jobs
  std::vector<PlannedJob> jobs;          ///< of all points, one after the other
  double job_bytes = 0;                  ///< peak memory of the largest job
};
/// Plans every point; an error names the point that cannot be run, or of which one job needs more
/// than `memory_bytes`.
Expected<SweepPlan> plan_sweep(const SweepSpec& sweep, double memory_bytes);

/// One of `count` parts of a sweep: the jobs index, index + count, index + 2 count, ...
struct Shard {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// The jobs of a shard as one run. Job i of the run is job i * count + index of the sweep.
Run shard_run(const SweepPlan& plan, Shard shard);

/// One table of all points (empty: the main one) as CSV: point (from 0), what is swept, the columns
/// of the experiment's table, then seed and parameters that are fixed and have an effect at some
/// point. A swept or fixed parameter whose name the table has already is called swept_NAME or
/// fixed_NAME. `outputs` carries the jobs' numbers in the sweep, in any order.
std::string sweep_csv(const SweepSpec& sweep, const SweepPlan& plan, std::vector<JobOutput> outputs,
                      std::string_view table = {});

}  // namespace attnlab
