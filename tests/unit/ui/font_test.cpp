// The embedded fonts hold a small set of characters: no text of the program may need another.
#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "attnlab_font.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "ui/theme.h"

using namespace attnlab;

namespace {

bool in_font(unsigned code) {
  return std::binary_search(std::begin(kFontCharacters), std::end(kFontCharacters), code);
}

/// Characters of a UTF-8 text that the fonts lack, as text.
std::string missing_characters(const std::string& text) {
  std::string missing;
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char first = static_cast<unsigned char>(text[i]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned code = length == 1 ? first : first & (0x7Fu >> length);
    for (std::size_t k = 1; k < length && i + k < text.size(); ++k) {
      code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3Fu);
    }
    if (code >= 0x20 && !in_font(code)) missing += text.substr(i, length) + " ";
    i += length;
  }
  return missing;
}

std::string figure_text(const Figure& figure) {
  std::string text = figure.title + figure.subtitle + figure.invitation + figure.x.label +
                     figure.y.label + figure.empty_text;
  for (const Series& series : figure.lines().series) text += series.label + series.note;
  for (const ReferenceLine& line : figure.lines().references) text += line.label;
  for (const HeatPanel& panel : figure.maps().panels) {
    text += panel.title + panel.x.label + panel.y.label + panel.value_label;
  }
  return text;
}

}  // namespace

TEST_CASE("every character of every experiment's words is in the embedded fonts") {
  CHECK(missing_characters(experiments_json()) == "");
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    for (const Preset& preset : experiment->presets) {
      CHECK(missing_characters(preset.label + preset.text) == "");
      const auto parameters = preset_parameters(*experiment, preset.name);
      REQUIRE(static_cast<bool>(parameters));
      const RunSpec spec{experiment, *parameters, kDefaultSeed};
      const Result result = experiment->find(spec, {}).result;
      for (const Figure& figure : experiment->find(spec, {}).figures) {
        CHECK(missing_characters(figure_text(figure)) == "");
      }
      for (const Claim& claim : result.claims) {
        CHECK(missing_characters(claim.statement + claim.evidence + claim.judged) == "");
      }
      for (const Table& table : result.tables) {
        CHECK(missing_characters(table_csv(table) + table.caption) == "");
      }
    }
  }
  CHECK(missing_characters("\u2603") != "");
}

TEST_CASE("sizes of type are those of CSS: the em of the embedded font") {
  const auto u16 = [](const unsigned char* at) { return at[0] * 256 + at[1]; };
  const auto table = [&](const char* tag) {
    for (int i = 0; i < u16(kFontRegular + 4); ++i) {
      const unsigned char* entry = kFontRegular + 12 + 16 * i;
      if (std::equal(tag, tag + 4, entry))
        return kFontRegular + (u16(entry + 8) * 65536 + u16(entry + 10));
    }
    return static_cast<const unsigned char*>(nullptr);
  };
  const int em_units = u16(table("head") + 18);
  const int ascender = u16(table("hhea") + 4), descender = 65536 - u16(table("hhea") + 6);
  CHECK(kLineOfEm == doctest::Approx((ascender + descender) / (em_units + 0.0)).epsilon(1e-3));
  CHECK(kTickSize / kLineOfEm >= 12);
  CHECK(kSmallSize / kLineOfEm >= 13);
  CHECK(kTextSize / kLineOfEm >= 14);
}
