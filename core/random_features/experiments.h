// The experiments of family A: what one layer of random attention heads can learn.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab {

/// Test error against the number of training samples, one curve per model and target.
const Experiment& rf_learning_curve();

/// Test error against the number of heads at a fixed number of samples.
const Experiment& rf_heads();

/// Test error over (training samples, degree or frequency), a heat map per model.
const Experiment& rf_complexity();

/// Test error against the mean of the query-key matrices.
const Experiment& rf_bias();

/// Samples needed against the number of keys.
const Experiment& rf_length();

/// One head of a trained layer, live: its matrix, its scores, and what reordering the keys changes.
const Experiment& rf_inside();

}  // namespace attnlab
