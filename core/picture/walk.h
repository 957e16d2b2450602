// Walking along the curves of a figure from point to point: what a point is in words, for the eye
// and for screen readers, and where it lies on its axes, for sound. Steps are plot_layout.h's
// step_point.
#pragma once

#include <optional>
#include <string>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"

namespace attnlab {

/// The point of a walk.
struct WalkPlace {
  PointRef at;
  std::size_t number = 0, count = 0;  ///< "7 of 9", without points that are not finite
  std::string sentence;  ///< "RFA, 7 of 9: n = 1024, 0.149 ± 0.005", digits as in the tables
  /// Shares 0..1 of the axes as drawn (of logarithms on a logarithmic axis); `low` and `high` are
  /// the ends of the error bar, equal to `height` without one.
  double along = 0, height = 0, low = 0, high = 0;
};

/// Nullopt unless `at` is a point that step_point can reach.
std::optional<WalkPlace> walk_place(const Figure& figure, const HiddenSeries& hidden, PointRef at);

/// "2 curves. Across: training samples n. Up: test error." What a walk along this figure meets;
/// empty where there is no point to walk to.
std::string walk_introduction(const Figure& figure, const HiddenSeries& hidden);

/// The variable of an axis in a short form: the letter that its label ends with ("training samples
/// n": "n"), else the label.
std::string axis_variable(const Axis& axis);

/// `at` where it can be reached; else the nearest point of the same curve by number; else the first
/// point of the figure.
std::optional<PointRef> nearest_place(const Figure& figure, const HiddenSeries& hidden,
                                      std::optional<PointRef> at);

}  // namespace attnlab
