// Attention heads whose query-key matrices are trained too: the layer, its loss, and the gradients
// by hand (docs/derivations-random-features.md, "Training the heads"). All in double.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/attention/random_feature_layer.h"
#include "core/attention/tokens.h"
#include "core/numerics/matrix.h"

namespace attnlab::random_features {

/// Tokens with a 1 appended: z = [x; 1], of length width = d + 1.
struct HeadInputs {
  std::size_t count = 0, keys = 0, width = 0;
  Matrix<double> query_rows;  ///< count x width
  Matrix<double> key_rows;    ///< (count * keys) x width, the keys of a sample one below the other
};
HeadInputs head_inputs(const TokenBatch& batch);

/// f(X) = sum_m (1/N) sum_i relu(z_0^T W_m z_i) v_m^T z_i.
struct HeadWeights {
  std::size_t width = 0, heads = 0;
  Matrix<double> matrices;  ///< width x (width * heads): W_m(a, b) in row a, column b * heads + m
  Matrix<double> values;    ///< width x heads: v_m is column m

  HeadWeights clone() const { return {width, heads, matrices.clone(), values.clone()}; }
  double& entry(std::size_t head, std::size_t a, std::size_t b) {
    return matrices(a, b * heads + head);
  }
  double entry(std::size_t head, std::size_t a, std::size_t b) const {
    return matrices(a, b * heads + head);
  }
  /// Trained numbers: heads * width * (width + 1).
  std::size_t parameter_count() const { return matrices.size() + values.size(); }
};

/// The matrices of a frozen layer of ReLU heads; all values are 0.
HeadWeights start_weights(const RandomFeatureLayer& layer);

/// (1/N) sum_i relu(z_0^T W_m z_i) z_i for every head: one row a sample, in column a * heads + m
/// the coordinate a of head m, as in FeatureBlock. So f = features * values, values read row-major.
Matrix<double> head_features(const HeadInputs& inputs, const HeadWeights& weights);

/// Gradients with respect to HeadWeights, of the same shapes.
struct HeadGradient {
  Matrix<double> matrices, values;
};

/// (1/2n) sum_i (f(X_i) - y_i)^2 + (penalty/2n) |v|^2 over the first n = labels.size() samples, and
/// its gradient. At a score of exactly 0, relu has the derivative 0.
double head_loss(const HeadInputs& inputs, std::span<const double> labels,
                 const HeadWeights& weights, double penalty, HeadGradient* gradient);

/// Floating-point operations of head_loss with a gradient, and of head_features.
double gradient_flops(const HeadWeights& weights, std::size_t samples, std::size_t keys);
double head_feature_flops(const HeadWeights& weights, std::size_t samples, std::size_t keys);

/// Adam (Kingma and Ba, 2015; beta = 0.9 and 0.999) on all samples at once. A step is measured in
/// the root mean square that the start had, separately for W and v; one epsilon serves both:
/// kEpsilon times the root mean square of the first gradient of W in these units. So rounding of a
/// gradient that is exactly 0 moves nothing.
class HeadTrainer {
 public:
  static constexpr double kEpsilon = 1e-3;

  /// `inputs` and `labels` must outlive it.
  HeadTrainer(const HeadInputs& inputs, std::span<const double> labels, HeadWeights start,
              double penalty, double rate);
  /// One step; returns the loss before it.
  double step();
  const HeadWeights& weights() const { return weights_; }
  std::size_t steps_done() const { return done_; }

 private:
  void move(std::span<double> weights, std::span<const double> gradient, double unit,
            std::size_t offset);

  const HeadInputs& inputs_;
  std::span<const double> labels_;
  HeadWeights weights_;
  HeadGradient gradient_;
  double penalty_, rate_, matrix_unit_, value_unit_, epsilon_ = 0;
  std::vector<double> first_, second_;
  std::size_t done_ = 0;
};

/// W after `steps` steps of gradient descent with fixed values. The first gradient of W, which sets
/// the step size, is scaled to `size` times the norm of W. Values stay.
HeadWeights descended(const HeadInputs& inputs, std::span<const double> labels,
                      const HeadWeights& start, std::size_t steps, double size);

/// How far the heads point along the direction beta, in shares of squared norms (0..1), averaged
/// over the heads with the weights |W_m| |v_m|, which a rescaling of W_m against v_m does not
/// change. beta has length 1; bar(beta) = [beta; 0].
struct HeadAlignment {
  double key = 0;       ///< |W bar(beta)|^2 / |W|^2: the score reads beta from the key
  double query = 0;     ///< |W^T bar(beta)|^2 / |W|^2: from the query
  double both = 0;      ///< <bar(beta), W bar(beta)>^2 / |W|^2
  double identity = 0;  ///< <W, diag(I_d, 0)>^2 / (d |W|^2): the score compares key and query
  double value = 0;     ///< <bar(beta), v>^2 / |v|^2
};
/// NaN where all weights are 0.
HeadAlignment alignment_of(const HeadWeights& weights, std::span<const double> beta);

}  // namespace attnlab::random_features
