#include "core/extraction/learn/noisy_head.h"

#include <algorithm>
#include <cmath>

#include "core/extraction/learn/dense.h"
#include "core/extraction/learn/forms.h"

namespace attnlab::extraction {
namespace {

// alpha (1 - alpha) = 1/5 at both ends: there the logit has slope 5, between them less.
constexpr double kClipLow = 0.27639320225002106, kClipHigh = 1 - kClipLow;

/// Means of `repeats` answers to every query.
Inquiry<std::vector<double>> ask_averaged(const QueryBatch& batch, int repeats) {
  std::vector<double> mean(batch.size(), 0.0);
  for (int k = 0; k < repeats; ++k) {
    const std::vector<double> answers = co_await ask(batch);
    add_scaled(1.0 / repeats, answers, mean);
  }
  co_return mean;
}

QueryBatch unit_queries(std::size_t dim) {
  QueryBatch batch(dim);
  std::vector<double> token(dim, 0.0);
  for (std::size_t i = 0; i < dim; ++i) {
    token[i] = 1;
    batch.query({batch.token(token)});
    token[i] = 0;
  }
  return batch;
}

}  // namespace

double noise_bound(double dim, double weight_bound, double tau, double smallest_value) {
  if (!(tau < smallest_value)) return INFINITY;
  return 25 * dim * weight_bound * weight_bound * tau / (smallest_value - tau);
}

NoisyProbes noisy_probes(std::span<const double> value, const NoisyHeadOptions& options) {
  if (!options.balanced) return {identity(value.size()), 1 / options.weight_bound, 0.5};
  return {BalancedProbes(value).rows(), options.probe_norm,
          1 / (options.probe_norm * options.weight_bound)};
}

double clipped_logit(double alpha) {
  return logit(std::clamp(alpha, kClipLow, kClipHigh));
}

Inquiry<bool> learn_noisy_head(HeadKnowledge& known, NoisyHeadOptions options) {
  const std::size_t dim = known.value.size();
  const QueryBatch units = unit_queries(dim);
  Inquiry<std::vector<double>> values = ask_averaged(units, options.repeats);
  known.value = co_await values;
  bool finite = std::ranges::all_of(known.value, [](double v) { return std::isfinite(v); });
  if (!finite || norm(known.value) == 0) co_return false;

  const NoisyProbes asked = noisy_probes(known.value, options);
  const Matrix<double>& probes = asked.rows;
  const double probe = asked.probe, query = asked.query;
  std::vector<double> key(dim), forms(dim);
  for (std::size_t j = 0; j < dim; ++j) {
    QueryBatch batch(dim);
    std::vector<double> token(dim, 0.0);
    token[j] = query;
    const std::uint32_t query_token = batch.token(token);
    for (std::size_t i = 0; i < dim; ++i) {
      for (std::size_t k = 0; k < dim; ++k) key[k] = probe * probes(i, k) + token[k];
      batch.query({batch.token(key), query_token});
    }
    Inquiry<std::vector<double>> asking = ask_averaged(batch, options.repeats);
    const std::vector<double> answers = co_await asking;
    for (std::size_t i = 0; i < dim; ++i) {
      const double alpha =
          (answers[i] - query * known.value[j]) / (probe * dot(probes.row(i), known.value));
      finite = finite && std::isfinite(alpha);
      forms[i] = clipped_logit(alpha) / (probe * query);
    }
    // The reflection is its own inverse; unit vectors give the entries themselves.
    const std::vector<double> column = product(probes, forms);
    for (std::size_t i = 0; i < dim; ++i) known.weight(i, j) = column[i];
  }
  co_return finite;
}

}  // namespace attnlab::extraction
