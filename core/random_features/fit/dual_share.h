// The parts of a dual fit as bytes, to a helper and back.
#pragma once

#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/random_features/fit/dual_parts.h"

namespace attnlab::random_features {

/// Rows of the kernel matrix after the earlier stages.
Bytes share_gram_rows(const WorkPart& part, MatrixView<const double> rows);
/// Reads a helper's rows, the first of them row `first`; false for bytes that do not fit.
bool read_gram_rows(const Bytes& result, std::size_t first, MatrixView<double> rows);

Bytes share_trials(const FactorTask& task, std::span<const Trial> trials, const WorkPart& part);
bool read_outcomes(const Bytes& result, const FactorTask& task, std::span<const Trial> trials,
                   const WorkPart& part, const TrialWork::Sink& sink);

/// The factor's leading block for one fit; `factor` has as many rows as that fit.
Bytes share_solves(const FactorTask& task, const Trial& trial, MatrixView<const double> factor);
/// A helper's solutions of a fit to `rows` rows; nullopt for bytes that do not fit.
std::optional<std::vector<Solution>> read_solutions(const Bytes& result, const FactorTask& task,
                                                    std::size_t rows);

Bytes share_predictions(const std::vector<Matrix<double>>& coefficients, const WorkPart& part);
bool read_predictions(const Bytes& result, const WorkPart& part, MatrixView<double> sums,
                      const PredictionWork::Sink& sink);

}  // namespace attnlab::random_features
