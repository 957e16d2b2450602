// Tails by direct summation away from the mode, bounds by bisection.
#include "core/numerics/binomial.h"

#include <algorithm>
#include <limits>

#include "core/numerics/elementary.h"

namespace attnlab {
namespace {

/// log C(tries, successes).
double log_choices(int tries, int successes) {
  double sum = 0;
  for (int i = 1; i <= std::min(successes, tries - successes); ++i) {
    sum += portable_log(static_cast<double>(tries - i + 1) / i);
  }
  return sum;
}

/// P(X = from) + P(X = from + 1) + ... for `from` at or above the mode, where terms only fall.
double falling_sum(int from, int tries, double share) {
  if (from > tries) return 0.0;
  const double odds = share / (1.0 - share);
  double term = portable_exp(log_choices(tries, from) + from * portable_log(share) +
                             (tries - from) * portable_log(1.0 - share));
  double sum = 0.0;
  for (int k = from; k <= tries && term > 1e-18 * sum; ++k) {
    sum += term;
    term *= odds * (tries - k) / (k + 1.0);
  }
  return std::min(1.0, sum);
}

}  // namespace

double binomial_upper_tail(int successes, int tries, double share) {
  if (!(share >= 0.0 && share <= 1.0)) return std::numeric_limits<double>::quiet_NaN();
  if (successes <= 0) return 1.0;
  if (successes > tries || share == 0.0) return 0.0;
  if (share == 1.0) return 1.0;
  if (successes >= share * (tries + 1.0)) return falling_sum(successes, tries, share);
  return 1.0 - falling_sum(tries - successes + 1, tries, 1.0 - share);  // P(failures > ...)
}

double share_lower_bound(int successes, int tries, double tail) {
  if (successes <= 0) return 0.0;
  double low = 0.0;
  double high = 1.0;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (binomial_upper_tail(successes, tries, middle) < tail ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double share_upper_bound(int successes, int tries, double tail) {
  return 1.0 - share_lower_bound(tries - successes, tries, tail);
}

}  // namespace attnlab
