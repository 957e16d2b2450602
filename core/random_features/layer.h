// The layer that family A studies, as its experiments show it.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::random_features {

/// Random-feature attention. Letters with a parameter in the schema are tied to it.
Layer random_feature_layer_text(const Schema& schema);

/// The same with query-key matrices that are trained too.
Layer trained_feature_layer_text(const Schema& schema);

}  // namespace attnlab::random_features
