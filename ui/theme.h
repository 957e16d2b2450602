// Colours, type sizes and spacing of the whole front end, light and dark, in one place.
#pragma once

#include <string_view>

#include "core/findings/result.h"
#include "imgui.h"

namespace attnlab {

inline constexpr float kLineOfEm = 1.2102f;

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

/// The size of type whose em has at least so many pixels, which is what CSS calls its font-size.
/// Dear ImGui counts lines, which are higher (ascent and descent of Inter), and rounds them.
constexpr float em(float pixels) {
  const float line = kLineOfEm * pixels;
  const auto whole = static_cast<float>(static_cast<int>(line));
  return whole < line ? whole + 1 : whole;
}

inline constexpr float kTitleSize = em(17);    ///< of a figure
inline constexpr float kHeadingSize = em(15);  ///< titles in a narrow lab, formulas
inline constexpr float kTextSize = em(14);     ///< controls, subtitles, claims
inline constexpr float kSmallSize = em(13);    ///< labels in figures, what explains a claim
inline constexpr float kTickSize = em(12);     ///< ticks, guides, numbers in cells
inline constexpr float kGap = 8.0f;            ///< spacing unit

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
