// Streams of random numbers on top of Philox4x32-10; see random.h for the contract.
#include "core/numerics/random.h"

#include <cstddef>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/normal_core.h"
#include "core/numerics/philox.h"

namespace attnlab {

RandomStream::RandomStream(std::uint64_t seed, std::uint32_t domain, std::uint32_t index,
                           std::uint32_t substream)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, substream, index, domain} {}

void RandomStream::refill() {
  words_ = philox4x32(counter_, key_);
  ++counter_[0];
  used_words_ = 0;
}

/// Normal draws begin with an unused block; the remaining words of the last one are discarded.
void RandomStream::start_whole_block() {
  used_words_ = 4;
}

std::uint32_t RandomStream::next_u32() {
  if (used_words_ == 4) refill();
  return words_[used_words_++];
}

double RandomStream::uniform() {
  const std::uint32_t low = next_u32();
  return elementary::open_uniform(low, next_u32());
}

double RandomStream::normal() {
  if (has_spare_normal_) {
    has_spare_normal_ = false;
    return spare_normal_;
  }
  refill();
  used_words_ = 4;
  double first;
  elementary::normal_pair(words_[0], words_[1], words_[2], words_[3], first, spare_normal_);
  has_spare_normal_ = true;
  return first;
}

void RandomStream::fill_uniform(std::span<double> values) {
  for (double& value : values) value = uniform();
}

void RandomStream::fill_normal(std::span<double> values) {
  if (values.empty()) return;
  std::size_t done = 0;
  if (has_spare_normal_) values[done++] = normal();
  const std::size_t blocks = (values.size() - done) / 2;
  if (blocks != 0) {
    start_whole_block();
    active_kernels().normals_f64(key_.data(), counter_.data(), blocks, values.data() + done);
    counter_[0] += static_cast<std::uint32_t>(blocks);
    done += 2 * blocks;
  }
  if (done < values.size()) values[done] = normal();
}

void RandomStream::fill_normal(std::span<float> values) {
  if (values.empty()) return;
  start_whole_block();
  const std::size_t blocks = values.size() / 4;
  const std::size_t rest = values.size() % 4;
  active_kernels().normals_f32(key_.data(), counter_.data(), blocks, values.data());
  counter_[0] += static_cast<std::uint32_t>(blocks);
  if (rest == 0) return;
  std::array<float, 4> last;
  active_kernels().normals_f32(key_.data(), counter_.data(), 1, last.data());
  ++counter_[0];
  for (std::size_t i = 0; i < rest; ++i) values[4 * blocks + i] = last[i];
}

void RandomStream::fill_sphere(std::span<double> values) {
  if (values.empty()) return;
  double square = 0.0;
  while (!(square > 0.0)) {
    fill_normal(values);
    square = 0.0;
    for (const double value : values) square += value * value;
  }
  const double length = __builtin_sqrt(square);
  for (double& value : values) value /= length;
}

std::uint32_t RandomStream::below(std::uint32_t n) {
  if (n < 2) return 0;
  std::uint64_t product = std::uint64_t{next_u32()} * n;
  const std::uint32_t threshold = (0u - n) % n;
  while (static_cast<std::uint32_t>(product) < threshold) {
    product = std::uint64_t{next_u32()} * n;
  }
  return static_cast<std::uint32_t>(product >> 32);
}

}  // namespace attnlab
