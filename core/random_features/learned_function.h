// What trained layers have learned, as functions of the angle of one key in the plane.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/random_features/inside.h"

namespace attnlab::random_features {

/// Angles of a curve, in degrees: 0, 3, ..., 360.
inline constexpr std::size_t kCurveAngles = 121;
double curve_angle(std::size_t index);

/// For every place i and angle t, N (f(x_0; X with key i at angle t) - the mean of that over one
/// turn), N x kCurveAngles values. Of a function (1/N) sum_i g(x_0, x_i) these are g minus its
/// mean, the same at every place and whatever the other keys are. `prompt` holds one sample, dim
/// = 2.
Matrix<double> learned_curves(const TrainedLayer& trained, const TokenBatch& prompt);

/// The same for a target. One that is a mean over keys has the same curve at every place, whatever
/// the other keys are: g minus its mean.
Matrix<double> target_curves(const TargetCase& target, const TargetDraw& draw,
                             const TokenBatch& prompt);

/// Largest difference between the curves of two places at one angle.
double spread_of(const Matrix<double>& curves);

/// Mean square of a curve over one turn.
double mean_square(std::span<const double> curve);

/// The angle of a token in the plane, 0 to 360 degrees.
double angle_of(const float* token);

/// A sample whose query has this angle (degrees) and whose keys are those of fresh sample `index`.
TokenBatch prompt_with_query(std::uint64_t seed, std::size_t index, std::size_t keys, double query);

}  // namespace attnlab::random_features
