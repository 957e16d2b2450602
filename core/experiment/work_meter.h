// The progress of a job by the work it has done, and when to pause.
#pragma once

#include <utility>

#include "core/experiment/step_budget.h"

namespace attnlab {

/// Work done so far of a job's total, as the fraction that a step reports. Parts of a job share it.
class WorkMeter {
 public:
  /// `total` and the budget count in one unit.
  WorkMeter(double total, StepBudget budget) : total_(total), budget_(budget) {}
  void spend(double work) {
    done_ += work;
    full_ = budget_.spend(work) || full_;
  }
  /// True once after each step's worth of work: then pause.
  bool pause() { return std::exchange(full_, false); }
  double fraction() const { return done_ < total_ ? done_ / total_ : 1; }

 private:
  double total_, done_ = 0;
  bool full_ = false;
  StepBudget budget_;
};

}  // namespace attnlab
