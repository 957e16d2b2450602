// Black boxes that answer queries: their common interface, our own models, and wrappers that
// degrade answers on purpose (noise, or only a yes or no).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/attention/head.h"
#include "core/base/expected.h"
#include "core/extraction/learn/query.h"
#include "core/numerics/random.h"

namespace attnlab::extraction {

/// f(X) for sequences X of tokens of length dim(). Every query is counted once, even if it fails.
class Oracle {
 public:
  virtual ~Oracle() = default;
  virtual std::size_t dim() const = 0;
  /// Numbers in one answer: 1, or more where an answer is a vector (logits).
  virtual std::size_t width() const { return 1; }

  /// The answers in the order of the queries; a sentence when the box gave no answer. The queries
  /// are counted before they are asked.
  Expected<std::vector<double>> ask(const QueryBatch& batch);

  std::uint64_t learning_queries() const { return learning_; }
  std::uint64_t checking_queries() const { return checking_; }

 protected:
  /// `answers` has batch.size() * width() entries.
  virtual Expected<void> answer(const QueryBatch& batch, std::span<double> answers) = 0;

 private:
  std::uint64_t learning_ = 0, checking_ = 0;
};

/// g(x) = sum_j output_j ReLU(input_j . x + bias_j) + constant, one hidden layer.
struct FeedForward {
  Matrix<double> input;        ///< A, hidden x dim
  std::vector<double> bias;    ///< c, hidden
  std::vector<double> output;  ///< o, hidden
  double constant = 0;         ///< c0
  double operator()(std::span<const double> x) const;
};

/// Products of one head with the shared rows r of many batches: r.v, and after some batches r^T W,
/// so that a query token q costs one multiply-add per row and non-zero entry of q.
struct SharedRowScores {
  SharedRows rows;
  std::size_t batches = 0;
  std::vector<double> values;          ///< r.v
  Matrix<double> images;               ///< entry (i, r) = (r^T W)_i, or empty
  std::vector<double> logits, shares;  ///< r^T W q and its logistic function, of the current batch
};

/// Sum of softmax heads. In a batch one matrix product computes everything that depends on query
/// tokens alone, and another one the logits where queries share their tokens. Products with the
/// shared rows of the last batches are kept (SharedRowScores). Logits are shifted by the largest
/// one: no overflow for any finite input.
class HeadsOracle : public Oracle {
 public:
  explicit HeadsOracle(std::vector<Head> heads) : heads_(std::move(heads)) {}
  explicit HeadsOracle(Head head) { heads_.push_back(std::move(head)); }
  std::size_t dim() const override { return heads_.empty() ? 0 : heads_[0].value.size(); }
  const std::vector<Head>& heads() const { return heads_; }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override;

 private:
  void answer_sums(const QueryBatch& batch, std::span<double> answers);

  std::vector<Head> heads_;
  std::vector<SharedRowScores> scores_;  // per head
};

/// One head whose values are whole tokens, and a network on the result:
/// f(X) = g(sum_i alpha_i x_i).
class TransformerOracle : public Oracle {
 public:
  TransformerOracle(Matrix<double> weight, FeedForward network)
      : weight_(std::move(weight)), network_(std::move(network)) {}
  std::size_t dim() const override { return weight_.rows(); }
  const Matrix<double>& weight() const { return weight_; }
  const FeedForward& network() const { return network_; }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override;

 private:
  Matrix<double> weight_;
  FeedForward network_;
};

enum class NoiseKind {
  kUniform,   ///< uniform on [-tau, tau]
  kSign,      ///< -tau or tau with equal chance
  kGaussian,  ///< normal with standard deviation tau
  kRounding,  ///< the answer rounded to a multiple of 2 tau: always the same, never averaged away
};

/// Answers of another oracle with noise from one named stream.
class NoisyOracle : public Oracle {
 public:
  NoisyOracle(Oracle& inner, NoiseKind kind, double tau, RandomStream stream)
      : inner_(inner), kind_(kind), tau_(tau), stream_(stream) {}
  std::size_t dim() const override { return inner_.dim(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override;

 private:
  Oracle& inner_;
  NoiseKind kind_;
  double tau_;
  RandomStream stream_;
};

/// Only says on which side of a threshold the other oracle's answer is: 1 above or at it, else -1.
class MembershipOracle : public Oracle {
 public:
  MembershipOracle(Oracle& inner, double threshold) : inner_(inner), threshold_(threshold) {}
  std::size_t dim() const override { return inner_.dim(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override;

 private:
  Oracle& inner_;
  double threshold_;
};

/// W with independent normal entries of standard deviation scale / dim, so that its Frobenius norm
/// is about `scale` and logits of standard normal tokens have standard deviation `scale`. A rank
/// below dim gives a product of normal factors of that rank with the same norm on average.
Matrix<double> random_weight(RandomStream& stream, std::size_t dim, std::size_t rank, double scale);

}  // namespace attnlab::extraction
