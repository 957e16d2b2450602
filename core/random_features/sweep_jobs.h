// What one job of a sweep fits: shared by the plan, the jobs and the curves made of their outputs.
#pragma once

#include "core/random_features/sweep.h"

namespace attnlab::random_features {

/// The indices behind a job's number: stage-major, then variants, trials, models.
struct JobName {
  std::size_t stage, variant, trial, model;
};
JobName job_name(const Sweep& sweep, std::uint32_t index);

/// The frozen layer of a job.
FrozenLayer layer_of(const Sweep& sweep, const JobName& job, std::uint64_t seed);

/// Rows of the kernel matrix for each training-set size of a job: copies of a sample count.
std::vector<std::size_t> training_rows(const Sweep& sweep, const JobName& job);

/// A job's output: one point for each size and case, sizes first. Outputs of journals that were
/// written before there were training errors are read as well; those are NaN then.
Bytes encode_points(const std::vector<FitPoint>& points);
bool decode_points(std::span<const std::uint8_t> bytes, std::size_t count,
                   std::vector<FitPoint>& points);

}  // namespace attnlab::random_features
