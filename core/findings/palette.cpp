// The colours themselves; tests/unit/experiment/palette_test.cpp computes their contrasts.
#include "core/findings/palette.h"

namespace attnlab {
namespace {

struct Shades {
  unsigned light, dark;
};

constexpr Shades kShades[kColourSlots] = {
    {0x0072B2, 0x3390D6},  // blue
    {0xD55E00, 0xE8701A},  // vermillion
    {0x009E73, 0x1DB489},  // bluish green
    {0xC26A9B, 0xCC79A7},  // reddish purple
    {0xB87A00, 0xE69F00},  // orange
    {0x3796D3, 0x86CDF5},  // sky blue
    {0x7A7A00, 0xF0E442},  // yellow, olive on white
    {0x6B6F76, 0x9A9FA8},  // grey
    {0x7A4B2A, 0xC08A5E},  // brown
    {0x6A51A3, 0x9E8BD6},  // violet
    {0x2F6F73, 0x6FB7BC},  // teal
};

/// Those above, darker or lighter in linear light until the contrast is enough.
constexpr Shades kContrastShades[kColourSlots] = {
    {0x005C91, 0x589BD9}, {0x933F00, 0xE97633}, {0x006548, 0x1DB489}, {0x804465, 0xCD7DA9},
    {0x794F00, 0xE69F00}, {0x1F5C84, 0x86CDF5}, {0x5B5B00, 0xF0E442}, {0x55585E, 0x9A9FA8},
    {0x7A4B2A, 0xC08B60}, {0x614A96, 0x9E8BD6}, {0x286063, 0x6FB7BC},
};

unsigned shade(const Shades (&all)[kColourSlots], int colour_slot, bool dark) {
  const bool known = colour_slot >= 0 && colour_slot < kColourSlots;
  const Shades& shades = all[known ? colour_slot : kColourReference];
  return dark ? shades.dark : shades.light;
}

}  // namespace

unsigned palette_rgb(int colour_slot, bool dark) {
  return shade(kShades, colour_slot, dark);
}

unsigned contrast_rgb(int colour_slot, bool dark) {
  return shade(kContrastShades, colour_slot, dark);
}

}  // namespace attnlab
