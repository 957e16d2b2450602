#include "core/numerics/parallel.h"

namespace attnlab {
namespace {

thread_local Helpers* current_helpers = nullptr;

}  // namespace

void lend_helpers(Helpers* helpers) {
  current_helpers = helpers;
}

std::size_t parallel_width() {
  return current_helpers == nullptr ? 1 : current_helpers->width();
}

void in_parallel(std::size_t parts, const std::function<void(std::size_t)>& part) {
  if (current_helpers != nullptr && parts > 1) {
    current_helpers->run(parts, part);
    return;
  }
  for (std::size_t i = 0; i < parts; ++i) part(i);
}

}  // namespace attnlab
