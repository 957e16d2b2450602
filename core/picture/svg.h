// A figure as an SVG document: real vectors, the same bytes for the same figure on every platform.
#pragma once

#include <string>
#include <string_view>

#include "core/findings/figure.h"

namespace attnlab {

struct SvgOptions {
  int width = 760, height = 500;  ///< logical pixels, at least 320 x 240
  bool dark = false;
  std::string source;  ///< the last line of the picture: program, version, parameters, seed
};

struct PictureSize {
  int width, height;  ///< logical pixels
};

/// Planes in two rows make a figure as high as it is wide.
PictureSize picture_size(const Figure& figure, const SvgOptions& options);

/// Every finite measured point (or known cell of a heat map) is one element of class "point" whose
/// title says the value with its uncertainty; every handle is a group of class "handle" whose title
/// says what it is. A field is filled between the levels of its colour bar. Shapes and texts
/// only: no script, style or link.
std::string figure_svg(const Figure& figure, const SvgOptions& options);

/// Markup characters written as entities; characters that XML does not allow become U+FFFD.
std::string xml_text(std::string_view text);

}  // namespace attnlab
