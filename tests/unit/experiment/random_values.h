// Seeded random values for the round-trip tests: the standard's mt19937_64 gives the same integers
// on every platform.
#pragma once

#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>

#include "core/experiment/experiment.h"

namespace attnlab::test {

class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t bits() { return engine_(); }
  /// 0 .. count - 1
  std::size_t below(std::size_t count) { return static_cast<std::size_t>(engine_() % count); }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  /// Any finite double, every exponent alike.
  double any_real() {
    for (;;) {
      const double value = std::bit_cast<double>(engine_());
      if (std::isfinite(value)) return value;
    }
  }

  std::string any_bytes(std::size_t max_length) {
    std::string bytes(below(max_length + 1), '\0');
    for (char& c : bytes) c = static_cast<char>(engine_());
    return bytes;
  }

  /// Text from the given characters: what a format has to quote, escape or refuse.
  std::string text_of(std::string_view characters, std::size_t max_length) {
    std::string text(below(max_length + 1), '\0');
    for (char& c : text) c = characters[below(characters.size())];
    return text;
  }

  /// Every parameter at a random value inside its schema.
  ParameterSet parameters(const Schema& schema) {
    ParameterSet set(schema);
    for (const Parameter& parameter : schema.parameters) {
      if (!set.set(parameter.name, value(parameter))) std::abort();
    }
    return set;
  }

  ParameterValue value(const Parameter& parameter) {
    const std::size_t items = 1 + below(parameter.max_items);
    switch (parameter.kind) {
      case ParameterKind::kInteger:
        return whole(parameter);
      case ParameterKind::kReal:
        return real(parameter);
      case ParameterKind::kChoice:
      case ParameterKind::kText:  // one of its examples
        return choice(parameter);
      case ParameterKind::kChoiceOrReal:
        if (chance(2)) return choice(parameter);
        return real(parameter);
      case ParameterKind::kIntegerList: {
        std::vector<std::int64_t> list;
        for (std::size_t i = 0; i < items; ++i) list.push_back(whole(parameter));
        return list;
      }
      case ParameterKind::kRealList: {
        std::vector<double> list;
        for (std::size_t i = 0; i < items; ++i) list.push_back(real(parameter));
        return list;
      }
      case ParameterKind::kRealTuple: {
        const std::size_t least = parameter.min_items / parameter.group;
        const std::size_t groups = least + below(parameter.max_items / parameter.group - least + 1);
        std::vector<double> tuple;
        for (std::size_t i = 0; i < groups * parameter.group; ++i) {
          tuple.push_back(!tuple.empty() && chance(4) ? tuple.back() : real(parameter));
        }
        return tuple;
      }
      case ParameterKind::kChoiceList:
        break;
    }
    std::vector<std::string> list;
    for (std::size_t i = 0; i < items; ++i) list.push_back(choice(parameter));
    return list;
  }

 private:
  double real(const Parameter& parameter) {
    if (chance(4)) return parameter.min;
    if (chance(4)) return parameter.max;
    const double tiny = any_real();
    if (tiny >= parameter.min && tiny <= parameter.max) return tiny;
    return parameter.min + unit() * (parameter.max - parameter.min);
  }
  std::int64_t whole(const Parameter& parameter) {
    const auto count = static_cast<std::size_t>(parameter.max - parameter.min) + 1;
    return static_cast<std::int64_t>(parameter.min) + static_cast<std::int64_t>(below(count));
  }
  std::string choice(const Parameter& parameter) {
    return parameter.choices[below(parameter.choices.size())].name;
  }

  std::mt19937_64 engine_;
};

}  // namespace attnlab::test
