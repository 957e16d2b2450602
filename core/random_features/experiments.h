// The experiments of family A: what one layer of random attention heads can learn.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab {

/// Test error against the number of training samples, one curve per model and target.
const Experiment& rf_learning_curve();

}  // namespace attnlab
