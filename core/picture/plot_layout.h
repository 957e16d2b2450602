// The geometry of a plot as plain functions: ranges, scales, ticks, places for labels, nearest
// points and read-outs. No drawing and no ImGui, so that every rule is unit tested.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/findings/figure.h"

namespace attnlab {

/// Pixels, y down.
struct Box {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  float width() const { return x1 - x0; }
  float height() const { return y1 - y0; }
};

struct Segment {
  float x0, y0, x1, y1;
};

struct Range {
  double lo = 0, hi = 1;
};

/// Data to pixels and back along one axis.
struct Scale {
  bool logarithmic = false;
  Range range;
  float begin = 0, end = 1;  ///< pixel of lo and of hi

  /// Values that a log axis cannot show (<= 0, NaN) land on the axis' low end.
  float pixel(double value) const;
  double value(float pixel) const;
  bool shows(double value) const;  ///< finite, and inside the range
};

/// Ids of the series that the reader has switched off.
using HiddenSeries = std::vector<std::string>;
bool is_hidden(const HiddenSeries& hidden, const Series& series);

/// What the axis should span: its suggested limits, widened to the visible measured points and
/// their error bars; without limits also to guides and references, padded. Never empty, and
/// positive on log axes.
Range x_range(const Figure& figure, const HiddenSeries& hidden);
Range y_range(const Figure& figure, const HiddenSeries& hidden);

/// The smallest range that holds both.
Range united(Range a, Range b);

/// How strongly something of that presence is drawn, 0..1.
float opacity_of(Presence presence);

struct TickText {
  std::string base;
  std::string superscript;  ///< "10" with "-2"; empty for plain numbers
};

struct Tick {
  double value = 0;
  TickText text;  ///< empty base: a grid line without a label
};

using TextWidth = std::function<float(const TickText&)>;

/// Ticks inside the range: the wanted ones if there are any, otherwise decades (with 2 and 5 when
/// there is room) on a log axis and steps of 1, 2 or 5 on a linear one. Labels that would touch
/// lose their text, never their place. `pixels` is the axis' length; `extent` gives the size of a
/// label along the axis.
std::vector<Tick> axis_ticks(const Axis& axis, Range range, float pixels, const TextWidth& extent);

/// A label that would like to be centred somewhere on a line.
struct LabelWish {
  float centre = 0, size = 0;
};
/// Centres as near to the wishes as possible (least squares), in the order of the wishes, without
/// overlap and inside [lo, hi]; when they cannot fit, evenly squeezed.
std::vector<float> spread_labels(std::span<const LabelWish> wishes, float lo, float hi, float gap);

/// The candidate that overlaps the taken boxes and the lines least; the first of equals.
std::size_t least_crowded(std::span<const Box> candidates, std::span<const Box> taken,
                          std::span<const Segment> lines);

/// The visible point whose mark is nearest to the pixel, within `reach` pixels.
std::optional<PointRef> nearest_point(const Figure& figure, const HiddenSeries& hidden,
                                      const Scale& x, const Scale& y, float px, float py,
                                      float reach);

enum class Direction { kLeft, kRight, kUp, kDown, kStart, kEnd };
/// Whether a step can end there: a finite point of a series that is shown.
bool can_stand(const Figure& figure, const HiddenSeries& hidden, PointRef at);
/// Keyboard: left and right along the series, up and down to the series above or below at about the
/// same x, start and end of the series. Without a start, the first point of the first visible
/// series.
std::optional<PointRef> step_point(const Figure& figure, const HiddenSeries& hidden,
                                   std::optional<PointRef> from, Direction direction);

/// "RFA: 0.161 ± 0.010 at training samples n = 256 (5 trials)", digits as in the tables.
std::string read_out(const Figure& figure, PointRef point);

/// Whether any series has a measured point.
bool has_measured_points(const Figure& figure);

}  // namespace attnlab
