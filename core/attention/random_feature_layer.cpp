#include "core/attention/random_feature_layer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"
#include "core/numerics/parallel.h"
#include "core/numerics/random.h"

namespace attnlab {
namespace {

constexpr std::uint32_t kHeadDomain = hash_name("rf/heads");
constexpr std::uint32_t kNeuronDomain = hash_name("rf/neurons");
constexpr std::uint32_t kPooledDomain = hash_name("rf/pooled");
static_assert(FeatureBlock::kRowsAtOnce % kRowGrain == 0);

std::size_t padded(std::size_t heads) {
  return (heads + kernels::kHeadPadding - 1) / kernels::kHeadPadding * kernels::kHeadPadding;
}

kernels::HeadActivation kernel_activation(ScoreActivation activation) {
  switch (activation) {
    case ScoreActivation::kRelu:
      return kernels::HeadActivation::kRelu;
    case ScoreActivation::kSoftmax:
      return kernels::HeadActivation::kSoftmax;
    case ScoreActivation::kExponential:
      break;
  }
  return kernels::HeadActivation::kExponential;
}

}  // namespace

Matrix<float> head_matrix(const RandomFeatureLayer& layer, std::size_t head) {
  const std::size_t width = layer.dim + 1;
  Matrix<float> matrix(width, width);
  RandomStream(layer.seed, kHeadDomain, layer.trial, static_cast<std::uint32_t>(head))
      .fill_normal(std::span<float>(matrix.data(), width * width));
  for (std::size_t a = 0; a < width; ++a) {
    for (std::size_t b = 0; b < width; ++b) {
      const double mean = a == b && a < layer.dim ? layer.mean_scale : 0.0;
      matrix(a, b) = static_cast<float>(mean + 0.5 * static_cast<double>(matrix(a, b)));
    }
  }
  return matrix;
}

FeatureBlock::FeatureBlock(const RandomFeatureLayer& layer, std::size_t first, std::size_t count)
    : layer_(layer), count_(count), padded_count_(padded(layer.attention ? count : features())) {
  if (layer.attention) {
    draw_heads(first);
  } else {
    draw_neurons(first);
  }
}

void FeatureBlock::draw_heads(std::size_t first) {
  const std::size_t width = layer_.dim + 1;
  weights_ = Matrix<float>(width, width * padded_count_);
  for (std::size_t m = 0; m < count_; ++m) {
    const Matrix<float> head = head_matrix(layer_, first + m);
    for (std::size_t a = 0; a < width; ++a) {
      for (std::size_t b = 0; b < width; ++b) weights_(a, b * padded_count_ + m) = head(a, b);
    }
  }
}

/// A unit of a network is a group of d + 1 neurons, drawn from one stream.
void FeatureBlock::draw_neurons(std::size_t first) {
  const std::size_t tokens = layer_.pooled ? 2 : layer_.keys + 1;  // read by one neuron
  const std::size_t width = layer_.dim + 1, inputs = tokens * layer_.dim + 1;
  weights_ = Matrix<float>(inputs, layer_.pooled ? padded_count_ : features());
  const float scale = 1.0f / std::sqrt(static_cast<float>(tokens + 1));
  std::vector<float> group(width * inputs);
  for (std::size_t m = 0; m < count_; ++m) {
    RandomStream stream(layer_.seed, layer_.pooled ? kPooledDomain : kNeuronDomain, layer_.trial,
                        static_cast<std::uint32_t>(first + m));
    stream.fill_normal(std::span<float>(group));
    for (std::size_t neuron = 0; neuron < width; ++neuron) {
      for (std::size_t j = 0; j < inputs; ++j) {
        weights_(j, neuron * count_ + m) = scale * group[neuron * inputs + j];
      }
    }
  }
}

FeatureBlock::Scratch FeatureBlock::scratch() const {
  Scratch scratch{Matrix<float>::unset(kRowsAtOnce, weights_.rows()), {}, {}};
  if (layer_.attention || layer_.pooled) {
    scratch.query_weights = Matrix<float>::unset(kRowsAtOnce, weights_.cols());
  }
  if (layer_.attention) scratch.keys = Matrix<float>::unset(layer_.keys, layer_.dim + 1);
  return scratch;
}

void FeatureBlock::apply(const TokenBatch& batch, std::size_t begin, MatrixView<float> out) const {
  const std::size_t width = parallel_width();
  const std::size_t pieces = (out.rows + kRowsAtOnce - 1) / kRowsAtOnce;
  const std::size_t parts = width == 1 ? 1 : std::min(pieces, 2 * width);
  in_parallel(parts, [&](std::size_t part) {
    Scratch room = scratch();
    const std::size_t end = std::min(out.rows, pieces * (part + 1) / parts * kRowsAtOnce);
    for (std::size_t row = pieces * part / parts * kRowsAtOnce; row < end; row += kRowsAtOnce) {
      const std::size_t rows = std::min(kRowsAtOnce, end - row);
      apply(batch, begin + row, out.block(row, 0, rows, out.cols), room);
    }
  });
}

void FeatureBlock::apply(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
                         Scratch& scratch) const {
  if (layer_.attention) {
    apply_attention(batch, begin, out, scratch);
  } else if (layer_.pooled) {
    apply_pooled(batch, begin, out, scratch);
  } else {
    apply_network(batch, begin, out, scratch);
  }
}

/// Products of the query tokens with the weights, rows x weights_.cols().
MatrixView<float> FeatureBlock::queries_of(const TokenBatch& batch, std::size_t begin,
                                           std::size_t rows, Scratch& scratch) const {
  const std::size_t width = layer_.dim + 1;
  const MatrixView<float> queries = scratch.inputs.view().block(0, 0, rows, width);
  for (std::size_t i = 0; i < rows; ++i) {
    std::memcpy(&queries(i, 0), batch.token(begin + i, 0), layer_.dim * sizeof(float));
    queries(i, layer_.dim) = 1.0f;
  }
  const MatrixView<float> products =
      scratch.query_weights.view().block(0, 0, rows, weights_.cols());
  gemm_nn(queries, weights_.view().block(0, 0, width, weights_.cols()), products, false);
  return products;
}

void FeatureBlock::apply_attention(const TokenBatch& batch, std::size_t begin,
                                   MatrixView<float> out, Scratch& scratch) const {
  const std::size_t width = layer_.dim + 1;
  const MatrixView<float> query_weights = queries_of(batch, begin, out.rows, scratch);
  Matrix<float>& keys = scratch.keys;
  for (std::size_t i = 0; i < out.rows; ++i) {
    for (std::size_t k = 0; k < layer_.keys; ++k) {
      std::memcpy(&keys(k, 0), batch.token(begin + i, k + 1), layer_.dim * sizeof(float));
      keys(k, layer_.dim) = 1.0f;
    }
    active_kernels().attend_heads(
        {count_, layer_.keys, width, &query_weights(i, 0), padded_count_, keys.data(),
         kernel_activation(layer_.activation), &out(i, 0), count_},
        kernel_workspace());
  }
}

void FeatureBlock::apply_network(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
                                 Scratch& scratch) const {
  const MatrixView<float> inputs = scratch.inputs.view().block(0, 0, out.rows, weights_.rows());
  for (std::size_t i = 0; i < out.rows; ++i) {
    std::memcpy(&inputs(i, 0), batch.sample(begin + i), batch.sample_size() * sizeof(float));
    inputs(i, batch.sample_size()) = 1.0f;
  }
  gemm_nn(inputs, weights_.view(), out, false);
  for (std::size_t i = 0; i < out.rows; ++i) {
    for (float& value : out.row(i)) value = value > 0 ? value : 0.0f;
  }
}

void FeatureBlock::apply_pooled(const TokenBatch& batch, std::size_t begin, MatrixView<float> out,
                                Scratch& scratch) const {
  const MatrixView<float> offsets = queries_of(batch, begin, out.rows, scratch);
  for (std::size_t i = 0; i < out.rows; ++i) {
    active_kernels().pool_neurons(
        {features(), layer_.keys, layer_.dim, &weights_(layer_.dim + 1, 0), weights_.cols(),
         &offsets(i, 0), batch.token(begin + i, 1), &out(i, 0)},
        kernel_workspace());
  }
}

double feature_flops(const RandomFeatureLayer& layer, std::size_t samples) {
  const double width = static_cast<double>(layer.dim + 1), keys = static_cast<double>(layer.keys);
  const double per_unit = layer.attention ? 2 * width * width + 4 * keys * width
                          : layer.pooled  ? 2 * width * width * (keys + 1)
                                          : 2 * width * ((keys + 1) * (width - 1) + 2);
  return per_unit * static_cast<double>(layer.units) * static_cast<double>(samples);
}

double prediction_flops(const RandomFeatureLayer& layer) {
  return feature_flops(layer, 1) + 2 * static_cast<double>(layer.feature_count());
}

}  // namespace attnlab
