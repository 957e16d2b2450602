// Finds the least value over a grid without evaluating all of it.
#pragma once

#include <cstddef>
#include <vector>

namespace attnlab::random_features {

/// Brackets the minimum of a sequence that first falls and then rises, as test error does with the
/// ridge parameter. It ends when both neighbours of the least known value are known. That is always
/// a local minimum, and the global one for every such sequence, plateaus at the minimum included.
/// Of equal values the one of higher index counts as less. NaN and infinity (a factorisation that
/// failed) are larger than all other values; while no other value is known, all are asked for.
///
/// A grid of 10 takes 3 to 7 values in 2 to 5 rounds if no value comes for free.
class GridSearch {
 public:
  /// Where to begin; a grid of at most four points is always evaluated whole.
  enum class Start {
    kOne,  ///< a point above the middle, the likeliest place of the minimum: where evaluating one
           ///< point can give others for free
    kAll,  ///< all points: where further rounds would cost more than values
  };
  explicit GridSearch(std::size_t points, Start start = Start::kOne)
      : values_(points), known_(points, false), start_(start) {}

  /// Indices to evaluate next, increasing; empty when the minimum is found. All of them can be
  /// evaluated in one round, so that passes over data are shared.
  std::vector<std::size_t> wanted() const;
  /// Sets the value at an index, wanted or not; NaN counts as infinite.
  void tell(std::size_t index, double value);
  bool known(std::size_t index) const { return known_[index]; }

 private:
  std::vector<double> values_;
  std::vector<bool> known_;
  Start start_;
};

}  // namespace attnlab::random_features
