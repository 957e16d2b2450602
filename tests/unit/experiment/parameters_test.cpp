#include "core/experiment/parameters.h"

#include <doctest/doctest.h>

using namespace attnlab;

TEST_CASE("a described parameter has the kind of its default value") {
  const auto kind = [](Parameter parameter) { return described(std::move(parameter)).kind; };
  CHECK(kind({.default_value = std::int64_t{3}}) == ParameterKind::kInteger);
  CHECK(kind({.default_value = 3.0}) == ParameterKind::kReal);
  CHECK(kind({.default_value = integers({1, 2})}) == ParameterKind::kIntegerList);
  CHECK(kind({.default_value = reals({1, 2})}) == ParameterKind::kRealList);
  CHECK(kind({.kind = ParameterKind::kRealTuple, .default_value = reals({1, 2})}) ==
        ParameterKind::kRealTuple);
  CHECK(kind({.default_value = std::string("a")}) == ParameterKind::kChoice);
  CHECK(kind({.min = 0, .max = 1, .default_value = std::string("a")}) ==
        ParameterKind::kChoiceOrReal);
  CHECK(kind({.default_value = names({"a"})}) == ParameterKind::kChoiceList);
}

TEST_CASE("lists take sixteen entries, or all choices, unless they say otherwise") {
  CHECK(described({.default_value = integers({1})}).max_items == 16);
  CHECK(described({.max_items = 3, .default_value = integers({1})}).max_items == 3);
  const std::vector<Choice> choices = {{"a", "a", ""}, {"b", "b", ""}};
  CHECK(described({.choices = choices, .default_value = names({"a"})}).max_items == 2);
  CHECK(described({.default_value = std::int64_t{3}}).max_items == 1);
}
