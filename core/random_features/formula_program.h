// A formula as a flat list of steps, each of which works on a block of values: the keys of some
// samples side by side. Derived here; tests/unit/random_features/formula_program_test.cpp compares
// it with a walk over the tree of the formula.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/attention/tokens.h"
#include "core/formula/formula.h"
#include "core/random_features/targets.h"

namespace attnlab::random_features {

/// Samples on which a formula has no value, by the first of these reasons that is true: somewhere a
/// number is divided by 0; the value is infinite; the value is NaN (the root of a negative number).
struct FormulaFaults {
  std::size_t division = 0, overflow = 0, undefined = 0;
  std::size_t total() const { return division + overflow + undefined; }
};

struct FormulaValues {
  std::vector<double> values;  ///< for each sample; 0 where the formula has no value
  FormulaFaults faults;
};

/// A formula for samples of `keys` keys in R^dim.
class FormulaProgram {
 public:
  FormulaProgram(const Formula& formula, std::size_t keys, std::size_t dim);

  /// The batch must have the program's keys and dim. Every value is bit-identical on all machines
  /// and does not depend on the other samples of the batch.
  FormulaValues values(const TargetDraw& draw, const TokenBatch& batch) const;

  /// Additions, multiplications, comparisons and elementary functions for one sample.
  double operations() const { return operations_; }

 private:
  /// How often a value is there: once for a run, for every sample, or for every key.
  enum class Level : std::uint8_t { kConstant, kSample, kKey };

  /// Where a node's value is: `width` rows (coordinates) of one number per lane, or a constant.
  struct Held {
    Level level = Level::kConstant;
    std::size_t width = 1;
    std::size_t slot = 0;
    double number = 0;       ///< of a constant number, or the index of a direction
    bool temporary = false;  ///< the slot is free after the only use
    bool direction = false;  ///< a constant that is a direction, not a number
  };

  enum class StepKind : std::uint8_t {
    kElement,          ///< out = op(a, b), row by row; one operand may have a single row
    kSpread,           ///< out per key = a per sample
    kSpreadDirection,  ///< out = a direction, in every lane
    kDot,              ///< out = sum over rows of a times b; a may be per sample where b is per key
    kDotDirection,     ///< out = sum over rows of a direction times a
    kImage,            ///< out = S a
    kTransposedImage,  ///< out = S^T a
    kReduce,           ///< out per sample from a (and b) per key
  };
  struct Step {
    StepKind kind = StepKind::kElement;
    FormulaOp op = FormulaOp::kNumber;
    Level level = Level::kSample;  ///< of out
    std::size_t width = 1;         ///< rows of out, or the rows that a dot product adds up
    std::size_t out = 0, a = 0, b = 0;
    bool one_row_a = false, one_row_b = false;  ///< the row serves all rows of out
    bool a_per_sample = false;
    std::size_t direction = 0;
  };
  struct Constant {
    std::size_t slot, count;
    double number;
  };
  struct Free {
    std::size_t size, slot;
  };
  struct Block;
  class Compiler;

  std::size_t lanes(Level level) const;

  std::size_t keys_, dim_;
  std::size_t samples_;  ///< of a block
  bool loads_keys_ = false, loads_query_ = false, loads_place_ = false;
  std::size_t key_slot_ = 0, query_slot_ = 0, place_slot_ = 0, result_slot_ = 0;
  std::size_t workspace_ = 0;  ///< doubles
  std::vector<Step> steps_;
  std::vector<Constant> constants_;
  double operations_ = 0;
};

}  // namespace attnlab::random_features
