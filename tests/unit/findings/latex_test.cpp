#include "core/findings/latex.h"

#include <random>

#include <doctest/doctest.h>
#include "core/base/text.h"

namespace attnlab {
namespace {

/// "z_[0]^[T]": scripts in brackets, "|" before a piece that is stacked.
std::string shown(std::string_view latex) {
  const auto pieces = latex_pieces(latex);
  if (!pieces) return "refused: " + pieces.error().sentence;
  std::string text;
  for (const LatexPiece& piece : *pieces) {
    if (piece.stacked) text += "|";
    if (piece.words) text += "'";
    if (piece.place == LatexPlace::kLine)
      text += piece.text;
    else
      text += (piece.place == LatexPlace::kBelow ? "_[" : "^[") + piece.text + "]";
  }
  return text;
}

TEST_CASE("formulas become pieces of text with their place") {
  CHECK(shown("M") == "M");
  CHECK(shown("z_0^\\top W_m z_i") == "z_[0]|^[T]W_[m]z_[i]");
  CHECK(shown("\\sum_{m=1}^{M} v_m") == "Σ_[m=1]|^[M]v_[m]");
  CHECK(shown("\\frac{1}{N} x") == "(1/N) x");
  CHECK(shown("\\text{softmax}_i(a + b)") == "'softmax_[i](a + b)");
  CHECK(shown("N \\times (d+1)") == "N × (d + 1)");
  CHECK(shown("") == "");
}

TEST_CASE("what is not a formula is refused with a sentence") {
  CHECK(shown("\\wrong") == "refused: the formula has the unknown command \\wrong");
  CHECK(shown("{a") == "refused: the formula has an open brace");
  CHECK(shown("a}") == "refused: the formula has a closing brace without a partner");
  CHECK(shown("a_{b_c}") == "refused: the formula has a script in a script");
  CHECK(shown("a_") == "refused: the formula ends too early");
  CHECK(shown("\\text x") == "refused: the formula has \\text without words in braces");
  CHECK(shown(std::string(100000, '{')) ==
        "refused: the formula has too many braces inside one another");
  std::string fractions;
  for (int i = 0; i < 100000; ++i) fractions += "\\frac";
  CHECK(shown(fractions) == "refused: the formula has too many fractions inside one another");
  CHECK(shown("\\") == "refused: the formula has a backslash without a command");
}

TEST_CASE("letters are found with their subscripts, words are not letters") {
  const auto letters = latex_letters("\\sum_{m=1}^{M} \\text{softmax}_i(x_i^\\top W_m q) \\tau M");
  CHECK(letters == std::vector<std::string>{"x_i", "W_m", "q", "τ", "M"});
}

TEST_CASE("any text is a formula or is refused") {
  std::mt19937 random(3);  // NOLINT(cert-msc51-cpp): the same texts in every run
  const std::string_view parts[] = {"{", "}", "_", "^",   "\\", "\\frac", "\\text{", "\\sum",
                                    "a", " ", "ξ", "\\,", "=",  "\xC3",   "\n"};
  for (int turn = 0; turn < 20000; ++turn) {
    std::string latex;
    for (unsigned i = random() % 12; i > 0; --i) latex += parts[random() % std::size(parts)];
    const auto pieces = latex_pieces(latex);
    if (!pieces) {
      CHECK_FALSE(pieces.error().sentence.empty());
      continue;
    }
    for (const LatexPiece& piece : *pieces) CHECK_FALSE(piece.text.empty());
    static_cast<void>(latex_letters(latex));
  }
}

}  // namespace
}  // namespace attnlab
