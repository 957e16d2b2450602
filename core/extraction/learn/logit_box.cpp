#include "core/extraction/learn/logit_box.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/attention/softmax.h"
#include "core/extraction/learn/dense.h"
#include "core/numerics/elementary.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::extraction {
namespace {

double mean_of(std::span<const double> x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

void subtract(double shift, std::span<double> x) {
  for (double& entry : x) entry -= shift;
}

void normalise(std::span<double> h, HiddenNorm kind) {
  if (kind == HiddenNorm::kLayer) subtract(mean_of(h), h);
  const double length = norm(h);
  const double factor = std::sqrt(static_cast<double>(h.size())) / length;
  for (double& entry : h) entry *= factor;
}

/// E^T x of every token; tokens have few entries other than 0.
Matrix<double> embedded(const QueryBatch& batch, const Matrix<double>& embedding) {
  Matrix<double> result(batch.token_count(), embedding.cols());
  for (std::uint32_t t = 0; t < batch.token_count(); ++t) {
    const std::span<const double> token = batch.token_values(t);
    for (std::size_t word = 0; word < token.size(); ++word) {
      if (token[word] != 0) add_scaled(token[word], embedding.row(word), result.row(t));
    }
  }
  return result;
}

/// norm(z) of every query.
Matrix<double> hidden_states(const QueryBatch& batch, const LogitModel& model) {
  const Matrix<double> tokens = embedded(batch, model.embedding);
  const Matrix<double> keys = product(tokens, model.weight);  // e_i^T W
  Matrix<double> values(tokens.rows(), tokens.cols());
  gemm_nt(tokens.const_view(), model.value.view(), values.view(), false);
  Matrix<double> states(batch.size(), model.hidden());
  std::vector<double> weights;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::span<const std::uint32_t> members = batch[i];
    const std::span<const double> query = tokens.row(members.back());
    weights.clear();
    for (const std::uint32_t token : members) weights.push_back(dot(keys.row(token), query));
    softmax(weights);
    const std::span<double> state = states.row(i);
    std::ranges::copy(query, state.begin());
    for (std::size_t k = 0; k < members.size(); ++k) {
      add_scaled(weights[k], values.row(members[k]), state);
    }
    normalise(state, model.norm);
  }
  return states;
}

double log_sum_of_exponentials(std::span<const double> x) {
  const double top = *std::ranges::max_element(x);
  double sum = 0;
  for (const double entry : x) sum += portable_exp(entry - top);
  return top + portable_log(sum);
}

/// Numbers and log-probabilities of the likeliest words; of equal ones the first.
void write_top(std::span<const double> logits, const LogitAnswer& how, std::span<double> answer) {
  std::vector<std::uint32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0u);
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(how.top),
                    order.end(), [&](std::uint32_t a, std::uint32_t b) {
                      return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
                    });
  const double total = log_sum_of_exponentials(logits);
  for (std::size_t k = 0; k < how.top; ++k) {
    answer[2 * k] = order[k];
    answer[2 * k + 1] = how.grain.round(logits[order[k]] - total);
  }
}

}  // namespace

LogitModel random_logit_model(RandomStream& stream, std::size_t words, std::size_t hidden,
                              HiddenNorm norm) {
  LogitModel model{Matrix<double>(words, hidden), Matrix<double>(hidden, hidden),
                   Matrix<double>(hidden, hidden), Matrix<double>(words, hidden), norm};
  const double d = static_cast<double>(hidden);
  const auto fill = [&stream](Matrix<double>& entries, double scale) {
    stream.fill_normal(entries.values());
    for (double& entry : entries.values()) entry *= scale;
  };
  fill(model.embedding, 1);
  fill(model.weight, 1 / d);
  fill(model.value, 1 / std::sqrt(d));
  fill(model.unembedding, 1 / std::sqrt(d));
  return model;
}

Matrix<double> column_space(const LogitModel& model, bool centred) {
  Matrix<double> vectors = model.unembedding.clone();
  if (model.norm == HiddenNorm::kLayer) {  // norm(z) has mean 0
    for (std::size_t i = 0; i < vectors.rows(); ++i) {
      subtract(mean_of(vectors.row(i)), vectors.row(i));
    }
  }
  if (centred) {
    vectors = transposed(vectors);
    for (std::size_t j = 0; j < vectors.rows(); ++j) {
      subtract(mean_of(vectors.row(j)), vectors.row(j));
    }
    vectors = transposed(vectors);
  }
  return orthonormal_basis(vectors);
}

Expected<void> LogitOracle::answer(const QueryBatch& batch, std::span<double> answers) {
  const Matrix<double> states = hidden_states(batch, model_);
  Matrix<double> logits(batch.size(), model_.words());
  gemm_nt(states.const_view(), model_.unembedding.view(), logits.view(), false);
  if (answer_.top == 0) {
    for (std::size_t k = 0; k < logits.size(); ++k) {
      answers[k] = answer_.grain.round(logits.values()[k]);
    }
    return {};
  }
  for (const LogitBias& bias : batch.biases()) logits(bias.query, bias.word) += bias.amount;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    write_top(logits.row(i), answer_, answers.subspan(i * width(), width()));
  }
  return {};
}

}  // namespace attnlab::extraction
