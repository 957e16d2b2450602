// Claims A7 to A9 of rf-trained, ours: does training the heads help?
#pragma once

#include <string>
#include <vector>

#include "core/findings/result.h"
#include "core/random_features/trained_study.h"

namespace attnlab::random_features {

/// By the paired test errors at the largest training set: A7, trained against frozen heads with as
/// many trained parameters; A8, against as many heads; A9, the two-step variant against A7's frozen
/// heads. A claim whose models are not in the run says which parameters would add them.
std::vector<Claim> trained_claims(const TrainedStudy& study, const std::vector<ErrorCurve>& curves,
                                  const ParameterSet& parameters);

/// What a reader has to know about the sizes compared and about the chosen steps.
std::vector<std::string> training_notes(const TrainedStudy& study, const TrainedOutcomes& outcomes);

}  // namespace attnlab::random_features
