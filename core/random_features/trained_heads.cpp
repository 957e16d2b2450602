#include "core/random_features/trained_heads.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/numerics/linear_algebra.h"

namespace attnlab::random_features {
namespace {

/// Samples whose intermediate products are in memory at once.
constexpr std::size_t kBlock = 128;

double square_sum(std::span<const double> values) {
  return std::inner_product(values.begin(), values.end(), values.begin(), 0.0);
}

double root_mean_square(std::span<const double> values) {
  return values.empty() ? 0 : std::sqrt(square_sum(values) / static_cast<double>(values.size()));
}

/// z_0^T W_m for the samples [first, first + products.rows): row s holds a width x heads matrix.
void query_products(const HeadInputs& inputs, const HeadWeights& weights, std::size_t first,
                    MatrixView<double> products) {
  gemm_nn(inputs.query_rows.view().block(first, 0, products.rows, inputs.width),
          weights.matrices.view(), products, false);
}

/// A row of width * heads numbers as a width x heads matrix.
template <class T>
MatrixView<T> as_heads(MatrixView<T> rows, std::size_t row, const HeadWeights& weights) {
  return {&rows(row, 0), weights.width, weights.heads, weights.heads};
}

MatrixView<const double> keys_of(const HeadInputs& inputs, std::size_t sample) {
  return inputs.key_rows.view().block(sample * inputs.keys, 0, inputs.keys, inputs.width);
}

/// Buffers of one block of samples.
struct Block {
  Block(const HeadInputs& inputs, const HeadWeights& weights, std::size_t samples)
      : products(Matrix<double>::unset(samples, weights.matrices.cols())),
        reads(Matrix<double>::unset(samples * inputs.keys, weights.heads)),
        scores(Matrix<double>::unset(inputs.keys, weights.heads)),
        sides(Matrix<double>::unset(inputs.keys, 2 * weights.heads)),
        sums(Matrix<double>::unset(inputs.width, 2 * weights.heads)),
        features(Matrix<double>::unset(samples, weights.matrices.cols())),
        slopes(Matrix<double>::unset(samples, weights.matrices.cols())),
        residuals(Matrix<double>::unset(samples, 1)) {}
  Matrix<double> products;  ///< z_0^T W_m of every sample
  Matrix<double> reads;     ///< v_m^T z_i
  Matrix<double> scores;    ///< of one sample, keys x heads
  Matrix<double> sides;     ///< of one sample: weights of the keys, then slopes of the output
  Matrix<double> sums;      ///< of one sample: both summed over the keys
  Matrix<double> features, slopes, residuals;
};

/// Output of one sample; its features and the slope of the output with respect to W_m^T z_0 land in
/// the block.
double one_sample(const HeadInputs& inputs, const HeadWeights& weights, std::size_t first,
                  std::size_t row, Block& block) {
  const std::size_t heads = weights.heads;
  const MatrixView<const double> keys = keys_of(inputs, first + row);
  gemm_nn(keys, as_heads<const double>(block.products.view(), row, weights), block.scores.view(),
          false);
  const double share = 1 / static_cast<double>(inputs.keys);
  double output = 0;
  for (std::size_t i = 0; i < inputs.keys; ++i) {
    const double* const score = &block.scores(i, 0);
    const double* const read = &block.reads(row * inputs.keys + i, 0);
    double* const weight = &block.sides(i, 0);
    double* const slope = weight + heads;
    for (std::size_t m = 0; m < heads; ++m) {
      weight[m] = score[m] > 0 ? share * score[m] : 0;
      slope[m] = score[m] > 0 ? share * read[m] : 0;
      output += weight[m] * read[m];
    }
  }
  gemm_tn(keys, block.sides.view(), block.sums.view(), false);
  for (std::size_t a = 0; a < inputs.width; ++a) {
    std::copy_n(&block.sums(a, 0), heads, &block.features(row, a * heads));
    std::copy_n(&block.sums(a, heads), heads, &block.slopes(row, a * heads));
  }
  return output;
}

}  // namespace

HeadInputs head_inputs(const TokenBatch& batch) {
  const std::size_t width = batch.dim + 1;
  HeadInputs inputs{batch.count, batch.keys, width, Matrix<double>(batch.count, width),
                    Matrix<double>(batch.count * batch.keys, width)};
  for (std::size_t s = 0; s < batch.count; ++s) {
    std::copy_n(batch.token(s, 0), batch.dim, &inputs.query_rows(s, 0));
    inputs.query_rows(s, batch.dim) = 1;
    for (std::size_t i = 0; i < batch.keys; ++i) {
      std::copy_n(batch.token(s, 1 + i), batch.dim, &inputs.key_rows(s * batch.keys + i, 0));
      inputs.key_rows(s * batch.keys + i, batch.dim) = 1;
    }
  }
  return inputs;
}

HeadWeights start_weights(const RandomFeatureLayer& layer) {
  const std::size_t width = layer.dim + 1;
  HeadWeights weights{width, layer.units, Matrix<double>(width, width * layer.units),
                      Matrix<double>(width, layer.units)};
  for (std::size_t m = 0; m < layer.units; ++m) {
    const Matrix<float> head = head_matrix(layer, m);
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b) {
        weights.entry(m, a, b) = static_cast<double>(head(a, b));
      }
    }
  }
  return weights;
}

Matrix<double> head_features(const HeadInputs& inputs, const HeadWeights& weights) {
  Matrix<double> features = Matrix<double>::unset(inputs.count, weights.matrices.cols());
  Matrix<double> products = Matrix<double>::unset(kBlock, weights.matrices.cols());
  Matrix<double> scores = Matrix<double>::unset(inputs.keys, weights.heads);
  const double share = 1 / static_cast<double>(inputs.keys);
  for (std::size_t first = 0; first < inputs.count; first += kBlock) {
    const std::size_t count = std::min(kBlock, inputs.count - first);
    query_products(inputs, weights, first, products.view().block(0, 0, count, products.cols()));
    for (std::size_t row = 0; row < count; ++row) {
      const MatrixView<const double> keys = keys_of(inputs, first + row);
      gemm_nn(keys, as_heads<const double>(products.view(), row, weights), scores.view(), false);
      for (double& score : scores.values()) score = score > 0 ? share * score : 0;
      gemm_tn(keys, scores.view(), as_heads(features.view(), first + row, weights), false);
    }
  }
  return features;
}

double head_loss(const HeadInputs& inputs, std::span<const double> labels,
                 const HeadWeights& weights, double penalty, HeadGradient* gradient) {
  const double samples = static_cast<double>(labels.size());
  Block block(inputs, weights, std::min(kBlock, labels.size()));
  if (gradient != nullptr) {
    gradient->matrices = Matrix<double>(weights.matrices.rows(), weights.matrices.cols());
    gradient->values = Matrix<double>(weights.values.rows(), weights.values.cols());
  }
  double squares = 0;
  for (std::size_t first = 0; first < labels.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, labels.size() - first);
    const std::size_t cols = weights.matrices.cols();
    query_products(inputs, weights, first, block.products.view().block(0, 0, count, cols));
    gemm_nn(inputs.key_rows.view().block(first * inputs.keys, 0, count * inputs.keys, inputs.width),
            weights.values.view(),
            block.reads.view().block(0, 0, count * inputs.keys, weights.heads), false);
    for (std::size_t row = 0; row < count; ++row) {
      const double residual = one_sample(inputs, weights, first, row, block) - labels[first + row];
      squares += residual * residual;
      block.residuals(row, 0) = residual / samples;
      for (double& slope : block.slopes.row(row)) slope *= residual / samples;
    }
    if (gradient == nullptr) continue;
    gemm_tn(inputs.query_rows.view().block(first, 0, count, inputs.width),
            block.slopes.view().block(0, 0, count, cols), gradient->matrices.view(), true);
    const MatrixView<double> values{gradient->values.data(), 1, cols, cols};
    gemm_tn(block.residuals.view().block(0, 0, count, 1),
            block.features.view().block(0, 0, count, cols), values, true);
  }
  if (gradient != nullptr) {
    for (std::size_t j = 0; j < weights.values.size(); ++j) {
      gradient->values.data()[j] += penalty / samples * weights.values.data()[j];
    }
  }
  return (squares + penalty * square_sum(weights.values.values())) / (2 * samples);
}

double head_feature_flops(const HeadWeights& weights, std::size_t samples, std::size_t keys) {
  const double width = static_cast<double>(weights.width), n = static_cast<double>(keys);
  return static_cast<double>(samples * weights.heads) * (2 * width * width + 4 * n * width);
}

double gradient_flops(const HeadWeights& weights, std::size_t samples, std::size_t keys) {
  const double width = static_cast<double>(weights.width), n = static_cast<double>(keys);
  return static_cast<double>(samples * weights.heads) *
         (4 * width * width + 8 * n * width + 4 * width);
}

HeadTrainer::HeadTrainer(const HeadInputs& inputs, std::span<const double> labels,
                         HeadWeights start, double penalty, double rate)
    : inputs_(inputs),
      labels_(labels),
      weights_(std::move(start)),
      penalty_(penalty),
      rate_(rate),
      matrix_unit_(root_mean_square(weights_.matrices.values())),
      value_unit_(root_mean_square(weights_.values.values())),
      first_(weights_.parameter_count(), 0.0),
      second_(weights_.parameter_count(), 0.0) {}

void HeadTrainer::move(std::span<double> weights, std::span<const double> gradient, double unit,
                       std::size_t offset) {
  constexpr double kFirst = 0.9, kSecond = 0.999;
  double first_left = 1, second_left = 1;  // not std::pow, whose last digit libraries choose
  for (std::size_t i = 0; i < done_; ++i) first_left *= kFirst, second_left *= kSecond;
  const double first_bias = 1 - first_left, second_bias = 1 - second_left;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const double slope = unit * gradient[j];
    double &first = first_[offset + j], &second = second_[offset + j];
    first = kFirst * first + (1 - kFirst) * slope;
    second = kSecond * second + (1 - kSecond) * slope * slope;
    weights[j] -=
        rate_ * unit * (first / first_bias) / (std::sqrt(second / second_bias) + epsilon_);
  }
}

double HeadTrainer::step() {
  const double loss = head_loss(inputs_, labels_, weights_, penalty_, &gradient_);
  if (done_++ == 0) {
    epsilon_ = kEpsilon * matrix_unit_ * root_mean_square(gradient_.matrices.values());
  }
  if (!(epsilon_ > 0)) return loss;  // no head moves the output: nothing to learn from
  move(weights_.matrices.values(), gradient_.matrices.values(), matrix_unit_, 0);
  move(weights_.values.values(), gradient_.values.values(), value_unit_, weights_.matrices.size());
  return loss;
}

HeadWeights descended(const HeadInputs& inputs, std::span<const double> labels,
                      const HeadWeights& start, std::size_t steps, double size) {
  HeadWeights weights = start.clone();
  HeadGradient gradient;
  double rate = 0;
  for (std::size_t step = 0; step < steps; ++step) {
    head_loss(inputs, labels, weights, 0, &gradient);
    if (step == 0) {
      const double norm = std::sqrt(square_sum(gradient.matrices.values()));
      if (!(norm > 0)) return weights;
      rate = size * std::sqrt(square_sum(start.matrices.values())) / norm;
    }
    for (std::size_t j = 0; j < weights.matrices.size(); ++j) {
      weights.matrices.data()[j] -= rate * gradient.matrices.data()[j];
    }
  }
  return weights;
}

HeadAlignment alignment_of(const HeadWeights& weights, std::span<const double> beta) {
  const std::size_t dim = weights.width - 1;
  HeadAlignment sum;
  double total = 0;
  for (std::size_t m = 0; m < weights.heads; ++m) {
    double squares = 0, value_squares = 0, key = 0, query = 0, both = 0, trace = 0, value = 0;
    for (std::size_t a = 0; a < weights.width; ++a) {
      double row = 0, column = 0;  // (W bar(beta))_a and (W^T bar(beta))_a
      for (std::size_t b = 0; b < weights.width; ++b) {
        squares += weights.entry(m, a, b) * weights.entry(m, a, b);
        if (b == dim) continue;
        row += weights.entry(m, a, b) * beta[b];
        column += weights.entry(m, b, a) * beta[b];
      }
      key += row * row;
      query += column * column;
      value_squares += weights.values(a, m) * weights.values(a, m);
      if (a == dim) continue;
      both += beta[a] * row;
      trace += weights.entry(m, a, a);
      value += beta[a] * weights.values(a, m);
    }
    const double weight = std::sqrt(squares * value_squares);
    if (!(weight > 0)) continue;
    total += weight;
    sum.key += weight * key / squares;
    sum.query += weight * query / squares;
    sum.both += weight * both * both / squares;
    sum.identity += weight * trace * trace / (static_cast<double>(dim) * squares);
    sum.value += weight * value * value / value_squares;
  }
  if (!(total > 0)) total = std::numeric_limits<double>::quiet_NaN();
  for (double* share : {&sum.key, &sum.query, &sum.both, &sum.identity, &sum.value}) {
    *share /= total;
  }
  return sum;
}

}  // namespace attnlab::random_features
