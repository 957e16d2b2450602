#include "core/picture/together.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

namespace attnlab {
namespace {

bool stands_still(const Figure& figure) {
  return figure.handles.empty() && (std::holds_alternative<LinePlot>(figure.content) ||
                                    std::holds_alternative<HeatMaps>(figure.content));
}

bool has_parts(const Figure& whole, const std::vector<Figure>& figures) {
  return std::any_of(figures.begin(), figures.end(),
                     [&](const Figure& figure) { return is_part(figure.id, whole.id); });
}

bool has_points(const Figure& figure) {
  const std::vector<Series>& all = figure.lines().series;
  return std::any_of(all.begin(), all.end(),
                     [](const Series& series) { return !series.points.empty(); });
}

/// Gives the axes that are alike the limits that hold all of their data.
void share_limits(std::vector<Figure>& figures, Axis Figure::*axis,
                  Range (*range_of)(const Figure&, const HiddenSeries&)) {
  std::vector<std::optional<Range>> shared(figures.size());
  for (std::size_t i = 0; i < figures.size(); ++i) {
    for (const Figure& other : figures) {
      const Axis &own = figures[i].*axis, &its = other.*axis;
      if (its.label != own.label || its.logarithmic != own.logarithmic) continue;
      if (!has_points(other) && its.min >= its.max) continue;
      const Range range = range_of(other, {});
      shared[i] = shared[i] ? united(*shared[i], range) : range;
    }
  }
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (!shared[i]) continue;
    (figures[i].*axis).min = shared[i]->lo;
    (figures[i].*axis).max = shared[i]->hi;
  }
}

void name_curves(Together& together) {
  for (const Figure& figure : together.figures) {
    for (const Series& series : figure.lines().series) {
      if (series.label.empty() || series.points.empty() || series.presence == Presence::kBehind)
        continue;
      const auto known = std::ranges::find(together.legend, legend_id(series), &Series::id);
      if (known != together.legend.end()) continue;
      Series name = series;
      name.id = legend_id(series);
      name.points.clear();
      together.legend.push_back(std::move(name));
    }
  }
}

std::size_t columns_of(const Figure& figure) {
  return std::max<std::size_t>(figure.maps().panels.size(), 1);
}

std::vector<Box> laid_out(const std::vector<Figure>& figures, const Box& area, std::size_t columns,
                          float gap) {
  std::vector<std::vector<std::size_t>> rows;  // widths in columns
  std::size_t filled = columns;
  for (const Figure& figure : figures) {
    const std::size_t span = std::min(columns_of(figure), columns);
    if (filled + span > columns) rows.emplace_back(), filled = 0;
    rows.back().push_back(span);
    filled += span;
  }
  std::vector<Box> boxes;
  const float down =
      (area.height() + gap) / static_cast<float>(std::max<std::size_t>(rows.size(), 1));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const std::size_t spans = std::accumulate(rows[r].begin(), rows[r].end(), std::size_t{0});
    const float column = (area.width() + gap) / static_cast<float>(spans);
    const float y = area.y0 + down * static_cast<float>(r);
    float x = area.x0;
    for (const std::size_t span : rows[r]) {
      const float across = column * static_cast<float>(span);
      boxes.push_back({x, y, x + across - gap, y + down - gap});
      x += across;
    }
  }
  return boxes;
}

}  // namespace

std::string legend_id(const Series& series) {
  return series.label + "/" + std::to_string(series.colour) + "/" + std::to_string(series.variant) +
         "/" + std::to_string(static_cast<int>(series.role));
}

void add_together(std::vector<Figure>& figures) {
  Together together;
  for (const Figure& figure : figures)
    if (stands_still(figure) && !has_parts(figure, figures)) together.figures.push_back(figure);
  if (together.figures.size() < 2) return;
  share_limits(together.figures, &Figure::x, x_range);
  share_limits(together.figures, &Figure::y, y_range);
  name_curves(together);

  Figure all;
  all.id = kTogether;
  all.title = "All figures";
  all.table = together.figures.front().table;
  all.empty_text = together.figures.front().empty_text;
  all.subtitle = together.figures.front().subtitle;
  for (const Figure& figure : together.figures)
    if (figure.subtitle != all.subtitle) all.subtitle.clear();
  for (Figure& figure : together.figures) figure.subtitle.clear();
  all.content = std::move(together);
  figures.push_back(std::move(all));
}

std::vector<Box> grid_boxes(const std::vector<Figure>& figures, const Box& area, float least_width,
                            float gap) {
  std::size_t total = 0, most = 1;
  for (const Figure& figure : figures) total += columns_of(figure);
  while (most < total && static_cast<float>(most + 1) * (least_width + gap) - gap <= area.width())
    most += 1;
  std::vector<Box> best;
  float best_size = -1;
  for (std::size_t columns = most; columns > 0; --columns) {
    std::vector<Box> boxes = laid_out(figures, area, columns, gap);
    if (boxes.empty() || area.height() <= 0) return boxes;
    // A plot is read well when it is a little wider than high.
    float size = std::numeric_limits<float>::max();
    for (const Box& box : boxes) size = std::min({size, box.width(), 1.2f * box.height()});
    if (size > best_size) best = std::move(boxes), best_size = size;
  }
  return best;
}

std::size_t rows_of(const std::vector<Box>& boxes) {
  std::size_t rows = 0;
  for (const Box& box : boxes) rows += box.x0 == boxes.front().x0 ? 1 : 0;
  return rows;
}

}  // namespace attnlab
