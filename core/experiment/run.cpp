// The bookkeeping of a run; see run.h. Jobs may be lost, run twice and reported late. The outputs
// stay the same, because a job's output depends on its index alone.
#include "core/experiment/run.h"

#include <algorithm>
#include <cmath>

#include "core/base/text.h"

namespace attnlab {

Run::Run(RunSpec spec, Plan plan) : Run({std::move(spec)}, {}, std::move(plan)) {}

Run::Run(std::vector<RunSpec> specs, std::vector<JobName> names, Plan plan)
    : specs_(std::move(specs)), names_(std::move(names)), plan_(std::move(plan)) {
  jobs_.resize(plan_.jobs.size());
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const double cost = plan_.jobs[i].cost;
    jobs_[i].cost = std::isfinite(cost) && cost > 0 ? cost : 1;
    total_cost_ += jobs_[i].cost;
  }
  if (jobs_.empty()) state_ = State::kFinished;
}

void Run::resume() {
  if (state_ != State::kReady && state_ != State::kPaused && state_ != State::kRunning) return;
  steps_allowed_ = 0;
  state_ = State::kRunning;
}

void Run::pause() {
  if (state_ == State::kRunning) state_ = State::kPaused;
  steps_allowed_ = 0;
}

void Run::step_once() {
  if (state_ == State::kFinished || state_ == State::kFailed) return;
  ++steps_allowed_;
  state_ = State::kRunning;
}

bool Run::adopt(std::uint32_t index, Bytes bytes) {
  const Job* known = job(index);
  if (known == nullptr || known->state == JobState::kDone) return false;
  accept(index, std::move(bytes));
  return true;
}

std::optional<std::uint32_t> Run::take() {
  if (state_ != State::kRunning) return std::nullopt;
  if (steps_allowed_ > 0 && working_ >= steps_allowed_) return std::nullopt;
  while (next_ < jobs_.size() && jobs_[next_].state != JobState::kWaiting) ++next_;
  if (next_ == jobs_.size()) return std::nullopt;
  set_state(jobs_[next_], JobState::kWorking);
  return static_cast<std::uint32_t>(next_++);
}

void Run::report(std::uint32_t index, double fraction) {
  Job* known = job(index);
  if (known == nullptr || known->state != JobState::kWorking || std::isnan(fraction)) return;
  set_fraction(*known, std::clamp(fraction, 0.0, 1.0));
}

void Run::report_partial(std::uint32_t index, Bytes bytes) {
  Job* known = job(index);
  if (known == nullptr || known->state != JobState::kWorking) return;
  known->bytes = std::move(bytes);
  known->has_partial = true;
  ++revision_;
}

void Run::complete(std::uint32_t index, Bytes bytes) {
  const Job* known = job(index);
  if (known == nullptr || known->state == JobState::kDone) return;
  finished_.push_back(index);
  accept(index, std::move(bytes));
  if (steps_allowed_ > 0 && --steps_allowed_ == 0 && state_ == State::kRunning) {
    state_ = State::kPaused;
  }
}

void Run::fail(std::uint32_t index, Error error) {
  Job* known = job(index);
  if (known == nullptr || known->state == JobState::kDone || state_ == State::kFailed) return;
  set_state(*known, JobState::kWaiting);
  state_ = State::kFailed;
  error_ = {job_name(index) + ": " + error.sentence};
}

void Run::lost(std::uint32_t index, std::string reason) {
  Job* known = job(index);
  if (known == nullptr || known->state != JobState::kWorking) return;
  set_state(*known, JobState::kWaiting);
  set_fraction(*known, 0);
  next_ = std::min<std::size_t>(next_, index);
  ++known->losses;
  if (known->losses < kMaxLosses) {
    notes_.push_back(job_name(index) + " was lost (" + reason + ") and is run again");
  } else if (state_ != State::kFailed) {
    state_ = State::kFailed;
    error_ = {job_name(index) + " was lost " + exact_text(std::int64_t{known->losses}) +
              " times, the last time because: " + reason};
  }
}

std::size_t Run::jobs_in_flight() const {
  return working_;
}

double Run::fraction() const {
  if (done_ == jobs_.size()) return 1;
  return std::clamp((done_cost_ + working_cost_) / total_cost_, 0.0, 1.0);
}

std::vector<JobOutput> Run::outputs() const {
  std::vector<JobOutput> outputs;
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const bool complete = jobs_[i].state == JobState::kDone;
    if (!complete && !jobs_[i].has_partial) continue;
    outputs.push_back({static_cast<std::uint32_t>(i), jobs_[i].bytes, complete});
  }
  return outputs;
}

std::vector<JobOutput> Run::take_finished() {
  std::vector<JobOutput> outputs;
  for (const std::uint32_t index : finished_) outputs.push_back({index, jobs_[index].bytes, true});
  finished_.clear();
  return outputs;
}

Run::Job* Run::job(std::uint32_t index) {
  return index < jobs_.size() ? &jobs_[index] : nullptr;
}

void Run::accept(std::uint32_t index, Bytes bytes) {
  Job& done = jobs_[index];
  set_state(done, JobState::kDone);
  set_fraction(done, 0);  // counted as done from now on
  done_cost_ += done.cost;
  done.bytes = std::move(bytes);
  ++done_;
  ++revision_;
  if (done_ == jobs_.size() && state_ != State::kFailed) state_ = State::kFinished;
}

void Run::set_fraction(Job& each, double fraction) {
  working_cost_ += each.cost * (fraction - each.fraction);
  each.fraction = fraction;
}

void Run::set_state(Job& each, JobState state) {
  if (each.state == JobState::kWorking) --working_;
  if (state == JobState::kWorking) ++working_;
  each.state = state;
}

std::string Run::job_name(std::uint32_t index) const {
  const std::string& label = plan_.jobs[index].label;
  return label.empty() ? "job " + exact_text(std::int64_t{index}) : label;
}

Expected<void> check_alone(const Plan& plan) {
  if (!plan.outside.empty()) return Error{plan.outside};
  return {};
}

Expected<void> check_memory(const RunSpec& spec, const Plan& plan, double limit_bytes) {
  if (plan.job_bytes <= limit_bytes) return {};
  const std::string& name = plan.memory_parameter;
  const std::string need = "one job needs " + bytes_text(plan.job_bytes) +
                           " of memory and may use at most " + bytes_text(limit_bytes);
  if (spec.experiment->schema.find(name) == nullptr) return Error{"this run is too large: " + need};
  return Error{name + " is " + spec.parameters.text(name) + ", which is too much here: " + need +
               "; lower " + name};
}

}  // namespace attnlab
