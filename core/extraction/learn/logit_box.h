// A language model of one layer as a black box: words go in, logits of the next word come out.
#pragma once

#include "core/extraction/learn/grain.h"
#include "core/extraction/learn/oracle.h"

namespace attnlab::extraction {

enum class HiddenNorm {
  kRms,    ///< z / root mean square of z
  kLayer,  ///< the same for z minus its mean: layer norm without bias
};

/// One softmax head with a residual path, whose output z has the hidden size d. Token x (a vector
/// of length L, 1 at its word) is embedded as e = E^T x;
///
///   z = e_N + sum_i alpha_i V e_i,  alpha = softmax_i(e_i^T W e_N),  logits = U norm(z).
///
/// Residual and values together let z reach all of R^d. Gains of the norm and the 1/sqrt(d) of the
/// scores are no model of their own: the first can be multiplied into U, the second into W.
struct LogitModel {
  Matrix<double> embedding;    ///< E, L x d
  Matrix<double> weight;       ///< W, d x d
  Matrix<double> value;        ///< V, d x d
  Matrix<double> unembedding;  ///< U, L x d
  HiddenNorm norm = HiddenNorm::kRms;

  std::size_t words() const { return unembedding.rows(); }
  std::size_t hidden() const { return unembedding.cols(); }
};

/// Independent normal entries: E of variance 1, V and U of variance 1/d, W of 1/d^2, so that
/// embeddings, scores and logits are of order 1 each.
LogitModel random_logit_model(RandomStream& stream, std::size_t words, std::size_t hidden,
                              HiddenNorm norm);

/// Orthonormal basis (L x d or L x (d - 1)) of all vectors U norm(z); with `centred` of these
/// vectors minus their means, which is all that probabilities show.
Matrix<double> column_space(const LogitModel& model, bool centred);

/// How the box answers.
struct LogitAnswer {
  Grain grain;          ///< numbers are rounded to it
  std::size_t top = 0;  ///< 0: all logits. Else, of the `top` likeliest words in decreasing order,
                        ///< number and log-probability, after the question's logit bias
};

class LogitOracle : public Oracle {
 public:
  LogitOracle(const LogitModel& model, LogitAnswer answer) : model_(model), answer_(answer) {}
  std::size_t dim() const override { return model_.words(); }
  /// L, or 2 top.
  std::size_t width() const override { return answer_.top > 0 ? 2 * answer_.top : model_.words(); }

 protected:
  Expected<void> answer(const QueryBatch& batch, std::span<double> answers) override;

 private:
  const LogitModel& model_;
  LogitAnswer answer_;
};

}  // namespace attnlab::extraction
