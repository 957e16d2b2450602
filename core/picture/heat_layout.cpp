// The geometry of heat maps.
#include "core/picture/heat_layout.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/text.h"

namespace attnlab {
namespace {

constexpr float kBetweenColumns = 20.0f, kBetweenRows = 14.0f;
constexpr float kWidestCell = 2.0f;   // width over height of a cell with names
constexpr float kWidestText = 4.0f;   // of a cell of a written panel
constexpr float kHighestCell = 1.0f;  // height over width
constexpr float kLargestSquare = 48.0f;
constexpr float kAtBar = 2.0f;  // right of cells without a colour bar

struct Rgb {
  double red, green, blue;
};

Rgb rgb_of(unsigned value) {
  return {static_cast<double>((value >> 16) & 255), static_cast<double>((value >> 8) & 255),
          static_cast<double>(value & 255)};
}

// matplotlib's viridis (public domain, CC0) and ColorBrewer's RdBu reversed, at equal steps.
constexpr unsigned kSequential[] = {0x440154, 0x472d7b, 0x3b528b, 0x2c728e, 0x21918c,
                                    0x28ae80, 0x5ec962, 0xaddc30, 0xfde725};
constexpr unsigned kDiverging[] = {0x2166ac, 0x67a9cf, 0xd1e5f0, 0xf7f7f7,
                                   0xfddbc7, 0xef8a62, 0xb2182b};

unsigned between(std::span<const unsigned> knots, double share) {
  const double at = std::clamp(share, 0.0, 1.0) * static_cast<double>(knots.size() - 1);
  const auto i = std::min(static_cast<std::size_t>(at), knots.size() - 2);
  const double t = at - static_cast<double>(i);
  const Rgb a = rgb_of(knots[i]), b = rgb_of(knots[i + 1]);
  const auto mix = [&](double x, double y) {
    return static_cast<unsigned>(std::lround(x + t * (y - x)));
  };
  return mix(a.red, b.red) << 16 | mix(a.green, b.green) << 8 | mix(a.blue, b.blue);
}

bool shares_scale(const HeatPanel& a, const HeatPanel& b) {
  return &a == &b || (!a.scale_group.empty() && a.scale_group == b.scale_group);
}

HeatPlace place_in(const HeatPanel& panel, const Box& slot, const HeatMargins& margins) {
  HeatPlace place;
  place.slot = slot;
  const auto columns = static_cast<float>(std::max<std::size_t>(1, panel.columns));
  const auto rows = static_cast<float>(std::max<std::size_t>(1, panel.rows));
  float w = std::max(2.0f, (slot.width() - margins.left - margins.right) / columns);
  float h = std::max(2.0f, (slot.height() - margins.top - margins.bottom) / rows);
  if (panel.x_labels.empty() && panel.y_labels.empty()) {
    w = h = std::min({w, h, kLargestSquare});
  } else {
    w = std::min(w, (is_written(panel) ? kWidestText : kWidestCell) * h);
    h = std::min(h, kHighestCell * w);
  }
  place.cell_width = w;
  place.cell_height = h;
  const float x0 = slot.x0 + margins.left, y0 = slot.y0 + margins.top;
  place.cells = {x0, y0, x0 + w * columns, y0 + h * rows};
  return place;
}

/// Whether one colour bar says what the colours of both mean.
bool same_bar(const Figure& figure, const HeatPanel& a, const HeatPanel& b) {
  const Range first = heat_range(figure, a), second = heat_range(figure, b);
  return shares_scale(a, b) && first.lo == second.lo && first.hi == second.hi &&
         a.scale == b.scale && a.logarithmic == b.logarithmic && a.value_label == b.value_label;
}

/// Panels in rows of `across`, all with the same room for cells; empty where a title has none.
std::vector<HeatPlace> arrange(const Figure& figure, const Box& area,
                               std::span<const HeatMargins> margins, std::size_t across) {
  const std::vector<HeatPanel>& panels = figure.maps().panels;
  const std::size_t n = panels.size(), down = (n + across - 1) / across;
  std::vector<bool> bars(n);
  std::vector<HeatMargins> inside(margins.begin(), margins.end());
  float cells = std::numeric_limits<float>::infinity();
  for (std::size_t first = 0; first < n; first += across) {
    const std::size_t end = std::min(n, first + across);
    float used = kBetweenColumns * static_cast<float>(end - first - 1);
    for (std::size_t i = first; i < end; ++i) {
      bars[i] = i + 1 == end || !same_bar(figure, panels[i], panels[i + 1]);
      if (!bars[i]) inside[i].right = kAtBar;
      used += inside[i].left + inside[i].right;
    }
    cells = std::min(cells, (area.width() - used) / static_cast<float>(end - first));
  }
  const float h =
      (area.height() - kBetweenRows * static_cast<float>(down - 1)) / static_cast<float>(down);
  std::vector<HeatPlace> places;
  float x = area.x0;
  for (std::size_t i = 0; i < n; ++i) {
    if (i % across == 0) x = area.x0;
    const float y = area.y0 + (h + kBetweenRows) * static_cast<float>(i / across);
    const Box slot{x, y, x + inside[i].left + cells + inside[i].right, y + h};
    if (across > 1 && inside[i].title > slot.width()) return {};
    places.push_back(place_in(panels[i], slot, inside[i]));
    places.back().bar = bars[i];
    x = slot.x1 + kBetweenColumns;
  }
  return places;
}

float smallest_cell_area(const std::vector<HeatPlace>& places) {
  float smallest = std::numeric_limits<float>::infinity();
  for (const HeatPlace& place : places)
    smallest = std::min(smallest, place.cell_width * place.cell_height);
  return smallest;
}

}  // namespace

unsigned heat_rgb(ColourScale scale, double share) {
  return between(heat_knots(scale), share);
}

std::span<const unsigned> heat_knots(ColourScale scale) {
  if (scale == ColourScale::kDiverging) return kDiverging;
  return kSequential;
}

bool has_thin_lines(ColourScale scale) {
  return scale == ColourScale::kDiverging;
}

Range heat_range(const Figure& figure, const HeatPanel& panel) {
  if (panel.min < panel.max) return {panel.min, panel.max};
  double lo = std::numeric_limits<double>::infinity(), hi = -lo;
  for (const HeatPanel& other : figure.maps().panels) {
    if (!shares_scale(panel, other)) continue;
    for (const double value : other.values) {
      if (!std::isfinite(value) || (panel.logarithmic && value <= 0)) continue;
      lo = std::min(lo, value);
      hi = std::max(hi, value);
    }
  }
  if (lo > hi) return panel.logarithmic ? Range{0.1, 1} : Range{0, 1};
  if (panel.scale == ColourScale::kDiverging) {
    const double arm = std::max(std::abs(lo), std::abs(hi));
    return arm > 0 ? Range{-arm, arm} : Range{-1, 1};
  }
  if (lo < hi) return {lo, hi};
  return panel.logarithmic ? Range{lo / 2, hi * 2} : Range{lo - 0.5, hi + 0.5};
}

double heat_share(const HeatPanel& panel, Range range, double value) {
  const bool logarithmic = panel.logarithmic && panel.scale == ColourScale::kSequential;
  if (logarithmic && value <= 0) return 0;
  const double share = logarithmic ? std::log(value / range.lo) / std::log(range.hi / range.lo)
                                   : (value - range.lo) / (range.hi - range.lo);
  return std::clamp(share, 0.0, 1.0);
}

Box HeatPlace::cell(std::size_t row, std::size_t column) const {
  const float x = cells.x0 + cell_width * static_cast<float>(column);
  const float y = cells.y0 + cell_height * static_cast<float>(row);
  return {x, y, x + cell_width, y + cell_height};
}

std::vector<HeatPlace> heat_places(const Figure& figure, const Box& area,
                                   std::span<const HeatMargins> margins) {
  std::vector<HeatPlace> best;
  for (std::size_t across = 1; across <= figure.maps().panels.size(); ++across) {
    std::vector<HeatPlace> places = arrange(figure, area, margins, across);
    if (best.empty() || (!places.empty() && smallest_cell_area(places) >= smallest_cell_area(best)))
      best = std::move(places);
  }
  return best;
}

std::vector<Segment> contour_lines(const HeatPanel& panel, double level) {
  std::vector<Segment> lines;
  if (panel.values.size() < panel.rows * panel.columns) return lines;
  for (std::size_t r = 0; r + 1 < panel.rows; ++r)
    for (std::size_t c = 0; c + 1 < panel.columns; ++c) {
      // The four centres around a corner of cells, clockwise.
      const std::size_t rows[] = {r, r, r + 1, r + 1}, columns[] = {c, c + 1, c + 1, c};
      double v[4];
      bool known = true;
      for (int k = 0; k < 4; ++k) {
        v[k] = panel.values[rows[k] * panel.columns + columns[k]] - level;
        known = known && std::isfinite(v[k]);
      }
      if (!known) continue;
      std::vector<std::pair<float, float>> crossings;
      for (int k = 0; k < 4; ++k) {
        const int next = (k + 1) % 4;
        if ((v[k] < 0) == (v[next] < 0)) continue;
        const double t = v[k] / (v[k] - v[next]);
        const auto mix = [&](std::size_t a, std::size_t b) {
          const auto from = static_cast<double>(a), to = static_cast<double>(b);
          return static_cast<float>(from + t * (to - from) + 0.5);
        };
        crossings.emplace_back(mix(columns[k], columns[next]), mix(rows[k], rows[next]));
      }
      for (std::size_t i = 0; i + 1 < crossings.size(); i += 2)
        lines.push_back({crossings[i].first, crossings[i].second, crossings[i + 1].first,
                         crossings[i + 1].second});
    }
  return lines;
}

std::string heat_name(const std::vector<std::string>& names, std::size_t index) {
  if (index < names.size()) return names[index];
  return exact_text(static_cast<std::int64_t>(index + 1));
}

std::string heat_read_out(const HeatPanel& panel, std::size_t row, std::size_t column) {
  const std::size_t cell = row * panel.columns + column;
  if (row >= panel.rows || column >= panel.columns || cell >= panel.values.size()) return {};
  const double value = panel.values[cell];
  const double error =
      cell < panel.errors.size() ? panel.errors[cell] : std::numeric_limits<double>::quiet_NaN();
  std::string text = std::isfinite(value) ? estimate_text(value, error) : heat_text(panel, cell);
  if (text.empty()) text = "not known";
  const std::string note = cell < panel.notes.size() ? panel.notes[cell] : std::string();
  return panel.title + ": " + panel.value_label + " " + text + " at " + panel.x.label + " = " +
         heat_name(panel.x_labels, column) + ", " + panel.y.label + " = " +
         heat_name(panel.y_labels, row) + (note.empty() ? "" : "; " + note);
}

std::string heat_text(const HeatPanel& panel, std::size_t cell) {
  if (cell < panel.texts.size() && !panel.texts[cell].empty()) return panel.texts[cell];
  const bool known = cell < panel.values.size() && std::isfinite(panel.values[cell]);
  return known ? short_text(panel.values[cell]) : std::string();
}

bool is_written(const HeatPanel& panel) {
  return !panel.notes.empty();
}

float written_height(const Figure& figure) {
  constexpr float kRow = 20, kAround = 90;
  float height = 0;
  for (const HeatPanel& panel : figure.maps().panels)
    if (is_written(panel)) height += kRow * static_cast<float>(panel.rows) + kAround;
  return height;
}

bool is_hatched(const HeatPanel& panel, std::size_t cell) {
  return cell < panel.values.size() && !std::isfinite(panel.values[cell]) &&
         cell < panel.notes.size() && !panel.notes[cell].empty();
}

bool is_open(const HeatPanel& panel, std::size_t cell) {
  return cell < panel.values.size() && !std::isfinite(panel.values[cell]) &&
         !is_hatched(panel, cell);
}

std::vector<Segment> hatching(const Box& box, float apart) {
  // Lines x + y = c, from the left or lower side to the upper or right one.
  std::vector<Segment> lines;
  const float first = box.x0 + box.y0, last = box.x1 + box.y1;
  for (float c = apart * std::ceil(first / apart); c < last; c += apart) {
    const float left = std::max(box.x0, c - box.y1), right = std::min(box.x1, c - box.y0);
    if (left < right) lines.push_back({left, c - left, right, c - right});
  }
  return lines;
}

HeatPanel coarse_map(HeatPanel panel, std::size_t most) {
  const std::size_t side = (std::max(panel.rows, panel.columns) + most - 1) / most;
  if (side <= 1 || panel.values.size() < panel.rows * panel.columns) return panel;
  HeatPanel coarse = panel;
  coarse.rows = (panel.rows + side - 1) / side;
  coarse.columns = (panel.columns + side - 1) / side;
  coarse.errors.clear();
  coarse.texts.clear();
  coarse.notes.clear();
  coarse.values.assign(coarse.rows * coarse.columns, std::numeric_limits<double>::quiet_NaN());
  coarse.x_labels.clear();
  coarse.y_labels.clear();
  for (std::size_t c = 0; c < panel.columns; c += side)
    coarse.x_labels.push_back(heat_name(panel.x_labels, c));
  for (std::size_t r = 0; r < panel.rows; ++r) {
    if (r % side == 0) coarse.y_labels.push_back(heat_name(panel.y_labels, r));
    for (std::size_t c = 0; c < panel.columns; ++c) {
      const double value = panel.values[r * panel.columns + c];
      double& block = coarse.values[r / side * coarse.columns + c / side];
      if (std::isfinite(value) && !(std::abs(value) <= std::abs(block))) block = value;
    }
  }
  const std::string sides = exact_text(static_cast<std::int64_t>(side));
  coarse.title += " (the largest of " + sides + " x " + sides + ")";
  return coarse;
}

bool has_known_cells(const Figure& figure) {
  const auto finite = [](double value) { return std::isfinite(value); };
  const auto measured = [](const std::string& note) { return !note.empty(); };
  return std::ranges::any_of(figure.together().figures, has_known_cells) ||
         std::ranges::any_of(figure.maps().panels, [&](const HeatPanel& panel) {
           return std::ranges::any_of(panel.notes, measured) ||
                  std::ranges::any_of(panel.values, finite);
         });
}

bool has_results(const Figure& figure) {
  const auto is_result = [](const Series& series) {
    return !series.points.empty() &&
           (series.role == SeriesRole::kMeasured || series.role == SeriesRole::kCurve ||
            series.role == SeriesRole::kDots);
  };
  return std::ranges::any_of(figure.together().figures, has_results) ||
         std::ranges::any_of(figure.lines().series, is_result) || has_known_cells(figure);
}

}  // namespace attnlab
