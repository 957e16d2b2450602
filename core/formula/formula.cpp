#include "core/formula/formula.h"

#include <algorithm>
#include <array>
#include <optional>

#include "core/base/text.h"

namespace attnlab {
namespace {

struct Word {
  std::string_view name;
  FormulaOp op;
  FormulaType type;
  double number;
  int arguments;  ///< 0: a value, no function
};

constexpr FormulaType kScalar = FormulaType::kScalar, kVector = FormulaType::kVector;

constexpr std::array kWords = {
    Word{"x", FormulaOp::kKey, kVector, 0, 0},
    Word{"q", FormulaOp::kQuery, kVector, 0, 0},
    Word{"b1", FormulaOp::kDirection, kVector, 0, 0},
    Word{"b2", FormulaOp::kDirection, kVector, 1, 0},
    Word{"b3", FormulaOp::kDirection, kVector, 2, 0},
    Word{"S", FormulaOp::kMatrix, FormulaType::kMatrix, 0, 0},
    Word{"i", FormulaOp::kPlace, kScalar, 0, 0},
    Word{"N", FormulaOp::kKeys, kScalar, 0, 0},
    Word{"dot", FormulaOp::kDot, kScalar, 0, 2},
    Word{"norm", FormulaOp::kNorm, kScalar, 0, 1},
    Word{"cos", FormulaOp::kCos, kScalar, 0, 1},
    Word{"sin", FormulaOp::kSin, kScalar, 0, 1},
    Word{"tanh", FormulaOp::kTanh, kScalar, 0, 1},
    Word{"exp", FormulaOp::kExp, kScalar, 0, 1},
    Word{"log", FormulaOp::kLog, kScalar, 0, 1},
    Word{"sqrt", FormulaOp::kSqrt, kScalar, 0, 1},
    Word{"abs", FormulaOp::kAbs, kScalar, 0, 1},
    Word{"relu", FormulaOp::kRelu, kScalar, 0, 1},
    Word{"sign", FormulaOp::kSign, kScalar, 0, 1},
    Word{"mean", FormulaOp::kMean, kScalar, 0, 1},
    Word{"sum", FormulaOp::kSum, kScalar, 0, 1},
    Word{"max", FormulaOp::kMax, kScalar, 0, 1},
    Word{"min", FormulaOp::kMin, kScalar, 0, 1},
    Word{"avg", FormulaOp::kAverage, kScalar, 0, 2},
};

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::string_view type_text(FormulaType type) {
  return type == FormulaType::kScalar   ? "a number"
         : type == FormulaType::kVector ? "a vector"
                                        : "the matrix S";
}

bool is_over_keys(FormulaOp op) {
  return op >= FormulaOp::kMean;
}

/// Recursive descent. After the first fault every function returns -1.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expected<Formula> read() {
    const int root = expression();
    if (!failed()) skip_blanks();
    if (!failed() && at_ < text_.size()) unexpected();
    if (!failed()) check_value(root);
    if (failed()) return Error{fault_};
    for (const char c : text_)
      if (!is_blank(c)) formula_.text += c;
    return std::move(formula_);
  }

 private:
  bool failed() const { return !fault_.empty(); }

  int fail(std::string why, std::size_t at) {
    if (!failed())
      fault_ = std::move(why) + " (column " + exact_text(static_cast<std::int64_t>(at + 1)) + ")";
    return -1;
  }

  int unexpected() {
    skip_blanks();
    if (at_ >= text_.size()) return fail("the formula ends too early", at_);
    const char c = text_[at_];
    if (is_digit(c) || is_letter(c) || c == '.' || c == '(')
      return fail("an operator such as * is missing before " + quoted_text(text_.substr(at_, 1)),
                  at_);
    // A character of several bytes is shown whole.
    std::size_t length = 1;
    while (at_ + length < text_.size() &&
           (static_cast<unsigned char>(text_[at_ + length]) & 0xC0U) == 0x80U)
      ++length;
    return fail(quoted_text(text_.substr(at_, length)) + " does not belong here", at_);
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }
  bool take(std::string_view token) {
    skip_blanks();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  bool expect(std::string_view token) {
    if (take(token)) return true;
    if (at_ >= text_.size())
      fail("the formula ends where " + quoted_text(token) + " is missing", at_);
    else
      fail(quoted_text(token) + " is missing", at_);
    return false;
  }

  const FormulaNode& node(int index) const {
    return formula_.nodes[static_cast<std::size_t>(index)];
  }

  int add(FormulaOp op, FormulaType type, int a = -1, int b = -1, double number = 0) {
    FormulaNode made{op, type, op == FormulaOp::kKey || op == FormulaOp::kPlace, number, a, b};
    if (!is_over_keys(op)) {
      for (const int operand : {a, b})
        made.per_key = made.per_key || (operand >= 0 && node(operand).per_key);
    }
    formula_.nodes.push_back(made);
    return static_cast<int>(formula_.nodes.size()) - 1;
  }

  int refuse_types(std::string_view what, int a, int b, std::size_t at) {
    std::string why = std::string(what) + " does not take " + std::string(type_text(node(a).type));
    if (b >= 0) why += " and " + std::string(type_text(node(b).type));
    return fail(std::move(why), at);
  }

  int binary(FormulaOp op, std::string_view sign, int a, int b, std::size_t at) {
    if (failed()) return -1;
    const FormulaType left = node(a).type, right = node(b).type;
    const bool numbers = left == kScalar && right == kScalar;
    const bool vectors = left == kVector && right == kVector;
    switch (op) {
      case FormulaOp::kAdd:
      case FormulaOp::kSubtract:
        if (numbers || vectors) return add(op, left, a, b);
        break;
      case FormulaOp::kMultiply:
        if (numbers) return add(op, kScalar, a, b);
        if (right == kVector && !vectors) return add(op, kVector, a, b);
        if (left == kVector && right == kScalar) return add(op, kVector, b, a);
        break;
      case FormulaOp::kDivide:
        if (right == kScalar && left != FormulaType::kMatrix) return add(op, left, a, b);
        break;
      default:
        if (numbers) return add(op, kScalar, a, b);
        break;
    }
    return refuse_types(sign, a, b, at);
  }

  int expression() {
    const int left = sum();
    skip_blanks();
    const std::size_t at = at_;
    if (failed() || !take("==")) return left;
    return binary(FormulaOp::kEqual, "==", left, sum(), at);
  }

  int sum() {
    int left = product();
    while (!failed()) {
      skip_blanks();
      const std::size_t at = at_;
      if (take("+")) {
        left = binary(FormulaOp::kAdd, "+", left, product(), at);
      } else if (take("-")) {
        left = binary(FormulaOp::kSubtract, "-", left, product(), at);
      } else {
        break;
      }
    }
    return left;
  }

  int product() {
    int left = signed_power();
    while (!failed()) {
      skip_blanks();
      const std::size_t at = at_;
      if (take("*")) {
        left = binary(FormulaOp::kMultiply, "*", left, signed_power(), at);
      } else if (take("/")) {
        left = binary(FormulaOp::kDivide, "/", left, signed_power(), at);
      } else {
        break;
      }
    }
    return left;
  }

  int signed_power() {
    skip_blanks();
    const std::size_t at = at_;
    if (++depth_ > kMostFormulaDepth) return fail("the formula is nested too deeply", at);
    int made = -1;
    if (take("-")) {
      made = signed_power();
      if (!failed() && node(made).type == FormulaType::kMatrix)
        made = refuse_types("-", made, -1, at);
      if (!failed()) made = add(FormulaOp::kNegate, node(made).type, made);
    } else {
      made = atom();
      skip_blanks();
      const std::size_t sign = at_;
      if (!failed() && take("^")) made = binary(FormulaOp::kPower, "^", made, signed_power(), sign);
    }
    --depth_;
    return made;
  }

  int atom() {
    skip_blanks();
    if (at_ >= text_.size()) return fail("the formula ends too early", at_);
    const char c = text_[at_];
    if (is_digit(c) || c == '.') return number();
    if (is_letter(c)) return word();
    if (!take("(")) return fail_at_atom();
    const int inside = expression();
    if (!failed()) expect(")");
    return failed() ? -1 : inside;
  }

  int fail_at_atom() {
    const char c = text_[at_];
    if (c == ')' || c == ',' || c == ';' || c == '*' || c == '/' || c == '^' || c == '=' ||
        c == '+')
      return fail("a value is missing before " + quoted_text(text_.substr(at_, 1)), at_);
    return unexpected();
  }

  int number() {
    const std::size_t begin = at_;
    const auto digits = [&] {
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    };
    digits();
    if (at_ < text_.size() && text_[at_] == '.') ++at_;
    digits();
    std::size_t exponent = at_;
    if (exponent < text_.size() && (text_[exponent] == 'e' || text_[exponent] == 'E')) {
      ++exponent;
      if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
      if (exponent < text_.size() && is_digit(text_[exponent])) {
        at_ = exponent;
        digits();
      }
    }
    // read_real takes no sign '+' in an exponent.
    std::string written(text_.substr(begin, at_ - begin));
    std::erase(written, '+');
    if (written.ends_with('.')) written.pop_back();
    if (written.starts_with('.')) written = "0" + written;
    const std::optional<double> value = read_real(written);
    if (!value || !(*value <= 1e300))
      return fail(quoted_text(text_.substr(begin, at_ - begin)) + " is not a number up to 1e300",
                  begin);
    return add(FormulaOp::kNumber, kScalar, -1, -1, *value);
  }

  int word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    const auto* known = std::find_if(kWords.begin(), kWords.end(),
                                     [&](const Word& each) { return each.name == name; });
    if (known == kWords.end()) return unknown(name, begin);
    if (known->arguments > 0) return call(*known, begin);
    formula_.reads_key |= known->op == FormulaOp::kKey;
    formula_.reads_query |= known->op == FormulaOp::kQuery;
    formula_.reads_place |= known->op == FormulaOp::kPlace;
    if (known->op == FormulaOp::kKey || known->op == FormulaOp::kPlace) note_key(begin);
    return add(known->op, known->type, -1, -1, known->number);
  }

  int unknown(std::string_view name, std::size_t begin) {
    std::vector<std::string> names;
    for (const Word& each : kWords) names.emplace_back(each.name);
    const std::string meant = closest(name, names);
    return fail("there is no " + quoted_text(name) +
                    (meant.empty() ? std::string() : ", did you mean " + quoted_text(meant) + "?"),
                begin);
  }

  int call(const Word& function, std::size_t begin) {
    const std::size_t outer_key = key_at_;
    const bool over_keys = is_over_keys(function.op);
    if (over_keys) key_at_ = kNowhere;
    if (!take("(")) {
      return fail(quoted_text(function.name) + " is a function and needs \"(\"", at_);
    }
    if (++depth_ > kMostFormulaDepth) return fail("the formula is nested too deeply", begin);
    const int a = expression();
    int b = -1;
    if (!failed() && function.arguments == 2) {
      if (expect(function.op == FormulaOp::kAverage ? ";" : ",")) b = expression();
    }
    if (!failed()) expect(")");
    --depth_;
    if (failed()) return -1;
    if (over_keys) key_at_ = outer_key;
    return checked_call(function, a, b, begin);
  }

  int checked_call(const Word& function, int a, int b, std::size_t begin) {
    const FormulaType first = node(a).type;
    const FormulaType second = b >= 0 ? node(b).type : kScalar;
    bool fits = first == kScalar;
    FormulaType type = kScalar;
    if (function.op == FormulaOp::kDot || function.op == FormulaOp::kNorm) {
      fits = first == kVector && (b < 0 || second == kVector);
    } else if (function.op == FormulaOp::kMean || function.op == FormulaOp::kSum) {
      fits = first != FormulaType::kMatrix;
      type = first;
    } else if (function.op == FormulaOp::kAverage) {
      fits = first == kScalar && second != FormulaType::kMatrix;
      type = second;
    }
    if (!fits) return refuse_types(function.name, a, b, begin);
    return add(function.op, type, a, b);
  }

  void note_key(std::size_t at) { key_at_ = std::min(key_at_, at); }

  void check_value(int root) {
    if (node(root).type != kScalar) {
      fail("the value must be a number, not " + std::string(type_text(node(root).type)) +
               "; use dot or norm",
           0);
    } else if (node(root).per_key) {
      fail(quoted_text(text_.substr(key_at_, 1)) +
               " has a value for each key: put it into mean, sum, max, min or avg",
           key_at_);
    }
  }

  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t key_at_ = kNowhere;  ///< the first x or i that no function over keys contains
  int depth_ = 0;
  std::string fault_;
  Formula formula_;
};

}  // namespace

Expected<Formula> parse_formula(std::string_view text) {
  if (text.size() > kMostFormulaLetters) {
    return Error{"the formula is longer than " +
                 exact_text(static_cast<std::int64_t>(kMostFormulaLetters)) +
                 " characters (column " +
                 exact_text(static_cast<std::int64_t>(kMostFormulaLetters + 1)) + ")"};
  }
  return Parser(text).read();
}

}  // namespace attnlab
