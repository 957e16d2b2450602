// Samples as one attention layer sees them: a query token and its keys (which are also the values),
// and the laws by which they are drawn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/numerics/matrix.h"

namespace attnlab {

/// `count` samples of one query token x_0 and `keys` key tokens x_1..x_N in R^dim, row after row:
/// values[(sample * (keys + 1) + token) * dim + coordinate], token 0 the query.
struct TokenBatch {
  std::size_t count = 0;
  std::size_t keys = 0;
  std::size_t dim = 0;
  std::vector<float> values;

  std::size_t sample_size() const { return (keys + 1) * dim; }
  const float* sample(std::size_t index) const { return values.data() + index * sample_size(); }
  const float* token(std::size_t index, std::size_t token) const {
    return sample(index) + token * dim;
  }
};

/// Every token independent and uniform on the unit sphere S^{dim-1}. Sample i comes from the stream
/// (seed, domain, index, i): the first n samples are the same whatever `count` is, so training sets
/// are nested.
TokenBatch draw_sphere_tokens(std::uint64_t seed, std::uint32_t domain, std::uint32_t index,
                              std::size_t count, std::size_t keys, std::size_t dim);

/// Laws of tokens, all with E|x|^2 = 1 (docs/derivations-random-features.md has their moments).
enum class TokenLaw {
  kSphere,      ///< independent, uniform on the unit sphere
  kGaussian,    ///< independent, N(0, I/d)
  kUnequal,     ///< independent, r u with u uniform on the sphere and r uniform on (0, sqrt 3)
  kCorrelated,  ///< query N(0, I/d), keys sqrt(rho) s + sqrt(1 - rho) g_i with s, g_i ~ N(0, I/d):
                ///< E<x_i, x_j> = rho
  kClustered,   ///< independent given the centres: sqrt(3/4) c + sqrt(1/4) g, with c one of a few
                ///< centres, which are uniform on the sphere and fixed in a trial, g ~ N(0, I/d)
};

/// Share of E|x|^2 that is the distance from the centre, of clustered tokens.
inline constexpr double kClusterScatter = 0.25;

/// What the tokens of a run are.
struct TokenWorld {
  TokenLaw law = TokenLaw::kSphere;
  double correlation = 0;   ///< rho of correlated keys, 0 to 1 (excluded); else 0
  std::size_t centres = 0;  ///< of clustered tokens; else 0
  /// Layers see (x_i + p_i) / sqrt(2) in place of the key x_i, with p_i uniform on the sphere and
  /// fixed in a trial. Targets read x_i.
  bool positions = false;

  /// Every token that a layer sees has length 1.
  bool unit_length() const { return law == TokenLaw::kSphere && !positions; }
  bool operator==(const TokenWorld&) const = default;
};

/// Names samples: of the trial `index`, for the purpose `domain`.
struct TokenDraw {
  std::uint64_t seed;
  std::uint32_t domain, index;
  std::size_t count, keys, dim;
};

/// Samples without positions; nested as those of draw_sphere_tokens, which are the same bits for
/// kSphere. The centres depend on (seed, index) alone: training and test samples share them.
TokenBatch draw_tokens(const TokenWorld& world, const TokenDraw& draw);

/// The keys as a layer sees them: with their positions, which depend on (seed, trial) alone. Does
/// nothing where the world has none.
void add_positions(const TokenWorld& world, std::uint64_t seed, std::uint32_t trial,
                   TokenBatch& batch);

/// The centres of clustered tokens: world.centres x dim, rows of length 1.
Matrix<double> cluster_centres(const TokenWorld& world, std::uint64_t seed, std::uint32_t trial,
                               std::size_t dim);

/// An affine map of the samples (drawn by `draw`, without positions) that has mean 0 and covariance
/// I given the centres. The map comes from the moments of the law, not from the samples.
TokenBatch whitened_tokens(const TokenWorld& world, const TokenDraw& draw, const TokenBatch& batch);

}  // namespace attnlab
