// A figure as data: what the ImGui plot draws, what an SVG export writes and what a screen reader's
// table repeats. Experiments describe figures; only front ends draw them.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace attnlab {

struct Axis {
  std::string label;  ///< "training samples n"
  bool logarithmic = false;
  double min = 0, max = 0;  ///< suggested limits; equal means: fit to the data
  std::vector<double> ticks;  ///< wanted ticks (sample sizes); empty: chosen by the plot
};

enum class SeriesRole {
  kMeasured,  ///< markers, error bars, a solid line
  kTheory,    ///< dashed guide: order and slope, not a fit
  kExact,     ///< dotted: a closed form
  kFit,       ///< thin solid line fitted to measurements
};

struct FigurePoint {
  double x = 0, y = 0;
  double error = 0;  ///< one standard error; NaN when unknown (a single trial)
  int count = 0;     ///< trials behind it; 0 for theory
};

struct Series {
  std::string id;     ///< stable name, for toggles: "rfa/mean-power/2"
  std::string label;  ///< drawn at the line's end: "RFA"
  std::string note;   ///< formula or source, shown on hover
  SeriesRole role = SeriesRole::kMeasured;
  int colour = 0;   ///< colour slot of the program-wide palette (core/experiment/palette.h)
  int variant = 0;  ///< 0 for the first; others draw the same colour with another dash and marker
  std::vector<FigurePoint> points;  ///< increasing x
};

/// A horizontal or vertical reference such as the 0.5 level, with its own label.
struct ReferenceLine {
  bool vertical = false;
  double at = 0;
  std::string label;
};

enum class ColourScale {
  kSequential,  ///< low to high
  kDiverging,   ///< centred at 0 with equal arms, for differences and signed matrices
};

/// A grid of coloured cells: a matrix, or an estimate over two parameters.
struct HeatPanel {
  std::string id;     ///< "recovered-weight"
  std::string title;  ///< drawn above it
  Axis x, y;          ///< names; for matrices "column j", "row i"; y runs downwards
  std::vector<std::string> x_labels, y_labels;  ///< one per column / row; empty: 1, 2, 3, ...
  std::size_t rows = 0, columns = 0;
  std::vector<double> values;  ///< row-major; NaN: not known (yet), drawn as an empty cell
  std::vector<double> errors;  ///< one standard error per cell, or empty
  ColourScale scale = ColourScale::kSequential;
  bool logarithmic = false;
  std::string value_label;  ///< at the colour bar
  std::string scale_group;  ///< panels of one group share one colour range
  std::vector<double> contours;  ///< levels drawn as lines through the cell centres
};

/// A line plot (series), or heat maps side by side (panels, when there are any).
struct Figure {
  std::string id;        ///< "learning-curve"
  std::string title;     ///< the question in words
  std::string subtitle;  ///< sizes and what bands mean
  Axis x, y;
  std::vector<Series> series;
  std::vector<ReferenceLine> references;
  std::vector<HeatPanel> panels;
  std::string table;  ///< name of the result table whose rows the measured points are
  std::string empty_text;  ///< what to say while there is no point yet
};

}  // namespace attnlab
