// Formulas for target functions: a small expression language over the tokens of a sample, read
// into a list of typed nodes. docs/how-to/formula.md has the grammar. Nothing is evaluated here
// (core/random_features/formula_program.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

inline constexpr std::size_t kMostFormulaLetters = 300;
inline constexpr int kMostFormulaDepth = 40;  ///< of parentheses, signs and powers inside another

enum class FormulaType : std::uint8_t { kScalar, kVector, kMatrix };

enum class FormulaOp : std::uint8_t {
  // Leaves.
  kNumber,
  kKey,        ///< x: this key
  kQuery,      ///< q: the query token
  kDirection,  ///< b1, b2, b3: fixed unit vectors; `number` is 0, 1, 2
  kMatrix,     ///< S: a fixed random matrix
  kPlace,      ///< i: the place of this key, from 1
  kKeys,       ///< N: the number of keys
  // Of two operands.
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
  kEqual,  ///< 1 or 0; NaN if an operand is NaN
  kDot,
  // Of one operand.
  kNegate,
  kNorm,
  kCos,
  kSin,
  kTanh,
  kExp,
  kLog,
  kSqrt,
  kAbs,
  kRelu,
  kSign,
  // Over the keys of a sample.
  kMean,
  kSum,
  kMax,
  kMin,
  kAverage,  ///< sum_i e^(score_i) value_i / sum_i e^(score_i); a: score, b: value
};

struct FormulaNode {
  FormulaOp op = FormulaOp::kNumber;
  FormulaType type = FormulaType::kScalar;
  bool per_key = false;  ///< has a value for every key, not one for the sample
  double number = 0;     ///< of a number; the index of a direction
  int a = -1, b = -1;    ///< indices of the operands, smaller than the node's own
};

struct Formula {
  std::string text;  ///< as written, without blanks
  std::vector<FormulaNode>
      nodes;  ///< operands before the nodes that use them; the last is the value
  bool reads_key = false;
  bool reads_query = false;
  bool reads_place = false;  ///< i: the value changes when keys change places
};

/// The formula of a text of at most kMostFormulaLetters characters. Its value is a number for each
/// sample. Otherwise a sentence with the column (from 1) of the fault:
/// `there is no "y" (column 6)`.
Expected<Formula> parse_formula(std::string_view text);

}  // namespace attnlab
