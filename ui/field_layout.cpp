// Moves of handles as parameter values, and fields without shaders.
#include "ui/field_layout.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace attnlab {
namespace {

constexpr double kSteps = 500;    // resolution of a coordinate
constexpr double kKeySteps = 60;  // presses of an arrow key across the plane

/// The number rounded to `decimals` decimals, without a negative zero.
double rounded(double value, int decimals) {
  const double unit = std::pow(10.0, -decimals);
  return std::round(value / unit) * unit + 0.0;
}

std::string plain_text(double value, int decimals) {
  // Through whole units, so that 0.1 + 0.2 is printed as 0.3.
  const double units = std::round(value * std::pow(10.0, decimals)) + 0.0;  // no negative zero
  return exact_text(decimals > 0 ? units / std::pow(10.0, decimals) : rounded(value, decimals));
}

}  // namespace

int handle_decimals(Range range) {
  return static_cast<int>(std::ceil(-std::log10((range.hi - range.lo) / kSteps)));
}

double handle_step(const Handle& handle, Range range) {
  const double fine = handle_fine_step(handle, range);
  return handle.grid > 0
             ? fine
             : std::max(1.0, std::round((range.hi - range.lo) / kKeySteps / fine)) * fine;
}

double handle_fine_step(const Handle& handle, Range range) {
  return handle.grid > 0 ? handle.grid : std::pow(10.0, -handle_decimals(range));
}

std::string moved_text(const ParameterSet& parameters, const Handle& handle, double x, double y,
                       Range x_axis, Range y_axis) {
  const Parameter* parameter = parameters.schema().find(handle.parameter);
  if (parameter == nullptr) return {};
  std::vector<std::string> entries = split(parameters.text(handle.parameter), ',');
  const auto put = [&](std::size_t item, double value, Range axis) {
    if (item >= entries.size() || !std::isfinite(value)) return;
    if (handle.grid > 0) value = std::round(value / handle.grid) * handle.grid;
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
