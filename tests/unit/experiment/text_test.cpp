#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "core/base/text.h"
#include "tests/unit/experiment/random_values.h"

using namespace attnlab;

namespace {
const double kNan = std::nan("");
const double kInfinity = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("every finite double reads back from its exact text, bit for bit") {
  test::RandomValues random(1);
  for (int i = 0; i < 20000; ++i) {
    const double value = i % 2 == 0 ? random.any_real() : 100 * random.unit();
    const auto read = read_real(exact_text(value));
    REQUIRE(read.has_value());
    CHECK(std::bit_cast<std::uint64_t>(*read) == std::bit_cast<std::uint64_t>(value));
  }
}

TEST_CASE("exact text is the shortest of the usual ones and has a tidy exponent") {
  CHECK(exact_text(0.1) == "0.1");
  CHECK(exact_text(1.0) == "1");
  CHECK(exact_text(-2.5) == "-2.5");
  CHECK(exact_text(1e-8) == "1e-8");
  CHECK(exact_text(1e20) == "1e20");
  CHECK(exact_text(1e-300) == "1e-300");
  CHECK(exact_text(0.1 + 0.2) == "0.30000000000000004");
  CHECK(exact_text(kNan) == "nan");
  CHECK(exact_text(-kInfinity) == "-inf");
}

TEST_CASE("every 64-bit integer reads back from its text") {
  test::RandomValues random(2);
  for (int i = 0; i < 5000; ++i) {
    const auto value = static_cast<std::int64_t>(random.bits() >> random.below(64));
    CHECK(read_integer(exact_text(value)) == value);
    CHECK(read_integer(exact_text(-value)) == -value);
  }
  CHECK(exact_text(std::int64_t{INT64_MIN}) == "-9223372036854775808");
  CHECK(read_integer("-9223372036854775808") == INT64_MIN);
  CHECK(read_integer("9223372036854775807") == INT64_MAX);
  CHECK_FALSE(read_integer("9223372036854775808"));
  CHECK_FALSE(read_integer("-9223372036854775809"));
}

TEST_CASE("integers are read from digits with a sign and nothing else") {
  CHECK(read_integer("+5") == 5);
  CHECK(read_integer("007") == 7);
  for (const char* text : {"", "-", "+", " 5", "5 ", "1e3", "1.0", "0x10", "--5", "5-"}) {
    CAPTURE(text);
    CHECK_FALSE(read_integer(text));
  }
}

TEST_CASE("reals are read from decimal text and nothing else") {
  CHECK(read_real("1e3") == 1000.0);
  CHECK(read_real("-.5") == -0.5);
  CHECK(read_real("5.") == 5.0);
  CHECK(read_real("+1E-2") == 0.01);
  CHECK(read_real("1e999") == kInfinity);
  for (const char* text : {"", " 1", "1 ", "1,5", "0x10", "0x1p3", "1e", "1e+", ".", "e5", "1.2.3",
                           "nano", "infinite", "nan(1)", "1f"}) {
    CAPTURE(text);
    CHECK_FALSE(read_real(text));
  }
}

TEST_CASE("nan and infinity are read as such so that they can be refused by name") {
  CHECK(std::isnan(*read_real("nan")));
  CHECK(std::isnan(*read_real("-NaN")));
  CHECK(read_real("inf") == kInfinity);
  CHECK(read_real("-Infinity") == -kInfinity);
}

TEST_CASE("numbers for people have three digits and small integers stay whole") {
  CHECK(short_text(0.16101) == "0.161");
  CHECK(short_text(460.0) == "460");
  CHECK(short_text(123456.0) == "123456");
  CHECK(short_text(1234.5678) == "1235");
  CHECK(short_text(999.9) == "1000");
  CHECK(short_text(1.2e-8) == "1.2e-8");
  CHECK(short_text(2.5e6) == "2.5e6");
  CHECK(short_text(0.0) == "0");
  CHECK(short_text(-0.0) == "0");
  CHECK(short_text(kNan) == "nan");
}

TEST_CASE("an estimate shows its error with two digits and its value to the same decimal") {
  CHECK(estimate_text(0.1609, 0.0101) == "0.161 ± 0.010");
  CHECK(estimate_text(0.1609, 0.00996) == "0.161 ± 0.010");
  CHECK(estimate_text(0.1609, 0.0994) == "0.161 ± 0.099");
  CHECK(estimate_text(-3.14159, 0.25) == "-3.14 ± 0.25");
  CHECK(estimate_text(459.7, 29.6) == "460 ± 30");
  CHECK(estimate_text(12345, 678) == "12350 ± 680");
  CHECK(estimate_text(-0.001, 0.25) == "0.00 ± 0.25");
  CHECK(estimate_text(1.2e-8, 3e-9) == "(1.20 ± 0.30)e-8");
  CHECK(estimate_text(1e9, 2e8) == "(1.00 ± 0.20)e9");
  CHECK(estimate_text(1, 1e-9) == "1.0000000000 ± 0.0000000010");
}

TEST_CASE("an estimate without a known error is a plain number") {
  CHECK(estimate_text(0.1609, kNan) == "0.161");
  CHECK(estimate_text(5, 0) == "5 ± 0");
  CHECK(estimate_text(kNan, 0.1) == "nan");
  CHECK(estimate_text(5, kInfinity) == "5 ± inf");
}

TEST_CASE("any estimate has a short text") {
  test::RandomValues random(3);
  for (int i = 0; i < 5000; ++i) {
    const double value = random.any_real(), error = random.any_real();
    CHECK(estimate_text(value, error).size() < 64);
  }
}

TEST_CASE("durations are given in the two largest units") {
  CHECK(duration_text(0) == "0 s");
  CHECK(duration_text(1.23) == "1.2 s");
  CHECK(duration_text(9.97) == "10 s");
  CHECK(duration_text(59.6) == "1 min");
  CHECK(duration_text(200) == "3 min 20 s");
  CHECK(duration_text(3599.8) == "1 h");
  CHECK(duration_text(7500) == "2 h 5 min");
  CHECK(duration_text(86400 + 7200) == "1 d 2 h");
  CHECK(duration_text(-1) == "unknown");
  CHECK(duration_text(kNan) == "unknown");
}

TEST_CASE("bytes are given in powers of 1000") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(64000) == "64 kB");
  CHECK(bytes_text(1.2e9) == "1.2 GB");
  CHECK(bytes_text(999.9e3) == "1 MB");
  CHECK(bytes_text(2e9) == "2 GB");
  CHECK(bytes_text(34.4e9) == "34 GB");
}
