// Shared by the numerics tests: fingerprints of bits, matrices with guarded surroundings, and cases
// that every set of instructions has to pass.
#pragma once

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "core/numerics/linear_algebra.h"
#include "core/numerics/matrix.h"
#include "core/numerics/random.h"

namespace attnlab::test {

/// FNV-1a over the bits of the values: equal on two platforms only if every bit is.
class Fingerprint {
 public:
  template <class T>
  void add(const T& value) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    for (const unsigned char byte : bytes) hash_ = (hash_ ^ byte) * 1099511628211u;
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 14695981039346656037u;
};

/// A matrix inside a larger buffer: odd alignment, stride longer than a row, and a margin that
/// shows whether anything outside was written.
template <class T>
class GuardedMatrix {
 public:
  GuardedMatrix(std::size_t rows, std::size_t cols, std::size_t offset, std::size_t gap)
      : rows_(rows),
        cols_(cols),
        stride_(cols + gap),
        first_(kMargin + offset),
        buffer_(first_ + rows * stride_ + kMargin, kGuard) {}

  MatrixView<T> view() { return {buffer_.data() + first_, rows_, cols_, stride_}; }
  MatrixView<const T> const_view() { return view(); }

  /// Small integers: sums of products are exact, so that results can be compared for equality.
  void fill_integers(RandomStream& random) {
    for (std::size_t i = 0; i < rows_; ++i) {
      for (T& value : view().row(i)) value = static_cast<T>(static_cast<int>(random.below(9)) - 4);
    }
  }

  bool margin_is_untouched() const {
    for (std::size_t p = 0; p < buffer_.size(); ++p) {
      const bool inside =
          p >= first_ && p < first_ + rows_ * stride_ && (p - first_) % stride_ < cols_;
      if (!inside && buffer_[p] != kGuard) return false;
    }
    return true;
  }

 private:
  static constexpr T kGuard = static_cast<T>(-12345);
  static constexpr std::size_t kMargin = 40;

  std::size_t rows_, cols_, stride_, first_;
  std::vector<T> buffer_;
};

/// Restores the target in use at the end of a test.
class TargetGuard {
 public:
  TargetGuard() : before_{simd_target_name()} {}
  ~TargetGuard() { force_target(before_); }

 private:
  SimdTarget before_;
};

/// Runs `cases` cases on every target of this machine, each target from the same place of the
/// random numbers; a case returns the number of its wrong results.
template <class Case>
void check_every_target(Case wrong, int cases, const RandomStream& start) {
  TargetGuard guard;
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    CAPTURE(target.name);
    RandomStream random = start;
    std::size_t count = 0;
    int first = -1;
    for (int i = 0; i < cases; ++i) {
      const std::size_t here = wrong(random);
      if (here > 0 && first < 0) first = i;
      count += here;
    }
    CAPTURE(first);
    CHECK(count == 0);
  }
}

}  // namespace attnlab::test
