// Named streams of random numbers: the same numbers, bit for bit, on every platform.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace attnlab {

/// FNV-1a of a name: the domain of an experiment's or a purpose's streams.
constexpr std::uint32_t hash_name(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (const char letter : name) {
    hash = (hash ^ static_cast<unsigned char>(letter)) * 16777619u;
  }
  return hash;
}

/// One stream: Philox4x32-10 under the key `seed`, counter (position, substream, index, domain).
/// Streams that differ in any of the four names share no counter, hence are independent; a stream
/// holds 2^32 blocks of four words and repeats after that.
///
/// Words are taken in order. A double takes two words. Normal draws take whole blocks and start at
/// the next unused one; `fill_normal(doubles)` gives the numbers of as many calls of `normal()`.
/// Only IEEE basic operations and sqrt are used, without contraction: bit-identical everywhere.
class RandomStream {
 public:
  RandomStream(std::uint64_t seed, std::uint32_t domain, std::uint32_t index,
               std::uint32_t substream = 0);

  std::uint32_t next_u32();

  /// Uniform on the open interval (0, 1): an odd multiple of 2^-53.
  double uniform();

  /// Standard normal; |value| < 8.6.
  double normal();

  void fill_uniform(std::span<double> values);
  void fill_normal(std::span<double> values);

  /// Standard normals computed in float, four to a block (|value| < 6.8); the rest of an
  /// unfinished last block is discarded.
  void fill_normal(std::span<float> values);

  /// One point uniform on the unit sphere of dimension values.size() (normals divided by their
  /// length); an empty span is left alone.
  void fill_sphere(std::span<double> values);

  /// Uniform on 0 .. n-1 without bias (Lemire, "Fast random integer generation in an interval",
  /// 2019); 0 for n < 2.
  std::uint32_t below(std::uint32_t n);

 private:
  void refill();
  void start_whole_block();

  std::array<std::uint32_t, 2> key_;
  std::array<std::uint32_t, 4> counter_;  // names the next block
  std::array<std::uint32_t, 4> words_{};
  int used_words_ = 4;
  double spare_normal_ = 0.0;
  bool has_spare_normal_ = false;
};

}  // namespace attnlab
