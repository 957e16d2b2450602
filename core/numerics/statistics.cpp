// Statistics of measured curves; own log and exp, so that the numbers do not depend on a libm.
#include "core/numerics/statistics.h"

#include <algorithm>
#include <limits>

#include "core/numerics/elementary.h"

namespace attnlab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double magnitude(double x) {
  return x < 0.0 ? -x : x;
}

bool is_finite(double x) {
  return magnitude(x) < kInfinity;
}

/// Neumaier's compensated sum ("Rundungsfehleranalyse einiger Verfahren ...", 1974).
class Sum {
 public:
  void add(double value) {
    const double next = total_ + value;
    lost_ +=
        magnitude(total_) >= magnitude(value) ? (total_ - next) + value : (value - next) + total_;
    total_ = next;
  }
  double value() const { return total_ + lost_; }

 private:
  double total_ = 0.0;
  double lost_ = 0.0;
};

/// log of gamma(a + 1/2) / gamma(a) for a > 0: the recurrence up to 20, then the asymptotic series
/// (error below 1e-14), which does not cancel as a difference of two log gammas would.
double log_gamma_half_step(double a) {
  double product = 1.0;
  while (a < 20.0) {
    product *= a / (a + 0.5);
    a += 1.0;
  }
  const double z = 1.0 / (a * a);
  const double series = -(1.0 / 8 - z * (1.0 / 192 - z * (1.0 / 640 - z * (17.0 / 14336)))) / a;
  return 0.5 * portable_log(a) + series + portable_log(product);
}

/// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by
/// Lentz's method; converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMaxTerms = 10000;
  const auto guarded = [](double value) { return magnitude(value) < kTiny ? kTiny : value; };
  double c = 1.0;
  double d = 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int m = 1; m <= kMaxTerms; ++m) {
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / guarded(1.0 + even * d);
    c = guarded(1.0 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / guarded(1.0 + odd * d);
    c = guarded(1.0 + odd / c);
    fraction *= d * c;
    if (magnitude(d * c - 1.0) < 1e-16) break;
  }
  return fraction;
}

/// P(T > t) for t >= 0: half the regularised incomplete beta function I_x(dof / 2, 1 / 2) at
/// x = dof / (dof + t^2).
double upper_tail(double t, double dof) {
  const double square = t * t;
  if (square == kInfinity) return 0.0;
  const double a = 0.5 * dof;
  const double x = dof / (dof + square);
  const double y = square / (dof + square);
  if (y <= 0.0) return 0.5;
  if (x <= 0.0) return 0.0;
  constexpr double kLogPi = 1.1447298858494001741;
  const double front = portable_exp(log_gamma_half_step(a) - 0.5 * kLogPi + a * portable_log(x) +
                                    0.5 * portable_log(y));
  if (x < (a + 1.0) / (a + 2.5)) return 0.5 * front * beta_fraction(a, 0.5, x) / a;
  return 0.5 - front * beta_fraction(0.5, a, y);
}

/// Beyond this many degrees of freedom the quantiles no longer change within the stated accuracy.
double effective_dof(double dof) {
  return std::min(dof, 1e7);
}

/// Where the polygon through the finite points first reaches `level` from above; 0 when it starts
/// at or below, infinity when it stays above, NaN without points. `shift` times the error is added.
double first_crossing(std::span<const double> x, std::span<const double> y,
                      std::span<const double> error, double shift, double level) {
  double previous_x = kNan;
  double previous_y = kNan;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double value = shift == 0.0 ? y[i] : error.empty() ? kNan : y[i] + shift * error[i];
    if (!is_finite(value) || !is_finite(x[i]) || !(x[i] > 0.0)) continue;
    if (value <= level) {
      if (!is_finite(previous_x)) return 0.0;
      const double part = (previous_y - level) / (previous_y - value);
      const double log_ratio = portable_log(x[i] / previous_x);
      return std::min(previous_x * portable_exp(part * log_ratio), x[i]);
    }
    previous_x = x[i];
    previous_y = value;
  }
  return is_finite(previous_x) ? kInfinity : kNan;
}

}  // namespace

Estimate mean_and_error(std::span<const double> values) {
  const double count = static_cast<double>(values.size());
  if (values.empty()) return {kNan, kNan, 0};
  Sum sum;
  for (const double value : values) sum.add(value);
  const double mean = sum.value() / count;
  if (values.size() < 2) return {mean, kNan, 1};
  Sum squares;
  Sum rest;  // corrects for the rounding of the mean (Chan, Golub and LeVeque)
  for (const double value : values) {
    squares.add((value - mean) * (value - mean));
    rest.add(value - mean);
  }
  const double variance = (squares.value() - rest.value() * rest.value() / count) / (count - 1.0);
  return {mean, __builtin_sqrt((variance < 0.0 ? 0.0 : variance) / count),
          static_cast<int>(values.size())};
}

RatioEstimate ratio_of_means(std::span<const double> numerators,
                             std::span<const double> denominators, double tail) {
  const Estimate a = mean_and_error(numerators), b = mean_and_error(denominators);
  const RatioEstimate open{a.mean / b.mean, -kInfinity, kInfinity};
  if (a.count < 2 || a.count != b.count) return open;
  Sum products;
  for (std::size_t i = 0; i < numerators.size(); ++i) {
    products.add((numerators[i] - a.mean) * (denominators[i] - b.mean));
  }
  const double t = student_t_quantile(1.0 - tail, a.count - 1.0);
  const double count = static_cast<double>(a.count);
  const double covariance = products.value() / (count * (count - 1.0));
  // The ratios r for which mean(numerators - r * denominators) does not differ significantly from
  // 0.
  const double square = b.mean * b.mean - t * t * b.std_error * b.std_error;
  const double mixed = a.mean * b.mean - t * t * covariance;
  const double rest = a.mean * a.mean - t * t * a.std_error * a.std_error;
  if (!(square > 0.0) || b.mean < 0.0) return open;
  const double root = __builtin_sqrt(std::max(0.0, mixed * mixed - square * rest));
  return {a.mean / b.mean, (mixed - root) / square, (mixed + root) / square};
}

double student_t_cdf(double t, double dof) {
  if (t != t || !(dof > 0.0)) return kNan;
  const double tail = upper_tail(magnitude(t), effective_dof(dof));
  return t < 0.0 ? tail : 1.0 - tail;
}

double student_t_quantile(double p, double dof) {
  if (!(p >= 0.0 && p <= 1.0) || !(dof > 0.0)) return kNan;
  if (p == 0.0) return -kInfinity;
  if (p == 1.0) return kInfinity;
  if (p == 0.5) return 0.0;
  const double tail = p < 0.5 ? p : 1.0 - p;
  const double sign = p < 0.5 ? -1.0 : 1.0;
  // Bisection in log t: the tail falls steadily, and 200 halvings of this bracket reach the last
  // bit; the quantile is asked for a few times a figure, so speed does not matter.
  double low = -700.0;
  double high = 700.0;
  for (int step = 0; step < 200 && low < high; ++step) {
    const double middle = 0.5 * (low + high);
    if (middle == low || middle == high) break;
    (upper_tail(portable_exp(middle), effective_dof(dof)) > tail ? low : high) = middle;
  }
  return sign * portable_exp(0.5 * (low + high));
}

Crossing interpolated_crossing(std::span<const double> x, std::span<const double> y,
                               std::span<const double> y_error, double level) {
  Crossing crossing;
  const double at = first_crossing(x, y, y_error, 0.0, level);
  const double low = first_crossing(x, y, y_error, -1.0, level);
  const double high = first_crossing(x, y, y_error, 1.0, level);
  crossing.low = low == low ? low : 0.0;
  crossing.high = high == high ? high : kInfinity;
  crossing.found = at > 0.0 && at < kInfinity;
  crossing.below_range = at == 0.0;
  crossing.above_range = at == kInfinity;
  crossing.x = at;
  if (at != at || crossing.found) return crossing;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!is_finite(y[i]) || !is_finite(x[i]) || !(x[i] > 0.0)) continue;
    crossing.x = x[i];
    if (crossing.below_range) break;
  }
  // A curve that begins below the level may cross anywhere before, one that never comes down may
  // cross anywhere later.
  if (crossing.below_range) crossing.low = 0.0;
  if (crossing.above_range) crossing.high = kInfinity;
  if (crossing.below_range && crossing.high == 0.0) crossing.high = crossing.x;
  if (crossing.above_range && crossing.low == kInfinity) crossing.low = crossing.x;
  return crossing;
}

Slope log_log_slope(std::span<const double> x, std::span<const double> y,
                    std::span<const double> y_error, std::size_t first, std::size_t last) {
  const auto usable = [&](std::size_t i) {
    return x[i] > 0.0 && y[i] > 0.0 && is_finite(x[i]) && is_finite(y[i]);
  };
  last = std::min(last, std::min(x.size(), y.size()));
  bool known = y_error.size() >= last;
  for (std::size_t i = first; i < last && known; ++i) {
    if (usable(i)) known = y_error[i] > 0.0 && is_finite(y_error[i]);
  }
  const auto weight = [&](std::size_t i) {
    return known ? (y[i] / y_error[i]) * (y[i] / y_error[i]) : 1.0;
  };
  double points = 0.0, total = 0.0, mean_x = 0.0, mean_y = 0.0;
  for (std::size_t i = first; i < last; ++i) {
    if (!usable(i)) continue;
    points += 1.0;
    total += weight(i);
    mean_x += weight(i) * portable_log(x[i]);
    mean_y += weight(i) * portable_log(y[i]);
  }
  mean_x /= total;
  mean_y /= total;
  double spread = 0.0, product = 0.0;
  for (std::size_t i = first; i < last; ++i) {
    if (!usable(i)) continue;
    const double dx = portable_log(x[i]) - mean_x;
    spread += weight(i) * dx * dx;
    product += weight(i) * dx * (portable_log(y[i]) - mean_y);
  }
  if (points < 2.0 || !(spread > 0.0)) return {kNan, kNan};
  const double slope = product / spread;
  double chi_square = 0.0;
  for (std::size_t i = first; i < last; ++i) {
    if (!usable(i)) continue;
    const double rest = portable_log(y[i]) - mean_y - slope * (portable_log(x[i]) - mean_x);
    chi_square += weight(i) * rest * rest;
  }
  const double scatter = points > 2.0 ? chi_square / (points - 2.0) : kNan;
  const double widening = known ? std::max(1.0, points > 2.0 ? scatter : 1.0) : scatter;
  return {slope, __builtin_sqrt(widening / spread)};
}

}  // namespace attnlab
