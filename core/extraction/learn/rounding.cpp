#include "core/extraction/learn/rounding.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"
#include "core/numerics/elementary.h"

namespace attnlab::extraction {
namespace {

constexpr double kLongProbe = 0x1p20, kFinest = 0x1p44;
// Units in the last place by which the answers of a box that works in single precision are off: its
// intermediate results are rounded, too.
constexpr double kArithmetic = 64;
constexpr int kSingleBits = 24;

/// Errors of rounding are spread evenly over half a grain to both sides.
double variance(double grain) {
  return grain * grain / 12;
}

double square(double x) {
  return x * x;
}

/// Root mean square gap of the answers to normal tokens. A mean of normal tokens is at most sqrt(d)
/// long, and the logits x^T dW y are off by |dW|_F.
double model_gap(const HeadError& error, std::size_t dim, double spread) {
  const double d = static_cast<double>(dim);
  return std::hypot(std::sqrt(d) * error.value, spread * d * error.weight);
}

bool finite(std::span<const double> values) {
  return std::ranges::all_of(values, [](double x) { return std::isfinite(x); });
}

}  // namespace

ProbePlan longest_probes() {
  ProbePlan plan;
  plan.probe = plan.value = kLongProbe;
  plan.query = 1 / kLongProbe;
  return plan;
}

ProbePlan plan_probes(const Grain& grain, const HeadKnowledge& known) {
  ProbePlan plan;
  const double value = finite(known.value) ? largest_magnitude(known.value) : 0;
  if (grain.step > 0 && value == 0 && finite(known.value)) {
    plan = longest_probes();  // the entries of v are below the step
  } else if (grain.step > 0 && value > 0) {
    // Beyond the size at which a second grain is as coarse as the step, longer probes win nothing.
    const double possible = grain.kind == GrainKind::kStep     ? kFinest
                            : grain.kind == GrainKind::kDigits ? std::pow(10.0, grain.figures)
                                                               : std::exp2(grain.figures + 2);
    const double longest = std::exp2(std::floor(std::log2(possible * grain.step / value)));
    plan.probe = plan.value = std::clamp(longest, plan.probe, kLongProbe);
  }
  plan.query = 1 / plan.probe;
  if (value > 0 && finite(known.weight.values())) {
    const Matrix<double> forms = product(BalancedProbes(known.value).rows(), known.weight);
    plan.largest = std::max(largest_magnitude(forms.values()), 1 / square(plan.probe));
    plan.query = 1 / (plan.probe * plan.largest);
  }
  return plan;
}

HeadError rounding_error(const Grain& grain, const Head& head, const ProbePlan& plan) {
  const std::size_t dim = head.value.size();
  const double count = static_cast<double>(dim);
  std::vector<double> value_variance(dim);
  HeadError error;
  for (std::size_t i = 0; i < dim; ++i) {
    value_variance[i] = variance(grain.at(plan.value * head.value[i]) / plan.value);
    error.value += value_variance[i] / count;
  }
  error.value = std::sqrt(error.value);

  const Matrix<double> probes = BalancedProbes(head.value).rows();
  const Matrix<double> forms = product(probes, head.weight);
  double sum = 0;
  for (std::size_t k = 0; k < dim; ++k) {
    const double seen = plan.probe * dot(probes.row(k), head.value);
    double divisor = 0;  // variance of the probe's own value, which the share is divided by
    for (std::size_t i = 0; i < dim; ++i) divisor += square(probes(k, i)) * value_variance[i];
    for (std::size_t j = 0; j < dim; ++j) {
      const double share = 1 / (1 + portable_exp(-plan.probe * plan.query * forms(k, j)));
      const double answer = plan.query * head.value[j] + share * seen;
      const double off = variance(grain.at(answer)) + square(plan.query) * value_variance[j] +
                         square(share * plan.probe) * divisor;
      sum += off / square(seen * share * (1 - share) * plan.probe * plan.query);
    }
  }
  error.weight = std::sqrt(sum) / count;  // the probes are orthonormal: entries share the squares
  return error;
}

double expected_gap(const Grain& grain, const HeadError& error, std::size_t dim, double spread,
                    double size) {
  return std::hypot(std::sqrt(variance(grain.at(size))), model_gap(error, dim, spread));
}

double arithmetic_gap(const Grain& grain, double size) {
  const bool computes = grain.kind == GrainKind::kBits && grain.figures == kSingleBits;
  // A second, coarser grain comes after the arithmetic.
  return computes ? kArithmetic * Grain{grain.kind, 0, grain.figures}.at(size) : 0;
}

}  // namespace attnlab::extraction
