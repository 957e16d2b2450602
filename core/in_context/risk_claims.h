// Claims C1 to C4 judged from measured risks: paired differences, with correction
// for all comparisons of a claim (core/findings/verdict.h). A set of several heads contains the
// sets of one, so a measured loss of several heads is search noise and cannot refute the claim.
#pragma once

#include <vector>

#include "core/findings/result.h"
#include "core/in_context/risk_study.h"

namespace attnlab::in_context {

/// C1: many heads predict better than one, for every measured prompt length from 2 on; C2: both
/// risks fall like 1/D and many heads have the smaller constant. One of each per value and variant.
std::vector<Claim> prompt_length_claims(const RiskStudy& study,
                                        const std::vector<MeasuredCell>& cells);

/// C3: many heads predict better than one at every value of the setting; one per variant. With
/// examples near the query also C4: at the smallest radius a second head gains too little to
/// matter.
std::vector<Claim> scenario_claims(const RiskStudy& study, const std::vector<MeasuredCell>& cells);

}  // namespace attnlab::in_context
