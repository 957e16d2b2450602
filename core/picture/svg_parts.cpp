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

std::string svg_geometry(const SvgPlane& plane) {
  const Box& a = plane.area;
  const auto axis = [](const char* name, const Scale& scale) {
    return std::string(" data-") + name + "=\"" + svg_number(scale.begin) + " " +
           svg_number(scale.end) + " " + exact_text(scale.range.lo) + " " +
           exact_text(scale.range.hi) + (scale.logarithmic ? " log" : " linear") + "\"";
  };
  return " data-area=\"" + svg_number(a.x0) + " " + svg_number(a.y0) + " " + svg_number(a.x1) +
         " " + svg_number(a.y1) + "\"" + axis("x", plane.x) + axis("y", plane.y);
}

namespace {

SvgColours colours_of(const SvgOptions& options) {
  if (options.contrast == SvgContrast::kForced)
    return {"Canvas", "CanvasText", "CanvasText", "color-mix(in srgb, CanvasText 30%, Canvas)"};
  if (options.contrast == SvgContrast::kMore)
    return options.dark ? SvgColours{"#000000", "#ffffff", "#e2e6ec", "#4b525e"}
                        : SvgColours{"#ffffff", "#000000", "#1d2229", "#b4bac4"};
  return options.dark ? SvgColours{"#16181d", "#e7eaee", "#a0a8b4", "#272b33"}
                      : SvgColours{"#ffffff", "#1d2229", "#5a6370", "#ebeef2"};
}

}  // namespace

Svg::Svg(const SvgOptions& options)
    : dark_(options.dark),
      interactive_(options.interactive),
      contrast_(options.contrast),
      colours_(colours_of(options)) {}

std::string Svg::series_colour(int slot) const {
  if (contrast_ == SvgContrast::kForced) return colours_.ink;
  return svg_colour(contrast_ == SvgContrast::kMore ? contrast_rgb(slot, dark_)
                                                    : palette_rgb(slot, dark_));
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
    words += "<tspan dy=\"-4\" font-size=\"10\">" + xml_text(tick.superscript) + "</tspan>";
  add("<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" font-size=\"" +
      svg_number(kSvgSmall) + "\" text-anchor=\"" + anchor + "\" fill=\"" + colours_.muted + "\">" +
      words + "</text>\n");
}

std::vector<std::string> Svg::lines(std::string_view words, float width, float size) {
  std::vector<std::string> lines;
  for (const std::string& word : split(words, ' ')) {
    const bool fits = !lines.empty() && svg_text_width(lines.back() + " " + word, size) <= width;
    if (fits) {
      lines.back() += " " + word;
    } else if (!word.empty()) {
      lines.push_back(word);
    }
  }
  return lines;
}

void Svg::centred(const Box& box, std::string_view words) {
  constexpr float kLine = kSvgSmall * 1.4f, kPad = 10;
  const std::vector<std::string> broken = lines(words, box.width() - 2 * kPad, kSvgSmall);
  float widest = 0;
  for (const std::string& line : broken) widest = std::max(widest, svg_text_width(line, kSvgSmall));
  const float x = (box.x0 + box.x1) / 2;
  const float height = kLine * static_cast<float>(broken.size());
  float y = (box.y0 + box.y1 - height) / 2;
  add("<rect x=\"" + svg_number(x - widest / 2 - kPad) + "\" y=\"" + svg_number(y - kPad / 2) +
      "\" width=\"" + svg_number(widest + 2 * kPad) + "\" height=\"" + svg_number(height + kPad) +
      "\" rx=\"4\" fill=\"" + colours_.ground + "\" fill-opacity=\"0.85\"/>");
  for (const std::string& line : broken) {
    text(x, y + kSvgSmall, line, colours_.ink, {.anchor = "middle"});
    y += kLine;
  }
}

float Svg::paragraph(float x, float y, float width, std::string_view words,
                     const std::string& colour, float size) {
  const bool title = size == kSvgTitle;
  for (const std::string& line : lines(words, width, size)) {
    y += size * 1.25f;
    text(x, y, line, colour, {.size = size, .bold = title});
  }
  return y + 2;
}

}  // namespace attnlab
