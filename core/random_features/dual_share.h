// The parts of a dual fit as bytes: what goes to a helper, and what comes back.
#pragma once

#include <functional>

#include "core/experiment/bytes.h"
#include "core/random_features/dual_parts.h"

namespace attnlab {

/// Rows [first, end) of the kernel matrix.
Bytes share_gram_rows(std::size_t first, std::size_t end);
/// Reads them into `rows`; false for bytes that do not fit.
bool read_gram_rows(const Bytes& result, std::size_t first, MatrixView<double> rows);

/// Factorisations for trials [begin, end).
Bytes share_trials(const FactorTask& task, std::span<const Trial> trials, std::size_t begin,
                   std::size_t end);
bool read_outcomes(const Bytes& result, const FactorTask& task, std::span<const Trial> trials,
                   std::size_t begin, std::size_t end, const TrialSink& sink);

/// Prediction groups [begin, end) of the coefficients (one matrix for each size).
Bytes share_predictions(std::span<const Matrix<double>> coefficients, std::size_t begin,
                        std::size_t end);
bool read_predictions(const Bytes& result, std::size_t groups, MatrixView<double> sums,
                      const PredictionSink& sink);

}  // namespace attnlab
