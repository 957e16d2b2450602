// The layers that family C studies, as its experiments show them.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::in_context {

/// Heads whose query-key matrices are multiples of the identity: what the best heads look like.
/// Letters with a parameter in the schema are tied to it.
Layer scaled_heads_text(const Schema& schema);
/// Heads with free matrices, which are trained.
Layer trained_heads_text(const Schema& schema);
/// Linear attention that reads the labels, with a key and a query vector for each head.
Layer linear_heads_text(const Schema& schema);
/// Layers of linear attention one after the other.
Layer deep_layers_text(const Schema& schema);

}  // namespace attnlab::in_context
