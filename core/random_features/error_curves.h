// Test errors of several models over several trials, as curves, from which family A makes tables,
// claims and figures.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/experiment/experiment.h"
#include "core/numerics/statistics.h"
#include "core/random_features/fit/nested_fit.h"
#include "core/random_features/models.h"
#include "core/random_features/targets.h"

namespace attnlab::random_features {

/// A target with its degree, frequency or formula: one function to learn.
struct TargetCase {
  const Target* target;
  double number;                ///< degree or frequency; 0 for a target without one
  std::string own = {};         ///< the formula of `own`, else empty
  std::string name() const;     ///< "mean-power 2", "own": in ids
  std::string words() const;    ///< in sentences: "mean-power 2", "the formula max(dot(b1,x))"
  std::string symbol() const;   ///< "p = 2", "g = 1.5", or empty
  std::string formula() const;  ///< "(1/N) Σ ⟨β,xᵢ⟩ᵖ", or the user's
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
  std::vector<std::vector<double>> errors;     ///< [size][trial]; NaN: unknown (yet)
  std::vector<std::vector<double>> strengths;  ///< [size][trial], relative ridge parameter chosen
  std::vector<std::vector<double>> training;   ///< [size][trial], training errors; NaN: unknown
  std::vector<std::uint32_t> failed;  ///< [size], bit l: some trial's factorisation with ridge
                                      ///< parameter l failed (strengths_of)
  std::vector<int> without_result;    ///< [size], finished trials in which every fit gave NaN
  double dim = 0, keys = 0;           ///< of the layer

  bool is_level() const;
  /// Mean over the known trials.
  Estimate at(std::size_t size) const;
  /// Sizes with at least one trial.
  std::vector<std::size_t> known_sizes() const;
};

/// Where the mean curve first falls to `level`, with the interval from the curves one standard
/// error above and below.
Crossing crossing_of(const ErrorCurve& curve, double level);

/// "460 ± 30", "> 4096", "< 16"; "9 (< 8 to 14)" where the interval leaves the sizes.
std::string crossing_text(const Crossing& crossing, const ErrorCurve& curve);

/// Errors of `b` minus errors of `a` at the size with that index, over the trials both have.
std::vector<double> paired_differences(const ErrorCurve& a, const ErrorCurve& b, std::size_t size);

/// Where two curves fall to a level, trial by trial, over the sizes that both have in a trial. A
/// crossing below the smallest size counts as that size, one above the largest as the largest: each
/// trial's ratio keeps its sign and is never overstated (the restricted mean of survival analysis).
struct PairedCrossings {
  std::vector<double> log_a, log_b;  ///< natural logs of the sizes, one per trial
  int outside = 0;                   ///< trials in which one of the two crossings is not inside
  /// In every trial the true ratio b / a is at least (at most) the one that counts here.
  bool at_least = true, at_most = true;
};
PairedCrossings paired_crossings(const ErrorCurve& a, const ErrorCurve& b, double level);

}  // namespace attnlab::random_features
