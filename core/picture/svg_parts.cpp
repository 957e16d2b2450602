// Numbers, texts and colours of SVG documents.
#include "core/picture/svg_parts.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/picture/svg.h"

namespace attnlab {

std::string svg_number(float value) {
  if (!std::isfinite(value)) return "0";
  // To hundredths in whole numbers: the same digits on every platform.
  const auto hundredths = static_cast<std::int64_t>(std::llround(value * 100.0));
  const std::int64_t whole = std::abs(hundredths) / 100, rest = std::abs(hundredths) % 100;
  std::string text = (hundredths < 0 ? "-" : "") + std::to_string(whole);
  if (rest == 0) return text;
  text += rest < 10 ? ".0" : ".";
  return text + std::to_string(rest % 10 == 0 && rest >= 10 ? rest / 10 : rest);
}

float svg_text_width(std::string_view text, float size) {
  const auto characters =
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
  return 0.56f * size * static_cast<float>(characters);
}

std::string xml_text(std::string_view text) {
  std::string result;
  for (const char c : valid_utf8(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
          result += c;
        else
          result += "\uFFFD";
    }
  }
  return result;
}

std::string svg_opacity(Presence presence) {
  if (presence == Presence::kWhole) return {};
  return " opacity=\"" + svg_number(opacity_of(presence)) + "\"";
}

std::string svg_colour(unsigned rgb) {
  std::string text = "#";
  for (int shift = 20; shift >= 0; shift -= 4) text += "0123456789abcdef"[rgb >> shift & 15];
  return text;
}

Svg::Svg(bool dark)
    : dark_(dark),
      colours_(dark ? SvgColours{"#16181d", "#e7eaee", "#a0a8b4", "#272b33"}
                    : SvgColours{"#ffffff", "#1d2229", "#5a6370", "#ebeef2"}) {}

std::string Svg::series_colour(int slot) const {
  return svg_colour(palette_rgb(slot, dark_));
}

void Svg::line(float x0, float y0, float x1, float y1, const std::string& colour) {
  add("<path d=\"M" + svg_number(x0) + "," + svg_number(y0) + "L" + svg_number(x1) + "," +
      svg_number(y1) + "\" stroke=\"" + colour + "\"/>");
}

void Svg::text(float x, float y, std::string_view words, const std::string& colour,
               const SvgTextStyle& style) {
  if (words.empty()) return;
  add("<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" font-size=\"" +
      svg_number(style.size) + "\" text-anchor=\"" + style.anchor + "\" fill=\"" + colour + "\"" +
      (style.bold ? " font-weight=\"600\"" : "") + ">" + xml_text(words) + "</text>\n");
}

void Svg::tick(float x, float y, const TickText& tick, const char* anchor) {
  if (tick.base.empty()) return;
  std::string words = xml_text(tick.base);
  if (!tick.superscript.empty())
    words += "<tspan dy=\"-4\" font-size=\"9\">" + xml_text(tick.superscript) + "</tspan>";
  add("<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" font-size=\"" +
      svg_number(kSvgSmall) + "\" text-anchor=\"" + anchor + "\" fill=\"" + colours_.muted + "\">" +
      words + "</text>\n");
}

float Svg::paragraph(float x, float y, float width, std::string_view words,
                     const std::string& colour, float size) {
  const bool title = size == kSvgTitle;
  std::string line;
  const auto flush = [&] {
    if (line.empty()) return;
    y += size * 1.25f;
    text(x, y, line, colour, {.size = size, .bold = title});
    line.clear();
  };
  for (const std::string& word : split(words, ' ')) {
    if (!line.empty() && svg_text_width(line + " " + word, size) > width) flush();
    line += (line.empty() ? "" : " ") + word;
  }
  flush();
  return y + 2;
}

}  // namespace attnlab
