#include "core/random_features/formula_arithmetic.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/numerics/elementary.h"
#include "core/numerics/elementary_batch.h"

namespace attnlab::random_features {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostWholePower = 64;

/// Error below 4e-16 relative: a continued fraction near 0, where 1 - 2 / (e^2x + 1) would cancel.
double portable_tanh(double x) {
  const double size = std::abs(x);
  if (size < 0.55) {
    const double z = x * x;
    double tail = 17;
    for (double odd = 15; odd > 0; odd -= 2) tail = odd + z / tail;
    return x / tail;
  }
  const double value = 1 - 2 / (portable_exp(2 * size) + 1);
  return x < 0 ? -value : value;
}

/// A whole power of at most kMostWholePower as a product, others as e^(y log x).
double power(double x, double y) {
  if (y == std::floor(y) && std::abs(y) <= kMostWholePower) {
    double result = 1;
    for (int i = 0; i < static_cast<int>(std::abs(y)); ++i) result *= x;
    return y < 0 ? 1 / result : result;
  }
  if (x == 0 && y > 0) return 0;
  return portable_exp(y * portable_log(x));
}

double equal(double a, double b) {
  return a != a || b != b ? kNaN : a == b ? 1.0 : 0.0;
}

bool takes_two(FormulaOp op) {
  return op >= FormulaOp::kAdd && op <= FormulaOp::kEqual;
}

void log_row(std::span<double> values) {
  constexpr double kLeast = std::numeric_limits<double>::min();
  constexpr double kMost = std::numeric_limits<double>::max();
  if (std::all_of(values.begin(), values.end(),
                  [](double v) { return v >= kLeast && v <= kMost; })) {
    log_of_each(values);
  } else {
    for (double& value : values) value = portable_log(value);
  }
}

}  // namespace

double larger(double a, double b) {
  return a > b || a != a ? a : b;
}
double smaller(double a, double b) {
  return a < b || a != a ? a : b;
}

double apply(FormulaOp op, double a, double b) {
  switch (op) {
    case FormulaOp::kAdd:
      return a + b;
    case FormulaOp::kSubtract:
      return a - b;
    case FormulaOp::kMultiply:
      return a * b;
    case FormulaOp::kDivide:
      return a / b;
    case FormulaOp::kPower:
      return power(a, b);
    case FormulaOp::kEqual:
      return equal(a, b);
    case FormulaOp::kNegate:
      return -a;
    case FormulaOp::kCos:
      return portable_cos(a);
    case FormulaOp::kSin:
      return portable_sin(a);
    case FormulaOp::kTanh:
      return portable_tanh(a);
    case FormulaOp::kExp:
      return portable_exp(a);
    case FormulaOp::kLog:
      return portable_log(a);
    case FormulaOp::kSqrt:
      return a < 0 ? kNaN : std::sqrt(a);
    case FormulaOp::kAbs:
      return std::abs(a);
    case FormulaOp::kRelu:
      return a < 0 ? 0 : a;
    case FormulaOp::kSign:
      return a > 0 ? 1 : a < 0 ? -1 : a;
    default:
      return kNaN;  // not an operation on single numbers
  }
}

void exp_row(std::span<double> values) {
  if (std::all_of(values.begin(), values.end(), [](double v) { return v <= 709; })) {
    exp_of_each(values);
  } else {
    for (double& value : values) value = portable_exp(value);
  }
}

// Every case is a loop of its own, which the compiler vectorises.
void apply_row(FormulaOp op, const double* a, const double* b, double* out, std::size_t count) {
  const auto each = [&](auto f) {
    for (std::size_t l = 0; l < count; ++l) out[l] = f(l);
  };
  switch (op) {
    case FormulaOp::kAdd:
      return each([&](std::size_t l) { return a[l] + b[l]; });
    case FormulaOp::kSubtract:
      return each([&](std::size_t l) { return a[l] - b[l]; });
    case FormulaOp::kMultiply:
      return each([&](std::size_t l) { return a[l] * b[l]; });
    case FormulaOp::kDivide:
      return each([&](std::size_t l) { return a[l] / b[l]; });
    case FormulaOp::kNegate:
      return each([&](std::size_t l) { return -a[l]; });
    case FormulaOp::kAbs:
      return each([&](std::size_t l) { return std::abs(a[l]); });
    case FormulaOp::kRelu:
      return each([&](std::size_t l) { return a[l] < 0 ? 0 : a[l]; });
    case FormulaOp::kExp:
      std::copy_n(a, count, out);
      return exp_row({out, count});
    case FormulaOp::kLog:
      std::copy_n(a, count, out);
      return log_row({out, count});
    case FormulaOp::kPower: {
      // Mostly one whole power for all lanes: products of rows.
      const double exponent = b[0];
      const bool same = std::all_of(b, b + count, [&](double e) { return e == exponent; });
      if (!same || !(exponent >= 0 && exponent <= kMostWholePower) ||
          exponent != std::floor(exponent))
        return each([&](std::size_t l) { return power(a[l], b[l]); });
      const auto factors = static_cast<int>(exponent);
      return each([&](std::size_t l) {
        double result = 1;
        for (int i = 0; i < factors; ++i) result *= a[l];
        return result;
      });
    }
    default:
      return each([&](std::size_t l) { return apply(op, a[l], takes_two(op) ? b[l] : 0); });
  }
}

}  // namespace attnlab::random_features
