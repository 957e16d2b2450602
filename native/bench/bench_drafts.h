// How long a change waits for its answer in the window: the first draft, and the whole run.
#pragma once

#include "core/findings/table.h"

namespace attnlab {

/// For every experiment with jobs, at its first preset: medians over `changes` changes of the seed,
/// in milliseconds. Without drawing; a frame comes on top.
Table bench_drafts(int changes);

}  // namespace attnlab
