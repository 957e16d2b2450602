// The grain of answers, found from random answers of every kind, and compared with a slow search.
#include "core/extraction/learn/grain.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "core/base/text.h"
#include "tests/unit/extraction/models.h"

using namespace attnlab;
using namespace attnlab::extraction;
using namespace attnlab::test;

namespace {

/// Normal numbers times a power of ten of their own, 10^-spread to 10^spread.
std::vector<double> random_numbers(std::uint32_t index, std::size_t count, double spread = 0) {
  RandomStream stream = stream_of(index);
  std::vector<double> numbers(count);
  for (double& number : numbers) {
    number = stream.normal() * std::pow(10.0, spread * (2 * stream.uniform() - 1));
  }
  return numbers;
}

template <class Round>
std::vector<double> rounded(std::vector<double> numbers, Round round) {
  for (double& number : numbers) number = round(number);
  return numbers;
}

/// The shortest text of a single-precision number, read as a double.
double shortest_of_float(double x) {
  const float single = static_cast<float>(x);
  for (int digits = 1; digits <= 9; ++digits) {
    const double text = to_digits(single, digits);
    if (static_cast<float>(text) == single) return text;
  }
  return single;
}

/// bfloat16 by its bits: the upper half of a float, to the nearest even.
double bfloat16_of(double x) {
  auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(x));
  bits += 0x7fff + ((bits >> 16) & 1);
  return std::bit_cast<float>(bits & 0xffff0000U);
}

/// Decimals of the shortest text, by its letters.
int decimals_of(double x) {
  int decimals = 0;
  while (std::abs(to_digits(x * std::pow(10.0, decimals), 15) -
                  std::round(x * std::pow(10.0, decimals))) > 1e-9) {
    ++decimals;
  }
  return decimals;
}

}  // namespace

TEST_CASE("grain: decimals are found, and how many") {
  for (int decimals = 0; decimals <= 9; ++decimals) {
    for (std::uint32_t index = 0; index < 20; ++index) {
      const double scale = std::pow(10.0, decimals);
      std::vector<double> numbers = random_numbers(index, 30);
      for (double& number : numbers) number *= 30;
      // By the quotient, by the product, and by the printed text.
      for (const int way : {0, 1, 2}) {
        const std::vector<double> answers = rounded(numbers, [&](double x) {
          const double count = std::round(x * scale);
          return way == 0   ? count / scale
                 : way == 1 ? count * (1 / scale)
                            : *read_real(exact_text(count / scale));
        });
        const Grain grain = find_grain(answers);
        CAPTURE(decimals);
        REQUIRE(grain.kind == GrainKind::kStep);
        CHECK(grain.step == doctest::Approx(1 / scale).epsilon(1e-12));
        CHECK(grain.text() == (decimals == 0 ? "rounded to whole numbers"
                               : decimals == 1
                                   ? "rounded to 1 decimal"
                                   : "rounded to " + std::to_string(decimals) + " decimals"));
        // The slow search: the most decimals that any answer has.
        int most = 0;
        for (const double answer : answers) most = std::max(most, decimals_of(answer));
        CHECK(most == decimals);
      }
    }
  }
}

TEST_CASE("grain: a step that is not a power of ten is found to its last digit") {
  for (const double step : {0.05, 0.25, 1.0 / 3, 0.017, 3.0, 1.0 / 128, 2e-5}) {
    for (std::uint32_t index = 0; index < 20; ++index) {
      const Grain grain = find_grain(rounded(random_numbers(100 + index, 40), [&](double x) {
        return std::round(100 * x / step) * step;
      }));
      CAPTURE(step);
      REQUIRE(grain.kind == GrainKind::kStep);
      CHECK(grain.step == doctest::Approx(step).epsilon(1e-12));
    }
  }
  CHECK(Grain{GrainKind::kStep, 0.05, 0}.text() == "multiples of 0.05");
}

TEST_CASE("grain: significant digits are found whatever the sizes of the answers") {
  for (int digits = 1; digits <= 13; ++digits) {
    for (std::uint32_t index = 0; index < 20; ++index) {
      const Grain grain = find_grain(rounded(random_numbers(200 + index, 60, 4),
                                             [&](double x) { return to_digits(x, digits); }));
      CAPTURE(digits);
      REQUIRE(grain.kind == GrainKind::kDigits);
      CHECK(grain.figures == digits);
    }
  }
}

TEST_CASE("grain: float32 is found as a number, in its shortest digits, and in eight or nine") {
  for (std::uint32_t index = 0; index < 20; ++index) {
    const std::vector<double> numbers = random_numbers(300 + index, 60, 1);
    for (const int way : {0, 1, 8, 9}) {
      const Grain grain = find_grain(rounded(numbers, [&](double x) {
        const double single = static_cast<float>(x);
        return way == 0 ? single : way == 1 ? shortest_of_float(x) : to_digits(single, way);
      }));
      CAPTURE(way);
      REQUIRE(grain.kind == GrainKind::kBits);
      CHECK(grain.figures == 24);
    }
    // Seven digits are fewer than a float32 has.
    const Grain seven =
        find_grain(rounded(numbers, [](double x) { return to_digits(static_cast<float>(x), 7); }));
    CHECK(seven.kind == GrainKind::kDigits);
    CHECK(seven.figures == 7);
  }
}

TEST_CASE("grain: bfloat16 is found, and rounding by the grain is rounding by the bits") {
  const Grain bfloat16{GrainKind::kBits, 0, 8};
  for (std::uint32_t index = 0; index < 20; ++index) {
    const std::vector<double> numbers = random_numbers(400 + index, 60, 3);
    const Grain grain = find_grain(rounded(numbers, bfloat16_of));
    REQUIRE(grain.kind == GrainKind::kBits);
    CHECK(grain.figures == 8);
    for (const double number : numbers)
      CHECK(bfloat16.round(static_cast<float>(number)) == bfloat16_of(number));
  }
}

TEST_CASE(
    "grain: doubles have none, and few answers, zeros and one answer again and again say nothing") {
  for (std::uint32_t index = 0; index < 200; ++index) {
    CHECK(find_grain(random_numbers(500 + index, 4 + index, 2)).exact());
  }
  CHECK(find_grain({}).exact());
  CHECK(find_grain(std::vector<double>(100, 0.0)).exact());
  CHECK(find_grain(std::vector<double>(100, 0.5)).exact());
  CHECK(find_grain(std::vector<double>{0.5, 0.25, 0.75}).exact());
  CHECK(find_grain(std::vector<double>{0.1, 0.2, 0.3, 0.4, NAN}).exact());
  // Zeros between other answers do no harm.
  std::vector<double> answers =
      rounded(random_numbers(1, 20), [](double x) { return std::round(x * 100) / 100; });
  answers.resize(60, 0.0);
  CHECK(find_grain(answers).text() == "rounded to 2 decimals");
  // One answer that is finer than the others decides.
  answers.push_back(0.123456789012345);
  CHECK_FALSE(find_grain(answers).step == 0.01);
}

TEST_CASE("grain: neighbours are as far apart as the grain says") {
  for (const Grain& grain : {Grain{GrainKind::kStep, 0.01, 0}, Grain{GrainKind::kDigits, 0, 3},
                             Grain{GrainKind::kBits, 0, 8}, Grain{GrainKind::kBits, 0, 24}}) {
    for (const double number : random_numbers(600, 200, 2)) {
      const double answer = grain.round(number), distance = grain.at(answer);
      CHECK(grain.holds(answer));
      CHECK(std::abs(answer - number) <= 0.5 * distance * (1 + 1e-9));
      CHECK_FALSE(grain.holds(answer + 0.5 * distance));
      // Away from 0, because a power of ten or two has nearer neighbours below.
      const double away = std::copysign(distance, answer);
      CHECK(grain.round(answer + 0.75 * away) == doctest::Approx(answer + away).epsilon(1e-12));
    }
  }
  CHECK(Grain{}.at(3) == 0);
  CHECK(Grain{}.round(0.1) == 0.1);
}

TEST_CASE("grain: of two grains one after the other the coarser at each size is found") {
  const auto decimals = [](double x, int count) {
    const double scale = std::pow(10.0, count);
    return *read_real(exact_text(std::round(x * scale) / scale));
  };
  const Grain half{GrainKind::kBits, 0, 11};
  for (std::uint32_t index = 0; index < 20; ++index) {
    const std::vector<double> numbers = random_numbers(800 + index, 200, 2);
    const auto check = [&](const std::vector<double>& answers, const Grain& expected,
                           const char* text) {
      const Grain grain = find_grain(answers);
      CAPTURE(text);
      CHECK(grain == expected);
      CHECK(grain.text() == text);
      for (const double answer : answers) {
        const double coarser =
            std::max(Grain{expected.kind, 0, expected.figures}.at(answer), expected.step);
        CHECK(grain.at(answer) == coarser);
        CHECK(grain.holds(answer));
      }
    };
    check(rounded(numbers, [&](double x) { return decimals(half.round(x), 3); }),
          {GrainKind::kBits, 1e-3, 11}, "half-precision numbers (float16) rounded to 3 decimals");
    check(rounded(numbers, [&](double x) { return decimals(static_cast<float>(1e3 * x), 6); }),
          {GrainKind::kBits, 1e-6, 24}, "single-precision numbers (float32) rounded to 6 decimals");
    // The other way round: numbers with 4 decimals, stored as float32.
    check(rounded(numbers,
                  [&](double x) { return double(static_cast<float>(decimals(1e3 * x, 4))); }),
          {GrainKind::kBits, 1e-4, 24}, "single-precision numbers (float32) rounded to 4 decimals");
    check(rounded(numbers, [&](double x) { return to_digits(decimals(x, 4), 4); }),
          {GrainKind::kDigits, 1e-4, 4}, "rounded to 4 significant digits and to 4 decimals");
    check(rounded(numbers, [&](double x) { return decimals(to_digits(x, 3), 2); }),
          {GrainKind::kDigits, 1e-2, 3}, "rounded to 3 significant digits and to 2 decimals");
  }
}

TEST_CASE("grain: numbers with their last bits cut are found, and how many bits are left") {
  for (int bits = 4; bits <= 40; ++bits) {
    const double scale = std::ldexp(1.0, bits);
    const Grain grain = find_grain(rounded(random_numbers(900, 60, 3), [&](double x) {
      int exponent = 0;
      const double mantissa = std::frexp(x, &exponent);
      return std::ldexp(std::trunc(mantissa * scale) / scale, exponent);
    }));
    CAPTURE(bits);
    CHECK(grain == Grain{GrainKind::kBits, 0, bits});
    if (bits == 16) CHECK(grain.text() == "numbers of 16 significant bits");
  }
}

TEST_CASE("grain: half precision numbers near 0 are as far apart as the smallest ones") {
  std::vector<double> numbers = random_numbers(910, 60, 2);
  for (std::size_t i = 0; i < numbers.size(); i += 2) numbers[i] *= 1e-5;
  const double smallest = 0x1p-24;
  const Grain half{GrainKind::kBits, 0, 11};
  const Grain grain = find_grain(rounded(numbers, [&](double x) {
    return std::abs(x) < 0x1p-14 ? smallest * std::nearbyint(x / smallest) : half.round(x);
  }));
  CHECK(grain == Grain{GrainKind::kBits, smallest, 11});
  CHECK(grain.text() == "half-precision numbers (float16)");
}

TEST_CASE("two numbers are printed with as many digits as tell them apart") {
  CHECK(told_apart(-1.97, -1.97).first == told_apart(-1.97, -1.97).second);
  CHECK(told_apart(1, 2).first == "1");
  CHECK(told_apart(-1.9711, -1.9713).first == "-1.9711");
  CHECK(told_apart(-1.9711, -1.9713).second == "-1.9713");
  for (const double number : random_numbers(700, 200, 6)) {
    for (const double step : {1e-3, 1e-7, 1e-12, 2.3e-16}) {
      const double other = number * (1 + step);
      if (other == number) continue;
      const TwoTexts texts = told_apart(number, other);
      CHECK(texts.first != texts.second);
    }
  }
}

TEST_CASE("grain: rounding of the logarithm is found, with its relative step") {
  struct Case {
    double log_step;
    const char* text;
  };
  for (const Case& given : {Case{std::log(1.01), "1 %"}, Case{0.01, "1.01 %"}, Case{1e-3, "0.1 %"},
                            Case{std::log(2.0) / 8, "9.05 %"}}) {
    for (std::uint32_t index = 0; index < 20; ++index) {
      const auto by_exp = [&](double x) {
        const double steps = std::round(std::log(std::abs(x)) / given.log_step);
        return std::copysign(std::exp(steps * given.log_step), x);
      };
      const auto by_power = [&](double x) {
        const double steps = std::round(std::log(std::abs(x)) / given.log_step);
        return std::copysign(std::pow(std::exp(given.log_step), steps), x);
      };
      for (const std::vector<double>& answers :
           {rounded(random_numbers(700 + index, 60, 2), by_exp),
            rounded(random_numbers(700 + index, 60), by_power)}) {
        const Grain grain = find_grain(answers);
        CAPTURE(given.log_step);
        REQUIRE(grain.kind == GrainKind::kPowers);
        CHECK(grain.log_step == doctest::Approx(given.log_step).epsilon(1e-9));
        CHECK(grain.text() == "rounded relatively, by steps of " + std::string(given.text));
        for (const double answer : answers) {
          CHECK(grain.holds(answer));
          CHECK_FALSE(grain.holds(answer * (1 + 0.3 * given.log_step)));
          CHECK(std::abs(grain.round(answer * (1 + 0.4 * given.log_step)) / answer - 1) < 1e-9);
          CHECK(grain.at(answer) ==
                doctest::Approx(std::abs(answer) * std::expm1(given.log_step)).epsilon(1e-6));
        }
      }
    }
  }
}
