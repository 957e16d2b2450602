// Test errors of several models over several trials, as curves: the common currency of family A's
// tables, claims and figures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/numerics/statistics.h"
#include "core/random_features/models.h"
#include "core/random_features/fit/nested_fit.h"
#include "core/random_features/targets.h"

namespace attnlab::random_features {

/// A target with its degree or frequency: one function to learn.
struct TargetCase {
  const Target* target;
  double number;               ///< degree or frequency; 0 for a target without one
  std::string name() const;    ///< "mean-power 2"
  std::string symbol() const;  ///< "p = 2", "g = 1.5", or empty
  bool operator==(const TargetCase&) const = default;
};

/// Errors of one model on one target. All trials share their data with the same trial of every
/// other model, so that differences between curves are paired.
struct ErrorCurve {
  const RandomFeatureModel* model;
  TargetCase target;
  /// Value of the swept quantity (heads, mean of W, keys), if any; NaN for a level: the same for
  /// every value.
  double variant = 0;
  std::vector<double> sizes;                   ///< training samples, increasing
  std::vector<std::vector<double>> errors;     ///< [size][trial]; NaN: not there (yet)
  std::vector<std::vector<double>> strengths;  ///< [size][trial], relative ridge strength chosen
  std::vector<std::uint32_t> failed;  ///< [size], bit l: some trial's factorisation with ridge
                                      ///< strength l failed (strengths_of)
  std::vector<int> without_result;    ///< [size], finished trials in which no fit gave a number

  bool is_level() const;
  /// Mean over the trials that are there.
  Estimate at(std::size_t size) const;
  /// Sizes with at least one trial.
  std::vector<std::size_t> known_sizes() const;
};

/// Where the mean curve first falls to `level`, with the interval from the curves one standard
/// error above and below.
Crossing crossing_of(const ErrorCurve& curve, double level);

/// "460 ± 30", "> 4096", "< 16".
std::string crossing_text(const Crossing& crossing, const ErrorCurve& curve);

/// A 95 % interval from trials (Student's t); not known with fewer than two.
struct Interval {
  bool known = false;
  double mean = 0, low = 0, high = 0;
  int trials = 0;
};
/// `comparisons` intervals together: each at the level 1 - 0.05 / comparisons (Bonferroni).
Interval interval_of(std::span<const double> values, int comparisons = 1);

/// Errors of `b` minus errors of `a` at the size with that index, over the trials both have.
Interval paired_advantage(const ErrorCurve& a, const ErrorCurve& b, std::size_t size,
                          int comparisons = 1);

/// log(n_b / n_a) for reaching `level`, trial by trial. A trial in which b never gets there counts
/// with b's largest size: the true ratio is larger (`censored` of them). Not known when a trial of
/// a does not get there.
struct RatioInterval {
  Interval log_ratio;
  int censored = 0;
};
RatioInterval paired_ratio(const ErrorCurve& a, const ErrorCurve& b, double level);

}  // namespace attnlab::random_features
