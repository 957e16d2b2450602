// Text measured, wrapped and drawn at any size. Lines break at blanks only: a number never loses
// its decimals to the next line.
#pragma once

#include <string_view>
#include <vector>

#include "imgui.h"

namespace attnlab {

/// The text's lines at this width (0: only at line ends of the text); a longer word is cut.
std::vector<std::string_view> wrapped_lines(std::string_view text, bool bold, float size,
                                            float width);

/// Size of the text in a face of the theme, wrapped when a width is given.
ImVec2 text_size(std::string_view text, bool bold, float size, float wrap_width = 0);

/// `position` is the top left corner.
void draw_text(ImDrawList* list, ImVec2 position, std::string_view text, bool bold, float size,
               ImU32 colour, float wrap_width = 0);

/// Every line centred at `top.x`.
void draw_text_centred(ImDrawList* list, ImVec2 top, std::string_view text, bool bold, float size,
                       ImU32 colour, float wrap_width);

}  // namespace attnlab
