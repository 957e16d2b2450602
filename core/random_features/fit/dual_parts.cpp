#include "core/random_features/fit/dual_parts.h"

#include <algorithm>
#include <utility>

#include "core/numerics/linear_algebra.h"
#include "core/numerics/shifted_solves.h"
#include "core/random_features/fit/dual_share.h"

namespace attnlab::random_features {
namespace {

constexpr std::size_t kMostHelpers = kPredictionGroups - 1;
constexpr double kWorthHelp = 5e8;  // floating-point operations: some 20 ms in a page
constexpr double kMostSums = 16e6;  // bytes: larger sums of a group are not sent by helpers
constexpr double kUsualSteps = 20;  // of shifted solves, one with each factor and right-hand side
constexpr double kSolveCost = 8;    // in operations of a product: solves wait for memory

std::size_t helpers_for(double flops) {
  return flops < kWorthHelp ? 0 : kMostHelpers;
}

/// Keeps the first of `parts` equal parts, which contains the current piece; hands out the others.
std::vector<WorkPart> give_up_evenly(WorkPart& here, std::size_t parts) {
  const std::size_t begin = here.begin, count = here.end - here.begin;
  std::vector<WorkPart> given;
  for (std::size_t part = 1; part < parts; ++part) {
    given.push_back({begin + part * count / parts, begin + (part + 1) * count / parts, 0});
  }
  here.end = given.front().begin;
  return given;
}

/// Squared errors on the held-out rows of size n, for every target, of coefficients fitted to the
/// other rows.
std::vector<double> held_errors_of(const FactorTask& task, std::size_t n,
                                   MatrixView<const double> coefficients) {
  const std::size_t fitted = coefficients.rows;
  Matrix<double> prediction(n - fitted, coefficients.cols);
  gemm_nn(task.gram.block(fitted, 0, n - fitted, fitted), coefficients, prediction.view(), false);
  return held_errors(task.problem, fitted, prediction.const_view());
}

/// Indices of the set bits of a mask.
std::vector<std::size_t> set_bits(std::uint32_t bits) {
  std::vector<std::size_t> numbers;
  for (std::size_t l = 0; bits >> l != 0; ++l) {
    if ((bits >> l & 1) != 0) numbers.push_back(l);
  }
  return numbers;
}

}  // namespace

DualSource source_of(const NestedFitProblem& problem, std::size_t dual) {
  const bool validating = problem.ridge.rule == RidgeChoice::Rule::kValidation;
  const std::size_t columns = validating ? 1 : strengths_of(problem.ridge).size();
  return dual_source(problem.layer, {problem.train, problem.sizes[dual - 1], problem.test,
                                     dual * columns * problem.train_labels->cols()});
}

GramWork::GramWork(DualSource& source, const WorkPart& part, MatrixView<double> rows, Meter& meter)
    : source_(source),
      rows_(rows),
      first_row_(part.begin),
      slices_(std::visit([](const auto& s) { return s.gram_slices(); }, source)),
      meter_(meter),
      here_(part) {}

JobSteps GramWork::run() {
  while (here_.from < slices_) {
    const double flops = std::visit(
        [&](auto& s) { return s.add_to_gram(here_.from, here_.begin, rows_of(here_)); }, source_);
    ++here_.from;
    co_yield meter_.after(flops);
  }
  co_return JobResult{};
}

std::size_t GramWork::worth() const {
  return helpers_for(flops_of(here_));
}

std::vector<WorkPart> GramWork::give_up(std::size_t parts) {
  const std::size_t done =
      std::visit([&](const auto& s) { return s.rows_done(here_.from); }, source_);
  const std::size_t begin = std::clamp(done, here_.begin, here_.end);
  // The job keeps a third more than a helper gets: an idle helper can steal a part of the
  // remainder, while a job that is done early could only wait.
  const std::size_t kept = 4, each = 3, all = kept + each * (parts - 1);
  std::vector<WorkPart> given;
  for (std::size_t part = kept; part < all; part += each) {
    given.push_back({triangle_cut(part, all, begin, here_.end),
                     triangle_cut(part + each, all, begin, here_.end), here_.from});
  }
  here_.end = given.front().begin;
  return given;
}

Bytes GramWork::share(const WorkPart& part) const {
  return share_gram_rows(part, rows_of(part));
}

bool GramWork::adopt(const WorkPart& part, const Bytes& result) {
  if (!read_gram_rows(result, part.begin, rows_of(part))) return false;
  meter_.after(flops_of(part));
  return true;
}

MatrixView<double> GramWork::rows_of(const WorkPart& part) const {
  return rows_.block(part.begin - first_row_, 0, part.end - part.begin, rows_.cols);
}

double GramWork::flops_of(const WorkPart& part) const {
  return std::visit(
      [&](const auto& s) { return s.gram_flops_left(part.from, part.begin, part.end); }, source_);
}

JobSteps factorise(const FactorTask& task, const Trial& trial, Cholesky& factor, Meter& meter) {
  const std::size_t n = task.problem.sizes[trial.sizes - 1];
  factor.start(task.gram.block(0, 0, n, n), task.strengths[trial.strength] * task.scale);
  double counted = 0;
  while (factor.step() == Cholesky::State::kRunning) {
    co_yield meter.after(factor.flops_done() - counted);
    counted = factor.flops_done();
  }
  co_yield meter.after(std::max(0.0, factor.flops_total() - counted));
  co_return JobResult{};
}

JobSteps solve_rows(const FactorTask& task, const Trial& trial, std::size_t rows,
                    const Cholesky& factor, Meter& meter, std::vector<Solution>& solutions) {
  if (factor.valid() < rows) co_return JobResult{};
  const std::vector<std::size_t> others = set_bits(trial.others);
  std::vector<double> shifts;
  for (const std::size_t l : others) shifts.push_back(task.strengths[l] * task.scale);
  const Matrix<double> labels = centred_labels(task.problem, rows);
  const double flops = 2 * static_cast<double>(rows) * static_cast<double>(labels.size());
  ShiftedSolves solves(factor, task.strengths[trial.strength] * task.scale, labels.const_view(),
                       shifts);
  while (solves.step()) co_yield meter.after(flops);
  solutions.push_back({trial.strength, solves.own().clone(), {}});
  for (std::size_t s = 0; s < others.size(); ++s) {
    if (solves.reached(s)) solutions.push_back({others[s], solves.solution(s), {}});
  }
  co_return JobResult{};
}

SolveWork::SolveWork(const FactorTask& task, const Trial& trial, const Cholesky& factor,
                     Meter& meter, Sink sink)
    : task_(task),
      trial_(trial),
      factor_(factor),
      meter_(meter),
      sink_(std::move(sink)),
      fits_(task.problem.ridge.rule == RidgeChoice::Rule::kValidation ? 2 : 1),
      here_{0, fits_ * trial.sizes, 0} {}

JobSteps SolveWork::run() {
  for (; here_.begin < here_.end; ++here_.begin) {
    std::vector<Solution> solutions;
    JobSteps solving = solve_rows(task_, trial_, rows_of(here_.begin), factor_, meter_, solutions);
    co_await solving;
    take(here_.begin, std::move(solutions));
  }
  co_return JobResult{};
}

std::size_t SolveWork::rows_of(std::size_t piece) const {
  const std::size_t n = task_.problem.sizes[size_of(piece)];
  return piece % fits_ == 0 ? n : n - held_out(task_.problem, n);
}

/// Takes the solutions of a piece; pieces come in order. Under validation a solution counts where
/// both fits have it, and its error on the samples held out is that of the second fit.
void SolveWork::take(std::size_t piece, std::vector<Solution> solutions) {
  if (fits_ == 1) return sink_(size_of(piece), solutions);
  if (piece % fits_ == 0) {
    full_ = std::move(solutions);
    return;
  }
  const std::size_t n = task_.problem.sizes[size_of(piece)];
  TrialOutcome outcome;
  for (Solution& solution : full_) {
    const auto held = std::ranges::find(solutions, solution.strength, &Solution::strength);
    if (held == solutions.end()) continue;
    solution.held_errors = held_errors_of(task_, n, held->values.const_view());
    outcome.push_back(std::move(solution));
  }
  sink_(size_of(piece), outcome);
}

std::size_t SolveWork::worth() const {
  if (here_.begin >= here_.end || factor_.valid() < factor_.size()) return 0;
  return std::min(helpers_for(kSolveCost * flops_of({here_.begin + 1, here_.end, 0})),
                  here_.end - here_.begin - 1);
}

std::vector<WorkPart> SolveWork::give_up(std::size_t parts) {
  // The largest pieces, one for each helper: a helper that is done early continues with the next.
  std::vector<WorkPart> given;
  here_.end -= parts - 1;
  for (std::size_t part = 0; part + 1 < parts; ++part) {
    given.push_back({here_.end + part, here_.end + part + 1, 0});
  }
  return given;
}

Bytes SolveWork::share(const WorkPart& part) const {
  const std::size_t rows = rows_of(part.begin);
  return share_solves(task_, trial_, factor_.factor().block(0, 0, rows, rows));
}

bool SolveWork::adopt(const WorkPart& part, const Bytes& result) {
  auto solutions = read_solutions(result, task_, rows_of(part.begin));
  if (!solutions) return false;
  take(part.begin, std::move(*solutions));
  meter_.after(flops_of(part));
  return true;
}

double SolveWork::flops_of(const WorkPart& part) const {
  const double steps = trial_.others == 0 ? 1 : kUsualSteps;
  const double targets = static_cast<double>(task_.problem.train_labels->cols());
  double flops = 0;
  for (std::size_t piece = part.begin; piece < part.end; ++piece) {
    const double rows = static_cast<double>(rows_of(piece));
    flops += steps * 2 * rows * rows * targets;
  }
  return flops;
}

TrialWork::TrialWork(const FactorTask& task, std::span<const Trial> trials, Cholesky& factor,
                     Meter& meter, Sink sink)
    : task_(task),
      trials_(trials),
      factor_(factor),
      meter_(meter),
      sink_(std::move(sink)),
      here_{0, trials.size(), 0} {}

JobSteps TrialWork::run() {
  for (; here_.begin < here_.end; ++here_.begin) {
    const Trial& trial = trials_[here_.begin];
    JobSteps factorising = factorise(task_, trial, factor_, meter_);
    co_await factorising;
    SolveWork solves(task_, trial, factor_, meter_,
                     [this](std::size_t size, const TrialOutcome& outcome) {
                       sink_(here_.begin, size, outcome);
                     });
    JobSteps solving = solves.run();
    co_await solving;
  }
  co_return JobResult{};
}

std::size_t TrialWork::worth() const {
  if (here_.begin >= here_.end) return 0;
  return std::min(helpers_for(flops_of({here_.begin + 1, here_.end, 0})),
                  here_.end - here_.begin - 1);
}

std::vector<WorkPart> TrialWork::give_up(std::size_t parts) {
  // One for each helper; the first to finish takes the next.
  std::vector<WorkPart> given;
  here_.end -= parts - 1;
  for (std::size_t part = 0; part + 1 < parts; ++part) {
    given.push_back({here_.end + part, here_.end + part + 1, 0});
  }
  return given;
}

Bytes TrialWork::share(const WorkPart& part) const {
  return share_trials(task_, trials_, part);
}

bool TrialWork::adopt(const WorkPart& part, const Bytes& result) {
  if (!read_outcomes(result, task_, trials_, part, sink_)) return false;
  meter_.after(flops_of(part));
  return true;
}

double TrialWork::flops_of(const WorkPart& part) const {
  double flops = 0;
  for (std::size_t t = part.begin; t < part.end; ++t) {
    flops += flops_of_cholesky(static_cast<double>(task_.problem.sizes[trials_[t].sizes - 1]));
  }
  return flops;
}

PredictionWork::PredictionWork(DualSource& source, const std::vector<Matrix<double>>& coefficients,
                               const WorkPart& part, std::size_t tests, double flops, Meter& meter,
                               Sink sink)
    : source_(source),
      coefficients_(coefficients),
      sums_(tests, coefficients.size() * coefficients.front().cols()),
      flops_(flops),
      meter_(meter),
      sink_(std::move(sink)),
      here_(part) {
  std::visit([&](auto& s) { s.take_coefficients(coefficients_); }, source_);
}

JobSteps PredictionWork::run() {
  const auto slices = std::visit([](const auto& s) { return s.prediction_slices(); }, source_);
  const auto together =
      std::visit([](const auto& s) { return s.prediction_slices_at_once(); }, source_);
  for (; here_.begin < here_.end; ++here_.begin) {
    sums_.set_zero();
    const std::size_t end = (here_.begin + 1) * slices / kPredictionGroups;
    for (std::size_t slice = here_.begin * slices / kPredictionGroups; slice < end;) {
      const std::size_t count = std::min(end - slice, together);
      co_yield meter_.after(std::visit(
          [&](auto& s) { return s.add_to_predictions(slice, count, sums_.view()); }, source_));
      slice += count;
    }
    sink_(sums_.view());
  }
  co_return JobResult{};
}

std::size_t PredictionWork::worth() const {
  const bool small = 8 * static_cast<double>(sums_.size()) < kMostSums;
  if (!small || here_.begin >= here_.end) return 0;
  const std::size_t others = here_.end - here_.begin - 1;
  const double flops = flops_ * static_cast<double>(others) / double{kPredictionGroups};
  return std::min(helpers_for(flops), others);
}

std::vector<WorkPart> PredictionWork::give_up(std::size_t parts) {
  return give_up_evenly(here_, parts);
}

Bytes PredictionWork::share(const WorkPart& part) const {
  return share_predictions(coefficients_, part);
}

bool PredictionWork::adopt(const WorkPart& part, const Bytes& result) {
  Matrix<double> sums(sums_.rows(), sums_.cols());
  if (!read_predictions(result, part, sums.view(), sink_)) return false;
  meter_.after(flops_ * static_cast<double>(part.end - part.begin) / double{kPredictionGroups});
  return true;
}

}  // namespace attnlab::random_features
