// Rate and remaining time: averages over the time in which the run was really running.
#include "core/experiment/run.h"

namespace attnlab {

void RunClock::tick(const Run& run, double now) {
  const bool ready = run.state() == Run::State::kReady;
  fraction_ = run.fraction();
  jobs_ = static_cast<double>(run.jobs_done());
  if (!ticked_ || ready) {
    first_fraction_ = fraction_;
    first_jobs_ = jobs_;
  }
  // The interval counts when it began running: a short run may end between two ticks.
  if (ticked_ && was_running_ && now > last_) elapsed_ += now - last_;
  ticked_ = true;
  was_running_ = run.active();
  last_ = now;
}

double RunClock::jobs_per_second() const {
  return elapsed_ > 0 ? (jobs_ - first_jobs_) / elapsed_ : 0;
}

double RunClock::remaining() const {
  if (fraction_ >= 1) return 0;
  const double gained = fraction_ - first_fraction_;
  if (elapsed_ <= 0 || gained <= 0) return -1;
  return elapsed_ * (1 - fraction_) / gained;
}

}  // namespace attnlab
