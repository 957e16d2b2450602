// Ticks of a plot's axes: their places, and which of them carry a label.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/text.h"
#include "core/picture/plot_layout.h"

namespace attnlab {
namespace {

constexpr float kBetweenLabels = 8.0f;  // pixels that two labels keep apart
constexpr int kMostLinearTicks = 8;

TickText plain(double value) {
  return {short_text(value), {}};
}

TickText power_of_ten(int exponent) {
  return {"10", exact_text(std::int64_t{exponent})};
}

TickText fixed(double value, double step) {
  const double size = std::max(std::abs(value), step);
  if (size >= 1e6 || step < 1e-4) return plain(std::abs(value) < step * 1e-6 ? 0 : value);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, std::abs(value) < step * 1e-6 ? 0.0 : value);
  return {text, {}};
}

class Spacing {
 public:
  Spacing(const Axis& axis, Range range, float pixels, const TextWidth& extent)
      : scale_{axis.logarithmic, range, 0, pixels}, extent_(extent) {}

  bool labels_touch(const std::vector<Tick>& ticks) const {
    float reached = -1e30f;
    for (const Tick& tick : ticks) {
      if (tick.text.base.empty()) continue;
      const float centre = scale_.pixel(tick.value), half = extent_(tick.text) / 2;
      if (centre - half < reached) return true;
      reached = centre + half + kBetweenLabels;
    }
    return false;
  }

 private:
  Scale scale_;
  const TextWidth& extent_;
};

bool inside(Range range, double value) {
  const double slack = 1e-9 * (std::abs(range.lo) + std::abs(range.hi));
  return value >= range.lo - slack && value <= range.hi + slack;
}

/// Keeps every stride-th label, with the smallest stride that leaves no two touching.
std::vector<Tick> thinned(const std::vector<Tick>& ticks, const Spacing& spacing) {
  for (std::size_t stride = 1; stride <= ticks.size(); ++stride) {
    std::vector<Tick> kept = ticks;
    for (std::size_t i = 0; i < kept.size(); ++i)
      if (i % stride != 0) kept[i].text = {};
    if (!spacing.labels_touch(kept)) return kept;
  }
  return ticks;
}

std::vector<Tick> wanted_ticks(const Axis& axis, Range range, const Spacing& spacing) {
  std::vector<Tick> ticks;
  for (const double value : axis.ticks)
    if (inside(range, value)) ticks.push_back({value, plain(value)});
  return thinned(ticks, spacing);
}

std::vector<Tick> linear_ticks(Range range, const Spacing& spacing) {
  const double span = range.hi - range.lo;
  const double rough = std::pow(10, std::floor(std::log10(span / kMostLinearTicks)));
  std::vector<Tick> coarsest;
  for (const double factor : {1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}) {
    const double step = rough * factor;
    if (span / step > kMostLinearTicks) continue;
    std::vector<Tick> ticks;
    for (double i = std::ceil(range.lo / step - 1e-9); i * step <= range.hi + 1e-9 * span; ++i)
      ticks.push_back({i * step, fixed(i * step, step)});
    if (ticks.empty()) break;
    if (!spacing.labels_touch(ticks)) return ticks;
    coarsest = std::move(ticks);
  }
  return thinned(coarsest, spacing);
}

/// Powers of ten times each of the factors, labelled; plain numbers while they stay short.
std::vector<Tick> decade_ticks(Range range, std::initializer_list<int> factors) {
  const int first = static_cast<int>(std::floor(std::log10(range.lo) + 1e-9));
  const int last = static_cast<int>(std::floor(std::log10(range.hi) + 1e-9));
  const bool short_numbers = first >= -3 && last <= 4;
  std::vector<Tick> ticks;
  for (int k = first; k <= last; ++k)
    for (const int factor : factors) {
      const double value = factor * std::pow(10.0, k);
      if (!inside(range, value)) continue;
      if (short_numbers) {
        ticks.push_back({value, plain(value)});
      } else {
        ticks.push_back({value, factor == 1 ? power_of_ten(k) : TickText{}});
      }
    }
  return ticks;
}

std::vector<Tick> log_ticks(Range range, const Spacing& spacing) {
  const std::vector<Tick> decades = decade_ticks(range, {1});
  if (decades.size() < 4) {
    const std::vector<Tick> finer = decade_ticks(range, {1, 2, 5});
    const auto labelled = std::count_if(finer.begin(), finer.end(),
                                        [](const Tick& t) { return !t.text.base.empty(); });
    if (labelled >= 2 && !spacing.labels_touch(finer)) return finer;
    if (labelled < 2) return linear_ticks(range, spacing);
  }
  if (decades.size() < 2) return thinned(decade_ticks(range, {1, 2, 5}), spacing);
  return thinned(decades, spacing);
}

}  // namespace

std::vector<Tick> axis_ticks(const Axis& axis, Range range, float pixels, const TextWidth& extent) {
  const Spacing spacing(axis, range, pixels, extent);
  if (!axis.ticks.empty()) {
    std::vector<Tick> ticks = wanted_ticks(axis, range, spacing);
    if (!ticks.empty()) return ticks;
  }
  return axis.logarithmic ? log_ticks(range, spacing) : linear_ticks(range, spacing);
}

}  // namespace attnlab
