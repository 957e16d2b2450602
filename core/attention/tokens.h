// Samples as one attention layer sees them: a query token and its keys (which are also the values).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

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

}  // namespace attnlab
