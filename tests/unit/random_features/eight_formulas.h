// The built-in targets of family A written as formulas; docs/how-to/formula.md shows the same table
// (tests/source/formulas.mjs compares them).
#pragma once

#include <string>
#include <string_view>

namespace attnlab::random_features {

struct EightFormula {
  std::string_view id;
  std::string_view formula;  ///< with p or g, the number of the target

  std::string with_number(int number) const {
    std::string text;
    for (std::size_t i = 0; i < formula.size(); ++i) {
      const bool alone = i > 0 && (formula[i - 1] == '^' || formula[i - 1] == '(');
      const char next = i + 1 < formula.size() ? formula[i + 1] : ' ';
      const bool number_here =
          alone && (formula[i] == 'p' || formula[i] == 'g') && (next < 'a' || next > 'z');
      text += number_here ? std::to_string(number) : std::string(1, formula[i]);
    }
    return text;
  }
};

inline constexpr EightFormula kEightFormulas[] = {
    {"mean-power", "mean(dot(b1,x)^p)"},
    {"correlation-value", "mean(dot(q,x)^p*dot(b1,x))"},
    {"correlation-power", "mean(dot(q,x)^p)"},
    {"matrix-correlation", "mean(dot(q,S*x)^p*dot(b1,x))"},
    {"mean-cosine", "mean(cos(g*dot(b1,x)))"},
    {"correlation-cosine", "mean(cos(g*dot(q,x)))"},
    {"query-power", "dot(b1,q)^p"},
    {"maximum", "max(dot(b1,x))"},
};

}  // namespace attnlab::random_features
