// One colour slot and marker per model or predictor for the whole program, so that RFA is the same
// blue circle in every figure, on the desktop, on the page and in an exported file.
#pragma once

namespace attnlab {

enum ColourSlot : int {
  kColourRfa = 0,
  kColourBrfa,
  kColourRfmlp,
  kColourSoftmax,
  kColourBiasedSoftmax,
  kColourExponential,
  kColourInvariant,
  kColourReference,  ///< neutral grey for guides and levels
  kColourKernel,     ///< baselines of in-context regression: kernel smoothing,
  kColourDebiased,   ///< debiased linear attention,
  kColourRidge,      ///< ridge regression
  kColourSlots,
};

/// sRGB, 0xRRGGBB, from Okabe and Ito's colour-blind safe set; adjusted in lightness so that a
/// 2-pixel line has a contrast of at least 3:1 on the light (#ffffff) or dark (#16181d) ground.
unsigned palette_rgb(int colour_slot, bool dark);

/// The same hues with a contrast of at least 7:1 on white, or on black when `dark`: for readers who
/// ask for more contrast.
unsigned contrast_rgb(int colour_slot, bool dark);

}  // namespace attnlab
