#include "core/random_features/learned_function.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/numerics/elementary.h"
#include "core/random_features/own_target.h"

namespace attnlab::random_features {
namespace {

void put_angle(double degrees, float* token) {
  const double radians = degrees * std::numbers::pi / 180;
  token[0] = static_cast<float>(portable_cos(radians));
  token[1] = static_cast<float>(portable_cos(radians - std::numbers::pi / 2));
}

/// The last angle is the first again and does not count twice.
std::span<const double> one_turn(std::span<const double> curve) {
  return curve.first(curve.size() - 1);
}

void centre(std::span<double> curve) {
  const std::span<const double> turn = one_turn(curve);
  const double mean =
      std::accumulate(turn.begin(), turn.end(), 0.0) / static_cast<double>(turn.size());
  for (double& value : curve) value -= mean;
}

}  // namespace

double curve_angle(std::size_t index) {
  return 360.0 * static_cast<double>(index) / static_cast<double>(kCurveAngles - 1);
}

namespace {

/// The curves of a function of samples: `outputs` gives its values for a batch.
template <class Outputs>
Matrix<double> curves_of(const TokenBatch& prompt, Outputs outputs_of) {
  const std::size_t keys = prompt.keys;
  TokenBatch moved{keys * kCurveAngles, keys, prompt.dim, {}};
  moved.values.reserve(moved.count * prompt.sample_size());
  for (std::size_t sample = 0; sample < moved.count; ++sample) {
    moved.values.insert(moved.values.end(), prompt.values.begin(), prompt.values.end());
    float* values = moved.values.data() + sample * prompt.sample_size();
    put_angle(curve_angle(sample % kCurveAngles),
              values + (1 + sample / kCurveAngles) * prompt.dim);
  }
  const std::vector<double> outputs = outputs_of(moved);
  Matrix<double> curves(keys, kCurveAngles);
  for (std::size_t place = 0; place < keys; ++place) {
    for (std::size_t i = 0; i < kCurveAngles; ++i)
      curves(place, i) = static_cast<double>(keys) * outputs[place * kCurveAngles + i];
    centre(curves.row(place));
  }
  return curves;
}

}  // namespace

Matrix<double> learned_curves(const TrainedLayer& trained, const TokenBatch& prompt) {
  return curves_of(prompt, [&](const TokenBatch& batch) { return trained.outputs(batch); });
}

Matrix<double> target_curves(const TargetCase& target, const TargetDraw& draw,
                             const TokenBatch& prompt) {
  return curves_of(prompt,
                   [&](const TokenBatch& batch) { return case_values(target, draw, batch); });
}

double spread_of(const Matrix<double>& curves) {
  double spread = 0;
  for (std::size_t i = 0; i < curves.cols(); ++i) {
    double low = curves(0, i), high = low;
    for (std::size_t place = 1; place < curves.rows(); ++place) {
      low = std::min(low, curves(place, i));
      high = std::max(high, curves(place, i));
    }
    spread = std::max(spread, high - low);
  }
  return spread;
}

double mean_square(std::span<const double> curve) {
  const std::span<const double> turn = one_turn(curve);
  return std::inner_product(turn.begin(), turn.end(), turn.begin(), 0.0) /
         static_cast<double>(turn.size());
}

double angle_of(const float* token) {
  const double degrees = std::atan2(static_cast<double>(token[1]), static_cast<double>(token[0])) *
                         180 / std::numbers::pi;
  return degrees < 0 ? degrees + 360 : degrees;
}

TokenBatch prompt_with_query(std::uint64_t seed, std::size_t index, std::size_t keys,
                             double query) {
  const TokenBatch all = fresh_samples(seed, index + 1, keys, 2);
  TokenBatch prompt{1, keys, 2, {all.sample(index), all.sample(index) + all.sample_size()}};
  put_angle(query, prompt.values.data());
  return prompt;
}

}  // namespace attnlab::random_features
