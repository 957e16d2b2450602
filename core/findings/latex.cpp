#include "core/findings/latex.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace attnlab {
namespace {

struct Sign {
  std::string_view name, text;
  bool words = false;
};
// Relations and operators carry their room with them.
constexpr Sign kSigns[] = {
    {"sum", "Σ"},  {"sigma", "σ"},  {"theta", "θ"},  {"beta", "β"}, {"tau", "τ"},
    {"xi", "ξ"},   {"lambda", "λ"}, {"Gamma", "Γ"},  {"top", "T"},  {"times", " × "},
    {"le", " ≤ "}, {"ge", " ≥ "},   {"cdot", " · "}, {"dots", "…"}, {"exp", "exp", true},
};

constexpr int kMostDepth = 8;

/// Bytes of the character that begins here.
std::size_t character(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
    ++length;
  return length;
}

class Reader {
 public:
  explicit Reader(std::string_view latex) : rest_(latex) {}

  Expected<std::vector<LatexPiece>> read() {
    while (!rest_.empty() && problem_.empty()) {
      const char c = rest_.front();
      if (c == '_' || c == '^')
        script(c);
      else
        put(atom(), LatexPlace::kLine);
    }
    if (!problem_.empty()) return Error{"the formula " + problem_};
    return std::move(pieces_);
  }

 private:
  void put(const std::string& text, LatexPlace place, bool stacked = false) {
    const bool words = std::exchange(words_, false);
    if (text.empty()) return;
    const bool more = !pieces_.empty() && !stacked && pieces_.back().place == place &&
                      pieces_.back().words == words;
    if (more)
      pieces_.back().text += text;
    else
      pieces_.push_back({text, place, words, stacked});
  }

  void script(char sign) {
    rest_.remove_prefix(1);
    const LatexPlace place = sign == '_' ? LatexPlace::kBelow : LatexPlace::kAbove;
    const bool stacked = !pieces_.empty() && pieces_.back().place != LatexPlace::kLine &&
                         pieces_.back().place != place;
    in_script_ = true;
    put(atom(), place, stacked);
    in_script_ = false;
  }

  /// The text between braces, which begins here.
  std::string group() {
    rest_.remove_prefix(1);
    if (++depth_ > kMostDepth) problem_ = "has too many braces inside one another";
    std::string text;
    while (!rest_.empty() && rest_.front() != '}' && problem_.empty()) {
      if (rest_.front() == '_' || rest_.front() == '^') problem_ = "has a script in a script";
      text += atom();
    }
    --depth_;
    if (!problem_.empty()) return {};
    if (rest_.empty())
      problem_ = "has an open brace";
    else
      rest_.remove_prefix(1);
    return text;
  }

  /// One letter, sign, command or group.
  std::string atom() {
    if (rest_.empty()) {
      problem_ = "ends too early";
      return {};
    }
    const char c = rest_.front();
    if (c == '\\') return command();
    if (c == '{') return group();
    if (c == '}') problem_ = "has a closing brace without a partner";
    const std::size_t length = character(rest_);
    std::string text(rest_.substr(0, length));
    rest_.remove_prefix(length);
    if (c == ' ') return {};
    if (in_script_) return text;
    if (c == '=' || c == '+') return " " + text + " ";
    if (c == ',') return ", ";
    return text;
  }

  std::string command() {
    rest_.remove_prefix(1);
    std::size_t length = 0;
    while (length < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[length])))
      ++length;
    if (length == 0) {  // \, is a little room
      if (!rest_.starts_with(',')) problem_ = "has a backslash without a command";
      if (!rest_.empty()) rest_.remove_prefix(1);
      return " ";
    }
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    if (name == "frac") return fraction();
    if (name == "text") return words();
    for (const Sign& sign : kSigns) {
      if (sign.name != name) continue;
      words_ = sign.words;
      return std::string(sign.text);
    }
    problem_ = "has the unknown command \\" + std::string(name);
    return {};
  }

  std::string words() {
    const std::size_t end = rest_.find('}');
    if (!rest_.starts_with('{') || end == std::string_view::npos) {
      problem_ = "has \\text without words in braces";
      return {};
    }
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    words_ = true;
    return text;
  }

  std::string fraction() {
    if (++depth_ > kMostDepth) problem_ = "has too many fractions inside one another";
    if (!problem_.empty()) return {};
    const std::string above = atom(), below = atom();
    --depth_;
    return "(" + above + "/" + below + ") ";
  }

  std::string_view rest_;
  std::vector<LatexPiece> pieces_;
  std::string problem_;
  bool words_ = false;      // the atom read last
  int depth_ = 0;           // of braces and fractions
  bool in_script_ = false;  // where signs take no room
};

/// Latin and Greek, apart from the sign of a sum.
bool is_letter(std::string_view one) {
  if (one.size() == 1) return std::isalpha(static_cast<unsigned char>(one[0])) != 0;
  return one != "Σ" && (one.starts_with('\xCE') || one.starts_with('\xCF'));
}

}  // namespace

Expected<std::vector<LatexPiece>> latex_pieces(std::string_view latex) {
  return Reader(latex).read();
}

std::vector<std::string> latex_letters(std::string_view latex) {
  std::vector<std::string> letters;
  const auto pieces = latex_pieces(latex);
  if (!pieces) return letters;
  for (std::size_t i = 0; i < pieces->size(); ++i) {
    const LatexPiece& piece = (*pieces)[i];
    if (piece.words || piece.place != LatexPlace::kLine) continue;
    for (std::string_view rest = piece.text; !rest.empty(); rest.remove_prefix(character(rest))) {
      std::string letter(rest.substr(0, character(rest)));
      if (!is_letter(letter)) continue;
      const bool last = letter.size() == rest.size();
      if (last && i + 1 < pieces->size() && (*pieces)[i + 1].place == LatexPlace::kBelow)
        letter += "_" + (*pieces)[i + 1].text;
      if (std::find(letters.begin(), letters.end(), letter) == letters.end())
        letters.push_back(std::move(letter));
    }
  }
  return letters;
}

}  // namespace attnlab
