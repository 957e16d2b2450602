// How family A turns measured curves into verdicts: 95 % intervals of paired trials decide, never a
// bare comparison of means. What cannot be decided says what it would take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/findings/result.h"
#include "core/random_features/error_curves.h"

namespace attnlab::random_features {

/// The level whose first crossing is called "the samples needed": half of the target's variance.
inline constexpr double kLearnedLevel = 0.5;

const ErrorCurve* find_curve(const std::vector<ErrorCurve>& curves, std::string_view model,
                             const TargetCase& item);

std::string model_label(const ErrorCurve& curve);

/// "0.21 (95 % interval 0.18 to 0.24, 5 trials)".
std::string interval_text(const Interval& interval);

/// Why nothing can be decided about two curves yet, or nothing.
std::string too_little_data(const ErrorCurve& a, const ErrorCurve& b);

/// holds: the whole interval is above 0; fails: below; else undecided.
ClaimStatus sign_status(const Interval& interval);

/// "Needs fewer samples": by the paired ratio of sizes at the learned level where `better` reaches
/// it in every trial, else by the paired errors at the largest size. Sets status and evidence.
void judge_fewer_samples(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim);

/// "Beats": by the paired errors at the largest size, remembering where it was ahead before. Fails
/// also when the other has caught up: less than half of its widest lead can be left.
void judge_lower_error(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim);

}  // namespace attnlab::random_features
