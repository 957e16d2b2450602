// The plainest executor: one step of one job a poll.
#include "core/experiment/run.h"

namespace attnlab {

void SerialExecutor::poll(Run& run) {
  if (!run.active()) return;
  if (!job_) {
    const std::optional<std::uint32_t> index = run.take();
    if (!index) return;
    job_.emplace(Current{*index, start_job(run, *index)});
  }
  const JobSteps::State state = job_->steps.step();
  if (state == JobSteps::State::kDone) {
    run.complete(job_->index, job_->steps.take_output());
    job_.reset();
    return;
  }
  if (state == JobSteps::State::kFailed) {
    run.fail(job_->index, job_->steps.error());
    job_.reset();
    return;
  }
  if (std::optional<Bytes> partial = job_->steps.take_partial()) {
    run.report_partial(job_->index, std::move(*partial));
  }
  run.report(job_->index, job_->steps.fraction());
}

}  // namespace attnlab
