// A figure as an SVG document: real vectors, the same bytes for the same figure on every platform.
#pragma once

#include <string>
#include <string_view>

#include "core/findings/figure.h"

namespace attnlab {

/// For readers who ask for it; curves then differ in their marks, too.
enum class SvgContrast {
  kPlain,
  kMore,    ///< at least 7:1
  kForced,  ///< the colours of the reader's system, by their CSS names; curves all in one
};

struct SvgOptions {
  int width = 760, height = 500;  ///< logical pixels, at least 320 x 240; height 0: what it needs
  bool dark = false;
  /// For a talk: 16:9 (width and height do not count), large type, no guides, no subtitle.
  bool slide = false;
  std::string source = {};  ///< the last line of the picture: program, version, parameters, seed
  /// For a page that shows the figure in this form, not for a file. Handles with a parameter are
  /// sliders that the Tab key reaches; the invitation follows the subtitle; `empty_text` is shown,
  /// over pale results where there are any; large heat maps are drawn in blocks (coarse_map).
  bool interactive = false;
  SvgContrast contrast = SvgContrast::kPlain;
};

struct PictureSize {
  int width, height;  ///< logical pixels
};

/// Planes in two rows make a figure as high as it is wide, where a height is given; cells with
/// notes make it as high as their texts need.
PictureSize picture_size(const Figure& figure, const SvgOptions& options);

/// Figures together have one legend in place of the names at the ends of curves, and are as high as
/// they need. Every finite measured point (or known cell of a heat map) is one element of class
/// "point" whose title says the value with its uncertainty; every handle is a group of class
/// "handle" whose title says what it is. A field is filled between the levels of its colour bar.
/// Shapes and texts only: no script, style or link. An interactive group of class "handle" has
/// `data-handle`, its number, and `data-at`, its pixel; the group of class "handles" around it, and
/// the document of a line plot, have the plane's `data-area` and scales (`data-x`, `data-y`: pixel
/// of low and high end, these values, log or linear).
std::string figure_svg(const Figure& figure, const SvgOptions& options);

/// Markup characters written as entities; characters that XML does not allow become U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace attnlab
