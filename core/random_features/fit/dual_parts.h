// The phases of a dual fit, each in pieces that can be computed apart: rows of the kernel matrix,
// factorisations for several ridge parameters or solves with the factor for one, predictions from
// groups of features. A piece gives the same bits wherever it is computed.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/experiment/shared_work.h"
#include "core/numerics/cholesky.h"
#include "core/random_features/fit/nested_fit_parts.h"

namespace attnlab::random_features {

/// The source of the first `dual` sizes. The job and its helpers cut it into the same slices, and
/// so sum in the same order.
DualSource source_of(const NestedFitProblem& problem, std::size_t dual);

/// The kernel matrix, row by row of its lower triangle (zero at first). Stages are the source's
/// slices: a slice of features covers all rows, a slice of a kernel is a range of rows.
class GramWork : public DividedWork {
 public:
  /// `rows` (n columns) holds rows [part.begin, part.end) after the stages before part.from.
  GramWork(DualSource& source, const WorkPart& part, MatrixView<double> rows, Meter& meter);

  JobSteps run() override;
  double fraction() const override { return meter_.fraction(); }
  std::size_t worth() const override;
  std::vector<WorkPart> give_up(std::size_t parts) override;
  Bytes share(const WorkPart& part) const override;
  bool adopt(const WorkPart& part, const Bytes& result) override;
  void take_back(const WorkPart& part) override { here_ = part; }

 private:
  MatrixView<double> rows_of(const WorkPart& part) const;
  double flops_of(const WorkPart& part) const;

  DualSource& source_;
  MatrixView<double> rows_;
  std::size_t first_row_;
  std::size_t slices_;
  Meter& meter_;
  WorkPart here_;
};

/// A ridge parameter to factorise for, up to the largest of the sizes that need it.
struct Trial {
  std::size_t strength = 0;  ///< its index in the grid
  std::size_t sizes = 0;     ///< number of sizes served, the smallest ones
  /// Bit mask of the ridge parameters to solve for with the same factor as far as it converges.
  std::uint32_t others = 0;
};

/// Coefficients for one ridge parameter.
struct Solution {
  std::size_t strength = 0;
  Matrix<double> values;            ///< size x targets
  std::vector<double> held_errors;  ///< per target; under validation only
};

/// The solutions that one factorisation gives for one size: for its own ridge parameter first, then
/// for the others that converged; empty if the factorisation failed.
using TrialOutcome = std::vector<Solution>;

/// The inputs of a factorisation.
struct FactorTask {
  const NestedFitProblem& problem;
  std::span<const double> strengths;
  double scale;                   ///< unit of ridge parameters: the mean kernel diagonal
  MatrixView<const double> gram;  ///< up to the largest size of any trial
};

/// Factorises for one trial; factor.valid() says how far it came.
JobSteps factorise(const FactorTask& task, const Trial& trial, Cholesky& factor, Meter& meter);

/// Solves for the trial's ridge parameters with its factor, as far as that reaches, fitting the
/// first `rows` samples. Own solution first; empty if the factor is not valid so far.
JobSteps solve_rows(const FactorTask& task, const Trial& trial, std::size_t rows,
                    const Cholesky& factor, Meter& meter, std::vector<Solution>& solutions);

/// Everything solved with the factor of one trial. A piece is a fit: for each size the fit to its
/// samples and, under validation, the fit without the samples that are held out. The sink gets
/// (size, outcome) in order.
class SolveWork : public DividedWork {
 public:
  using Sink = std::function<void(std::size_t size, const TrialOutcome&)>;
  SolveWork(const FactorTask& task, const Trial& trial, const Cholesky& factor, Meter& meter,
            Sink sink);

  JobSteps run() override;
  double fraction() const override { return meter_.fraction(); }
  std::size_t worth() const override;
  std::vector<WorkPart> give_up(std::size_t parts) override;
  Bytes share(const WorkPart& part) const override;
  bool adopt(const WorkPart& part, const Bytes& result) override;
  void take_back(const WorkPart& part) override { here_ = part; }

 private:
  std::size_t size_of(std::size_t piece) const { return piece / fits_; }
  std::size_t rows_of(std::size_t piece) const;
  double flops_of(const WorkPart& part) const;
  void take(std::size_t piece, std::vector<Solution> solutions);

  FactorTask task_;
  Trial trial_;
  const Cholesky& factor_;
  Meter& meter_;
  Sink sink_;
  std::size_t fits_;            ///< of a size: 2 under validation, else 1
  std::vector<Solution> full_;  ///< of the size whose other fit comes next
  WorkPart here_;               ///< begins with the current piece
};

/// Factorisations, trial by trial; the sink gets (trial, size, outcome) in order.
class TrialWork : public DividedWork {
 public:
  using Sink = std::function<void(std::size_t trial, std::size_t size, const TrialOutcome&)>;
  TrialWork(const FactorTask& task, std::span<const Trial> trials, Cholesky& factor, Meter& meter,
            Sink sink);

  JobSteps run() override;
  double fraction() const override { return meter_.fraction(); }
  std::size_t worth() const override;
  std::vector<WorkPart> give_up(std::size_t parts) override;
  Bytes share(const WorkPart& part) const override;
  bool adopt(const WorkPart& part, const Bytes& result) override;
  void take_back(const WorkPart& part) override { here_ = part; }

 private:
  double flops_of(const WorkPart& part) const;

  FactorTask task_;
  std::span<const Trial> trials_;
  Cholesky& factor_;
  Meter& meter_;
  Sink sink_;
  WorkPart here_;  ///< begins with the current trial
};

/// Predictions are summed over features in this many groups. The sums of the groups are added in
/// order, whichever worker computed them.
inline constexpr std::size_t kPredictionGroups = 4;

/// Predictions of coefficients, group by group; the sink gets the sums (test samples x columns of
/// every size side by side) of each, in order.
class PredictionWork : public DividedWork {
 public:
  using Sink = std::function<void(MatrixView<double> sums)>;
  /// Groups of the part; `flops` of all groups. `coefficients`: one matrix for each size.
  PredictionWork(DualSource& source, const std::vector<Matrix<double>>& coefficients,
                 const WorkPart& part, std::size_t tests, double flops, Meter& meter, Sink sink);

  JobSteps run() override;
  double fraction() const override { return meter_.fraction(); }
  std::size_t worth() const override;
  std::vector<WorkPart> give_up(std::size_t parts) override;
  Bytes share(const WorkPart& part) const override;
  bool adopt(const WorkPart& part, const Bytes& result) override;
  void take_back(const WorkPart& part) override { here_ = part; }

 private:
  DualSource& source_;
  const std::vector<Matrix<double>>& coefficients_;
  Matrix<double> sums_;
  double flops_;
  Meter& meter_;
  Sink sink_;
  WorkPart here_;  ///< begins with the current group
};

}  // namespace attnlab::random_features
