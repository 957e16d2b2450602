// The rules of training_verdict.h.
#include "core/in_context/training_verdict.h"

#include <algorithm>
#include <cmath>

namespace attnlab::in_context {

TrainingVerdict verdict_of(const TrainingStudy& study, const TrainingOutcome& outcome,
                           std::size_t model) {
  const Estimate risk = outcome.models[model].risk;
  const std::size_t heads = study.models[model].heads;
  const Estimate own = optimum_of(study, outcome, heads), one = optimum_of(study, outcome, 1);
  if (risk.count == 0 || own.count == 0) return TrainingVerdict::kUnknown;
  const auto near = [&](const Estimate& level, double share) {
    return risk.mean < level.mean * (1 + share) + 2 * std::hypot(risk.std_error, level.std_error);
  };
  constexpr double kOptimal = 0.03, kTrapped = 0.05, kFar = 0.1, kBelow = 0.01;
  const double error = std::hypot(risk.std_error, own.std_error);
  if (risk.mean < own.mean * (1 - kBelow) - 4 * error) return TrainingVerdict::kBelow;
  if (near(own, kOptimal)) return TrainingVerdict::kOptimal;
  const bool no_better_than_one = risk.mean > one.mean * (1 - kTrapped) - 2 * one.std_error;
  const bool stays =
      near(one, kTrapped) || !still_falls(outcome.models[model], risk.mean - own.mean);
  if (heads > 1 && no_better_than_one && stays && risk.mean > own.mean * (1 + kFar)) {
    return TrainingVerdict::kTrapped;
  }
  return TrainingVerdict::kAbove;
}

Estimate recent_progress(const TrainedModel& model) {
  if (model.curve.size() < 2) return {};
  const CurvePoint& last = model.curve.back();
  const auto half = std::find_if(model.curve.begin(), model.curve.end(),
                                 [&](const CurvePoint& p) { return p.step >= model.steps / 2; });
  if (half == model.curve.end() || half->step >= last.step) return {};
  return {half->mean - last.mean, std::hypot(half->std_error, last.std_error), 2};
}

bool still_falls(const TrainedModel& model, double gap) {
  const Estimate progress = recent_progress(model);
  return progress.count > 0 && progress.mean > 0.1 * gap + 2 * progress.std_error;
}

double rotation(const TrainedModel& model, std::size_t dim) {
  double most = 0;
  for (const std::vector<double>& key_query : model.key_query) {
    double trace = 0, square = 0;
    for (std::size_t i = 0; i < dim * dim; ++i) {
      square += key_query[i] * key_query[i];
      if (i / dim == i % dim) trace += key_query[i];
    }
    const double along = trace * trace / static_cast<double>(dim);
    if (square > 0) most = std::max(most, std::sqrt(std::max(1 - along / square, 0.0)));
  }
  return most;
}

std::string verdict_text(TrainingVerdict verdict) {
  switch (verdict) {
    case TrainingVerdict::kOptimal:
      return "at the best with KQ = bI";
    case TrainingVerdict::kTrapped:
      return "trapped, no better than one head";
    case TrainingVerdict::kAbove:
      return "above the best with KQ = bI";
    case TrainingVerdict::kBelow:
      return "below the best with KQ = bI";
    case TrainingVerdict::kUnknown:
      break;
  }
  return "training";
}

}  // namespace attnlab::in_context
