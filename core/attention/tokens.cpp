#include "core/attention/tokens.h"

#include <algorithm>
#include <cmath>

#include "core/numerics/random.h"

namespace attnlab {
namespace {

constexpr std::uint32_t kCentreDomain = hash_name("rf/centres");
constexpr std::uint32_t kPositionDomain = hash_name("rf/positions");

/// The tokens of one sample after the other, from one stream each.
struct TokenSource {
  const TokenWorld& world;
  const TokenDraw& draw;
  Matrix<double> centres;
  std::vector<double> shared, point;

  TokenSource(const TokenWorld& of, const TokenDraw& samples)
      : world(of), draw(samples), shared(samples.dim), point(samples.dim) {
    if (world.law == TokenLaw::kClustered) {
      centres = cluster_centres(world, draw.seed, draw.index, draw.dim);
    }
  }

  double gaussian_scale() const { return 1 / std::sqrt(static_cast<double>(draw.dim)); }

  void fill_gaussian(RandomStream& stream, std::vector<double>& values) const {
    stream.fill_normal(std::span<double>(values));
    for (double& value : values) value *= gaussian_scale();
  }

  void start_sample(RandomStream& stream) {
    if (world.law == TokenLaw::kCorrelated) fill_gaussian(stream, shared);
  }

  /// The next token of the sample, in `point`.
  void next(RandomStream& stream, bool query) {
    switch (world.law) {
      case TokenLaw::kSphere:
        stream.fill_sphere(point);
        return;
      case TokenLaw::kGaussian:
        fill_gaussian(stream, point);
        return;
      case TokenLaw::kUnequal: {
        const double length = std::sqrt(3.0) * stream.uniform();
        stream.fill_sphere(point);
        for (double& value : point) value *= length;
        return;
      }
      case TokenLaw::kCorrelated: {
        fill_gaussian(stream, point);
        if (query) return;
        const double common = std::sqrt(world.correlation), own = std::sqrt(1 - world.correlation);
        for (std::size_t a = 0; a < draw.dim; ++a) point[a] = common * shared[a] + own * point[a];
        return;
      }
      case TokenLaw::kClustered: {
        const std::size_t centre = stream.below(static_cast<std::uint32_t>(world.centres));
        fill_gaussian(stream, point);
        const double kept = std::sqrt(1 - kClusterScatter), scatter = std::sqrt(kClusterScatter);
        for (std::size_t a = 0; a < draw.dim; ++a) {
          point[a] = kept * centres(centre, a) + scatter * point[a];
        }
        return;
      }
    }
  }
};

/// Row `a` of L in place, for L L^T = the covariance of one clustered token given the centres.
Matrix<double> cluster_factor(const Matrix<double>& centres, const std::vector<double>& mean) {
  const std::size_t dim = centres.cols();
  Matrix<double> l(dim, dim);
  const double share = (1 - kClusterScatter) / static_cast<double>(centres.rows());
  for (std::size_t a = 0; a < dim; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      double sum = a == b ? kClusterScatter / static_cast<double>(dim) : 0;
      for (std::size_t k = 0; k < centres.rows(); ++k) {
        sum += share * (centres(k, a) - mean[a]) * (centres(k, b) - mean[b]);
      }
      for (std::size_t c = 0; c < b; ++c) sum -= l(a, c) * l(b, c);
      l(a, b) = a == b ? std::sqrt(sum) : sum / l(b, b);
    }
  }
  return l;
}

void whiten_clustered(const TokenWorld& world, const TokenDraw& draw, TokenBatch& batch) {
  const std::size_t dim = draw.dim;
  const Matrix<double> centres = cluster_centres(world, draw.seed, draw.index, dim);
  std::vector<double> mean(dim), white(dim);
  for (std::size_t k = 0; k < centres.rows(); ++k) {
    for (std::size_t a = 0; a < dim; ++a) {
      mean[a] += centres(k, a) / static_cast<double>(centres.rows());
    }
  }
  const Matrix<double> factor = cluster_factor(centres, mean);
  const double kept = std::sqrt(1 - kClusterScatter);
  for (float* token = batch.values.data(); token != batch.values.data() + batch.values.size();
       token += dim) {
    for (std::size_t a = 0; a < dim; ++a) {
      double sum = static_cast<double>(token[a]) - kept * mean[a];
      for (std::size_t b = 0; b < a; ++b) sum -= factor(a, b) * white[b];
      white[a] = sum / factor(a, a);
    }
    std::copy(white.begin(), white.end(), token);
  }
}

/// The keys of a sample have covariance (1 - rho) I + rho 11^T over the places, for each
/// coordinate: another variance for their mean than for their differences from it.
void part_keys(double rho, TokenBatch& batch) {
  const double keys = static_cast<double>(batch.keys);
  const double apart = 1 / std::sqrt(1 - rho), together = 1 / std::sqrt(1 - rho + rho * keys);
  for (std::size_t s = 0; s < batch.count; ++s) {
    float* sample = batch.values.data() + s * batch.sample_size();
    for (std::size_t a = 0; a < batch.dim; ++a) {
      double mean = 0;
      for (std::size_t i = 1; i <= batch.keys; ++i) {
        mean += static_cast<double>(sample[i * batch.dim + a]) / keys;
      }
      for (std::size_t i = 1; i <= batch.keys; ++i) {
        float& value = sample[i * batch.dim + a];
        value = static_cast<float>(apart * (static_cast<double>(value) - mean) + together * mean);
      }
    }
  }
}

}  // namespace

TokenBatch draw_sphere_tokens(std::uint64_t seed, std::uint32_t domain, std::uint32_t index,
                              std::size_t count, std::size_t keys, std::size_t dim) {
  return draw_tokens({}, {seed, domain, index, count, keys, dim});
}

TokenBatch draw_tokens(const TokenWorld& world, const TokenDraw& draw) {
  TokenBatch batch{draw.count, draw.keys, draw.dim, {}};
  batch.values.resize(draw.count * batch.sample_size());
  TokenSource source(world, draw);
  float* out = batch.values.data();
  for (std::size_t i = 0; i < draw.count; ++i) {
    RandomStream stream(draw.seed, draw.domain, draw.index, static_cast<std::uint32_t>(i));
    source.start_sample(stream);
    for (std::size_t token = 0; token <= draw.keys; ++token) {
      source.next(stream, token == 0);
      for (const double coordinate : source.point) *out++ = static_cast<float>(coordinate);
    }
  }
  return batch;
}

void add_positions(const TokenWorld& world, std::uint64_t seed, std::uint32_t trial,
                   TokenBatch& batch) {
  if (!world.positions) return;
  Matrix<double> positions(batch.keys, batch.dim);
  for (std::size_t i = 0; i < batch.keys; ++i) {
    RandomStream(seed, kPositionDomain, trial, static_cast<std::uint32_t>(i))
        .fill_sphere(positions.row(i));
  }
  const double scale = std::sqrt(0.5);
  for (std::size_t s = 0; s < batch.count; ++s) {
    float* keys = batch.values.data() + s * batch.sample_size() + batch.dim;
    for (std::size_t k = 0; k < batch.keys * batch.dim; ++k) {
      keys[k] = static_cast<float>(scale * (static_cast<double>(keys[k]) + positions.data()[k]));
    }
  }
}

Matrix<double> cluster_centres(const TokenWorld& world, std::uint64_t seed, std::uint32_t trial,
                               std::size_t dim) {
  Matrix<double> centres(world.centres, dim);
  for (std::size_t k = 0; k < world.centres; ++k) {
    RandomStream(seed, kCentreDomain, trial, static_cast<std::uint32_t>(k))
        .fill_sphere(centres.row(k));
  }
  return centres;
}

TokenBatch whitened_tokens(const TokenWorld& world, const TokenDraw& draw,
                           const TokenBatch& batch) {
  TokenBatch white = batch;
  if (world.law == TokenLaw::kClustered) {
    whiten_clustered(world, draw, white);
    return white;
  }
  const float scale = std::sqrt(static_cast<float>(draw.dim));
  for (float& value : white.values) value *= scale;
  if (world.law == TokenLaw::kCorrelated) part_keys(world.correlation, white);
  return white;
}

}  // namespace attnlab
