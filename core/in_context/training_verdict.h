// Where the training of a model ended, compared with the best head sets.
#pragma once

#include <string>

#include "core/in_context/training_study.h"

namespace attnlab::in_context {

enum class TrainingVerdict { kUnknown, kOptimal, kTrapped, kAbove, kBelow };

/// The optimum is the best head set with KQ = b I. Below: better than it by four standard errors
/// and 1 %, which needs other matrices. Optimal: within 3 % (and two standard errors) of it.
/// Trapped: several heads, far above their own optimum, end within 5 % of the optimum of one head,
/// or no longer improve above it.
TrainingVerdict verdict_of(const TrainingStudy& study, const TrainingOutcome& outcome,
                           std::size_t model);
std::string verdict_text(TrainingVerdict verdict);

/// How far the loss fell over the second half of training, from the curve; count 0 where the curve
/// is too short. The step size falls meanwhile, so a small part of the fall is less noise, not
/// progress.
Estimate recent_progress(const TrainedModel& model);
/// Whether the loss still falls by more than a tenth of `gap`, beyond two standard errors.
bool still_falls(const TrainedModel& model, double gap);
/// Largest distance of a head's KQ over x from its nearest multiple of I, relative to its norm.
double rotation(const TrainedModel& model, std::size_t dim);

}  // namespace attnlab::in_context
