// Strokes and marks of a plot on ImGui's draw list: dashed lines, markers, error bars, bands and
// numbers with superscripts.
#pragma once

#include <span>

#include "core/picture/plot_layout.h"
#include "imgui.h"
#include "ui/text_draw.h"

namespace attnlab {

/// A polyline, solid or with dashes and gaps of these lengths, which keep their phase across
/// corners.
void draw_line(ImDrawList* list, std::span<const ImVec2> points, ImU32 colour, float width,
               std::span<const float> dashes);

/// The mark of a series (core/picture/marks.h); a disc has radius `radius`.
void draw_marker(ImDrawList* list, ImVec2 centre, float radius, const Series& series, ImU32 colour,
                 ImU32 ground);

/// A sample of a series next to its label: its marker, or a piece of its line if it has no marker.
void draw_key(ImDrawList* list, ImVec2 centre, float radius, const Series& series, ImU32 colour,
              ImU32 ground);

/// Line, band, error bars and markers of one series inside `area`.
void draw_series(ImDrawList* list, const Series& series, const Scale& x, const Scale& y,
                 const Box& area, float opacity);

ImVec2 tick_text_size(const TickText& text, float size);
/// `position` is the top left corner.
void draw_tick_text(ImDrawList* list, ImVec2 position, const TickText& text, float size,
                    ImU32 colour);

}  // namespace attnlab
