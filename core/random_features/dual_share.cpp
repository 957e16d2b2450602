#include "core/random_features/dual_share.h"

#include <algorithm>

namespace attnlab {
namespace {

enum class Kind : std::uint32_t { kGramRows, kTrials, kPredictions };

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

/// The largest size of any of the trials.
std::size_t largest(std::span<const std::size_t> sizes, std::span<const Trial> trials) {
  std::size_t n = 0;
  for (const Trial& trial : trials) n = std::max(n, sizes[trial.sizes - 1]);
  return n;
}

JobSteps gram_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const std::size_t first = reader.u32(), end = reader.u32();
  if (!reader.at_end() || first > end || end > problem.sizes[dual - 1]) co_return unreadable();
  DualSource source = source_of(problem, dual);
  Matrix<double> rows(end - first, end);
  Meter meter;
  JobSteps adding = add_gram_rows(source, first, rows.view(), meter);
  while (adding.step() == JobSteps::State::kRunning) co_yield StepProgress{0, {}};
  if (adding.state() == JobSteps::State::kFailed) co_return adding.error();
  ByteWriter writer;
  writer.reserve(triangle_bytes(first, end));
  write_triangle(writer, first, rows.const_view());
  co_return JobResult{writer.take()};
}

JobSteps trials_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const std::vector<double> strengths = strengths_of(problem.ridge);
  const double scale = reader.real();
  std::vector<Trial> trials(std::min<std::size_t>(reader.u32(), strengths.size()));
  for (Trial& trial : trials) {
    trial = {reader.u32(), reader.u32()};
    const bool known = trial.strength < strengths.size() && trial.sizes > 0 && trial.sizes <= dual;
    if (!reader.ok() || !known) co_return unreadable();
  }
  const std::size_t n = largest(problem.sizes, trials);
  Matrix<double> gram = Matrix<double>::unset(n, n);  // the lower triangle is used
  read_triangle(reader, 0, gram.view());
  if (!reader.at_end()) co_return unreadable();

  ByteWriter writer;
  const TrialSink write = [&](std::size_t, std::size_t, const TrialOutcome& outcome) {
    writer.u32(outcome.solved);
    if (!outcome.solved) return;
    writer.reals(outcome.solution.values());
    writer.reals(outcome.held_errors);
  };
  Cholesky factor(n);
  Meter meter;
  JobSteps solving = factor_trials({problem, strengths, scale, gram.const_view()}, trials, 0,
                                   trials.size(), factor, meter, write);
  while (solving.step() == JobSteps::State::kRunning) co_yield StepProgress{0, {}};
  if (solving.state() == JobSteps::State::kFailed) co_return solving.error();
  co_return JobResult{writer.take()};
}

JobSteps predictions_share(const NestedFitProblem& problem, std::size_t dual, ByteReader reader) {
  const std::size_t begin = reader.u32(), end = reader.u32(), columns = reader.u32();
  const std::size_t most = strengths_of(problem.ridge).size() * problem.train_labels->cols();
  if (!reader.ok() || begin > end || end > kPredictionGroups || columns > most) {
    co_return unreadable();
  }
  std::vector<Matrix<double>> coefficients;
  for (std::size_t s = 0; s < dual; ++s) {
    coefficients.emplace_back(problem.sizes[s], columns);
    reader.reals(coefficients.back().values());
  }
  if (!reader.at_end()) co_return unreadable();

  DualSource source = source_of(problem, dual);
  std::visit([&](auto& s) { s.take_coefficients(coefficients); }, source);
  ByteWriter writer;
  const PredictionSink write = [&](MatrixView<double> sums) {
    for (std::size_t i = 0; i < sums.rows; ++i) writer.reals(sums.row(i));
  };
  Meter meter;
  JobSteps predicting = predict_groups(source, begin, end, problem.test->count, dual * columns,
                                       meter, write);
  while (predicting.step() == JobSteps::State::kRunning) co_yield StepProgress{0, {}};
  if (predicting.state() == JobSteps::State::kFailed) co_return predicting.error();
  co_return JobResult{writer.take()};
}

}  // namespace

Bytes share_gram_rows(std::size_t first, std::size_t end) {
  ByteWriter writer = begin_share(Kind::kGramRows);
  count(writer, first);
  count(writer, end);
  return writer.take();
}

bool read_gram_rows(const Bytes& result, std::size_t first, MatrixView<double> rows) {
  ByteReader reader(result);
  read_triangle(reader, first, rows);
  return reader.at_end();
}

Bytes share_trials(const FactorTask& task, std::span<const Trial> trials, std::size_t begin,
                   std::size_t end) {
  const std::span<const Trial> part = trials.subspan(begin, end - begin);
  const std::size_t n = largest(task.problem.sizes, part);
  ByteWriter writer = begin_share(Kind::kTrials);
  writer.reserve(64 + 8 * part.size() + triangle_bytes(0, n));
  writer.real(task.scale);
  count(writer, part.size());
  for (const Trial& trial : part) {
    count(writer, trial.strength);
    count(writer, trial.sizes);
  }
  write_triangle(writer, 0, task.gram.block(0, 0, n, n));
  return writer.take();
}

bool read_outcomes(const Bytes& result, const FactorTask& task, std::span<const Trial> trials,
                   std::size_t begin, std::size_t end, const TrialSink& sink) {
  const std::size_t targets = task.problem.train_labels->cols();
  const bool validating = task.problem.ridge.rule == RidgeChoice::Rule::kValidation;
  std::vector<TrialOutcome> outcomes;
  ByteReader reader(result);
  for (std::size_t t = begin; t < end; ++t) {
    for (std::size_t s = 0; s < trials[t].sizes; ++s) {
      TrialOutcome& outcome = outcomes.emplace_back();
      outcome.solved = reader.u32() != 0;
      if (!outcome.solved) continue;
      outcome.solution = Matrix<double>(task.problem.sizes[s], targets);
      reader.reals(outcome.solution.values());
      outcome.held_errors.resize(validating ? targets : 0);
      reader.reals(outcome.held_errors);
      if (!reader.ok()) return false;
    }
  }
  if (!reader.at_end()) return false;
  auto outcome = outcomes.begin();
  for (std::size_t t = begin; t < end; ++t) {
    for (std::size_t s = 0; s < trials[t].sizes; ++s) sink(t, s, *outcome++);
  }
  return true;
}

Bytes share_predictions(std::span<const Matrix<double>> coefficients, std::size_t begin,
                        std::size_t end) {
  ByteWriter writer = begin_share(Kind::kPredictions);
  count(writer, begin);
  count(writer, end);
  count(writer, coefficients.empty() ? 0 : coefficients.front().cols());
  for (const Matrix<double>& size : coefficients) writer.reals(size.values());
  return writer.take();
}

bool read_predictions(const Bytes& result, std::size_t groups, MatrixView<double> sums,
                      const PredictionSink& sink) {
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
  if (kind == Kind::kPredictions) part = predictions_share(problem, dual, reader);
  if (!part) co_return unreadable();
  while (part.step() == JobSteps::State::kRunning) co_yield StepProgress{0, {}};
  if (part.state() == JobSteps::State::kFailed) co_return part.error();
  co_return JobResult{part.take_output()};
}

}  // namespace attnlab
