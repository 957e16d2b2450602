// Sums over prompts and the estimates that follow from them; see risk_sums.h.
#include "core/in_context/risk_sums.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/in_context/small_solve.h"

namespace attnlab::in_context {
namespace {

/// The fraction of a measured loss of the search to subtract: all of it while it is small next to
/// the risk, where its quadratic form holds, and at most half of the risk. If half of the prompts
/// give a useless set, all of them tell little about the best one.
double trusted_share(double risk, double loss) {
  const double ratio = 2 * loss / risk;
  return risk > 0 ? 1 / std::sqrt(1 + ratio * ratio) : 0;
}

/// Adds back the untrusted part of each loss: corrects risk i and its comoments.
void limit_losses(RiskSums& sums, std::size_t p) {
  const std::size_t n = sums.means.size();
  for (std::size_t i = 0; i < sums.heads.size(); ++i) {
    const std::size_t l = p + i;
    const double loss = sums.means[l];
    const double back = 1 - trusted_share(sums.means[i] + loss, loss);
    sums.means[i] += back * loss;
    for (std::size_t j = 0; j < n; ++j) {
      sums.comoments[i * n + j] += back * sums.comoments[l * n + j];
    }
    for (std::size_t j = 0; j < n; ++j) {
      sums.comoments[j * n + i] += back * sums.comoments[j * n + l];
    }
    // The part that stays subtracted; its scatter is part of the error.
    sums.means[l] *= 1 - back;
    for (std::size_t j = 0; j < n; ++j) sums.comoments[l * n + j] *= 1 - back;
    for (std::size_t j = 0; j < n; ++j) sums.comoments[j * n + l] *= 1 - back;
  }
}

/// Slopes of every value but the controls themselves on the k controls, which are the last values.
/// All 0 where the controls are linearly dependent.
std::vector<std::vector<double>> control_slopes(const RiskSums& sums, std::size_t k) {
  const std::size_t n = sums.means.size(), first = n - k;
  std::vector<double> factor(k * k);
  for (std::size_t i = 0; i < k; ++i) {
    for (std::size_t j = 0; j < k; ++j) {
      factor[i * k + j] = sums.comoments[(first + i) * n + first + j];
    }
  }
  std::vector<std::vector<double>> slopes(first, std::vector<double>(k, 0.0));
  if (!factor_small(k, factor, 1e-10)) return slopes;
  for (std::size_t i = 0; i < first; ++i) {
    for (std::size_t c = 0; c < k; ++c) slopes[i][c] = sums.comoments[i * n + first + c];
    solve_small(k, factor, slopes[i]);
  }
  return slopes;
}

/// The search's contribution to the variance of a set's risk, given the subtracted loss and its
/// variance over prompts (docs/derivations.md, "What the search loses"). A loss within two standard
/// errors of 0 is the prompts' noise, which the risk's own variance contains.
double search_variance(double loss, double loss_variance) {
  constexpr double kOneDirection = 4.0 / 3, kSlowDecay = 2;
  if (loss * loss <= 4 * loss_variance) return 0;
  return (kOneDirection + kSlowDecay) * loss * loss;
}

}  // namespace

void RiskSums::add(std::span<const double> values) {
  const std::size_t n = values.size();
  means.resize(n, 0.0);
  comoments.resize(n * n, 0.0);
  count += 1;
  for (std::size_t i = 0; i < n; ++i) {
    const double before = values[i] - means[i];
    means[i] += before / count;
    for (std::size_t j = 0; j <= i; ++j) {
      // Entry j's mean already holds this prompt (j < i, or i itself just now).
      const double entry = before * (values[j] - means[j]);
      comoments[i * n + j] += entry;
      if (j != i) comoments[j * n + i] += entry;
    }
  }
}

void RiskSums::merge(const RiskSums& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const std::size_t n = means.size();
  const double all = count + other.count, share = count * other.count / all;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      comoments[i * n + j] += other.comoments[i * n + j] +
                              share * (other.means[i] - means[i]) * (other.means[j] - means[j]);
    }
  }
  for (std::size_t i = 0; i < n; ++i) means[i] += (other.means[i] - means[i]) * other.count / all;
  count = all;
}

double RiskEstimates::std_error(std::size_t predictor) const {
  return std::sqrt(std::max(covariance[predictor * risks.size() + predictor], 0.0));
}

RiskEstimates corrected_risks(RiskSums sums, std::span<const double> controls) {
  const std::size_t n = sums.means.size(), k = controls.size(), sets = sums.heads.size();
  if (n < k + sets) return {};
  limit_losses(sums, n - k - sets);
  const std::size_t first = n - k, p = first - sets;
  RiskEstimates result;
  result.risks.assign(sums.means.begin(), sums.means.begin() + static_cast<std::ptrdiff_t>(p));
  result.covariance.assign(p * p, std::numeric_limits<double>::quiet_NaN());
  if (sums.count < static_cast<double>(k) + 10) return result;
  const std::vector<std::vector<double>> slopes = control_slopes(sums, k);
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t c = 0; c < k; ++c) {
      result.risks[i] -= slopes[i][c] * (sums.means[first + c] - controls[c]);
    }
  }
  const double scale = sums.count * (sums.count - 1 - static_cast<double>(k));
  const auto covariance = [&](std::size_t i, std::size_t j) {
    double rest = sums.comoments[i * n + j];
    for (std::size_t c = 0; c < k; ++c) rest -= slopes[i][c] * sums.comoments[j * n + first + c];
    return rest / scale;
  };
  for (std::size_t i = 0; i < p; ++i) {
    for (std::size_t j = 0; j < p; ++j) result.covariance[i * p + j] = covariance(i, j);
  }
  for (std::size_t i = 0; i < sets; ++i) {
    result.covariance[i * p + i] += search_variance(sums.means[p + i], covariance(p + i, p + i));
  }
  return result;
}

}  // namespace attnlab::in_context
