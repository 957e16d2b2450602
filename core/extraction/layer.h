// The hidden layers that family B extracts, as its experiments show them.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::extraction {

/// What the box does with the output of the head.
enum class Behind { kNothing, kNoise, kThreshold, kNetwork };

/// One softmax head. Letters with a parameter in the schema are tied to it.
Layer head_layer_text(const Schema& schema, Behind behind = Behind::kNothing);
/// The sum of several heads.
Layer heads_layer_text(const Schema& schema);
/// A head with a residual path between embedding and logits.
Layer logits_layer_text(const Schema& schema);

}  // namespace attnlab::extraction
