// The target `own`: a formula of the user. Its values, and what is known about it only by
// measuring.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/experiment/schema.h"
#include "core/numerics/statistics.h"
#include "core/random_features/error_curves.h"
#include "core/random_features/formula_program.h"

namespace attnlab::random_features {

/// Values of the samples of a batch, of any case; 0 where a formula has no value.
std::vector<double> case_values(const TargetCase& item, const TargetDraw& draw,
                                const TokenBatch& batch);

/// The value of the parameter `formula` if the target is `own`, else empty.
std::string own_formula(const Target& target, const ParameterSet& parameters);

/// The one function of an experiment with a single target: its degree, its frequency (a parameter
/// or the default) or its formula, whichever the target has.
TargetCase single_case(const ParameterSet& parameters);

/// The part of the variance that the best affine function of all tokens leaves.
struct AffineLevel {
  double level;
  double std_error;          ///< 0: exact, of a built-in target
  std::string text() const;  ///< "0.625", "0.63 ± 0.01"
};

/// Exact for built-in targets on the sphere (nullopt where it is not known). For `own`, and for
/// other tokens, a least-squares estimate: the tokens are made uncorrelated with variance 1 by the
/// exact moments of their law, so the coefficients of the best affine function are E[f z_j]; the
/// square of their length is estimated without bias from the pairs of different samples. The mean
/// over kSurveyDraws draws of directions and samples, with its standard error. Positions change
/// nothing: they add constants.
std::optional<AffineLevel> affine_level_of(const TargetCase& item, std::size_t keys,
                                           std::size_t dim, const TokenWorld& world = {});

/// What some fresh samples say about a target; the same for every seed of a run.
struct FormulaSurvey {
  std::size_t samples = 0;
  FormulaFaults faults;
  bool constant = false;  ///< all values are equal
  Estimate affine = {};   ///< count 0 where the values are constant
};
inline constexpr std::size_t kSurveyDraws = 8;
FormulaSurvey survey_target(const TargetCase& item, std::size_t keys, std::size_t dim,
                            const TokenWorld& world = {});

/// Why the formula cannot be a target at these sizes (its values are all equal, or it has none on
/// more than half of the samples); empty when it can.
std::string target_refusal(const TargetCase& item, std::size_t keys, std::size_t dim,
                           const TokenWorld& world = {});

/// What a reader of the results has to know about the formula: on how many samples it has no value,
/// and that it depends on places. Empty for built-in targets.
std::vector<std::string> formula_notes(const TargetCase& item, std::size_t keys, std::size_t dim,
                                       const TokenWorld& world = {});

/// The parameter `formula`.
Parameter formula_parameter();

}  // namespace attnlab::random_features
