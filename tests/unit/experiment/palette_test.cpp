#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/findings/palette.h"

using namespace attnlab;

namespace {

/// Relative luminance and contrast ratio of WCAG 2.1.
double luminance(unsigned rgb) {
  const auto linear = [](unsigned byte) {
    const double c = byte / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(rgb >> 16 & 255) + 0.7152 * linear(rgb >> 8 & 255) +
         0.0722 * linear(rgb & 255);
}

double contrast(unsigned a, unsigned b) {
  const double light = std::max(luminance(a), luminance(b));
  const double dark = std::min(luminance(a), luminance(b));
  return (light + 0.05) / (dark + 0.05);
}

}  // namespace

TEST_CASE("every colour has a contrast of at least 3:1 on its ground") {
  for (int slot = 0; slot < kColourSlots; ++slot) {
    CAPTURE(slot);
    CHECK(contrast(palette_rgb(slot, false), 0xFFFFFF) >= 3);
    CHECK(contrast(palette_rgb(slot, true), 0x16181D) >= 3);
  }
}

TEST_CASE("a reader who asks for more contrast gets 7:1, in colours that all differ") {
  for (const bool dark : {false, true}) {
    for (int a = 0; a < kColourSlots; ++a) {
      CAPTURE(a);
      CHECK(contrast(contrast_rgb(a, dark), dark ? 0x000000 : 0xFFFFFF) >= 7);
      for (int b = 0; b < a; ++b) CHECK(contrast_rgb(a, dark) != contrast_rgb(b, dark));
    }
    CHECK(contrast_rgb(-1, dark) == contrast_rgb(kColourReference, dark));
  }
}

TEST_CASE("no two colours of one ground are the same") {
  for (const bool dark : {false, true}) {
    for (int a = 0; a < kColourSlots; ++a) {
      for (int b = 0; b < a; ++b) CHECK(palette_rgb(a, dark) != palette_rgb(b, dark));
    }
  }
}

TEST_CASE("an unknown colour slot is drawn in the reference grey") {
  CHECK(palette_rgb(-1, false) == palette_rgb(kColourReference, false));
  CHECK(palette_rgb(kColourSlots, true) == palette_rgb(kColourReference, true));
}
