// Places, sizes and regions of fields.
#include "core/picture/field_layout.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace attnlab {
namespace {

constexpr float kRadius = 7.5f, kSmallest = 3.5f, kLargest = 17.0f;

struct Corner {
  Spot at;
  double value = 0;
};

/// The corners of a cell, clockwise from the left upper one.
std::array<Corner, 4> corners_of(const FieldGrid& grid, std::size_t row, std::size_t column) {
  const auto corner = [&](std::size_t down, std::size_t right) {
    const std::size_t r = row + down, c = column + right;
    return Corner{{static_cast<float>(c), static_cast<float>(r)}, grid.corner(r, c)};
  };
  return {corner(0, 0), corner(0, 1), corner(1, 1), corner(1, 0)};
}

Spot crossing(const Corner& a, const Corner& b, double level) {
  const auto share = static_cast<float>((level - a.value) / (b.value - a.value));
  return {a.at.x + share * (b.at.x - a.at.x), a.at.y + share * (b.at.y - a.at.y)};
}

Outline clipped(const std::array<Corner, 4>& corners, double level) {
  Outline outline;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const Corner& here = corners[i];
    const Corner& next = corners[(i + 1) % corners.size()];
    if (here.value >= level) outline.push_back(here.at);
    if ((here.value >= level) != (next.value >= level))
      outline.push_back(crossing(here, next, level));
  }
  return outline;
}

}  // namespace

std::vector<Box> field_places(std::size_t count, double aspect, const Box& area,
                              const FieldMargins& margins, float gap) {
  std::vector<Box> best;
  float best_width = -1;
  for (std::size_t across = 1; across <= count; ++across) {
    const std::size_t down = (count + across - 1) / across;
    const float columns = static_cast<float>(across), rows = static_cast<float>(down);
    const float slot_w = (area.width() - gap * (columns - 1)) / columns;
    const float slot_h = (area.height() - gap * (rows - 1)) / rows;
    const float room_w = std::max(20.0f, slot_w - margins.left - margins.right);
    const float room_h = std::max(20.0f, slot_h - margins.top - margins.bottom);
    const float width = std::min(room_w, room_h * static_cast<float>(aspect));
    if (width <= best_width) continue;
    best_width = width;
    best.clear();
    const float height = width / static_cast<float>(aspect);
    const float used = columns * (width + margins.left + margins.right) + gap * (columns - 1);
    const float start = area.x0 + std::max(0.0f, (area.width() - used) / 2);
    for (std::size_t i = 0; i < count; ++i) {
      const float x = start + margins.left +
                      static_cast<float>(i % across) * (width + margins.left + margins.right + gap);
      const float y =
          area.y0 + margins.top +
          static_cast<float>(i / across) * (height + margins.top + margins.bottom + gap);
      best.push_back({x, y, x + width, y + height});
    }
  }
  return best;
}

bool shares_colours(const std::vector<FieldPanel>& fields) {
  return std::all_of(fields.begin(), fields.end(), [&](const FieldPanel& field) {
    const FieldPanel& first = fields.front();
    return field.min == first.min && field.max == first.max && field.scale == first.scale &&
           field.value_label == first.value_label;
  });
}

Range plane_range(const Axis& axis) {
  return axis.min < axis.max ? Range{axis.min, axis.max} : Range{-1, 1};
}

float handle_radius(const FieldPanel* field, std::size_t handle, float plane_width) {
  const float size = std::clamp(plane_width / 230.0f, 0.6f, 1.0f);
  if (field == nullptr || handle >= field->handle_shares.size()) return kRadius * size;
  const double share = std::clamp(field->handle_shares[handle], 0.0, 1.0);
  return size * (kSmallest + (kLargest - kSmallest) * static_cast<float>(std::sqrt(share)));
}

FieldGrid field_grid(const FieldPanel& field, Range x, Range y, std::size_t columns,
                     std::size_t rows) {
  FieldGrid grid{columns, rows, {}};
  for (std::size_t r = 0; r <= rows; ++r)
    for (std::size_t c = 0; c <= columns; ++c) {
      const double at_x =
          x.lo + (x.hi - x.lo) * static_cast<double>(c) / static_cast<double>(columns);
      const double at_y = y.hi - (y.hi - y.lo) * static_cast<double>(r) / static_cast<double>(rows);
      grid.corners.push_back(field.value ? field.value(field.data, at_x, at_y) : std::nan(""));
    }
  return grid;
}

std::vector<Outline> region_at_least(const FieldGrid& grid, double level) {
  std::vector<Outline> region;
  for (std::size_t r = 0; r < grid.rows; ++r) {
    const auto top = static_cast<float>(r), bottom = static_cast<float>(r + 1);
    std::size_t whole_from = 0;
    const auto end_of_whole = [&](std::size_t c) {
      const auto left = static_cast<float>(whole_from), right = static_cast<float>(c);
      if (c > whole_from)
        region.push_back({{left, top}, {right, top}, {right, bottom}, {left, bottom}});
      whole_from = c + 1;
    };
    for (std::size_t c = 0; c < grid.columns; ++c) {
      const std::array<Corner, 4> corners = corners_of(grid, r, c);
      const auto reached = std::count_if(corners.begin(), corners.end(),
                                         [&](const Corner& one) { return one.value >= level; });
      if (reached == 4) continue;
      end_of_whole(c);
      const bool known = std::none_of(corners.begin(), corners.end(),
                                      [](const Corner& one) { return !std::isfinite(one.value); });
      if (reached > 0 && known) region.push_back(clipped(corners, level));
    }
    end_of_whole(grid.columns);
  }
  return region;
}

}  // namespace attnlab
