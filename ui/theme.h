// Colours, type sizes and spacing of the whole front end, light and dark, in one place.
#pragma once

#include <string_view>

#include "core/findings/result.h"
#include "imgui.h"

namespace attnlab {

struct Theme {
  bool dark;
  bool contrast;      ///< for readers who ask for more of it
  ImU32 ground;       ///< figure and page
  ImU32 panel;        ///< side columns
  ImU32 raised;       ///< cards, chips, fields
  ImU32 ink;          ///< text
  ImU32 muted;        ///< second text, ticks
  ImU32 faint;        ///< hairlines, borders
  ImU32 grid;         ///< plot grid
  ImU32 accent;       ///< what can be done next: Run, chosen values, focus
  ImU32 accent_ink;   ///< text on accent
  ImU32 accent_soft;  ///< ground of a chosen card
  ImU32 holds, fails, undecided, unrefuted;
};

/// The theme chosen by the last setup_fonts_and_style.
const Theme& theme();

inline constexpr float kTextSize = 15.0f;
inline constexpr float kSmallSize = 13.0f;
inline constexpr float kTitleSize = 20.0f;
inline constexpr float kGap = 8.0f;  ///< spacing unit

enum class Face { kRegular, kBold };
ImFont* font(Face face);
/// Empties the glyph atlas: the last bit of a pixel depends on the places of glyphs in it. Between
/// two frames only; false without a context.
bool renew_glyphs();
/// Draws the characters of sentences with durations before all others, so that the glyph atlas does
/// not depend on the durations.
void load_sentence_glyphs();

/// Text in one face, size and colour for the life of the object.
class TextStyle {
 public:
  TextStyle(Face face, float size, ImU32 colour);
  ~TextStyle();
  TextStyle(const TextStyle&) = delete;
  TextStyle& operator=(const TextStyle&) = delete;
};

/// The colour with its opacity multiplied.
ImU32 with_alpha(ImU32 colour, float factor);
/// A colour of the program-wide palette on the current ground.
ImU32 series_colour(int colour_slot);
ImU32 status_colour(ClaimStatus status);

/// Call after every Begin or BeginChild: lines get the sharpness of the screen's real pixels.
void crisp_lines();

}  // namespace attnlab
