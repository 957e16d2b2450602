// Estimates with their uncertainty: means, quantiles, crossings and slopes of measured curves.
#pragma once

#include <cstddef>
#include <span>

namespace attnlab {

struct Estimate {
  double mean = 0.0;
  double std_error = 0.0;
  int count = 0;
};

/// Mean of `values` and its standard error s / sqrt(count), s^2 with count - 1. The error is NaN
/// for fewer than two values, and so is the mean of no values. Two passes with Neumaier's
/// compensated sums: the relative error is a few ULP whatever the order; callers that need equal
/// bytes sort first.
Estimate mean_and_error(std::span<const double> values);

/// The ratio of two means from paired values.
struct RatioEstimate {
  double value = 0.0;
  double low = 0.0, high = 0.0;  ///< -inf, inf when the denominator is not significantly above 0
};

/// mean(numerators) / mean(denominators) with Fieller's interval (Biometrics Bulletin 1, 1940:
/// exact for normal pairs), which misses with chance `tail` at each end. For spans of equal length
/// of at least 2; else the interval is open.
RatioEstimate ratio_of_means(std::span<const double> numerators,
                             std::span<const double> denominators, double tail);

/// P(T <= t) for Student's t with `dof` > 0 degrees of freedom (need not be whole); error below
/// 1e-9, and 1e-13 up to 1000 degrees. More than 1e7 count as 1e7.
double student_t_cdf(double t, double dof);

/// The t with P(T <= t) = p; relative error below 1e-6, and 1e-12 up to 1000 degrees. -inf and inf
/// for p = 0 and 1; NaN outside [0, 1] or for dof <= 0.
double student_t_quantile(double p, double dof);

/// Where a curve first comes down to a level.
struct Crossing {
  bool found = false;        ///< x is the crossing
  bool below_range = false;  ///< already at or below the level at the first point; x is that point
  bool above_range = false;  ///< never comes down to the level; x is the last point
  double x = 0.0;
  double low = 0.0;   ///< where y - y_error crosses; 0 when it starts below or is not known
  double high = 0.0;  ///< where y + y_error crosses; infinity when it never does or is not known
};

/// First crossing of `level` downwards by the polygon through (log x, y), for ascending x > 0.
/// [low, high] comes from the curves y -+ y_error. Points that are not finite are left out; an
/// empty curve has neither found nor below_range nor above_range. y_error may be empty (unknown).
Crossing interpolated_crossing(std::span<const double> x, std::span<const double> y,
                               std::span<const double> y_error, double level);

struct Slope {
  double value = 0.0;
  double std_error = 0.0;
};

/// Slope of log y against log x over the points first .. last - 1, by least squares weighted with
/// (y / y_error)^2. Its standard error is the propagated one, widened by sqrt(chi^2 / (points - 2))
/// where the points scatter more than their errors say; without errors (empty, or one of them not
/// positive and finite) the weights are equal and it comes from the scatter alone. Points with
/// x <= 0, y <= 0 or not finite are left out. NaN where there are too few points: the value needs
/// two, an error from the scatter three.
Slope log_log_slope(std::span<const double> x, std::span<const double> y,
                    std::span<const double> y_error, std::size_t first, std::size_t last);

}  // namespace attnlab
