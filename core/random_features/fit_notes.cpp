// Sentences about fits that failed.
#include <algorithm>

#include "core/base/text.h"
#include "core/random_features/sweep.h"

namespace attnlab::random_features {
namespace {

/// One way to fail, and the sizes at which it happened.
struct Failure {
  std::string who, what;
  std::vector<std::string> sizes;
};

std::string strengths_text(const RidgeChoice& ridge, std::uint32_t failed) {
  const std::vector<double> strengths = strengths_of(ridge);
  std::vector<std::string> names;
  for (std::size_t l = 0; l < strengths.size(); ++l) {
    if ((failed >> l & 1u) != 0) names.push_back(short_text(strengths[l]));
  }
  return join(names, ", ");
}

std::string trials_text(const Sweep& sweep, int count) {
  return std::to_string(count) + " of " + counted(static_cast<std::size_t>(sweep.trials), "trial");
}

std::string failure_text(const Sweep& sweep, const ErrorCurve& curve, std::size_t size) {
  const int lost = curve.without_result[size];
  const std::string missing =
      lost == 0 ? "" : trials_text(sweep, lost) + (lost == 1 ? " has" : " have") + " no result";
  if (curve.failed[size] == 0) {
    return missing.empty() ? ""
                           : missing +
                                 ": the target is constant on the test set, or the "
                                 "features overflow";
  }
  const bool fixed = sweep.ridge.rule == RidgeChoice::Rule::kFixed;
  const std::string strengths = strengths_text(sweep.ridge, curve.failed[size]);
  const std::string what =
      !fixed && lost > 0 ? "no factorisation with relative ridge " + strengths +
                               " succeeded: the features overflow"
                         : "the factorisation failed with relative ridge " + strengths +
                               ", too small for this kernel matrix; fits with it are left out";
  return what + (missing.empty() ? "" : "; " + missing);
}

void add(std::vector<Failure>& failures, std::string who, std::string what, std::string size) {
  for (Failure& failure : failures) {
    if (failure.who != who || failure.what != what) continue;
    const auto known = std::find(failure.sizes.begin(), failure.sizes.end(), size);
    if (known == failure.sizes.end()) failure.sizes.push_back(std::move(size));
    return;
  }
  failures.push_back({std::move(who), std::move(what), {std::move(size)}});
}

}  // namespace

std::vector<std::string> fit_notes(const Sweep& sweep, const std::vector<ErrorCurve>& curves) {
  std::vector<Failure> failures;
  for (const ErrorCurve& curve : curves) {
    std::string who(curve.model->label);
    if (sweep.variants.size() > 1 && !curve.is_level())
      who += " (" + short_text(curve.variant) + ")";
    for (std::size_t s = 0; s < curve.sizes.size(); ++s) {
      const std::string what = failure_text(sweep, curve, s);
      // Targets share the factorisation, so one target's sentence is enough.
      if (!what.empty()) add(failures, who, what, short_text(curve.sizes[s]));
    }
  }
  std::vector<std::string> notes;
  for (const Failure& failure : failures) {
    notes.push_back(failure.who + " at n = " + join(failure.sizes, ", ") + ": " + failure.what +
                    ".");
  }
  return notes;
}

}  // namespace attnlab::random_features
