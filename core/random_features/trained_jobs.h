// What the jobs of rf-trained compute: their cost, and their outputs as bytes.
#pragma once

#include "core/random_features/trained_study.h"

namespace attnlab::random_features {

/// Planned work and memory of a job with n training samples.
FitCost trained_cost(const TrainedStudy& study, std::size_t n);

Bytes encode_outcome(const TrainedOutcome& outcome);
/// False for bytes that are no outcome of that number of models (or none, of a job that runs).
bool decode_outcome(std::span<const std::uint8_t> bytes, std::size_t models,
                    TrainedOutcome& outcome);

}  // namespace attnlab::random_features
