// How family A turns measured curves into verdicts: it compares paired trials, and
// core/findings/verdict.h decides at one level over all comparisons of a claim.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/findings/verdict.h"
#include "core/random_features/error_curves.h"

namespace attnlab::random_features {

/// The level whose first crossing is called "the samples needed": half of the target's variance.
inline constexpr double kLearnedLevel = 0.5;

/// Smallest differences of interest: 1 % of the target's variance in test errors, 5 % in numbers of
/// samples.
inline constexpr double kSmallestError = 0.01;
inline constexpr double kSmallestFactor = 1.05;

/// Comparison::paired_by of models on the same trials.
inline constexpr const char* kTrial = "trial";

/// mean_comparison of test errors, with the smallest difference of interest for them.
Comparison error_comparison(std::string what, const std::vector<double>& differences);

const ErrorCurve* find_curve(const std::vector<ErrorCurve>& curves, std::string_view model,
                             const TargetCase& item);

std::string model_label(const ErrorCurve& curve);

/// "0.161 ± 0.010": the error at the size with that index.
std::string error_text(const ErrorCurve& curve, std::size_t size);

/// Why two curves cannot be compared yet; empty when they can.
std::string too_little_data(const ErrorCurve& a, const ErrorCurve& b);

/// For two curves of which, in every trial, `early` is below kLearnedLevel at the smallest size and
/// `late` above it at the largest: by how much at least, times `sign`.
Comparison ends_comparison(const ErrorCurve& early, const ErrorCurve& late, double sign);

/// "Needs fewer samples", measured one way for both directions.
struct SampleComparison {
  enum class By {
    kRatio,   ///< log of the ratio of the samples needed to reach the level, trial by trial
    kEnds,    ///< in every trial one reaches it before the smallest size, the other after the
              ///< largest: distances from the level there
    kErrors,  ///< neither reaches it on average: errors at the largest size
  };
  By by = By::kRatio;
  const ErrorCurve *better = nullptr, *worse = nullptr;
  std::size_t size = 0;  ///< kErrors: index of the size
  int outside = 0;       ///< kRatio: trials with a crossing outside the sizes
  Comparison comparison;
};
SampleComparison compare_samples(const ErrorCurve& better, const ErrorCurve& worse);

/// The verdict on several of them, all of which must hold.
Verdict judge_every(const std::vector<SampleComparison>& measured);

/// "460 ± 30", "> 4096": the samples needed.
std::string samples_text(const ErrorCurve& curve);

/// "a factor of at least 3.1 (2 to 4.7)": the measure with its interval.
std::string measure_text(const SampleComparison& measured, const JudgedComparison& judged);

/// Which sizes to add where that would decide it ("Add smaller n. "); else empty.
std::string advice_text(const SampleComparison& measured, const JudgedComparison& judged);

/// "Needs fewer samples" as a claim on its own. Sets status, evidence and judged.
void judge_fewer_samples(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim);

/// "Beats": by the paired errors at the largest size; the evidence says where it was ahead before.
/// A lead that has vanished leaves the claim undecided: the other may have caught up.
void judge_lower_error(const ErrorCurve& better, const ErrorCurve& worse, Claim& claim);

/// How much of the lead of `better` over `worse` a third curve has, in the measure that
/// compare_samples uses for the two: "RF-invariant has 0.93 (95 % interval 0.88 to 0.98) of RFA's
/// lead over RFMLP". Empty while the lead itself is not established.
std::string kept_lead_text(const ErrorCurve& better, const ErrorCurve& worse,
                           const ErrorCurve& third);

}  // namespace attnlab::random_features
