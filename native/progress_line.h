// One line on the terminal with the progress of a run and its remaining time.
#pragma once

#include <string>

#include "core/experiment/run.h"

namespace attnlab {

/// "[#####-----]  61 %  12 of 20 jobs  3.1 jobs/s  3 s left", at most `columns` wide; unknown
/// parts are left out.
std::string progress_text(const Run& run, const RunClock& clock, std::size_t columns);

/// Redraws that line on standard error if that is a terminal and not `quiet`.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// At most ten times a second; `now` in seconds.
  void draw(const Run& run, const RunClock& clock, double now);
  void erase();

 private:
  bool shown_ = false;     // wanted at all
  bool standing_ = false;  // on the screen now
  double last_ = 0;
};

}  // namespace attnlab
