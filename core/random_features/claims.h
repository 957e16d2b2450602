// Claims A2, A4 and A5 judged from measured learning curves: 95 % intervals of paired trials
// decide, never a bare comparison of means.
#pragma once

#include <vector>

#include "core/experiment/result.h"
#include "core/random_features/sweep.h"

namespace attnlab {

/// The level whose first crossing is called "the samples needed": half of the target's variance.
inline constexpr double kLearnedLevel = 0.5;

/// One A2 and, for targets built from <x_0, x_i>, one A4 per target and degree; one A5 per model
/// and target. What the run cannot decide is undecided, with what it would take.
std::vector<Claim> learning_curve_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

}  // namespace attnlab
