#include "core/numerics/elementary.h"
#include "core/numerics/elementary_batch.h"
#include "core/numerics/linear_algebra.h"

#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>
#include <limits>

#include "tests/unit/numerics/reference.h"

namespace attnlab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kPoints = 20000;

/// Error of `got` in units of the last place that `exact` would have in T.
template <class T>
double ulps(T got, long double exact) {
  if (exact == 0) return got == 0 ? 0.0 : 1e300;
  const int exponent = std::max(std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
  const long double ulp = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits + 1);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) / ulp);
}

/// Largest error over points spread evenly over [low, high], in size or (with `spread_log`) in
/// magnitude and both signs.
template <class T, class Ours, class Exact>
double worst_ulps(double low, double high, bool spread_log, Ours ours, Exact exact) {
  RandomStream random(1, hash_name("elementary"), 0);
  double worst = 0.0;
  for (int i = 0; i < kPoints; ++i) {
    const double u = random.uniform();
    double x = low + (high - low) * u;
    if (spread_log) x = low * std::pow(high / low, u) * (random.below(2) == 0 ? 1.0 : -1.0);
    const T argument = static_cast<T>(x);
    worst = std::max(worst, ulps(ours(argument), exact(static_cast<long double>(argument))));
  }
  return worst;
}

}  // namespace

// The bits are the same on every platform (last test below), so that measuring the accuracy where
// long double carries 11 more bits and its library is good measures it everywhere.
#if LDBL_MANT_DIG == 64 && !defined(__EMSCRIPTEN__)

TEST_CASE("exp is within its stated error over the whole range") {
  const auto ours = [](auto x) { return portable_exp(x); };
  const auto exact = [](long double x) { return std::exp(x); };
  CHECK(worst_ulps<double>(-708.0, 709.78, false, ours, exact) < 1.0);
  CHECK(worst_ulps<double>(-1.0, 1.0, false, ours, exact) < 1.0);
  CHECK(worst_ulps<double>(1e-20, 1.0, true, ours, exact) < 1.0);
  CHECK(worst_ulps<double>(-745.0, -708.0, false, ours, exact) < 1.5);
  CHECK(worst_ulps<float>(-87.0, 88.72, false, ours, exact) < 1.0);
  CHECK(worst_ulps<float>(1e-10, 1.0, true, ours, exact) < 1.0);
  CHECK(worst_ulps<float>(-103.0, -87.0, false, ours, exact) < 1.5);
}

TEST_CASE("log is within its stated error over the whole range") {
  const auto ours = [](auto x) { return portable_log(x < 0 ? -x : x); };
  const auto exact = [](long double x) { return std::log(std::fabs(x)); };
  CHECK(worst_ulps<double>(1e-307, 1e307, true, ours, exact) < 1.0);
  CHECK(worst_ulps<double>(5e-324, 2e-308, true, ours, exact) < 1.0);
  CHECK(worst_ulps<double>(0.5, 2.0, false, ours, exact) < 1.0);
  CHECK(worst_ulps<double>(1.0 - 1e-6, 1.0 + 1e-6, false, ours, exact) < 1.0);
  CHECK(worst_ulps<float>(1e-37, 1e38, true, ours, exact) < 1.0);
  CHECK(worst_ulps<float>(2e-45, 1e-38, true, ours, exact) < 1.0);
  CHECK(worst_ulps<float>(0.5, 2.0, false, ours, exact) < 1.0);
}

TEST_CASE("sin and cos are within their stated error for small, ordinary and huge arguments") {
  // The long double oracle itself reduces exactly only to about 2^63; beyond, cosine and sine are
  // checked through the identities in the next test.
  const auto sine = [](double x) { return portable_sin(x); };
  const auto cosine = [](double x) { return portable_cos(x); };
  const auto exact_sine = [](long double x) { return std::sin(x); };
  const auto exact_cosine = [](long double x) { return std::cos(x); };
  for (const double high : {1.0, 10.0, 1e4, 1e6, 1e12, 1e18}) {
    CAPTURE(high);
    CHECK(worst_ulps<double>(-high, high, false, sine, exact_sine) < 1.0);
    CHECK(worst_ulps<double>(-high, high, false, cosine, exact_cosine) < 1.0);
  }
  CHECK(worst_ulps<double>(1e-300, 1e3, true, sine, exact_sine) < 1.0);
  // The doubles that come nearest to a multiple of pi/2.
  for (const double x : {3.141592653589793, 355.0, 5.319372648326541e+255, 6381956970095103.0}) {
    CAPTURE(x);
    CHECK(ulps(portable_sin(x), std::sin(static_cast<long double>(x))) < 1.0);
    CHECK(ulps(portable_cos(x), std::cos(static_cast<long double>(x))) < 1.0);
  }
}

TEST_CASE("sine and cosine of turns are within their stated error") {
  const long double two_pi = 6.283185307179586476925286766559L;
  const auto worst = [&](bool sine) {
    return worst_ulps<double>(
        -0.125, 0.125, false,
        [&](double u) { return sine ? sincos_turns(u).sin : sincos_turns(u).cos; },
        [&](long double u) { return sine ? std::sin(two_pi * u) : std::cos(two_pi * u); });
  };
  CHECK(worst(true) < 1.0);
  CHECK(worst(false) < 1.0);
}

#endif

TEST_CASE("sine and cosine of huge arguments satisfy the addition theorem") {
  RandomStream random(2, hash_name("elementary"), 1);
  for (int i = 0; i < 2000; ++i) {
    const double x = std::ldexp(1.0 + random.uniform(), static_cast<int>(random.below(1021)));
    const double s = portable_sin(x), c = portable_cos(x);
    CHECK(std::fabs(s * s + c * c - 1.0) < 1e-15);
    CHECK(std::fabs(portable_sin(2 * x) - 2 * s * c) < 1e-15);
    CHECK(std::fabs(portable_cos(2 * x) - (c - s) * (c + s)) < 1e-15);
  }
}

TEST_CASE("elementary functions at the edges of their range") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(portable_exp(0.0) == 1.0);
  CHECK(portable_exp(-kInfinity) == 0.0);
  CHECK(portable_exp(kInfinity) == kInfinity);
  CHECK(portable_exp(709.79) == kInfinity);
  CHECK(portable_exp(1e308) == kInfinity);
  CHECK(portable_exp(-1e308) == 0.0);
  CHECK(portable_exp(-745.13) == 5e-324);
  CHECK(std::isnan(portable_exp(NAN)));
  CHECK(portable_exp(0.0F) == 1.0F);
  CHECK(portable_exp(-infinity) == 0.0F);
  CHECK(portable_exp(89.0F) == infinity);
  CHECK(portable_exp(-104.0F) == 0.0F);
  CHECK(std::isnan(portable_exp(NAN)));
  CHECK(portable_log(1.0) == 0.0);
  CHECK(portable_log(0.0) == -kInfinity);
  CHECK(portable_log(-0.0) == -kInfinity);
  CHECK(portable_log(kInfinity) == kInfinity);
  CHECK(std::isnan(portable_log(-1.0)));
  CHECK(std::isnan(portable_log(-kInfinity)));
  CHECK(std::isnan(portable_log(static_cast<double>(NAN))));
  CHECK(portable_log(1.0F) == 0.0F);
  CHECK(portable_log(0.0F) == -infinity);
  CHECK(std::isnan(portable_log(-1.0F)));
  CHECK(portable_sin(0.0) == 0.0);
  CHECK(std::signbit(portable_sin(-0.0)));
  CHECK(portable_sin(5e-324) == 5e-324);
  CHECK(portable_cos(0.0) == 1.0);
  for (const double x : {kInfinity, -kInfinity, std::nan("")}) {
    CHECK(std::isnan(portable_sin(x)));
    CHECK(std::isnan(portable_cos(x)));
    CHECK(std::isnan(sincos_turns(x).sin));
  }
  for (const double turns : {0.0, 1.0, -3.0, 0x1p60, -0x1p51}) {
    CHECK(sincos_turns(turns).sin == 0.0);
    CHECK(sincos_turns(turns).cos == 1.0);
    if (std::fabs(turns) > 0x1p49) continue;
    CHECK(sincos_turns(turns + 0.25).sin == 1.0);
    CHECK(sincos_turns(turns + 0.25).cos == 0.0);
    CHECK(sincos_turns(turns + 0.5).cos == -1.0);
    CHECK(sincos_turns(turns - 0.25).sin == -1.0);
  }
  CHECK(sincos_turns(0x1p51 + 0.5).cos == -1.0);
}

TEST_CASE("exp and log of many numbers have the bits of one after the other, on every target") {
  for (const SimdTarget& target : available_targets()) {
    force_target(target);
    RandomStream stream(1, hash_name("test/elementary-batch"), 0);
    for (std::size_t count = 0; count <= 130; ++count) {
      std::vector<double> exps(count), logs(count);
      for (std::size_t i = 0; i < count; ++i) {
        exps[i] = -800 + 1500 * stream.uniform();
        logs[i] = portable_exp(-700 + 1400 * stream.uniform());
      }
      if (count > 3) exps[1] = -INFINITY, exps[2] = 0;
      std::vector<double> expected_exps(exps), expected_logs(logs);
      for (double& x : expected_exps) x = portable_exp(x);
      for (double& x : expected_logs) x = portable_log(x);
      exp_of_each(exps);
      log_of_each(logs);
      CHECK(exps == expected_exps);
      CHECK(logs == expected_logs);
    }
  }
  force_target(available_targets().back());
}

TEST_CASE("elementary functions have the same bits on every platform") {
  RandomStream random(3, hash_name("elementary"), 2);
  test::Fingerprint fingerprint;
  for (int i = 0; i < 20000; ++i) {
    const double u = random.uniform();
    fingerprint.add(portable_exp(-745.0 + 1450.0 * u));
    fingerprint.add(portable_exp(static_cast<float>(-103.0 + 190.0 * u)));
    fingerprint.add(portable_log(portable_exp(-744.0 + 1450.0 * u)));
    fingerprint.add(portable_log(static_cast<float>(u)));
    const double x = (u - 0.5) * portable_exp(600.0 * random.uniform() - 20.0);
    fingerprint.add(portable_sin(x));
    fingerprint.add(portable_cos(x));
    fingerprint.add(portable_sin(20.0 * u));
    fingerprint.add(sincos_turns(4.0 * u).sin);
    fingerprint.add(sincos_turns(4.0 * u).cos);
  }
  CHECK(fingerprint.value() == 4121943959493487276u);
}

}  // namespace attnlab
