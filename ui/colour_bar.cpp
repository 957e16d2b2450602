// The bar that shows which value a colour means.
#include "ui/colour_bar.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/picture/heat_layout.h"
#include "ui/text_draw.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr float kBarWidth = 10.0f;
constexpr float kBarGap = 10.0f;
constexpr float kNumberGap = 6.0f;

}  // namespace

float colour_bar_width(Range range) {
  return kBarGap + kBarWidth + kNumberGap +
         std::max(text_size(short_text(range.lo), false, kTickSize).x,
                  text_size(short_text(range.hi), false, kTickSize).x);
}

void draw_colour_bar(ImDrawList* list, ColourScale scale, Range range, std::string_view label,
                     ImVec2 corner, float height, float opacity) {
  constexpr int kSteps = 48;
  const float x = corner.x + kBarGap, y0 = corner.y, y1 = corner.y + height;
  for (int i = 0; i < kSteps; ++i) {
    const float from = static_cast<float>(i) / kSteps, to = static_cast<float>(i + 1) / kSteps;
    const unsigned rgb = heat_rgb(scale, (from + to) / 2);
    list->AddRectFilled(
        ImVec2(x, y1 + (y0 - y1) * to), ImVec2(x + kBarWidth, y1 + (y0 - y1) * from),
        with_alpha(IM_COL32((rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255, 255), opacity));
  }
  const float text_x = x + kBarWidth + kNumberGap - 1;
  const ImU32 colour = theme().muted;
  draw_text(list, ImVec2(text_x, y0 - 3), short_text(range.hi), false, kTickSize, colour);
  draw_text(list, ImVec2(text_x, y1 - kTickSize), short_text(range.lo), false, kTickSize, colour);
  if (scale == ColourScale::kDiverging)
    draw_text(list, ImVec2(text_x, (y0 + y1) / 2 - kTickSize / 2), "0", false, kTickSize, colour);
  if (label.empty()) return;
  const float width = text_size(label, false, kTickSize).x;
  draw_text(list, ImVec2(corner.x + colour_bar_width(range) - width, y0 - kTickSize - 8), label,
            false, kTickSize, colour);
}

}  // namespace attnlab
