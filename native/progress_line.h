// One line on the terminal with the progress of a run and its remaining time.
#pragma once

#include <string>

#include "core/experiment/run.h"
#include "native/console.h"

namespace attnlab {

/// "[#####-----]  61 %  12 of 20 jobs  3.1 jobs/s  3 s left", at most `columns` wide; unknown
/// parts are left out.
std::string progress_text(const Run& run, const RunClock& clock, std::size_t columns);

/// Redraws that line on standard error, where that is a terminal and not `quiet`.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : line_(quiet) {}
  /// `now` in seconds.
  void draw(const Run& run, const RunClock& clock, double now);

 private:
  StatusLine line_;
};

}  // namespace attnlab
