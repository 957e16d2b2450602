// Ranges, scales, nearest points and read-outs of plots; ticks and label places have their own
// files (plot_ticks.cpp, plot_labels.cpp).
#include "core/picture/plot_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "core/base/text.h"

namespace attnlab {
namespace {

constexpr double kPadding = 0.05;     // share of the span left free beyond the data
constexpr double kFurthest = 1e130;   // the axes' largest end, so that spans and ratios are finite
constexpr double kZeroIsNear = 0.35;  // linear axes start at 0 when the data come this close
constexpr float kGuideHandicap = 8.0f;  // pixels by which a measured point wins over a guide

class Bounds {
 public:
  explicit Bounds(bool logarithmic) : logarithmic_(logarithmic) {}
  void add(double value) {
    if (!std::isfinite(value) || (logarithmic_ && value <= 0)) return;
    const double shown = std::clamp(value, logarithmic_ ? 1 / kFurthest : -kFurthest, kFurthest);
    lo_ = std::min(lo_, shown);
    hi_ = std::max(hi_, shown);
  }
  bool empty() const { return lo_ > hi_; }
  Range padded() const {
    if (empty()) return logarithmic_ ? Range{0.1, 1} : Range{0, 1};
    if (logarithmic_) {
      const double span = std::log(hi_ / lo_);
      const double pad = std::exp(span > 0 ? kPadding * span : 0.5);
      return {lo_ / pad, hi_ * pad};
    }
    const double span = hi_ - lo_;
    const double pad = span > 0 ? kPadding * span : std::max(0.5, std::abs(hi_) * 0.5);
    const bool from_zero = lo_ >= 0 && lo_ <= kZeroIsNear * hi_;
    return {from_zero ? 0 : lo_ - pad, hi_ + pad};
  }
  Range exact() const { return {lo_, hi_}; }

 private:
  bool logarithmic_;
  double lo_ = std::numeric_limits<double>::infinity();
  double hi_ = -std::numeric_limits<double>::infinity();
};

bool has_limits(const Axis& axis) {
  return axis.min < axis.max && (!axis.logarithmic || axis.min > 0);
}

/// Limits of the axis widened to the bounds; a little air only where the data go beyond.
Range widened(const Axis& axis, const Bounds& data) {
  Range range{axis.min, axis.max};
  if (data.empty()) return range;
  const Range padded = data.padded(), exact = data.exact();
  if (exact.lo < range.lo) range.lo = padded.lo;
  if (exact.hi > range.hi) range.hi = padded.hi;
  return range;
}

void add_with_error(Bounds& bounds, const FigurePoint& point, bool logarithmic) {
  bounds.add(point.y);
  if (!(point.error > 0)) return;
  bounds.add(point.y + point.error);
  // On a log axis an error bar that reaches towards 0 must not swallow the picture.
  if (!logarithmic || point.y - point.error > 0.2 * point.y) bounds.add(point.y - point.error);
}

/// Order of points for the up and down keys: by height, then by series.
std::tuple<double, int> height_of(const Figure& figure, PointRef ref) {
  return {figure.lines().series[ref.series].points[ref.point].y, ref.series};
}

/// Drawn, and about the present parameters.
bool is_readable(const HiddenSeries& hidden, const Series& series) {
  return series.presence != Presence::kBehind && !is_hidden(hidden, series);
}

bool is_finite(const FigurePoint& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

int closest_in_x(const Series& series, double x) {
  int best = -1;
  double distance = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < series.points.size(); ++i) {
    if (!is_finite(series.points[i])) continue;
    const double d = std::abs(series.points[i].x - x);
    if (d < distance) distance = d, best = static_cast<int>(i);
  }
  return best;
}

/// The first point of the series from `point` on, or back from it, that a step can end at.
std::optional<PointRef> standing(const Figure& figure, const HiddenSeries& hidden, PointRef at,
                                 int step) {
  const auto count = static_cast<int>(figure.lines().series[at.series].points.size());
  for (; at.point >= 0 && at.point < count; at.point += step)
    if (can_stand(figure, hidden, at)) return at;
  return std::nullopt;
}

std::optional<PointRef> first_point(const Figure& figure, const HiddenSeries& hidden) {
  for (const bool measured : {true, false})
    for (int s = 0; s < static_cast<int>(figure.lines().series.size()); ++s) {
      if ((figure.lines().series[s].role == SeriesRole::kMeasured) != measured) continue;
      if (const auto first = standing(figure, hidden, {s, 0}, 1)) return first;
    }
  return std::nullopt;
}

}  // namespace

float Scale::pixel(double value) const {
  double t = 0;
  if (logarithmic) {
    t = value > 0 ? std::log(value / range.lo) / std::log(range.hi / range.lo) : 0;
  } else if (std::isfinite(value)) {
    t = (value - range.lo) / (range.hi - range.lo);
  }
  return begin + static_cast<float>(t) * (end - begin);
}

double Scale::value(float pixel) const {
  const double t = (pixel - begin) / (end - begin);
  if (logarithmic) return range.lo * std::pow(range.hi / range.lo, t);
  return range.lo + t * (range.hi - range.lo);
}

bool Scale::shows(double value) const {
  const double slack = 1e-9 * (std::abs(range.lo) + std::abs(range.hi));
  return std::isfinite(value) && value >= range.lo - slack && value <= range.hi + slack &&
         !(logarithmic && value <= 0);
}

bool is_hidden(const HiddenSeries& hidden, const Series& series) {
  return std::find(hidden.begin(), hidden.end(), series.id) != hidden.end();
}

Range x_range(const Figure& figure, const HiddenSeries& hidden) {
  Bounds measured(figure.x.logarithmic), all(figure.x.logarithmic);
  for (const Series& series : figure.lines().series)
    for (const FigurePoint& point : series.points) {
      if (series.role == SeriesRole::kMeasured && !is_hidden(hidden, series)) measured.add(point.x);
      all.add(point.x);
    }
  for (const double tick : figure.x.ticks) all.add(tick);
  if (has_limits(figure.x)) return widened(figure.x, measured);
  return all.padded();
}

Range y_range(const Figure& figure, const HiddenSeries& hidden) {
  Bounds measured(figure.y.logarithmic), all(figure.y.logarithmic);
  for (const Series& series : figure.lines().series) {
    if (is_hidden(hidden, series)) continue;
    for (const FigurePoint& point : series.points) {
      if (series.role == SeriesRole::kMeasured)
        add_with_error(measured, point, figure.y.logarithmic);
      add_with_error(all, point, figure.y.logarithmic);
    }
  }
  for (const ReferenceLine& line : figure.lines().references)
    if (!line.vertical) all.add(line.at);
  if (has_limits(figure.y)) return widened(figure.y, measured);
  return all.padded();
}

std::optional<PointRef> nearest_point(const Figure& figure, const HiddenSeries& hidden,
                                      const Scale& x, const Scale& y, float px, float py,
                                      float reach) {
  std::optional<PointRef> best;
  float best_distance = reach;
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s) {
    const Series& series = figure.lines().series[s];
    if (!is_readable(hidden, series)) continue;
    const float handicap = series.role == SeriesRole::kMeasured ? 0 : kGuideHandicap;
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      const FigurePoint& point = series.points[i];
      if (!x.shows(point.x) || !y.shows(point.y)) continue;
      const float distance = std::hypot(x.pixel(point.x) - px, y.pixel(point.y) - py) + handicap;
      if (distance > best_distance || (distance == best_distance && best)) continue;
      best_distance = distance;
      best = PointRef{static_cast<int>(s), static_cast<int>(i)};
    }
  }
  return best;
}

bool can_stand(const Figure& figure, const HiddenSeries& hidden, PointRef at) {
  const std::vector<Series>& all = figure.lines().series;
  return at.series >= 0 && at.series < static_cast<int>(all.size()) &&
         is_readable(hidden, all[at.series]) && at.point >= 0 &&
         at.point < static_cast<int>(all[at.series].points.size()) &&
         is_finite(all[at.series].points[at.point]);
}

std::optional<PointRef> step_point(const Figure& figure, const HiddenSeries& hidden,
                                   std::optional<PointRef> from, Direction direction) {
  if (!from || !can_stand(figure, hidden, *from)) return first_point(figure, hidden);
  const Series& series = figure.lines().series[from->series];
  const auto along = [&](int point, int step) {
    const auto to = standing(figure, hidden, {from->series, point}, step);
    return to ? to : from;
  };
  switch (direction) {
    case Direction::kLeft:
      return along(from->point - 1, -1);
    case Direction::kRight:
      return along(from->point + 1, 1);
    case Direction::kStart:
      return along(0, 1);
    case Direction::kEnd:
      return along(static_cast<int>(series.points.size()) - 1, -1);
    case Direction::kUp:
    case Direction::kDown:
      break;
  }
  const bool up = direction == Direction::kUp;
  const auto here = height_of(figure, *from);
  std::optional<PointRef> best;
  for (std::size_t s = 0; s < figure.lines().series.size(); ++s) {
    if (static_cast<int>(s) == from->series || !is_readable(hidden, figure.lines().series[s]))
      continue;
    const PointRef other{static_cast<int>(s),
                         closest_in_x(figure.lines().series[s], series.points[from->point].x)};
    if (other.point < 0) continue;
    const auto height = height_of(figure, other);
    if (up ? height < here : height > here) continue;
    if (!best || (up ? height < height_of(figure, *best) : height > height_of(figure, *best)))
      best = other;
  }
  return best ? best : from;
}

std::string read_out(const Figure& figure, PointRef ref) {
  if (!can_stand(figure, {}, ref)) return {};
  const Series& series = figure.lines().series[ref.series];
  const FigurePoint& point = series.points[ref.point];
  const bool measured = series.role == SeriesRole::kMeasured;
  std::string text = series.label + ": ";
  text += measured ? estimate_text(point.y, point.error) : short_text(point.y);
  text += " at " + figure.x.label + " = " + short_text(point.x);
  if (point.count > 0)
    text += " (" + counted(static_cast<std::size_t>(point.count), "trial") +
            (point.count == 1 ? ", error unknown)" : ")");
  if (!measured && !series.note.empty()) text += " · " + series.note;
  return text;
}

bool has_measured_points(const Figure& figure) {
  return std::ranges::any_of(figure.together().figures, has_measured_points) ||
         std::ranges::any_of(figure.lines().series, [](const Series& series) {
           return series.role == SeriesRole::kMeasured && !series.points.empty();
         });
}

float opacity_of(Presence presence) {
  switch (presence) {
    case Presence::kDraft:
      return 0.6f;
    case Presence::kBehind:
      return 0.28f;
    case Presence::kWhole:
      break;
  }
  return 1;
}

Range united(Range a, Range b) {
  return {std::min(a.lo, b.lo), std::max(a.hi, b.hi)};
}

}  // namespace attnlab
