// Layers with frozen random weights and trained linear read-out, as streams of features: the
// random-feature attention layer and its two rivals, the random-feature network on all tokens and
// the one that reads a key at a time and is averaged over the keys.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/attention/tokens.h"
#include "core/numerics/matrix.h"

namespace attnlab {

/// What a head does with its scores s_i = <W_m, xt_0 xt_i^T> over the keys i = 1..N.
enum class ScoreActivation {
  kRelu,         ///< max(s_i, 0) / N
  kSoftmax,      ///< softmax over i
  kExponential,  ///< exp(s_i) / N
};

/// One frozen layer. Source: Fu, Guo, Bai, Mei, arXiv 2307.11353 (ReLU heads and the network); the
/// variances, which give every score the variance 1 because |xt_0|^2 |xt_i|^2 = 4, and the other
/// activations are ours.
///
/// Attention (`attention` true), M = units heads, xt = [x; 1] in R^{d+1}:
///   features of head m: sum_i a_i(W_m) xt_i in R^{d+1}, entries of W_m N(0, 1/4) plus
///   mean_scale * [[I_d, 0], [0, 0]] (zero: RFA; non-zero: BRFA).
/// Network (`attention` false), M = units groups of d+1 neurons:
///   feature of a neuron: relu(<w, [x_0; ...; x_N; 1]>), w ~ N(0, I / (N + 2)).
/// Pooled network (`pooled` true as well): invariant to the order of the keys without attention;
///   feature of a neuron: (1/N) sum_i relu(<w, [x_0; 1; x_i]>), w ~ N(0, I / 3). Derived here.
/// All have units * (dim + 1) features, the number of trained parameters.
struct RandomFeatureLayer {
  bool attention = true;
  bool pooled = false;  ///< networks only
  ScoreActivation activation = ScoreActivation::kRelu;
  double mean_scale = 0;
  std::size_t dim = 0;
  std::size_t keys = 0;
  std::size_t units = 0;
  std::uint64_t seed = 0;
  std::uint32_t trial =
      0;  ///< fresh weights for each trial; unit m is the same whatever `units` is

  bool operator==(const RandomFeatureLayer&) const = default;

  std::size_t features_per_unit() const { return dim + 1; }
  std::size_t feature_count() const { return units * features_per_unit(); }
};

/// The query-key matrix W_m of one head, (dim + 1) x (dim + 1). Attention layers only.
Matrix<float> head_matrix(const RandomFeatureLayer& layer, std::size_t head);

/// Frozen weights of the consecutive units [first, first + count) of a layer, drawn once and
/// applied to any number of samples. The weights are regenerated from the seed, so a caller may
/// drop a block and make it again: only one block is ever in memory.
class FeatureBlock {
 public:
  FeatureBlock(const RandomFeatureLayer& layer, std::size_t first, std::size_t count);

  std::size_t features() const { return count_ * layer_.features_per_unit(); }

  /// Samples whose intermediate products stay in cache: whole register tiles for every target.
  static constexpr std::size_t kRowsAtOnce = 84;

  /// Buffers for the intermediate products of kRowsAtOnce samples. One thread reuses them.
  struct Scratch {
    Matrix<float> inputs;         ///< attention, pooled: xt_0; network: all tokens and 1
    Matrix<float> query_weights;  ///< attention: W^T xt_0 of every head; pooled: <w, [x_0; 1; 0]>
    Matrix<float> keys;           ///< attention: xt_1 .. xt_N of one sample
  };
  Scratch scratch() const;

  /// Features of the samples [begin, begin + out.rows) of the batch: out is rows x features(), f32.
  /// Columns are coordinate-major inside the block (coordinate * count + unit), an order that no
  /// Gram matrix and no ridge fit can see. Relative accuracy of an entry about 1e-6 of the largest.
  void apply(const TokenBatch& batch, std::size_t begin, MatrixView<float> out) const;
  /// The same for at most kRowsAtOnce samples, by the calling thread alone.
  void apply(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
             Scratch& scratch) const;

 private:
  void apply_attention(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
                       Scratch& scratch) const;
  void apply_network(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
                     Scratch& scratch) const;
  void apply_pooled(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
                    Scratch& scratch) const;
  void draw_heads(std::size_t first);
  void draw_neurons(std::size_t first);
  MatrixView<float> queries_of(const TokenBatch& batch, std::size_t begin, std::size_t rows,
                               Scratch& scratch) const;

  RandomFeatureLayer layer_;
  std::size_t count_ = 0;
  std::size_t padded_count_ = 0;  ///< heads (pooled: neurons) and zeros to fill the SIMD lanes
  /// Attention: (dim + 1) x ((dim + 1) * padded_count_), entry (a, b * padded + m) = W_m(a, b).
  /// Network: ((keys + 1) * dim + 1) x features, one neuron a column. Pooled: (2 dim + 1) x
  /// padded_count_, the rows in the order of [x_0; 1; x_i].
  Matrix<float> weights_;
};

/// Floating-point operations of one feature pass over `samples` samples, for job costs.
double feature_flops(const RandomFeatureLayer& layer, std::size_t samples);

/// Floating-point operations of one prediction: features, and a multiplication and an addition for
/// each trained parameter.
double prediction_flops(const RandomFeatureLayer& layer);

}  // namespace attnlab
