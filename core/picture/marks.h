// The marks of measured points and the dashes of lines: one table for the screen and for exported
// pictures.
#pragma once

#include <span>

#include "core/findings/figure.h"

namespace attnlab {

enum class MarkFill {
  kFull,
  kHollow,
  kDotted,  ///< hollow with a dot in its centre
  kBarred,  ///< hollow with a bar across its centre
};

struct MarkPoint {
  float x, y;
};

inline constexpr float kDotRadius = 2;         ///< of SeriesRole::kDots, pixels
inline constexpr float kMarkRadius = 4;        ///< of the disc, in the units of an outline
inline constexpr float kMarkBar = 3;           ///< half the length of a bar
inline constexpr float kMarkDot = 1.4f;        ///< radius of a dot
inline constexpr float kMarkLineWidth = 1.5f;  ///< of outlines and bars
/// Pixels between two marks of a curve without marks of its own, where colours do not tell curves
/// apart (more contrast, forced colours).
inline constexpr float kCurveMarksApart = 56;

struct Mark {
  /// A closed polygon, y down, whose edges all run the same way around (0, 0); empty for a disc.
  std::span<const MarkPoint> outline;
  MarkFill fill = MarkFill::kFull;
};

/// A shape for every colour slot and a fill for every variant, so that two series of a figure
/// differ in more than colour. Variants above 3 repeat the fills on other shapes.
Mark mark_of(const Series& series);

/// Lengths of the line's dashes and gaps in turn, in pixels; empty: solid. Guides have their own;
/// of curves each variant has one, in turn after the fourth.
std::span<const float> dashes_of(const Series& series);

}  // namespace attnlab
