#include "core/lessons/prose.h"

#include <algorithm>
#include <optional>

#include "core/base/text.h"
#include "core/findings/latex.h"

namespace attnlab {
namespace {

using Style = ProsePiece::Style;

struct Mark {
  std::string_view sign;
  Style style;
  std::string_view name;
};

// The longer sign first: "**" is not two of "*".
constexpr Mark kMarks[] = {{"**", Style::kStrong, "strong text"},
                           {"*", Style::kEmphasis, "emphasis"},
                           {"`", Style::kCode, "code"},
                           {"$", Style::kFormula, "a formula"}};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_target(std::string_view target) {
  if (target.starts_with("https://") && target.size() > 8) {
    return target.find_first_of(" \"'<>\\") == std::string_view::npos;
  }
  const auto step = target.starts_with("#") ? read_integer(target.substr(1)) : std::nullopt;
  return step && *step >= 1;
}

/// Reads the pieces of one block.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : text_(text) {}

  Expected<std::vector<ProsePiece>> read() {
    while (at_ < text_.size()) {
      if (const auto next = piece(); !next) return next.error();
    }
    flush();
    return std::move(pieces_);
  }

 private:
  Expected<void> piece() {
    const std::string_view rest = text_.substr(at_);
    if (rest.front() == '\\' && rest.size() > 1) {
      plain_ += rest[1];
      at_ += 2;
      return {};
    }
    if (rest.front() == '<' && rest.size() > 1 &&
        (is_letter(rest[1]) || rest[1] == '/' || rest[1] == '!')) {
      return Error{"HTML is not shown: write \\< where " + quoted_text(rest.substr(0, 12)) +
                   " means the sign"};
    }
    if (rest.front() == '[') return link(rest);
    for (const Mark& mark : kMarks) {
      if (rest.starts_with(mark.sign)) return marked(rest, mark);
    }
    plain_ += rest.front();
    ++at_;
    return {};
  }

  Expected<void> marked(std::string_view rest, const Mark& mark) {
    const std::size_t end = rest.find(mark.sign, mark.sign.size());
    if (end == std::string_view::npos || end == mark.sign.size()) {
      return Error{quoted_text(mark.sign) + " begins " + std::string(mark.name) +
                   " that does not end: " + quoted_text(rest.substr(0, 24))};
    }
    std::string inner(rest.substr(mark.sign.size(), end - mark.sign.size()));
    if (mark.style == Style::kFormula) {
      if (const auto formula = latex_pieces(inner); !formula) return formula.error();
    }
    add({std::move(inner), mark.style});
    at_ += end + mark.sign.size();
    return {};
  }

  Expected<void> link(std::string_view rest) {
    const std::size_t middle = rest.find("](");
    const std::size_t end = middle == std::string_view::npos ? middle : rest.find(')', middle);
    if (end == std::string_view::npos || middle == 1) {
      return Error{"a link is [text](target), not " + quoted_text(rest.substr(0, 24))};
    }
    const std::string_view target = rest.substr(middle + 2, end - middle - 2);
    if (!is_target(target)) {
      return Error{
          "the target of a link must be an https address or # and the number of a step, "
          "not " +
          quoted_text(target)};
    }
    add({std::string(rest.substr(1, middle - 1)), Style::kLink, std::string(target)});
    at_ += end + 1;
    return {};
  }

  void flush() {
    if (!plain_.empty()) pieces_.push_back({std::move(plain_)});
    plain_.clear();
  }
  void add(ProsePiece piece) {
    flush();
    pieces_.push_back(std::move(piece));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string plain_;
  std::vector<ProsePiece> pieces_;
};

/// The texts of the blocks, their lines joined by blanks; items keep their mark.
std::vector<std::string> block_texts(std::string_view text) {
  std::vector<std::string> blocks;
  bool open = false;
  for (const std::string& line : split(text, '\n')) {
    const std::string_view words = trimmed(line);
    const bool item = words.starts_with("* ");
    if (words.empty()) {
      open = false;
    } else if (open && !item) {
      (blocks.back() += ' ') += words;
    } else {
      blocks.emplace_back(words);
      open = true;
    }
  }
  return blocks;
}

}  // namespace

Expected<std::vector<ProseBlock>> read_prose(std::string_view text) {
  if (text.size() > kMostProseLetters) {
    return Error{"a text has at most " + exact_text(std::int64_t{kMostProseLetters}) +
                 " letters, not " + exact_text(static_cast<std::int64_t>(text.size()))};
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
  if (valid_utf8(text) != text || std::any_of(text.begin(), text.end(), is_control)) {
    return Error{"a text is UTF-8 without control characters; lines end with \\n"};
  }
  std::vector<ProseBlock> blocks;
  for (const std::string& words : block_texts(text)) {
    const bool item = words.starts_with("* ");
    auto pieces = Pieces(std::string_view(words).substr(item ? 2 : 0)).read();
    if (!pieces) return pieces.error();
    blocks.push_back({item, std::move(*pieces)});
  }
  return blocks;
}

std::string plain_prose(const std::vector<ProseBlock>& blocks) {
  std::string text;
  for (const ProseBlock& block : blocks) {
    if (!text.empty()) text += '\n';
    if (block.item) text += "* ";
    for (const ProsePiece& piece : block.pieces) {
      const auto formula =
          piece.style == Style::kFormula ? latex_pieces(piece.text) : Error{"not a formula"};
      if (!formula) {
        text += piece.text;
        continue;
      }
      for (const LatexPiece& part : *formula) text += part.text;
    }
  }
  return text;
}

}  // namespace attnlab
