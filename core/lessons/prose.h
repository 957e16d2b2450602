// The text of a lesson: a small part of Markdown, without HTML.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

/// A stretch of a paragraph.
struct ProsePiece {
  enum class Style { kPlain, kEmphasis, kStrong, kCode, kFormula, kLink };
  std::string text;  ///< of a formula: its LaTeX
  Style style = Style::kPlain;
  std::string target = {};  ///< of a link: an https address, or "#3" for the third step
  bool operator==(const ProsePiece&) const = default;
};

struct ProseBlock {
  bool item = false;  ///< of a list
  std::vector<ProsePiece> pieces;
  bool operator==(const ProseBlock&) const = default;
};

inline constexpr std::size_t kMostProseLetters = 20'000;

/// Paragraphs with an empty line between them, list items that begin with "* ", and in them
/// `*emphasis*`, `**strong**`, `` `code` ``, `$formula$` (core/findings/latex.h) and
/// `[text](target)`. A backslash takes the meaning from the sign behind it. Refused with a
/// sentence: marks without a partner, formulas that cannot be read, tags of HTML, targets of
/// another kind, control characters.
Expected<std::vector<ProseBlock>> read_prose(std::string_view text);

/// As plain text: formulas as letters, links as their text, a line for each block.
std::string plain_prose(const std::vector<ProseBlock>& blocks);

}  // namespace attnlab
