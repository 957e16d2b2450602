#include "core/picture/marks.h"

#include <algorithm>

#include "core/findings/palette.h"

namespace attnlab {
namespace {

constexpr MarkPoint kSquare[] = {{-3.5f, -3.5f}, {3.5f, -3.5f}, {3.5f, 3.5f}, {-3.5f, 3.5f}};
constexpr MarkPoint kUp[] = {{0, -5}, {4.4f, 2.5f}, {-4.4f, 2.5f}};
constexpr MarkPoint kDown[] = {{0, 5}, {-4.4f, -2.5f}, {4.4f, -2.5f}};
constexpr MarkPoint kRight[] = {{5, 0}, {-2.5f, 4.4f}, {-2.5f, -4.4f}};
constexpr MarkPoint kLeft[] = {{-5, 0}, {2.5f, -4.4f}, {2.5f, 4.4f}};
constexpr MarkPoint kDiamond[] = {{0, -5}, {5, 0}, {0, 5}, {-5, 0}};
constexpr MarkPoint kPlus[] = {{-1.6f, -5},   {1.6f, -5},   {1.6f, -1.6f}, {5, -1.6f},
                               {5, 1.6f},     {1.6f, 1.6f}, {1.6f, 5},     {-1.6f, 5},
                               {-1.6f, 1.6f}, {-5, 1.6f},   {-5, -1.6f},   {-1.6f, -1.6f}};
constexpr MarkPoint kCross[] = {{-2.4f, -4.7f}, {0, -2.3f},    {2.4f, -4.7f}, {4.7f, -2.4f},
                                {2.3f, 0},      {4.7f, 2.4f},  {2.4f, 4.7f},  {0, 2.3f},
                                {-2.4f, 4.7f},  {-4.7f, 2.4f}, {-2.3f, 0},    {-4.7f, -2.4f}};
constexpr MarkPoint kHexagon[] = {{0, -4.6f}, {4, -2.3f}, {4, 2.3f},
                                  {0, 4.6f},  {-4, 2.3f}, {-4, -2.3f}};
constexpr MarkPoint kStar[] = {{0, -5.4f},       {1.35f, -1.86f}, {5.14f, -1.67f}, {2.19f, 0.71f},
                               {3.17f, 4.37f},   {0, 2.3f},       {-3.17f, 4.37f}, {-2.19f, 0.71f},
                               {-5.14f, -1.67f}, {-1.35f, -1.86f}};

/// By colour slot; neighbours in a figure, such as the models of family A, look least alike.
constexpr std::span<const MarkPoint> kShapes[] = {{},     kSquare,  kUp,   kDiamond, kDown, kPlus,
                                                  kCross, kHexagon, kStar, kRight,   kLeft};
constexpr int kShapeCount = static_cast<int>(std::size(kShapes));
static_assert(kShapeCount == kColourSlots);

constexpr MarkFill kFills[] = {MarkFill::kFull, MarkFill::kHollow, MarkFill::kDotted,
                               MarkFill::kBarred};
constexpr int kFillCount = static_cast<int>(std::size(kFills));

constexpr float kTheoryDashes[] = {6, 4}, kExactDashes[] = {1.6f, 3.6f};
constexpr float kLong[] = {11, 4}, kOneDot[] = {9, 3.5f, 2, 3.5f},
                kTwoDots[] = {9, 3.5f, 2, 3.5f, 2, 3.5f};
constexpr std::span<const float> kVariants[] = {{}, kLong, kOneDot, kTwoDots};

}  // namespace

std::span<const float> dashes_of(const Series& series) {
  switch (series.role) {
    case SeriesRole::kTheory:
      return kTheoryDashes;
    case SeriesRole::kExact:
      return kExactDashes;
    case SeriesRole::kFit:
      return {};
    case SeriesRole::kCurve:
    case SeriesRole::kMeasured:
    case SeriesRole::kDots:
      break;
  }
  return kVariants[static_cast<std::size_t>(std::max(series.variant, 0)) % std::size(kVariants)];
}

Mark mark_of(const Series& series) {
  const int slot = std::max(series.colour, 0), variant = std::max(series.variant, 0);
  return {kShapes[(slot + variant / kFillCount * 5) % kShapeCount], kFills[variant % kFillCount]};
}

}  // namespace attnlab
