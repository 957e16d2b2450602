// Short ways to describe a parameter.
//
//   described({.name = "dim", .label = "Token dimension", .symbol = "d",
//              .help = "length of a token",
//              .min = 1, .max = 512, .default_value = integers({4, 8, 16}), .primary = true})
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/experiment/schema.h"

namespace attnlab {

inline constexpr std::size_t kMostListItems = 16;  ///< of a list that names no other maximum

/// The parameter with the kind that its default value has: an integer, a real number, a list of
/// either, a choice, a list of choices, or, where a choice has a range (min < max), a choice or a
/// real number. Only a tuple says its kind, because its default value looks like a list's. Lists of
/// choices take all of them, other lists kMostListItems, unless max_items says otherwise.
Parameter described(Parameter parameter);

/// Default values of lists, whose braces alone would not name a type.
inline std::vector<std::int64_t> integers(std::vector<std::int64_t> values) {
  return values;
}
inline std::vector<double> reals(std::vector<double> values) {
  return values;
}
inline std::vector<std::string> names(std::vector<std::string> values) {
  return values;
}

/// Replaces the default value of one parameter of the schema, for experiments that share a schema.
void set_default(Schema& schema, std::string_view name, ParameterValue value);

}  // namespace attnlab
