// The target of docs/how-to/own-target.md, compiled exactly as printed there.
#pragma once

#include "core/random_features/targets.h"

namespace attnlab::random_features::how_to {

/// max - min of the keys along beta.
const Target& spread_target();

}  // namespace attnlab::random_features::how_to
