// The target that docs/how-to/own-target.md writes, compiled as it stands there.
#pragma once

#include "core/random_features/targets.h"

namespace attnlab::random_features::how_to {

/// max - min of the keys along beta.
const Target& spread_target();

}  // namespace attnlab::random_features::how_to
