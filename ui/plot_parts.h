// Parts of the plot widget around the curves: labels that toggle series, labels of guides, the
// read-out, and the icons of the states without points.
#pragma once

#include <string>
#include <vector>

#include "core/picture/plot_layout.h"
#include "imgui.h"
#include "ui/plot.h"

namespace attnlab {

inline constexpr float kLabelOffset = 34.0f;  ///< from the area's edge to the text of an end label

struct PlotFrame {
  Box area;
  Scale x, y;
  std::vector<Tick> x_ticks, y_ticks;
  bool legend_row = false;  ///< labels are above the plot, not at the lines' ends
};

/// Where the labels of this frame are. Index i belongs to series i; a series without a place has
/// an empty box.
struct LabelLayout {
  std::vector<Box> series;
  std::vector<Box> references;
};

/// Width of the widest label of a measured series, 0 without any.
float series_label_width(const Figure& figure);
float legend_row_height(const Figure& figure, float width);

/// Measured series: at the lines' ends (or in a row above); guides and references: inside, where it
/// is emptiest. `top` is where the row starts. Not `named`: guides and references alone.
LabelLayout place_labels(const Figure& figure, const PlotState& state, const PlotFrame& frame,
                         const Box& outer, float top, bool named);

/// Removes the places of guides and references.
void drop_inside_labels(const Figure& figure, LabelLayout& labels);

/// The labels as buttons: a press shows or hides the series. Returns the id of the series to
/// emphasise (hovered or focused), or an empty text.
std::string label_buttons(const Figure& figure, PlotState& state, const LabelLayout& labels,
                          bool touch);

void draw_labels(ImDrawList* list, const Figure& figure, const PlotState& state,
                 const PlotFrame& frame, const LabelLayout& labels, const std::string& emphasised);

/// A ring around the point and one line near it; sets state.read_out and state.mark.
void draw_read_out(ImDrawList* list, const Figure& figure, PlotState& state, const PlotFrame& frame,
                   const Box& outer, PointRef point);

/// A text in a box above (or below) the mark.
void draw_bubble(ImDrawList* list, const ReadOutMark& mark, const std::string& text);

/// The arrow key pressed while the item drawn last has the keyboard focus; keeps the arrows from
/// moving the focus away.
std::optional<Direction> arrow_keys_here();

/// "Paused" or "Failed" in the corner of a plot that has points.
void draw_badge(ImDrawList* list, const Box& area, const PlotOptions& options);

/// The figures of `figure`, one legend above them whose names hide the curves in all of them.
bool together_plot(ImDrawList* list, const Figure& figure, PlotState& state,
                   const PlotOptions& options, const Box& outer, float top);

/// Icon and sentence in the middle of a plot without points; true when pressed.
bool empty_picture(ImDrawList* list, const Box& area, const PlotOptions& options);

}  // namespace attnlab
