// The paper's claims A1 to A5 and our A6 and A10 judged from measured curves; judging.h says how.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/findings/result.h"
#include "core/random_features/judging.h"
#include "core/random_features/sweep.h"

namespace attnlab::random_features {

/// The abstract speaks of "certain natural target functions" that read <x_0, x_i>, without saying
/// which.
inline constexpr const char* kNaturalTarget =
    ", a target built from ⟨x₀,xᵢ⟩ (the abstract: certain natural target functions).";

/// That both models must be among those of the sweep.
Need both_models(const Sweep& sweep, std::string_view one, std::string_view other);

/// "2,4": two values of a list, the smaller one first.
std::string two_values(double one, double other);

/// One A2, with the invariant network one A6 and, for targets built from <x_0, x_i>, one A4 per
/// target and degree; then difficulty_claims.
std::vector<Claim> learning_curve_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// One A5 per attention model and target with a degree or frequency.
std::vector<Claim> difficulty_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// rf-heads: A1, finitely many heads learn and level off.
std::vector<Claim> finite_width_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// rf-complexity: A3, each target is learned beyond its affine part; then difficulty_claims.
std::vector<Claim> complexity_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// rf-bias: A4, the best non-zero mean against zero mean, also on targets outside the claim.
std::vector<Claim> bias_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// rf-length: A2 for every number of keys.
std::vector<Claim> length_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

/// rf-sizes: A2, and with the invariant network A6, for every dimension and number of keys.
std::vector<Claim> sizes_claims(const Sweep& sweep, const std::vector<ErrorCurve>& curves);

}  // namespace attnlab::random_features
