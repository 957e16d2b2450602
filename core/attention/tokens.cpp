#include "core/attention/tokens.h"

#include "core/numerics/random.h"

namespace attnlab {

TokenBatch draw_sphere_tokens(std::uint64_t seed, std::uint32_t domain, std::uint32_t index,
                              std::size_t count, std::size_t keys, std::size_t dim) {
  TokenBatch batch{count, keys, dim, {}};
  batch.values.resize(count * batch.sample_size());
  std::vector<double> point(dim);
  float* out = batch.values.data();
  for (std::size_t i = 0; i < count; ++i) {
    RandomStream stream(seed, domain, index, static_cast<std::uint32_t>(i));
    for (std::size_t token = 0; token <= keys; ++token) {
      stream.fill_sphere(point);
      for (const double coordinate : point) *out++ = static_cast<float>(coordinate);
    }
  }
  return batch;
}

}  // namespace attnlab
