// The pieces of an SVG document that line plots, heat maps and fields share.
#pragma once

#include <string>
#include <string_view>

#include "core/findings/figure.h"
#include "core/picture/plot_layout.h"
#include "core/picture/svg.h"

namespace attnlab {

inline constexpr float kSvgTitle = 18, kSvgText = 14;  ///< subtitles
inline constexpr float kSvgSmall = 13, kSvgFine = 12;  ///< labels; names of cells, colour bars

/// At most two decimals, without trailing zeros: "12", "3.25".
std::string svg_number(float value);
/// ` opacity="0.6"`, or an empty text for full opacity.
std::string svg_opacity(Presence presence);

/// Width of a text in a common sans-serif face, on the safe side; the reader's font is unknown.
float svg_text_width(std::string_view text, float size);

struct SvgColours {
  std::string ground, ink, muted, grid;
};

struct SvgTextStyle {
  const char* anchor = "start";
  float size = kSvgSmall;
  bool bold = false;
};

/// A document under construction.
class Svg {
 public:
  explicit Svg(const SvgOptions& options);
  void add(std::string_view markup) { body_ += markup; }
  void line(float x0, float y0, float x1, float y1, const std::string& colour);
  /// `y` is the base line.
  void text(float x, float y, std::string_view words, const std::string& colour,
            const SvgTextStyle& style = {});
  void tick(float x, float y, const TickText& tick, const char* anchor);
  /// Breaks the words into lines; returns where the next paragraph starts.
  float paragraph(float x, float y, float width, std::string_view words, const std::string& colour,
                  float size);
  /// The words in lines of at most this width, broken at blanks.
  static std::vector<std::string> lines(std::string_view words, float width, float size);
  /// In the middle of the box, on a patch that keeps the picture off it.
  void centred(const Box& box, std::string_view words);
  std::string series_colour(int slot) const;
  const SvgColours& colours() const { return colours_; }
  bool interactive() const { return interactive_; }
  /// Curves have marks, because colours do not tell them apart.
  bool marks_curves() const { return contrast_ != SvgContrast::kPlain; }
  const std::string& body() const { return body_; }

 private:
  bool dark_, interactive_;
  SvgContrast contrast_;
  SvgColours colours_;
  std::string body_;
};

std::string svg_colour(unsigned rgb);  ///< "#1d2229"

inline constexpr int kSvgBands = 24;       ///< colours of a bar, and of a field
inline constexpr float kSvgBarWidth = 70;  ///< with its gap and its numbers
/// A colour bar to the right of `cells`, with their height.
void svg_colour_bar(Svg& svg, ColourScale scale, Range range, const std::string& label,
                    const Box& cells);

/// From points of the plane to pixels.
struct SvgPlane {
  Box area;
  Scale x, y;
};
/// Attributes with place and ranges of the plane, for programs that draw on top of it.
std::string svg_geometry(const SvgPlane& plane);
/// The figure's handles, over `field` where there is one. Each handle appears in every plane; the
/// Tab key reaches it in the `first` one.
void svg_handles(Svg& svg, const Figure& figure, const SvgPlane& plane, const FieldPanel* field,
                 bool first = true);

/// Draws a line plot, `named`: with the names of its curves at their ends. `clip` gets the clip
/// path that the document needs for it.
SvgPlane svg_lines(Svg& svg, const Figure& figure, const Box& outer, bool named, std::string& clip);
/// How a series is drawn, for a legend: a piece of its line with its mark.
void svg_sample(Svg& svg, const Series& series, const Box& place);
void svg_heat_panels(Svg& svg, const Figure& figure, const Box& outer);
void svg_fields(Svg& svg, const Figure& figure, const Box& outer);

}  // namespace attnlab
