// How long a step of a job takes. Jobs count work, people wait for milliseconds: only this file
// relates the two.
#pragma once

namespace attnlab {

/// Work of one core in a millisecond, in the unit in which the jobs of that kind count (flops or
/// multiply-adds), to a factor of two: measured on a desktop processor. A page needs two to three
/// times as long. They decide how a job is cut into steps. Where the cuts decide the order of a
/// sum, another speed changes the bytes of a run.
namespace per_millisecond {
inline constexpr double kProductFlops = 5e7;        ///< matrix products in f32
inline constexpr double kTrainingFlops = 2.5e7;     ///< steps of training, many prompts at once
inline constexpr double kPromptFlops = 8e6;         ///< risks, one prompt after the other
inline constexpr double kSolverMultiplyAdds = 1e6;  ///< dense algebra of small f64 matrices
inline constexpr double kQueryMultiplyAdds = 1e6;   ///< large batches of queries to our own oracles
inline constexpr double kProbeMultiplyAdds = 1e4;   ///< few queries a batch: the learner's own work
}  // namespace per_millisecond

/// The work of one step, and how much of it is spent.
class StepBudget {
 public:
  constexpr StepBudget(double milliseconds, double work_per_millisecond)
      : work_(milliseconds * work_per_millisecond) {}

  constexpr double work() const { return work_; }
  /// Counts work. True when it fills the step: the job pauses, and the next step begins.
  bool spend(double work) {
    spent_ += work;
    if (!(spent_ > work_)) return false;
    spent_ = 0;
    return true;
  }

 private:
  double work_, spent_ = 0;
};

}  // namespace attnlab
