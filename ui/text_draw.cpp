// Text measured, wrapped and drawn at any size.
#include "ui/text_draw.h"

#include <algorithm>

#include "ui/theme.h"

namespace attnlab {
namespace {

ImFont* face_of(bool bold) {
  return font(bold ? Face::kBold : Face::kRegular);
}

float line_width(std::string_view line, bool bold, float size) {
  return face_of(bold)->CalcTextSizeA(size, 1e9f, 0, line.data(), line.data() + line.size()).x;
}

float line_height(bool bold, float size) {
  return face_of(bold)->CalcTextSizeA(size, 1e9f, 0, " ", nullptr).y;
}

/// Length of the part of the text that fits into the width: up to a blank, or within the first
/// word.
std::size_t fitting_length(std::string_view text, bool bold, float size, float width) {
  std::size_t fits = 0;
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = text.find(' ', end == 0 ? 0 : end + 1);
    const std::size_t length = std::min(end, text.size());
    if (line_width(text.substr(0, length), bold, size) > width) break;
    fits = length;
  }
  if (fits > 0) return fits;
  std::size_t end = std::min(text.find(' '), text.size());
  while (end > 1 && line_width(text.substr(0, end), bold, size) > width) {
    --end;
    while (end > 1 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  }
  return end;
}

template <class PerLine>
void each_line(std::string_view text, bool bold, float size, float width, PerLine per_line) {
  if (width <= 0 && text.find('\n') == std::string_view::npos) {
    per_line(text);
    return;
  }
  for (const std::string_view line : wrapped_lines(text, bold, size, width)) per_line(line);
}

}  // namespace

std::vector<std::string_view> wrapped_lines(std::string_view text, bool bold, float size,
                                            float width) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find('\n');
    std::string_view rest = text.substr(0, end);
    while (width > 0 && line_width(rest, bold, size) > width) {
      const std::size_t length = fitting_length(rest, bold, size, width);
      if (length >= rest.size()) break;
      lines.push_back(rest.substr(0, length));
      rest.remove_prefix(length);
      while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    }
    lines.push_back(rest);
    if (end == std::string_view::npos) return lines;
    text.remove_prefix(end + 1);
  }
}

ImVec2 text_size(std::string_view text, bool bold, float size, float wrap_width) {
  ImVec2 extent(0, 0);
  each_line(text, bold, size, wrap_width, [&](std::string_view line) {
    extent.x = std::max(extent.x, line_width(line, bold, size));
    extent.y += line_height(bold, size);
  });
  return extent;
}

void draw_text(ImDrawList* list, ImVec2 position, std::string_view text, bool bold, float size,
               ImU32 colour, float wrap_width) {
  each_line(text, bold, size, wrap_width, [&](std::string_view line) {
    list->AddText(face_of(bold), size, position, colour, line.data(), line.data() + line.size());
    position.y += line_height(bold, size);
  });
}

void draw_text_centred(ImDrawList* list, ImVec2 top, std::string_view text, bool bold, float size,
                       ImU32 colour, float wrap_width) {
  each_line(text, bold, size, wrap_width, [&](std::string_view line) {
    const ImVec2 at(top.x - line_width(line, bold, size) / 2, top.y);
    draw_text(list, at, line, bold, size, colour);
    top.y += line_height(bold, size);
  });
}

}  // namespace attnlab
