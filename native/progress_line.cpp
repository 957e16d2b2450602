#include "native/progress_line.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "native/console.h"

namespace attnlab {
namespace {

constexpr std::size_t kBarCells = 24;

}  // namespace

std::string progress_text(const Run& run, const RunClock& clock, std::size_t columns) {
  const double fraction = std::clamp(run.fraction(), 0.0, 1.0);
  const auto full = static_cast<std::size_t>(fraction * kBarCells);
  const auto percent = static_cast<int>(std::floor(100 * fraction));
  std::string text = "[" + std::string(full, '#') + std::string(kBarCells - full, '-') + "] " +
                     padded_left(std::to_string(percent), 3) + " %  " +
                     std::to_string(run.jobs_done()) + " of " + counted(run.jobs_total(), "job");
  const auto add = [&](const std::string& part) {
    if (text.size() + 2 + part.size() <= columns) text += "  " + part;
  };
  if (const double rate = clock.jobs_per_second(); rate > 0) add(short_text(rate) + " jobs/s");
  if (const double left = clock.remaining(); left >= 0) add(duration_text(left) + " left");
  return text.substr(0, columns);
}

void ProgressLine::draw(const Run& run, const RunClock& clock, double now) {
  if (line_.due(now)) line_.show(progress_text(run, clock, line_.columns()), now);
}

}  // namespace attnlab
