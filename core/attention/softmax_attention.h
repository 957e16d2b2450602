// The attention of the textbooks, softmax(Q K^T) V, over a batch of sequences.
#pragma once

#include <cstddef>

#include "core/numerics/matrix.h"

namespace attnlab {

/// Upper bound of d + w, the widths of a key and a value, in softmax_attention.
inline constexpr std::size_t kMaxAttentionWidth = 4096;

/// out_i = sum_j weight_ij value_j with weight_ij = softmax_j(scale <query_i, key_j>), for
/// `sequences` sequences stored one below the other: each owns queries.rows / sequences queries
/// and keys.rows / sequences keys. A head of a batch is a sequence of its own; to share the work,
/// give each thread some of the sequences.
///
/// queries (b n x d), keys (b m x d), values (b m x w), out (b n x w); strides and alignments are
/// free, out must not overlap the others, n, d and w may be 0, d + w <= kMaxAttentionWidth. Without
/// keys the result is 0. Numbers must be finite and scores below 1e38; no exponential overflows.
///
/// Accuracy, all in f32, with s the largest scale sum_a |query_a key_a| and v the largest |value|:
///   |out - exact| <= 2^-24 (2 (d + 3) s + 2 m + 16 (1 + m / 128)) v.
/// The three parts come from the scores, from the sums over keys, and from exp (2 ulp) and the
/// running maximum; in practice the error is a few 2^-24 v. Derivation: each unnormalised weight
/// has a relative error; the relative error of a sum of positive terms is at most the largest error
/// of a term plus the error of the additions; numerator and denominator contribute one such error
/// each. Targets with fused multiply-add agree bit for bit, and so do targets without.
void softmax_attention(std::size_t sequences, MatrixView<const float> queries,
                       MatrixView<const float> keys, MatrixView<const float> values, float scale,
                       MatrixView<float> out);

}  // namespace attnlab
