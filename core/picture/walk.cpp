#include "core/picture/walk.h"

#include <algorithm>
#include <cstdint>

#include "core/base/text.h"

namespace attnlab {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string number_text(std::size_t number) {
  return exact_text(static_cast<std::int64_t>(number));
}

std::string name_of(const Series& series) {
  std::string name = series.label.empty() ? series.id : series.label;
  return series.presence == Presence::kDraft ? name + " (draft)" : name;
}

/// The label without a remark in brackets at its end: "angle of the key (degrees)".
std::string_view without_remark(std::string_view label) {
  const std::size_t open = label.rfind(" (");
  const bool at_end = open != std::string_view::npos && label.back() == ')';
  return at_end ? label.substr(0, open) : label;
}

double share(const Scale& scale, double value) {
  return std::clamp(static_cast<double>(scale.pixel(value)), 0.0, 1.0);
}

}  // namespace

std::string axis_variable(const Axis& axis) {
  constexpr std::size_t kLongestSymbol = 2;  // "σ²"
  const std::string_view label = without_remark(axis.label);
  const std::size_t blank = label.rfind(' ');
  if (blank == std::string_view::npos) return axis.label;
  const std::string_view last = label.substr(blank + 1), before = label.substr(0, blank);
  // "size of W" is not W.
  const bool names = characters(last) <= kLongestSymbol && !before.ends_with(" of");
  return names ? std::string(last) : axis.label;
}

std::optional<PointRef> nearest_place(const Figure& figure, const HiddenSeries& hidden,
                                      std::optional<PointRef> at) {
  if (at && at->series >= 0 && at->series < static_cast<int>(figure.lines().series.size())) {
    const auto count = static_cast<int>(figure.lines().series[at->series].points.size());
    for (int distance = 0; distance <= count; ++distance)
      for (const int point : {std::min(at->point, count) - distance, at->point + distance})
        if (can_stand(figure, hidden, {at->series, point})) return PointRef{at->series, point};
  }
  return step_point(figure, hidden, std::nullopt, Direction::kRight);
}

std::optional<WalkPlace> walk_place(const Figure& figure, const HiddenSeries& hidden, PointRef at) {
  if (!can_stand(figure, hidden, at)) return std::nullopt;
  const Series& series = figure.lines().series[at.series];
  const FigurePoint& point = series.points[at.point];
  WalkPlace place;
  place.at = at;
  for (int i = 0; i < static_cast<int>(series.points.size()); ++i) {
    if (!can_stand(figure, hidden, {at.series, i})) continue;
    ++place.count;
    if (i <= at.point) ++place.number;
  }
  const bool measured = series.role == SeriesRole::kMeasured;
  place.sentence = name_of(series) + ", " + number_text(place.number) + " of " +
                   number_text(place.count) + ": " + axis_variable(figure.x) + " = " +
                   short_text(point.x) + ", " +
                   (measured ? estimate_text(point.y, point.error) : short_text(point.y));
  const Scale x{figure.x.logarithmic, x_range(figure, hidden)};
  const Scale y{figure.y.logarithmic, y_range(figure, hidden)};
  const double error = point.error > 0 ? point.error : 0;
  place.along = share(x, point.x);
  place.height = share(y, point.y);
  place.low = share(y, point.y - error);
  place.high = share(y, point.y + error);
  return place;
}

std::string walk_introduction(const Figure& figure, const HiddenSeries& hidden) {
  std::size_t curves = 0;
  for (int s = 0; s < static_cast<int>(figure.lines().series.size()); ++s)
    for (int i = 0; i < static_cast<int>(figure.lines().series[s].points.size()); ++i)
      if (can_stand(figure, hidden, {s, i})) {
        ++curves;
        break;
      }
  if (curves == 0) return {};
  return counted(curves, "curve") + ". Across: " + figure.x.label + ". Up: " + figure.y.label + ".";
}

}  // namespace attnlab
