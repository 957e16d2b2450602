#include "core/random_features/error_curves.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace attnlab::random_features {
namespace {

std::vector<double> present(const std::vector<double>& values) {
  std::vector<double> kept;
  for (const double value : values) {
    if (!std::isnan(value)) kept.push_back(value);
  }
  return kept;
}

/// Where one trial's own curve falls to the level.
Crossing trial_crossing(const ErrorCurve& curve, std::size_t trial, double level) {
  std::vector<double> x, y;
  for (std::size_t s = 0; s < curve.sizes.size(); ++s) {
    if (std::isnan(curve.errors[s][trial])) continue;
    x.push_back(curve.sizes[s]);
    y.push_back(curve.errors[s][trial]);
  }
  return interpolated_crossing(x, y, std::vector<double>(x.size(), 0.0), level);
}

double largest_size(const ErrorCurve& curve, std::size_t trial) {
  double largest = curve.sizes.front();
  for (std::size_t s = 0; s < curve.sizes.size(); ++s) {
    if (!std::isnan(curve.errors[s][trial])) largest = curve.sizes[s];
  }
  return largest;
}

}  // namespace

std::string TargetCase::name() const {
  if (target->number == TargetNumber::kNone) return std::string(target->id);
  return std::string(target->id) + " " + short_text(number);
}

std::string TargetCase::symbol() const {
  if (target->number == TargetNumber::kNone) return {};
  return (target->number == TargetNumber::kDegree ? "p = " : "g = ") + short_text(number);
}

bool ErrorCurve::is_level() const {
  return std::isnan(variant);
}

Estimate ErrorCurve::at(std::size_t size) const {
  return mean_and_error(present(errors[size]));
}

std::vector<std::size_t> ErrorCurve::known_sizes() const {
  std::vector<std::size_t> known;
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    if (at(s).count > 0) known.push_back(s);
  }
  return known;
}

Crossing crossing_of(const ErrorCurve& curve, double level) {
  std::vector<double> x, y, error;
  for (const std::size_t s : curve.known_sizes()) {
    const Estimate estimate = curve.at(s);
    x.push_back(curve.sizes[s]);
    y.push_back(estimate.mean);
    error.push_back(std::isnan(estimate.std_error) ? 0 : estimate.std_error);
  }
  return interpolated_crossing(x, y, error, level);
}

std::string crossing_text(const Crossing& crossing, const ErrorCurve& curve) {
  const auto known = curve.known_sizes();
  if (known.empty()) return "nothing measured yet";
  if (crossing.above_range) return "> " + short_text(curve.sizes[known.back()]);
  if (crossing.below_range) return "< " + short_text(curve.sizes[known.front()]);
  if (!crossing.found) return "unknown";
  const double half_width = (crossing.high - crossing.low) / 2;
  if (!(half_width > 0) || !std::isfinite(half_width)) {
    return std::to_string(std::lround(crossing.x));
  }
  return std::to_string(std::lround(crossing.x)) + " ± " +
         std::to_string(std::max(1L, std::lround(half_width)));
}

Interval interval_of(std::span<const double> values, int comparisons) {
  const Estimate estimate = mean_and_error(values);
  Interval interval;
  interval.trials = estimate.count;
  interval.mean = estimate.mean;
  if (estimate.count < 2) return interval;
  const double reach =
      student_t_quantile(1 - 0.025 / comparisons, estimate.count - 1.0) * estimate.std_error;
  interval.known = true;
  interval.low = estimate.mean - reach;
  interval.high = estimate.mean + reach;
  return interval;
}

Interval paired_advantage(const ErrorCurve& a, const ErrorCurve& b, std::size_t size,
                          int comparisons) {
  std::vector<double> differences;
  for (std::size_t trial = 0; trial < a.errors[size].size(); ++trial) {
    const double difference = b.errors[size][trial] - a.errors[size][trial];
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  return interval_of(differences, comparisons);
}

RatioInterval paired_ratio(const ErrorCurve& a, const ErrorCurve& b, double level) {
  RatioInterval result;
  std::vector<double> ratios;
  const std::size_t trials = a.errors.empty() ? 0 : a.errors.front().size();
  for (std::size_t trial = 0; trial < trials; ++trial) {
    const Crossing ca = trial_crossing(a, trial, level), cb = trial_crossing(b, trial, level);
    if (!ca.found || (!cb.found && !cb.above_range)) return result;
    if (!cb.found) ++result.censored;
    ratios.push_back(std::log((cb.found ? cb.x : largest_size(b, trial)) / ca.x));
  }
  result.log_ratio = interval_of(ratios);
  return result;
}

}  // namespace attnlab::random_features
