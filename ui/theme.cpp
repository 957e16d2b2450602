// Colours, type and spacing of the front end. Contrast of text is at least 4.5:1 on its ground.
#include "ui/theme.h"

#include "attnlab_font.h"
#include "core/findings/palette.h"
#include "ui/app.h"

namespace attnlab {
namespace {

constexpr ImU32 rgb(unsigned value) {
  return IM_COL32((value >> 16) & 255, (value >> 8) & 255, value & 255, 255);
}

constexpr Theme kLight = {
    .dark = false,
    .contrast = false,
    .ground = rgb(0xffffff),
    .panel = rgb(0xf6f7f9),
    .raised = rgb(0xffffff),
    .ink = rgb(0x1d2229),
    .muted = rgb(0x5a6370),
    .faint = rgb(0xd5dae1),
    .grid = rgb(0xebeef2),
    .accent = rgb(0x3d4ba3),
    .accent_ink = rgb(0xffffff),
    .accent_soft = rgb(0xeceefa),
    .holds = rgb(0x17734a),
    .fails = rgb(0xb0372a),
    .undecided = rgb(0x7d6010),
    .unrefuted = rgb(0x1f6784),
};

constexpr Theme kDark = {
    .dark = true,
    .contrast = false,
    .ground = rgb(0x16181d),
    .panel = rgb(0x1c1f26),
    .raised = rgb(0x252932),
    .ink = rgb(0xe7eaee),
    .muted = rgb(0xa0a8b4),
    .faint = rgb(0x3a404b),
    .grid = rgb(0x272b33),
    .accent = rgb(0xa3b0ff),
    .accent_ink = rgb(0x14161d),
    .accent_soft = rgb(0x2a2f4a),
    .holds = rgb(0x5cc994),
    .fails = rgb(0xf08a78),
    .undecided = rgb(0xdcb95a),
    .unrefuted = rgb(0x7fc6e2),
};

/// Text and lines of at least 7:1.
constexpr Theme kLightContrast = {
    .dark = false,
    .contrast = true,
    .ground = rgb(0xffffff),
    .panel = rgb(0xffffff),
    .raised = rgb(0xffffff),
    .ink = rgb(0x000000),
    .muted = rgb(0x1d2229),
    .faint = rgb(0x4a525e),
    .grid = rgb(0xb4bac4),
    .accent = rgb(0x1f2d8a),
    .accent_ink = rgb(0xffffff),
    .accent_soft = rgb(0xdfe3fb),
    .holds = rgb(0x0b5233),
    .fails = rgb(0x8c1c10),
    .undecided = rgb(0x5a4300),
    .unrefuted = rgb(0x0e4a62),
};

constexpr Theme kDarkContrast = {
    .dark = true,
    .contrast = true,
    .ground = rgb(0x000000),
    .panel = rgb(0x000000),
    .raised = rgb(0x000000),
    .ink = rgb(0xffffff),
    .muted = rgb(0xe2e6ec),
    .faint = rgb(0xa9b1bd),
    .grid = rgb(0x4b525e),
    .accent = rgb(0xc3ccff),
    .accent_ink = rgb(0x000000),
    .accent_soft = rgb(0x262c52),
    .holds = rgb(0x7fe3b1),
    .fails = rgb(0xffab9d),
    .undecided = rgb(0xf2d585),
    .unrefuted = rgb(0x9fdcf3),
};

const Theme* g_theme = &kLight;
float g_pixel_ratio = 1;

void load_fonts() {
  ImFontAtlas* atlas = ImGui::GetIO().Fonts;
  if (!atlas->Fonts.empty()) return;
  ImFontConfig config;
  config.FontDataOwnedByAtlas = false;
  const auto add = [&](const unsigned char* data, int size) {
    atlas->AddFontFromMemoryTTF(const_cast<unsigned char*>(data), size, kTextSize, &config);
  };
  add(kFontRegular, kFontRegularSize);
  add(kFontBold, kFontBoldSize);
  config.MergeMode = true;  // for characters that the bold face lacks
  add(kFontRegular, kFontRegularSize);
}

void set_metrics(ImGuiStyle& style) {
  style.FontSizeBase = kTextSize;
  style.WindowPadding = ImVec2(0, 0);
  style.FramePadding = ImVec2(10, 6);
  style.ItemSpacing = ImVec2(kGap, kGap);
  style.ItemInnerSpacing = ImVec2(6, 4);
  style.ScrollbarSize = 10;
  style.ScrollbarRounding = 5;
  style.WindowRounding = style.ChildRounding = 0;
  style.FrameRounding = style.PopupRounding = 6;
  style.WindowBorderSize = style.ChildBorderSize = 0;
  style.FrameBorderSize = style.PopupBorderSize = 1;
  style.HoverDelayNormal = 0.35f;
  style.AntiAliasedLinesUseTex = false;  // its line widths are whole texture pixels
  style.CircleTessellationMaxError = 0.15f;
  style.CurveTessellationTol = 0.6f;
}

void set_colours(ImGuiStyle& style, const Theme& t) {
  const auto set = [&](ImGuiCol index, ImU32 colour) {
    style.Colors[index] = ImGui::ColorConvertU32ToFloat4(colour);
  };
  set(ImGuiCol_Text, t.ink);
  set(ImGuiCol_TextDisabled, t.muted);
  set(ImGuiCol_WindowBg, t.ground);
  set(ImGuiCol_ChildBg, with_alpha(t.ground, 0));
  set(ImGuiCol_PopupBg, t.raised);
  set(ImGuiCol_Border, t.faint);
  set(ImGuiCol_FrameBg, t.raised);
  set(ImGuiCol_FrameBgHovered, t.accent_soft);
  set(ImGuiCol_FrameBgActive, t.accent_soft);
  set(ImGuiCol_ScrollbarBg, with_alpha(t.ground, 0));
  set(ImGuiCol_ScrollbarGrab, t.faint);
  set(ImGuiCol_ScrollbarGrabHovered, t.muted);
  set(ImGuiCol_ScrollbarGrabActive, t.muted);
  set(ImGuiCol_CheckMark, t.accent);
  set(ImGuiCol_Button, t.raised);
  set(ImGuiCol_ButtonHovered, t.accent_soft);
  set(ImGuiCol_ButtonActive, t.accent_soft);
  set(ImGuiCol_Header, t.accent_soft);
  set(ImGuiCol_HeaderHovered, t.accent_soft);
  set(ImGuiCol_HeaderActive, t.accent_soft);
  set(ImGuiCol_Separator, t.faint);
  set(ImGuiCol_TableHeaderBg, t.panel);
  set(ImGuiCol_TableBorderStrong, t.faint);
  set(ImGuiCol_TableBorderLight, t.grid);
  set(ImGuiCol_TableRowBg, with_alpha(t.ground, 0));
  set(ImGuiCol_TableRowBgAlt, with_alpha(t.panel, 0.6f));
  set(ImGuiCol_TextSelectedBg, with_alpha(t.accent, 0.3f));
  set(ImGuiCol_InputTextCursor, t.ink);
  set(ImGuiCol_NavCursor, t.accent);
  set(ImGuiCol_ModalWindowDimBg, with_alpha(t.ink, 0.2f));
}

}  // namespace

const Theme& theme() {
  return *g_theme;
}

ImFont* font(Face face) {
  const ImVector<ImFont*>& fonts = ImGui::GetIO().Fonts->Fonts;
  return fonts[face == Face::kBold && fonts.Size > 1 ? 1 : 0];
}

TextStyle::TextStyle(Face face, float size, ImU32 colour) {
  ImGui::PushFont(font(face), size);
  ImGui::PushStyleColor(ImGuiCol_Text, colour);
}

TextStyle::~TextStyle() {
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

ImU32 with_alpha(ImU32 colour, float factor) {
  const auto alpha = static_cast<float>((colour >> IM_COL32_A_SHIFT) & 255);
  return (colour & ~IM_COL32_A_MASK) |
         (static_cast<ImU32>(alpha * factor + 0.5f) << IM_COL32_A_SHIFT);
}

ImU32 series_colour(int colour_slot) {
  const bool dark = g_theme->dark;
  return rgb(g_theme->contrast ? contrast_rgb(colour_slot, dark) : palette_rgb(colour_slot, dark));
}

ImU32 status_colour(ClaimStatus status) {
  switch (status) {
    case ClaimStatus::kHolds:
      return g_theme->holds;
    case ClaimStatus::kFails:
      return g_theme->fails;
    case ClaimStatus::kNoCounterexample:
      return g_theme->unrefuted;
    case ClaimStatus::kUndecided:
      break;
  }
  return g_theme->undecided;
}

bool renew_glyphs() {
  if (!ImGui::GetCurrentContext()) return false;
  ImGui::GetIO().Fonts->Clear();
  load_fonts();
  return true;
}

void load_sentence_glyphs() {
  for (const float size : {kSmallSize, kTickSize})
    for (const char glyph : std::string_view("0123456789.dhimns"))
      font(Face::kRegular)->GetFontBaked(size)->FindGlyph(static_cast<ImWchar>(glyph));
}

void crisp_lines() {
  ImGui::GetWindowDrawList()->_FringeScale = 1 / g_pixel_ratio;
}

bool setup_fonts_and_style(float pixel_ratio, bool dark, bool contrast) {
  g_theme = contrast ? (dark ? &kDarkContrast : &kLightContrast) : dark ? &kDark : &kLight;
  g_pixel_ratio = pixel_ratio > 0 ? pixel_ratio : 1;
  load_fonts();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.LogFilename = nullptr;
  io.ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  io.ConfigNavCaptureKeyboard = true;
  io.ConfigWindowsMoveFromTitleBarOnly = true;
  io.ConfigInputTextCursorBlink = false;  // the lab redraws only after news
  ImGuiStyle& style = ImGui::GetStyle();
  style = ImGuiStyle();
  set_metrics(style);
  set_colours(style, *g_theme);
  return !io.Fonts->Fonts.empty();
}

}  // namespace attnlab
