#include "core/random_features/fit/infinite_width.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/numerics/kernels/dispatch.h"
#include "core/numerics/linear_algebra.h"

namespace attnlab::random_features {
namespace {

using kernels::kKeyPadding;

/// Keys of row and column samples in one tile: their products stay in the second-level cache.
constexpr std::size_t kTileRows = 128;
constexpr std::size_t kTileColumns = 512;
constexpr std::size_t kTermRows = 1 + kernels::kReluTerms;

std::size_t padded(std::size_t columns) {
  return (columns + kKeyPadding - 1) / kKeyPadding * kKeyPadding;
}

std::size_t samples_in(std::size_t tile, std::size_t keys) {
  return std::max<std::size_t>(1, tile / keys);
}

/// A token in double, scaled to length 1.
void copy_unit_token(const float* token, std::size_t dim, double* to) {
  double square = 0;
  for (std::size_t a = 0; a < dim; ++a) {
    to[a] = static_cast<double>(token[a]);
    square += to[a] * to[a];
  }
  for (std::size_t a = 0; a < dim; ++a) to[a] /= std::sqrt(square);
}

/// A token in double, as it is.
void copy_token(const InfiniteLayer& layer, const float* token, double* to) {
  if (layer.unit_tokens) {
    copy_unit_token(token, layer.dim, to);
  } else {
    std::copy_n(token, layer.dim, to);
  }
}

/// Scales a row to length 1 and returns the length it had: at least 1, since it ends with a 1.
double take_length(std::span<double> row) {
  double square = 0;
  for (const double value : row) square += value * value;
  const double length = std::sqrt(square);
  for (double& value : row) value /= length;
  return length;
}

/// The attention kernel, tile by tile.
struct AttentionKernel {
  const InfiniteLayer& layer;
  const KernelSamples& rows;
  const KernelSamples& columns;
  std::size_t row_samples, column_samples;  ///< of a whole tile
  Matrix<double> products, scales, query_scales, sums, totals, row_terms, column_terms;

  AttentionKernel(const InfiniteLayer& of, const KernelSamples& r, const KernelSamples& c)
      : layer(of),
        rows(r),
        columns(c),
        row_samples(samples_in(kTileRows, of.keys)),
        column_samples(samples_in(kTileColumns, of.keys)) {
    const std::size_t width = padded(column_samples * of.keys);
    products = Matrix<double>(row_samples * of.keys, width);
    query_scales = Matrix<double>(row_samples, column_samples);
    scales = Matrix<double>(1, width);
    sums = Matrix<double>(1, width);
    if (!of.unit_tokens) totals = Matrix<double>(1, width);
    if (!biased()) return;
    row_terms = Matrix<double>(kTermRows, of.keys);
    column_terms = Matrix<double>(width / kKeyPadding, kTermRows * kKeyPadding);
  }

  bool biased() const { return layer.mean_scale != 0; }

  /// Terms of the column samples [begin, begin + count), a group of kKeyPadding keys at a time.
  void load_columns(std::size_t begin, std::size_t count) {
    if (!biased()) return;
    const double* means = &columns.means(begin, 0);
    for (std::size_t first = 0; first < count * layer.keys; first += kKeyPadding) {
      double* group = &column_terms(first / kKeyPadding, 0);
      const std::size_t size = std::min(kKeyPadding, count * layer.keys - first);
      std::fill_n(group, kKeyPadding, 0.0);
      std::copy_n(means + first, size, group);
      active_kernels().relu_terms(kKeyPadding, group, kKeyPadding);
    }
  }

  /// The sums over `count` keys of a row sample, from `first` on, for every column.
  void add_keys(std::size_t tile_row, std::size_t first, std::size_t count, std::size_t width) {
    const kernels::KeySums task{
        count,           width,         &products(tile_row * layer.keys + first, 0),
        products.cols(), scales.data(), sums.data()};
    if (biased()) {
      active_kernels().biased_relu_sums(
          {task, row_terms.data() + first, layer.keys, column_terms.data()});
    } else {
      active_kernels().arc_cosine_sums(task);
    }
  }

  /// The same, each key of the row sample with its weight: one key at a time.
  void add_weighted_keys(std::size_t sample, std::size_t tile_row, std::size_t width) {
    totals.set_zero();
    for (std::size_t i = 0; i < layer.keys; ++i) {
      add_keys(tile_row, i, 1, width);
      const double weight = rows.weights[sample * layer.keys + i];
      for (std::size_t j = 0; j < width; ++j) totals(0, j) += weight * sums(0, j);
    }
  }

  /// The sums times the weights of the keys of the column samples from `column` on.
  void weigh_columns(std::size_t column, std::size_t count) {
    const double* weights = columns.weights.data() + column * layer.keys;
    for (std::size_t j = 0; j < count; ++j) sums(0, j) = totals(0, j) * weights[j];
  }

  /// One row of a tile of column samples [column, column + count).
  void row(std::size_t sample, std::size_t tile_row, std::size_t column, std::size_t count,
           double* out) {
    const std::size_t keys = layer.keys, width = padded(count * keys);
    scales.set_zero();
    for (std::size_t q = 0; q < count; ++q) {
      std::fill_n(&scales(0, q * keys), keys, query_scales(tile_row, q));
    }
    if (biased()) {
      std::copy_n(&rows.means(sample, 0), keys, row_terms.data());
      active_kernels().relu_terms(keys, row_terms.data(), keys);
    }
    if (layer.unit_tokens) {
      add_keys(tile_row, 0, keys, width);
    } else {
      add_weighted_keys(sample, tile_row, width);
      weigh_columns(column, count * keys);
    }
    for (std::size_t q = 0; q < count; ++q) {
      double sum = 0;
      for (std::size_t j = 0; j < keys; ++j) sum += sums(0, q * keys + j);
      out[q] = sum / static_cast<double>(keys * keys);
    }
  }

  void tile(std::size_t row_begin, std::size_t column_begin, MatrixView<double> out) {
    const std::size_t keys = layer.keys, width = layer.dim + 1;
    gemm_nt(rows.keys.view().block(row_begin * keys, 0, out.rows * keys, width),
            columns.keys.view().block(column_begin * keys, 0, out.cols * keys, width),
            products.view().block(0, 0, out.rows * keys, out.cols * keys), false);
    gemm_nt(rows.inputs.view().block(row_begin, 0, out.rows, width),
            columns.inputs.view().block(column_begin, 0, out.cols, width),
            query_scales.view().block(0, 0, out.rows, out.cols), false);
    for (std::size_t p = 0; p < out.rows; ++p) {
      row(row_begin + p, p, column_begin, out.cols, &out(p, 0));
    }
  }
};

/// The inputs of a network's neurons, scaled to length 1: a row for every sample, or for every key
/// of every sample where the network is pooled.
KernelSamples network_samples(const InfiniteLayer& layer, const TokenBatch& batch,
                              std::size_t begin, std::size_t count) {
  const std::size_t dim = layer.dim, rows = layer.pooled ? layer.keys : 1;
  const std::size_t tokens = layer.pooled ? 2 : layer.keys + 1;  // in a row, the query first
  KernelSamples samples;
  samples.count = count;
  samples.inputs = Matrix<double>(count * rows, tokens * dim + 1);
  if (!layer.unit_tokens) samples.weights.reserve(count * rows);
  Matrix<double>& inputs = samples.inputs;
  const double scale = 1 / std::sqrt(static_cast<double>(tokens + 1));
  for (std::size_t row = 0; row < inputs.rows(); ++row) {
    const std::size_t sample = begin + row / rows, first_key = 1 + row % rows;
    copy_token(layer, batch.token(sample, 0), &inputs(row, 0));
    for (std::size_t t = 1; t < tokens; ++t) {
      copy_token(layer, batch.token(sample, first_key + t - 1), &inputs(row, t * dim));
    }
    inputs(row, tokens * dim) = 1;
    if (layer.unit_tokens) {
      for (double& value : inputs.row(row)) value *= scale;
    } else {
      samples.weights.push_back(scale * take_length(inputs.row(row)));
    }
  }
  return samples;
}

/// Some rows of a network's inputs.
struct NetworkRows {
  MatrixView<const double> inputs;
  const double* weights;  ///< null: all 1

  NetworkRows part(std::size_t first, std::size_t count) const {
    return {inputs.block(first, 0, count, inputs.cols),
            weights == nullptr ? nullptr : weights + first};
  }
};

NetworkRows network_rows(const KernelSamples& samples) {
  return {samples.inputs.view(), samples.weights.empty() ? nullptr : samples.weights.data()};
}

/// The network's kernel between rows of inputs.
void network_block(const NetworkRows& rows, const NetworkRows& columns, MatrixView<double> out) {
  gemm_nt(rows.inputs, columns.inputs, out, false);
  for (std::size_t p = 0; p < out.rows; ++p) {
    active_kernels().arc_cosine_values(out.cols, &out(p, 0));
    if (rows.weights == nullptr) continue;
    for (std::size_t q = 0; q < out.cols; ++q) {
      out(p, q) *= rows.weights[p] * columns.weights[q];
    }
  }
}

/// The mean of the network's kernel over pairs of keys, tile by tile.
void pooled_block(const InfiniteLayer& layer, const NetworkRows& rows, const NetworkRows& columns,
                  MatrixView<double> out) {
  const std::size_t keys = layer.keys;
  const std::size_t tile_rows = samples_in(kTileRows, keys);
  const std::size_t tile_columns = samples_in(kTileColumns, keys);
  Matrix<double> pairs(tile_rows * keys, tile_columns * keys);
  for (std::size_t q = 0; q < out.cols; q += tile_columns) {
    const std::size_t count = std::min(tile_columns, out.cols - q);
    for (std::size_t p = 0; p < out.rows; p += tile_rows) {
      const std::size_t height = std::min(tile_rows, out.rows - p);
      network_block(rows.part(p * keys, height * keys), columns.part(q * keys, count * keys),
                    pairs.view().block(0, 0, height * keys, count * keys));
      for (std::size_t a = 0; a < height; ++a) {
        for (std::size_t b = 0; b < count; ++b) {
          double sum = 0;
          for (std::size_t i = 0; i < keys; ++i) {
            for (std::size_t j = 0; j < keys; ++j) sum += pairs(a * keys + i, b * keys + j);
          }
          out(p + a, q + b) = sum / static_cast<double>(keys * keys);
        }
      }
    }
  }
}

}  // namespace

KernelSamples kernel_samples(const InfiniteLayer& layer, const TokenBatch& batch, std::size_t begin,
                             std::size_t count) {
  if (!layer.attention) return network_samples(layer, batch, begin, count);
  KernelSamples samples;
  samples.count = count;
  const std::size_t dim = layer.dim, width = dim + 1, keys = layer.keys;
  samples.inputs = Matrix<double>(count, width);
  samples.keys = Matrix<double>(count * keys, width);
  samples.means = Matrix<double>(count, keys);
  if (!layer.unit_tokens) samples.weights.reserve(count * keys);
  for (std::size_t s = 0; s < count; ++s) {
    double* query = &samples.inputs(s, 0);
    copy_token(layer, batch.token(begin + s, 0), query);
    for (std::size_t i = 0; i < keys; ++i) {
      double* key = &samples.keys(s * keys + i, 0);
      copy_token(layer, batch.token(begin + s, i + 1), key);
      key[dim] = 1;
      for (std::size_t a = 0; a < dim; ++a)
        samples.means(s, i) += layer.mean_scale * query[a] * key[a];
    }
    query[dim] = 1;
    if (layer.unit_tokens) {
      for (double& value : samples.inputs.row(s)) value /= 2;
      continue;
    }
    const double query_length = take_length(samples.inputs.row(s));
    for (std::size_t i = 0; i < keys; ++i) {
      const double length = take_length(samples.keys.row(s * keys + i));
      const double deviation = query_length * length / 2;  // of the score
      samples.means(s, i) /= deviation;
      samples.weights.push_back(deviation * length);
    }
  }
  return samples;
}

void kernel_block(const InfiniteLayer& layer, const KernelSamples& rows, std::size_t row_begin,
                  const KernelSamples& columns, std::size_t column_begin, MatrixView<double> out) {
  if (out.rows == 0 || out.cols == 0) return;
  if (!layer.attention) {
    const std::size_t each = layer.pooled ? layer.keys : 1;
    const NetworkRows left = network_rows(rows).part(row_begin * each, out.rows * each);
    const NetworkRows right = network_rows(columns).part(column_begin * each, out.cols * each);
    if (layer.pooled) {
      pooled_block(layer, left, right, out);
    } else {
      network_block(left, right, out);
    }
    return;
  }
  AttentionKernel kernel(layer, rows, columns);
  for (std::size_t q = 0; q < out.cols; q += kernel.column_samples) {
    const std::size_t count = std::min(kernel.column_samples, out.cols - q);
    kernel.load_columns(column_begin + q, count);
    for (std::size_t p = 0; p < out.rows; p += kernel.row_samples) {
      kernel.tile(row_begin + p, column_begin + q,
                  out.block(p, q, std::min(kernel.row_samples, out.rows - p), count));
    }
  }
}

std::size_t kernel_columns(const InfiniteLayer& layer, std::size_t end, std::size_t count) {
  if (!layer.attention) return end;
  const std::size_t tile = samples_in(kTileColumns, layer.keys);
  return std::min(count, (end + tile - 1) / tile * tile);
}

double kernel_flops(const InfiniteLayer& layer) {
  // The unit is an operation in float; double runs at half its speed. Measured: one pair of keys
  // takes as long as 80 operations without a mean, and 200 to 1500 with one, most in low
  // dimensions, where keys are similar.
  const double keys = static_cast<double>(layer.keys), dim = static_cast<double>(layer.dim);
  if (!layer.attention && !layer.pooled) return 4 * (keys + 1) * dim + 100;
  if (layer.pooled) return keys * keys * (4 * (2 * dim + 1) + 80);
  const double expectation = layer.mean_scale == 0 ? 80 : 190 + 1300 / dim;
  return keys * keys * (4 * (dim + 1) + expectation);
}

double kernel_samples_bytes(const InfiniteLayer& layer, std::size_t count) {
  const double keys = static_cast<double>(layer.keys), width = static_cast<double>(layer.dim + 1);
  const double numbers = layer.attention ? (keys + 1) * width + keys
                         : layer.pooled  ? keys * (2 * width - 1)
                                         : (keys + 1) * width;
  const double weights = layer.unit_tokens ? 0 : layer.attention || layer.pooled ? keys : 1;
  return 8 * (numbers + weights) * static_cast<double>(count);
}

double kernel_block_bytes(const InfiniteLayer& layer) {
  if (!layer.attention && !layer.pooled) return 0;
  const double rows = static_cast<double>(samples_in(kTileRows, layer.keys) * layer.keys);
  const double columns =
      static_cast<double>(padded(samples_in(kTileColumns, layer.keys) * layer.keys));
  return 8 * (rows * columns + kTermRows * (columns + static_cast<double>(layer.keys)));
}

}  // namespace attnlab::random_features
