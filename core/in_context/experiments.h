// The experiments of family C: in-context linear regression, one softmax head against many.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab {

/// Risk of the best softmax heads, linear attention, least squares and Bayes against prompt length.
const Experiment& icl_risk();

/// The same predictors as noise, correlation, locality or prior knowledge grow.
const Experiment& icl_scenarios();

}  // namespace attnlab
