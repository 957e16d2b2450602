// The three phases of a dual fit as parts that can be computed apart: rows of the kernel matrix,
// factorisations for some ridge strengths, predictions from some of the features. A part gives the
// same bits wherever it is computed.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/numerics/cholesky.h"
#include "core/random_features/nested_fit_parts.h"

namespace attnlab {

/// What the first `dual` sizes are fitted with. It is cut into the same slices, and so sums in the
/// same order, for the job and for its helpers.
DualSource source_of(const NestedFitProblem& problem, std::size_t dual);

/// Adds every slice of the source to rows [first, first + rows.rows) of the kernel matrix (zero at
/// first; the lower triangle is used).
JobSteps add_gram_rows(DualSource& source, std::size_t first, MatrixView<double> rows, Meter& meter);

/// A ridge strength to factorise for, up to the largest of the sizes that want it.
struct Trial {
  std::size_t strength = 0;  ///< its number
  std::size_t sizes = 0;     ///< the first so many sizes are served
};

/// What one factorisation gives for one size.
struct TrialOutcome {
  bool solved = false;
  Matrix<double> solution;          ///< size x targets
  std::vector<double> held_errors;  ///< per target; under validation only
};

/// What factorising needs beside the trials.
struct FactorTask {
  const NestedFitProblem& problem;
  std::span<const double> strengths;
  double scale;                   ///< of the strengths: the mean kernel diagonal
  MatrixView<const double> gram;  ///< up to the largest size of any trial
};

/// Factorises for trials [begin, end); the sink gets (trial, size, outcome) in order.
using TrialSink = std::function<void(std::size_t trial, std::size_t size, const TrialOutcome&)>;
JobSteps factor_trials(const FactorTask& task, std::span<const Trial> trials, std::size_t begin,
                       std::size_t end, Cholesky& factor, Meter& meter, const TrialSink& sink);

/// Predictions are summed over features in this many groups, and the groups' sums added in order,
/// whoever computed them.
inline constexpr std::size_t kPredictionGroups = 4;

/// Predictions of the source's coefficients from groups [begin, end); the sink gets the sums (test
/// samples x columns) of each, in order.
using PredictionSink = std::function<void(MatrixView<double> sums)>;
JobSteps predict_groups(DualSource& source, std::size_t begin, std::size_t end, std::size_t tests,
                        std::size_t columns, Meter& meter, const PredictionSink& sink);

}  // namespace attnlab
