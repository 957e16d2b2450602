// Experiments without their functions, as bytes: a module of the page that contains none of their
// code gets them as data from one that does (docs/web.md).
#pragma once

#include <span>
#include <vector>

#include "core/base/bytes.h"
#include "core/experiment/experiment.h"

namespace attnlab {

/// Everything but the functions. Decoding refuses truncated bytes, ids that are empty or given
/// twice, and schemas that contradict themselves (check_schema).
Bytes encode_faces(std::span<const Experiment* const> experiments);
Expected<std::vector<Experiment>> decode_faces(std::span<const std::uint8_t> bytes);

/// The experiment as a list of experiments shows it: not `whole`.
Experiment only_named(const Experiment& experiment);

/// A plan, or the sentence why there is none. Decoding refuses truncated bytes, and costs and sizes
/// that are negative or NaN.
Bytes encode_plan(const Expected<Plan>& plan);
Expected<Plan> decode_plan(std::span<const std::uint8_t> bytes);

}  // namespace attnlab
