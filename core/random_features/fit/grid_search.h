// Finds the least value over a grid without evaluating all of it.
#pragma once

#include <cstddef>
#include <vector>

namespace attnlab::random_features {

/// Brackets the minimum of a sequence that first falls and then rises, as test error does with
/// ridge strength. It ends when the least value known has both of its neighbours known: always a
/// local minimum, and the global one for every such sequence, plateaus at the minimum included. Of
/// equal values the one of higher index counts as less. Infinite or unknown values (a factorisation
/// that failed) are larger than all others; as long as there is no other, everything is asked for.
///
/// A grid of 10 takes 3 to 7 values in 2 to 5 rounds where each has to be asked for.
class GridSearch {
 public:
  /// Where to begin; a grid of at most four points is always asked for whole.
  enum class Start {
    kOne,  ///< a point above the middle, where the best lies most often: one value may bring others
    kAll,  ///< everything: where values cost less than rounds
  };
  explicit GridSearch(std::size_t points, Start start = Start::kOne)
      : values_(points), known_(points, false), start_(start) {}

  /// Indices to evaluate next, increasing; empty when the minimum is found. A round is what can be
  /// evaluated together, so that passes over data are shared.
  std::vector<std::size_t> wanted() const;
  /// The value at an index, wanted or not; NaN counts as infinite.
  void tell(std::size_t index, double value);
  bool known(std::size_t index) const { return known_[index]; }

 private:
  std::vector<double> values_;
  std::vector<bool> known_;
  Start start_;
};

}  // namespace attnlab::random_features
