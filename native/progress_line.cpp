// A carriage return, the line, and an erase to its end.
#include "native/progress_line.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "core/base/text.h"
#include "native/console.h"

namespace attnlab {
namespace {

constexpr std::size_t kBarCells = 24;
constexpr double kSecondsBetweenFrames = 0.1;

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

ProgressLine::ProgressLine(bool quiet) : shown_(!quiet && isatty(STDERR_FILENO)) {}

ProgressLine::~ProgressLine() {
  erase();
}

void ProgressLine::draw(const Run& run, const RunClock& clock, double now) {
  if (!shown_ || (standing_ && now - last_ < kSecondsBetweenFrames)) return;
  last_ = now;
  standing_ = true;
  // The last column stays free: a full line would make some terminals scroll.
  const std::size_t columns = std::max<std::size_t>(terminal_columns(STDERR_FILENO), 2) - 1;
  const std::string line = "\r" + progress_text(run, clock, columns) + "\x1b[K";
  static_cast<void>(write_all(STDERR_FILENO, line));
}

void ProgressLine::erase() {
  if (!standing_) return;
  standing_ = false;
  static_cast<void>(write_all(STDERR_FILENO, "\r\x1b[K"));
}

}  // namespace attnlab
