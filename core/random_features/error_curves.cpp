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

/// Where errors at these sizes fall to the level, as a log of the sample size.
struct TrialCrossing {
  double log_size;
  bool below, above;  ///< outside the sizes
};
TrialCrossing trial_crossing(const std::vector<double>& sizes, const std::vector<double>& errors,
                             double level) {
  const Crossing crossing = interpolated_crossing(sizes, errors, {}, level);
  return {std::log(crossing.x), crossing.below_range, crossing.above_range};
}

}  // namespace

std::string TargetCase::name() const {
  if (target->number == TargetNumber::kNone) return std::string(target->id);
  return std::string(target->id) + " " + short_text(number);
}

std::string TargetCase::words() const {
  return own.empty() ? name() : "the formula " + own;
}

std::string TargetCase::symbol() const {
  if (target->number == TargetNumber::kNone) return {};
  return (target->number == TargetNumber::kDegree ? "p = " : "g = ") + short_text(number);
}

std::string TargetCase::formula() const {
  return own.empty() ? std::string(target->formula) : own;
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
    error.push_back(estimate.std_error);
  }
  return interpolated_crossing(x, y, error, level);
}

std::string crossing_text(const Crossing& crossing, const ErrorCurve& curve) {
  const auto known = curve.known_sizes();
  if (known.empty()) return "nothing measured yet";
  if (crossing.above_range) return "> " + short_text(curve.sizes[known.back()]);
  if (crossing.below_range) return "< " + short_text(curve.sizes[known.front()]);
  if (!crossing.found) return "unknown";
  const std::string x = std::to_string(std::lround(crossing.x));
  const bool open_below = crossing.low == 0, open_above = !std::isfinite(crossing.high);
  if (open_below && open_above) return x;
  if (open_below || open_above) {
    return x + " (" +
           (open_below ? "< " + short_text(curve.sizes[known.front()])
                       : std::to_string(std::lround(crossing.low))) +
           " to " +
           (open_above ? "> " + short_text(curve.sizes[known.back()])
                       : std::to_string(std::lround(crossing.high))) +
           ")";
  }
  return x + " ± " + std::to_string(std::max(1L, std::lround((crossing.high - crossing.low) / 2)));
}

std::vector<double> paired_differences(const ErrorCurve& a, const ErrorCurve& b, std::size_t size) {
  std::vector<double> differences;
  for (std::size_t trial = 0; trial < a.errors[size].size(); ++trial) {
    const double difference = b.errors[size][trial] - a.errors[size][trial];
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  return differences;
}

PairedCrossings paired_crossings(const ErrorCurve& a, const ErrorCurve& b, double level) {
  PairedCrossings paired;
  const std::size_t trials = a.errors.empty() ? 0 : a.errors.front().size();
  for (std::size_t trial = 0; trial < trials; ++trial) {
    std::vector<double> sizes, errors_a, errors_b;
    for (std::size_t s = 0; s < a.sizes.size(); ++s) {
      if (std::isnan(a.errors[s][trial]) || std::isnan(b.errors[s][trial])) continue;
      sizes.push_back(a.sizes[s]);
      errors_a.push_back(a.errors[s][trial]);
      errors_b.push_back(b.errors[s][trial]);
    }
    if (sizes.empty()) continue;
    const TrialCrossing in_a = trial_crossing(sizes, errors_a, level);
    const TrialCrossing in_b = trial_crossing(sizes, errors_b, level);
    paired.log_a.push_back(in_a.log_size);
    paired.log_b.push_back(in_b.log_size);
    if (in_a.below || in_a.above || in_b.below || in_b.above) ++paired.outside;
    if (in_a.above || in_b.below) paired.at_least = false;
    if (in_a.below || in_b.above) paired.at_most = false;
  }
  return paired;
}

}  // namespace attnlab::random_features
