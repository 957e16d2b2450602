#include "core/random_features/fit/dual_share.h"

#include <algorithm>

namespace attnlab::random_features {
namespace {

enum class Kind : std::uint32_t { kGramRows, kTrials, kPredictions, kSolves };

void count(ByteWriter& writer, std::size_t value) {
  writer.u32(static_cast<std::uint32_t>(value));
}

ByteWriter begin_share(Kind kind) {
  ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(kind));
  return writer;
}

/// Bytes of rows [first, end) of a lower triangle, each with its length.
std::size_t triangle_bytes(std::size_t first, std::size_t end) {
  return 4 * (end - first) * (end + first + 1) + 8 * (end - first);
}

void write_triangle(ByteWriter& writer, std::size_t first, MatrixView<const double> rows) {
  for (std::size_t i = 0; i < rows.rows; ++i) writer.reals(rows.row(i).first(first + i + 1));
}

void read_triangle(ByteReader& reader, std::size_t first, MatrixView<double> rows) {
  for (std::size_t i = 0; i < rows.rows; ++i) reader.reals(rows.row(i).first(first + i + 1));
}

Error unreadable() {
  return {"a share of this job could not be read"};
}

/// The largest size of any of the factorisations.
std::size_t largest(std::span<const std::size_t> sizes, std::span<const Trial> trials) {
  std::size_t n = 0;
  for (const Trial& trial : trials) n = std::max(n, sizes[trial.sizes - 1]);
  return n;
}

JobSteps gram_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const std::size_t n = problem.sizes[dual - 1];
  const WorkPart part{reader.u32(), reader.u32(), reader.u32()};
  const bool begun = reader.u32() != 0;
  if (!reader.ok() || part.begin > part.end || part.end > n) co_return unreadable();
  Matrix<double> rows(part.end - part.begin, n);
  if (begun) read_triangle(reader, part.begin, rows.view());
  if (!reader.at_end()) co_return unreadable();
  DualSource source = source_of(problem, dual);
  Meter meter;
  GramWork work(source, part, rows.view(), meter);
  JobSteps adding = work.run();
  co_await adding;
  ByteWriter writer;
  writer.reserve(triangle_bytes(part.begin, part.end));
  write_triangle(writer, part.begin, rows.const_view());
  co_return JobResult{writer.take()};
}

JobSteps trials_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const std::vector<double> strengths = strengths_of(problem.ridge);
  const double scale = reader.real();
  std::vector<Trial> trials(std::min<std::size_t>(reader.u32(), strengths.size()));
  for (Trial& trial : trials) {
    trial = {reader.u32(), reader.u32(), reader.u32()};
    const bool known = trial.strength < strengths.size() && trial.sizes > 0 &&
                       trial.sizes <= dual && trial.others >> strengths.size() == 0;
    if (!reader.ok() || !known) co_return unreadable();
  }
  const std::size_t n = largest(problem.sizes, trials);
  Matrix<double> gram = Matrix<double>::unset(n, n);  // the lower triangle is used
  read_triangle(reader, 0, gram.view());
  if (!reader.at_end()) co_return unreadable();

  ByteWriter writer;
  const TrialWork::Sink write = [&](std::size_t, std::size_t, const TrialOutcome& outcome) {
    count(writer, outcome.size());
    for (const Solution& solution : outcome) {
      count(writer, solution.strength);
      writer.reals(solution.values.values());
      writer.reals(solution.held_errors);
    }
  };
  Cholesky factor(n);
  Meter meter;
  TrialWork work({problem, strengths, scale, gram.const_view()}, trials, factor, meter, write);
  JobSteps solving = work.run();
  co_await solving;
  co_return JobResult{writer.take()};
}

JobSteps solves_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const std::vector<double> strengths = strengths_of(problem.ridge);
  const double scale = reader.real();
  const Trial trial{reader.u32(), 1, reader.u32()};
  const std::size_t rows = reader.u32();
  const bool known = trial.strength < strengths.size() && trial.others >> strengths.size() == 0 &&
                     rows > 0 && rows <= problem.sizes[dual - 1];
  if (!reader.ok() || !known) co_return unreadable();
  Cholesky factor(rows);
  read_triangle(reader, 0, factor.adopt(rows));
  if (!reader.at_end()) co_return unreadable();
  Meter meter;
  const FactorTask task{problem, strengths, scale, {}};
  std::vector<Solution> solutions;
  JobSteps solving = solve_rows(task, trial, rows, factor, meter, solutions);
  co_await solving;
  ByteWriter writer;
  count(writer, solutions.size());
  for (const Solution& solution : solutions) {
    count(writer, solution.strength);
    writer.reals(solution.values.values());
  }
  co_return JobResult{writer.take()};
}

JobSteps predictions_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const WorkPart part{reader.u32(), reader.u32(), 0};
  const std::size_t sizes = reader.u32(), columns = reader.u32();
  const std::size_t most = strengths_of(problem.ridge).size() * problem.train_labels->cols();
  const bool known = part.begin <= part.end && part.end <= kPredictionGroups && sizes > 0 &&
                     sizes <= dual && columns <= most;
  if (!reader.ok() || !known) co_return unreadable();
  std::vector<Matrix<double>> coefficients;
  for (std::size_t s = 0; s < sizes; ++s) {
    coefficients.emplace_back(problem.sizes[s], columns);
    reader.reals(coefficients.back().values());
  }
  if (!reader.at_end()) co_return unreadable();

  DualSource source = source_of(problem, dual);
  ByteWriter writer;
  const PredictionWork::Sink write = [&](MatrixView<double> sums) {
    for (std::size_t i = 0; i < sums.rows; ++i) writer.reals(sums.row(i));
  };
  Meter meter;
  PredictionWork work(source, coefficients, part, problem.test->count, 0, meter, write);
  JobSteps predicting = work.run();
  co_await predicting;
  co_return JobResult{writer.take()};
}

}  // namespace

Bytes share_gram_rows(const WorkPart& part, MatrixView<const double> rows) {
  ByteWriter writer = begin_share(Kind::kGramRows);
  const bool begun = part.from > 0;
  writer.reserve(32 + (begun ? triangle_bytes(part.begin, part.end) : 0));
  count(writer, part.begin);
  count(writer, part.end);
  count(writer, part.from);
  writer.u32(begun);
  if (begun) write_triangle(writer, part.begin, rows);
  return writer.take();
}

bool read_gram_rows(const Bytes& result, std::size_t first, MatrixView<double> rows) {
  // A truncated result must not change the rows: the part is then computed again from them.
  if (result.size() != triangle_bytes(first, first + rows.rows)) return false;
  ByteReader reader(result);
  read_triangle(reader, first, rows);
  return reader.at_end();
}

Bytes share_trials(const FactorTask& task, std::span<const Trial> trials, const WorkPart& part) {
  const std::span<const Trial> given = trials.subspan(part.begin, part.end - part.begin);
  const std::size_t n = largest(task.problem.sizes, given);
  ByteWriter writer = begin_share(Kind::kTrials);
  writer.reserve(64 + 12 * given.size() + triangle_bytes(0, n));
  writer.real(task.scale);
  count(writer, given.size());
  for (const Trial& trial : given) {
    count(writer, trial.strength);
    count(writer, trial.sizes);
    writer.u32(trial.others);
  }
  write_triangle(writer, 0, task.gram.block(0, 0, n, n));
  return writer.take();
}

bool read_outcomes(const Bytes& result, const FactorTask& task, std::span<const Trial> trials,
                   const WorkPart& part, const TrialWork::Sink& sink) {
  const std::size_t targets = task.problem.train_labels->cols();
  const bool validating = task.problem.ridge.rule == RidgeChoice::Rule::kValidation;
  std::vector<TrialOutcome> outcomes;
  ByteReader reader(result);
  for (std::size_t t = part.begin; t < part.end; ++t) {
    for (std::size_t s = 0; s < trials[t].sizes; ++s) {
      TrialOutcome& outcome = outcomes.emplace_back();
      const std::size_t solutions = reader.u32();
      if (!reader.ok() || solutions > task.strengths.size()) return false;
      for (std::size_t i = 0; i < solutions; ++i) {
        Solution& solution = outcome.emplace_back();
        solution.strength = reader.u32();
        solution.values = Matrix<double>(task.problem.sizes[s], targets);
        reader.reals(solution.values.values());
        solution.held_errors.resize(validating ? targets : 0);
        reader.reals(solution.held_errors);
        if (!reader.ok() || solution.strength >= task.strengths.size()) return false;
      }
    }
  }
  if (!reader.at_end()) return false;
  auto outcome = outcomes.begin();
  for (std::size_t t = part.begin; t < part.end; ++t) {
    for (std::size_t s = 0; s < trials[t].sizes; ++s) sink(t, s, *outcome++);
  }
  return true;
}

Bytes share_solves(const FactorTask& task, const Trial& trial, MatrixView<const double> factor) {
  ByteWriter writer = begin_share(Kind::kSolves);
  writer.reserve(64 + triangle_bytes(0, factor.rows));
  writer.real(task.scale);
  count(writer, trial.strength);
  writer.u32(trial.others);
  count(writer, factor.rows);
  write_triangle(writer, 0, factor);
  return writer.take();
}

std::optional<std::vector<Solution>> read_solutions(const Bytes& result, const FactorTask& task,
                                                    std::size_t rows) {
  ByteReader reader(result);
  const std::size_t count = reader.u32();
  if (!reader.ok() || count > task.strengths.size()) return std::nullopt;
  std::vector<Solution> solutions;
  for (std::size_t i = 0; i < count; ++i) {
    Solution& solution = solutions.emplace_back();
    solution.strength = reader.u32();
    solution.values = Matrix<double>(rows, task.problem.train_labels->cols());
    reader.reals(solution.values.values());
    if (!reader.ok() || solution.strength >= task.strengths.size()) return std::nullopt;
  }
  if (!reader.at_end()) return std::nullopt;
  return solutions;
}

Bytes share_predictions(const std::vector<Matrix<double>>& coefficients, const WorkPart& part) {
  ByteWriter writer = begin_share(Kind::kPredictions);
  count(writer, part.begin);
  count(writer, part.end);
  count(writer, coefficients.size());
  count(writer, coefficients.front().cols());
  for (const Matrix<double>& size : coefficients) writer.reals(size.values());
  return writer.take();
}

bool read_predictions(const Bytes& result, const WorkPart& part, MatrixView<double> sums,
                      const PredictionWork::Sink& sink) {
  const std::size_t groups = part.end - part.begin;
  if (result.size() != groups * sums.rows * (8 + 8 * sums.cols)) return false;
  ByteReader reader(result);
  for (std::size_t group = 0; group < groups; ++group) {
    for (std::size_t i = 0; i < sums.rows; ++i) reader.reals(sums.row(i));
    if (!reader.ok()) return false;
    sink(sums);
  }
  return true;
}

JobSteps fit_share(const NestedFitProblem& problem, Bytes share) {
  const std::size_t dual = sizes_in_dual(problem.layer, problem.sizes);
  ByteReader reader(share);
  const auto kind = static_cast<Kind>(reader.u32());
  if (!reader.ok() || dual == 0) co_return unreadable();
  JobSteps part;
  if (kind == Kind::kGramRows) part = gram_share(problem, dual, reader);
  if (kind == Kind::kTrials) part = trials_share(problem, dual, reader);
  if (kind == Kind::kSolves) part = solves_share(problem, dual, reader);
  if (kind == Kind::kPredictions) part = predictions_share(problem, dual, reader);
  if (!part) co_return unreadable();
  JobResult result = co_await part;
  co_return result;
}

}  // namespace attnlab::random_features
