// Exact tails of the binomial distribution, and exact bounds of its success probability (`share`).
#pragma once

namespace attnlab {

/// P(X >= successes) for X ~ binomial(tries, share); relative error about 1e-13 times the number of
/// tries. 1 for successes <= 0, 0 for successes > tries, NaN for a share outside [0, 1].
double binomial_upper_tail(int successes, int tries, double share);

/// Clopper and Pearson's exact lower bound (Biometrika 26, 1934): the share at which
/// P(X >= successes) is `tail`; 0 for no success. A two-sided 95 % interval takes tail = 0.025 at
/// both ends.
double share_lower_bound(int successes, int tries, double tail);

/// The upper bound: 1 for no failure.
double share_upper_bound(int successes, int tries, double tail);

}  // namespace attnlab
