// The reader of formulas: what it takes, and the sentence and the place of every kind of fault.
#include "core/formula/formula.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

using namespace attnlab;

namespace {

std::string fault(std::string_view text) {
  const auto read = parse_formula(text);
  return read ? "no fault" : read.error().sentence;
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

}  // namespace

TEST_CASE("a formula is read, and kept without blanks") {
  const auto formula = parse_formula(" mean( dot(b1, x)^2 ) ");
  REQUIRE(formula);
  CHECK(formula->text == "mean(dot(b1,x)^2)");
  CHECK(formula->reads_key);
  CHECK_FALSE(formula->reads_query);
  CHECK_FALSE(formula->reads_place);
  CHECK(parse_formula("avg(4*dot(q,x);dot(b1,x))")->reads_query);
  CHECK(parse_formula("mean(N*(i == 1)*dot(b1, x))")->reads_place);
  CHECK_FALSE(parse_formula("N*max(dot(b1,x))")->reads_place);
}

TEST_CASE("operands come before the nodes that use them") {
  const auto formula = parse_formula("norm(sum(x)/N - S*(q - b2))*-2.5e-1^2^.5 + avg(i; x(1)");
  CHECK_FALSE(formula);
  const auto whole = parse_formula("norm(sum(x)/N - S*(q - b2))*-2.5e-1^2^.5 + dot(b3, avg(i; x))");
  REQUIRE(whole);
  for (std::size_t i = 0; i < whole->nodes.size(); ++i) {
    CHECK(whole->nodes[i].a < static_cast<int>(i));
    CHECK(whole->nodes[i].b < static_cast<int>(i));
  }
}

TEST_CASE("every fault has a sentence with its column") {
  const std::vector<std::pair<std::string, std::string>> faults = {
      {"", "the formula ends too early (column 1)"},
      {"mean(", "the formula ends too early (column 6)"},
      {"mean(dot(b1,y))", "there is no \"y\" (column 13)"},
      {"meen(dot(b1,x))", "there is no \"meen\", did you mean \"mean\"? (column 1)"},
      {"mean(dot(b1,x)", "the formula ends where \")\" is missing (column 15)"},
      {"mean(dot(b1,x)))", "\")\" does not belong here (column 16)"},
      {"mean(dot(b1;x))", "\",\" is missing (column 12)"},
      {"avg(dot(b1,x), 1)", "\";\" is missing (column 14)"},
      {"mean 2", "\"mean\" is a function and needs \"(\" (column 6)"},
      {"2 mean(1)", "an operator such as * is missing before \"m\" (column 3)"},
      {"2*", "the formula ends too early (column 3)"},
      {"2**3", "a value is missing before \"*\" (column 3)"},
      {"1 + + 1", "a value is missing before \"+\" (column 5)"},
      {"mean()", "a value is missing before \")\" (column 6)"},
      {"1 = 1", "\"=\" does not belong here (column 3)"},
      {"dot(b1,q) # 2", "\"#\" does not belong here (column 11)"},
      {"1 \xC2\xB7 2", "\"\xC2\xB7\" does not belong here (column 3)"},
      {"1e999", "\"1e999\" is not a number up to 1e300 (column 1)"},
      {"2 + .", "\".\" is not a number up to 1e300 (column 5)"},
      {"b1", "the value must be a number, not a vector; use dot or norm (column 1)"},
      {"S", "the value must be a number, not the matrix S; use dot or norm (column 1)"},
      {"1 + dot(b1,x)",
       "\"x\" has a value for each key: put it into mean, sum, max, min or avg (column 12)"},
      {"mean(dot(q,x)) + i",
       "\"i\" has a value for each key: put it into mean, sum, max, min or avg (column 18)"},
      {"b1 + 1", "+ does not take a vector and a number (column 4)"},
      {"dot(b1*b2,q)", "* does not take a vector and a vector (column 7)"},
      {"norm(S*S*q)", "* does not take the matrix S and the matrix S (column 7)"},
      {"norm(q*S)", "* does not take a vector and the matrix S (column 7)"},
      {"1/b1", "/ does not take a number and a vector (column 2)"},
      {"norm(-S*q)", "- does not take the matrix S (column 6)"},
      {"q^2", "^ does not take a vector and a number (column 2)"},
      {"dot(1,q)", "dot does not take a number and a vector (column 1)"},
      {"cos(q)", "cos does not take a vector (column 1)"},
      {"max(x)", "max does not take a vector (column 1)"},
      {"avg(x; 1)", "avg does not take a vector and a number (column 1)"},
      {"q == b1", "== does not take a vector and a vector (column 3)"},
  };
  for (const auto& [text, sentence] : faults) {
    CAPTURE(text);
    CHECK(fault(text) == sentence);
  }
}

TEST_CASE("length and depth are limited") {
  CHECK(parse_formula("1" + repeated("+1", (kMostFormulaLetters - 1) / 2)));
  CHECK(fault(repeated("1", kMostFormulaLetters + 1)) ==
        "the formula is longer than 300 characters (column 301)");
  CHECK(parse_formula(repeated("(", 39) + "1" + repeated(")", 39)));
  for (const char* piece : {"(", "-", "2^", "cos(", "2^-("}) {
    CAPTURE(piece);
    CHECK(fault(repeated(piece, 45)).starts_with("the formula is nested too deeply (column "));
  }
}
