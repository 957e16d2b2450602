// A figure as data: what the ImGui plot draws, what an SVG export writes and what a screen reader's
// table repeats. Experiments describe figures; only front ends draw them.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace attnlab {

struct Axis {
  std::string label;  ///< "training samples n"
  bool logarithmic = false;
  double min = 0, max = 0;    ///< suggested limits; equal means: fit to the data
  std::vector<double> ticks;  ///< ticks to draw (sample sizes); empty: the plot chooses
};

enum class SeriesRole {
  kMeasured,  ///< markers, error bars, a solid line
  kTheory,    ///< dashed guide: order and slope, not a fit
  kExact,     ///< dotted: a closed form
  kFit,       ///< thin solid line fitted to measurements
  kCurve,     ///< a function of the parameters: a line without markers, named at its end
  kDots,      ///< single observations: small discs without a line, which do not widen the axes
};

/// How strongly something is drawn. Experiments only make whole figures; front ends set the others.
enum class Presence {
  kWhole,
  kDraft,   ///< of a draft (core/experiment/draft.h): paler
  kBehind,  ///< of the result shown before, until the new one has points: faint, without a label,
            ///< and not read out
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
  int colour = 0;   ///< colour slot of the program-wide palette (core/findings/palette.h)
  int variant = 0;  ///< 0 for the first; others draw the same colour with another dash and marker
  std::vector<FigurePoint> points;  ///< increasing x
  Presence presence = Presence::kWhole;
};

/// One point of a figure.
struct PointRef {
  int series = -1, point = -1;
  bool operator==(const PointRef&) const = default;
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
  std::string value_label;       ///< at the colour bar
  std::string scale_group;       ///< panels of one group share one colour range
  std::vector<double> contours;  ///< levels drawn as lines through the cell centres
  Presence presence = Presence::kWhole;
  double min = 0, max = 0;  ///< ends of the colours; equal: those of the values
  /// One per cell, or empty: what is written in the cell in place of its value ("> 4096").
  std::vector<std::string> texts = {};
  /// One per cell, or empty: said after the value ("95 % interval 0.8 to 0.9"). An unknown cell
  /// with a note was measured, and is hatched.
  std::vector<std::string> notes = {};
};

/// A point of the picture that the reader moves with mouse, finger or arrow keys. The entries of
/// its parameter are its place, in axis coordinates; moving it sets them, so that link, locks and
/// ranges apply to it as to any control.
struct Handle {
  static constexpr std::size_t kFixed = static_cast<std::size_t>(-1);

  std::string parameter;               ///< a tuple, or a real number (item 0)
  std::size_t x_item = 0, y_item = 1;  ///< entries that are its coordinates; kFixed: it stays there
  double x = 0, y = 0;
  std::string label;  ///< drawn next to it, short; may be empty
  std::string help;   ///< shown under the mouse: "example 3: y = 0.42"
  int colour = 0;     ///< palette slot, where `value` gives no colour
  double value = std::numeric_limits<double>::quiet_NaN();  ///< coloured by the panel's scale
  bool arrow = false;  ///< drawn as an arrow from the origin: a vector
  double grid = 0;     ///< moves end on multiples of it; 0: on any decimal that the axis keeps
};

/// A scalar function over the plane of the figure's axes (both linear), drawn by a fragment shader;
/// `value` is the same function on the CPU: for tests, exports, and where there are no shaders.
struct FieldPanel {
  std::string id;
  std::string title;
  std::string shader;       ///< shaders/NAME.glsl, which defines `vec2 field(vec2 point)`
  std::vector<float> data;  ///< parameters of both versions: `number(i)` in the shader
  double (*value)(std::span<const float> data, double x, double y) = nullptr;  ///< NaN: unknown
  double min = 0, max = 1;  ///< ends of the colours; a diverging scale wants min = -max
  ColourScale scale = ColourScale::kSequential;
  std::string value_label;       ///< at the colour bar
  std::vector<double> contours;  ///< levels drawn as lines
  /// Per handle of the figure a share 0..1 that its disc shows by its area (an attention weight);
  /// empty: plain discs.
  std::vector<double> handle_shares;
};

/// Curves over the figure's axes, and handles between them.
struct LinePlot {
  std::vector<Series> series;
  std::vector<ReferenceLine> references;
};

/// Matrices or grids side by side, each with axes of its own.
struct HeatMaps {
  std::vector<HeatPanel> panels;
};

/// Planes side by side over the figure's axes; the figure's handles appear in each of them.
struct Fields {
  std::vector<FieldPanel> panels;
};

struct Figure;

/// Several figures next to each other, with the names of their curves once. Front ends make it
/// from the figures of a run (core/picture/together.h).
struct Together {
  std::vector<Figure> figures;
  std::vector<Series> legend;  ///< one for each name, without points
};

/// Lambdas, one for each kind of content, as one function for std::visit.
template <class... Kinds>
struct Cases : Kinds... {
  using Kinds::operator()...;
};
template <class... Kinds>
Cases(Kinds...) -> Cases<Kinds...>;

/// What is drawn. Code that draws, exports or compares figures visits it, so that a new kind does
/// not compile until each of these places handles it.
using FigureContent = std::variant<LinePlot, HeatMaps, Fields, Together>;

struct Figure {
  std::string id;          ///< "learning-curve": letters, digits, '-' and '_', as links carry it
  std::string title;       ///< the question in words
  std::string subtitle;    ///< sizes and what bands mean
  std::string invitation;  ///< what to move; follows the subtitle where handles can be moved
  Axis x, y;
  FigureContent content;
  std::vector<Handle> handles;  ///< of line plots and fields
  std::string table;            ///< name of the result table that holds the measured points
  std::string empty_text;       ///< shown while there is no point yet
  PointRef walked = {};         ///< where the reader is (core/picture/walk.h); front ends set it

  /// The content of one kind, for reading; an empty one if the content is of another kind.
  const LinePlot& lines() const { return known<LinePlot>(); }
  const HeatMaps& maps() const { return known<HeatMaps>(); }
  const Fields& fields() const { return known<Fields>(); }
  const Together& together() const { return known<Together>(); }
  /// The same for writing: an empty one replaces content of another kind.
  LinePlot& draw_lines() { return made<LinePlot>(); }
  HeatMaps& draw_maps() { return made<HeatMaps>(); }
  Fields& draw_fields() { return made<Fields>(); }

 private:
  template <class Kind>
  Kind& made() {
    return std::holds_alternative<Kind>(content) ? std::get<Kind>(content)
                                                 : content.emplace<Kind>();
  }
  template <class Kind>
  const Kind& known() const {
    static const Kind empty;
    const Kind* kind = std::get_if<Kind>(&content);
    return kind == nullptr ? empty : *kind;
  }
};

/// Id of the figure that is a part of another: "learning-curve_mean-power-2".
std::string part_id(const std::string& whole, const std::string& part);
inline bool is_part(const std::string& id, const std::string& whole) {
  return id.starts_with(whole + "_");
}

}  // namespace attnlab
