#include "core/extraction/learn/oracle.h"

#include <algorithm>
#include <cmath>

#include "core/attention/softmax.h"
#include "core/extraction/learn/dense.h"
#include "core/numerics/elementary_batch.h"
#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/row_products.h"

namespace attnlab::extraction {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;

/// The distinct query tokens of a batch, and the one of each query; kNone for a query of one token,
/// whose weight is 1 whatever its logit.
struct QueryTokens {
  std::vector<std::uint32_t> tokens;
  std::vector<std::uint32_t> of_query;
};

QueryTokens query_tokens(const QueryBatch& batch) {
  QueryTokens found;
  std::vector<std::uint32_t> slot(batch.token_count(), kNone);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].size() == 1) {
      found.of_query.push_back(kNone);
      continue;
    }
    const std::uint32_t token = batch[i].back();
    if (slot[token] == kNone) {
      slot[token] = static_cast<std::uint32_t>(found.tokens.size());
      found.tokens.push_back(token);
    }
    found.of_query.push_back(slot[token]);
  }
  return found;
}

/// Softmax weights of every member of every query, in the order of the batch; with `value` also its
/// products with every token, in the same pass over the tokens where that is possible.
std::vector<double> softmax_weights(const QueryBatch& batch, const QueryTokens& queries,
                                    const Matrix<double>& weight, std::span<const double> value,
                                    std::span<double> token_values) {
  const std::size_t dim = batch.dim();
  Matrix<double> gathered(queries.tokens.size(), dim), images(queries.tokens.size(), dim);
  for (std::size_t q = 0; q < queries.tokens.size(); ++q) {
    std::ranges::copy(batch.token_values(queries.tokens[q]), gathered.row(q).begin());
  }
  const bool single = queries.tokens.size() == 1;
  if (single) {
    row_products(weight.view(), gathered.row(0), images.row(0));
  } else {
    gemm_nt(gathered.const_view(), weight.view(), images.view(), false);
  }

  // One product of all tokens and all query tokens pays if a quarter of the pairs is needed.
  const std::size_t pairs = batch.token_count() * queries.tokens.size();
  const bool dense = pairs <= 4 * batch.member_count();
  Matrix<double> logits(dense ? batch.token_count() : 0, queries.tokens.size());
  if (dense && single && !value.empty()) {
    row_products(batch.tokens(), images.row(0), logits.values(), value, token_values);
  } else {
    if (dense) gemm_nt(batch.tokens(), images.const_view(), logits.view(), false);
    if (!value.empty()) row_products(batch.tokens(), value, token_values);
  }

  std::vector<double> weights;
  weights.reserve(batch.member_count());
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const std::uint32_t q = queries.of_query[i];
    if (q == kNone) {
      weights.push_back(0);
      continue;
    }
    for (const std::uint32_t token : batch[i]) {
      weights.push_back(dense ? logits(token, q) : dot(batch.token_values(token), images.row(q)));
    }
  }
  softmax_groups(weights, batch.ends());
  return weights;
}

/// After this many batches with the same shared rows r, all r^T W are computed: by then the
/// products with the query tokens have cost a good part of that.
constexpr std::size_t kBatchesBeforeImages = 8;

/// Updates `known` for a batch's shared rows.
void meet_rows(const QueryBatch& batch, const Head& head, SharedRowScores& known) {
  const Matrix<double>& rows = *batch.rows();
  if (known.rows != batch.rows()) {
    known = {batch.rows(), 0, std::vector<double>(rows.rows()), {}, {}, {}};
    row_products(rows.view(), head.value, known.values);
  }
  if (++known.batches != kBatchesBeforeImages) return;
  known.images = Matrix<double>::unset(rows.cols(), rows.rows());
  // images = W^T rows^T, row i from column i of W.
  run_product(kernels::Product<double>{rows.cols(), rows.rows(), rows.cols(), head.weight.data(), 1,
                                       head.weight.cols(), rows.data(), 1, rows.cols(),
                                       known.images.data(), rows.rows(), kernels::Update::kSet});
}

/// W q; for a token along one axis that is a multiple of one column.
std::vector<double> image_of(const Matrix<double>& weight, std::span<const double> q) {
  std::vector<double> image(q.size());
  const auto is_set = [](double entry) { return entry != 0; };
  if (std::ranges::count_if(q, is_set) != 1) {
    row_products(weight.view(), q, image);
    return image;
  }
  const auto j = static_cast<std::size_t>(std::ranges::find_if(q, is_set) - q.begin());
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = weight(i, j) * q[j];
  return image;
}

/// known.shares = s(r^T W q) for all shared rows, with the logistic function s.
void score_rows(const Head& head, std::span<const double> q, SharedRowScores& known) {
  known.logits.assign(known.values.size(), 0.0);
  if (known.images.rows() != 0) {
    for (std::size_t j = 0; j < q.size(); ++j) {
      if (q[j] != 0) add_scaled(q[j], known.images.row(j), known.logits);
    }
  } else {
    row_products(known.rows->view(), image_of(head.weight, q), known.logits);
  }
  known.shares.resize(known.logits.size());
  for (std::size_t i = 0; i < known.logits.size(); ++i) {
    known.shares[i] = -std::abs(known.logits[i]);
  }
  exp_of_each(known.shares);
  for (std::size_t i = 0; i < known.logits.size(); ++i) {
    const double e = known.shares[i];
    known.shares[i] = (known.logits[i] < 0 ? e : 1.0) / (1 + e);
  }
}

}  // namespace

Expected<std::vector<double>> Oracle::ask(const QueryBatch& batch) {
  (batch.purpose() == QueryPurpose::kLearn ? learning_ : checking_) += batch.size();
  std::vector<double> answers(batch.size() * width());
  const Expected<void> given = answer(batch, answers);
  if (!given) return given.error();
  return answers;
}

double FeedForward::operator()(std::span<const double> x) const {
  double sum = constant;
  for (std::size_t j = 0; j < output.size(); ++j) {
    sum += output[j] * std::max(0.0, dot(input.row(j), x) + bias[j]);
  }
  return sum;
}

/// A query [r + q; q] has the logits r^T W q + c and c, so the answer is q.v + s(r^T W q) r.v.
void HeadsOracle::answer_sums(const QueryBatch& batch, std::span<double> answers) {
  const std::span<const double> q = batch.token_values(0);
  scores_.resize(heads_.size());
  for (std::size_t h = 0; h < heads_.size(); ++h) {
    SharedRowScores& known = scores_[h];
    meet_rows(batch, heads_[h], known);
    score_rows(heads_[h], q, known);
    const double of_query = dot(q, heads_[h].value);
    for (std::size_t k = 0; k < answers.size(); ++k) {
      const std::uint32_t row = batch.sums()[k].row;
      answers[k] += of_query + known.shares[row] * known.values[row];
    }
  }
}

Expected<void> HeadsOracle::answer(const QueryBatch& batch, std::span<double> answers) {
  std::ranges::fill(answers, 0.0);
  if (batch.only_sums()) {
    answer_sums(batch, answers);
    return {};
  }
  const QueryTokens queries = query_tokens(batch);
  std::vector<double> values(batch.token_count());
  for (const Head& head : heads_) {
    const std::vector<double> weights =
        softmax_weights(batch, queries, head.weight, head.value, values);
    const double* weight = weights.data();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      for (const std::uint32_t token : batch[i]) answers[i] += *weight++ * values[token];
    }
  }
  return {};
}

Expected<void> TransformerOracle::answer(const QueryBatch& batch, std::span<double> answers) {
  const std::vector<double> weights = softmax_weights(batch, query_tokens(batch), weight_, {}, {});
  Matrix<double> mixed(batch.size(), dim());
  std::size_t member = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    for (const std::uint32_t token : batch[i]) {
      add_scaled(weights[member++], batch.token_values(token), mixed.row(i));
    }
  }
  const std::size_t hidden = network_.output.size();
  Matrix<double> activations(batch.size(), hidden);
  gemm_nt(mixed.const_view(), network_.input.view(), activations.view(), false);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    answers[i] = network_.constant;
    for (std::size_t j = 0; j < hidden; ++j) {
      answers[i] += network_.output[j] * std::max(0.0, activations(i, j) + network_.bias[j]);
    }
  }
  return {};
}

Expected<void> NoisyOracle::answer(const QueryBatch& batch, std::span<double> answers) {
  const Expected<std::vector<double>> exact = inner_.ask(batch);
  if (!exact) return exact.error();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i] = (*exact)[i];
    switch (kind_) {
      case NoiseKind::kUniform:
        answers[i] += tau_ * (2 * stream_.uniform() - 1);
        break;
      case NoiseKind::kSign:
        answers[i] += stream_.uniform() < 0.5 ? -tau_ : tau_;
        break;
      case NoiseKind::kGaussian:
        answers[i] += tau_ * stream_.normal();
        break;
      case NoiseKind::kRounding:
        if (tau_ > 0) answers[i] = 2 * tau_ * std::round(answers[i] / (2 * tau_));
        break;
    }
  }
  return {};
}

Expected<void> MembershipOracle::answer(const QueryBatch& batch, std::span<double> answers) {
  const Expected<std::vector<double>> exact = inner_.ask(batch);
  if (!exact) return exact.error();
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i] = (*exact)[i] >= threshold_ ? 1.0 : -1.0;
  }
  return {};
}

Matrix<double> random_weight(RandomStream& stream, std::size_t dim, std::size_t rank,
                             double scale) {
  Matrix<double> weight(dim, dim);
  const double d = static_cast<double>(dim);
  if (rank >= dim) {
    stream.fill_normal(weight.values());
    for (double& entry : weight.values()) entry *= scale / d;
    return weight;
  }
  Matrix<double> left(dim, rank), right(dim, rank);
  stream.fill_normal(left.values());
  stream.fill_normal(right.values());
  gemm_nt(left.const_view(), right.const_view(), weight.view(), false);
  const double norm = d * std::sqrt(static_cast<double>(std::max<std::size_t>(rank, 1)));
  for (double& entry : weight.values()) entry *= scale / norm;
  return weight;
}

}  // namespace attnlab::extraction
