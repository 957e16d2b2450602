#include "core/numerics/parallel.h"

#include <algorithm>

namespace attnlab {
namespace {

constexpr double kWorthSharing = 2e7;  // floating-point operations per part: about 0.3 ms

thread_local Helpers* current_helpers = nullptr;

}  // namespace

void provide_helpers(Helpers* helpers) {
  current_helpers = helpers;
}

std::size_t parallel_width() {
  return current_helpers == nullptr ? 1 : current_helpers->width();
}

std::size_t parts_worth(double flops) {
  const std::size_t width = parallel_width();
  if (width == 1) return 1;
  return static_cast<std::size_t>(
      std::clamp(flops / kWorthSharing, 1.0, 2.0 * static_cast<double>(width)));
}

std::size_t part_begin(std::size_t i, std::size_t parts, std::size_t size, std::size_t grain) {
  const std::size_t grains = (size + grain - 1) / grain;
  return std::min(size, grains * i / parts * grain);
}

void in_parallel(std::size_t parts, const std::function<void(std::size_t)>& part) {
  if (current_helpers != nullptr && parts > 1) {
    current_helpers->run(parts, part);
    return;
  }
  for (std::size_t i = 0; i < parts; ++i) part(i);
}

}  // namespace attnlab
