// The experiments of family C: in-context linear regression, one softmax head against many.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab {

/// One prompt in the plane to play with: what each head attends to and predicts (live).
const Experiment& icl_attention();

/// Risk of the best softmax heads, linear attention, least squares and Bayes against prompt length.
const Experiment& icl_risk();

/// The same predictors as noise, correlation, locality or prior knowledge grow.
const Experiment& icl_scenarios();

/// Heads trained on fresh prompts: loss, matrices, and whether they reach the optimum.
const Experiment& icl_training();

/// Trained risk against the embedding dimension the heads share.
const Experiment& icl_embedding();

}  // namespace attnlab
