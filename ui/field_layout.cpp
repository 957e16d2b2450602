// The geometry of fields and handles.
#include "ui/field_layout.h"

#include <algorithm>
#include <cmath>

#include "core/experiment/text.h"

namespace attnlab {
namespace {

constexpr double kSteps = 500;    // resolution of a coordinate
constexpr double kKeySteps = 60;  // presses of an arrow key across the plane

/// The whole text of a number with so many decimals, without a negative zero.
double rounded(double value, int decimals) {
  const double unit = std::pow(10.0, -decimals);
  return std::round(value / unit) * unit + 0.0;
}

std::string plain_text(double value, int decimals) {
  // Through whole units, so that 0.1 + 0.2 is printed as 0.3.
  const double units = std::round(value * std::pow(10.0, decimals));
  return exact_text(decimals > 0 ? units / std::pow(10.0, decimals) : rounded(value, decimals));
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

int handle_decimals(Range range) {
  return static_cast<int>(std::ceil(-std::log10((range.hi - range.lo) / kSteps)));
}

double handle_step(Range range) {
  const double fine = handle_fine_step(range);
  return std::max(1.0, std::round((range.hi - range.lo) / kKeySteps / fine)) * fine;
}

double handle_fine_step(Range range) {
  return std::pow(10.0, -handle_decimals(range));
}

std::string moved_text(const ParameterSet& parameters, const Handle& handle, double x, double y,
                       Range x_axis, Range y_axis) {
  const Parameter* parameter = parameters.schema().find(handle.parameter);
  if (parameter == nullptr) return {};
  std::vector<std::string> entries = split(parameters.text(handle.parameter), ',');
  const auto put = [&](std::size_t item, double value, Range axis) {
    if (item >= entries.size() || !std::isfinite(value)) return;
    entries[item] =
        plain_text(std::clamp(value, parameter->min, parameter->max), handle_decimals(axis));
  };
  put(handle.x_item, x, x_axis);
  put(handle.y_item, y, y_axis);
  return join(entries, ",");
}

std::string field_read_out(const Figure& figure, const FieldPanel& field, double x, double y) {
  const double value = field.value ? field.value(field.data, x, y) : std::nan("");
  return field.title + ": " + field.value_label + " " +
         (std::isfinite(value) ? short_text(value) : "not known") + " at " + figure.x.label +
         " = " + short_text(x) + ", " + figure.y.label + " = " + short_text(y);
}

HeatPanel sampled(const FieldPanel& field, Range x, Range y, std::size_t columns,
                  std::size_t rows) {
  HeatPanel panel;
  panel.columns = columns;
  panel.rows = rows;
  panel.scale = field.scale;
  panel.contours = field.contours;
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) {
      const double at_x =
          x.lo + (x.hi - x.lo) * (static_cast<double>(c) + 0.5) / static_cast<double>(columns);
      const double at_y =
          y.hi - (y.hi - y.lo) * (static_cast<double>(r) + 0.5) / static_cast<double>(rows);
      panel.values.push_back(field.value ? field.value(field.data, at_x, at_y) : std::nan(""));
    }
  return panel;
}

}  // namespace attnlab
