// The experiments of family B: taking attention apart by asking it.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab {

/// One softmax head from d^2 + d queries.
const Experiment& extract_single();
/// A head whose W has low rank, from O(r d) queries.
const Experiment& extract_low_rank();
/// A head followed by a ReLU network.
const Experiment& extract_transformer();
/// A head whose answers carry noise.
const Experiment& extract_noise();
/// A sum of heads: what can be told apart and what cannot.
const Experiment& extract_multi_head();
/// A head that only says on which side of a threshold its answer lies.
const Experiment& extract_membership();
/// Two pairs of heads that questions of two tokens cannot tell apart; live.
const Experiment& extract_twins();
/// A box of which only the token length is known, ours or somebody else's.
const Experiment& extract_black_box();

}  // namespace attnlab
