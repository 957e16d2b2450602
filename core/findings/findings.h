// The findings of a run: tables and claims, and the figures that show them. Also as bytes, because
// the page's own module leaves most experiments' findings to the workers' module (docs/web.md).
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/expected.h"
#include "core/findings/figure.h"
#include "core/findings/result.h"

namespace attnlab {

struct Findings {
  Result result;
  std::vector<Figure> figures;  ///< the first is the main one
};

using FieldFunction = double (*)(std::span<const float> data, double x, double y);

/// Everything but FieldPanel::value, which is looked up by the name of its shader. Decoding refuses
/// truncated bytes, and cells that do not fit the type of their column.
Bytes encode_findings(const Findings& findings);
Expected<Findings> decode_findings(std::span<const std::uint8_t> bytes,
                                   FieldFunction (*function_of)(std::string_view shader));
/// The same for one figure, for a module that draws it.
Bytes encode_figure(const Figure& figure);
Expected<Figure> decode_figure(std::span<const std::uint8_t> bytes,
                               FieldFunction (*function_of)(std::string_view shader));

}  // namespace attnlab
