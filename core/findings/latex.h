// Formulas of one line, written in a small part of LaTeX, as pieces of text that any front end can
// draw. In web pages the same formulas become MathML (web/make_formulas.mjs).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

enum class LatexPlace { kLine, kBelow, kAbove };  ///< on the line, a subscript, a superscript

struct LatexPiece {
  std::string text;
  LatexPlace place = LatexPlace::kLine;
  bool words = false;  ///< a name such as softmax, not letters that stand for something
  /// Begins where the piece before it begins: a superscript over a subscript.
  bool stacked = false;
};

/// Size of sub- and superscripts, relative to the line, and how far their baselines are from it.
inline constexpr float kLatexScript = 0.74f, kLatexDrop = 0.24f, kLatexRise = 0.38f;

/// Letters, digits and signs stand for themselves; `_x`, `^x`, `_{...}`, `^{...}` are scripts, not
/// nested; \frac{a}{b} becomes (a/b); \text{...} keeps its blanks; Greek letters and the signs of
/// the table in latex.cpp have LaTeX's names; other blanks do not count, but relations and commas
/// have room on the line. Refused with a sentence: unknown commands, braces without a partner,
/// scripts in scripts.
Expected<std::vector<LatexPiece>> latex_pieces(std::string_view latex);

/// The letters of the formula with their subscripts: "z_0", "W_m", "M". For finding what a letter
/// stands for; empty where latex_pieces refuses.
std::vector<std::string> latex_letters(std::string_view latex);

}  // namespace attnlab
