// WorkerPoolExecutor: the bookkeeping between tickets of the page and jobs of the run.
#include "web/app/worker_pool.h"

#include <algorithm>
#include <utility>

#include "core/codecs/codecs.h"
#include "web/app/host.h"

namespace attnlab {

void WorkerPoolExecutor::receive(std::uint32_t ticket, JobNews kind, double fraction, Bytes bytes) {
  if (in_flight_.contains(ticket)) inbox_.push_back({ticket, kind, fraction, std::move(bytes)});
}

void WorkerPoolExecutor::apply(Run& run, Item item) {
  const auto found = in_flight_.find(item.ticket);
  if (found == in_flight_.end()) return;
  const std::uint32_t index = found->second;
  if (item.kind >= JobNews::kDone) in_flight_.erase(found);
  switch (item.kind) {
    case JobNews::kProgress:
      run.report(index, item.fraction);
      return;
    case JobNews::kPartial:
      run.report_partial(index, std::move(item.bytes));
      return;
    case JobNews::kDone:
      run.complete(index, std::move(item.bytes));
      return;
    case JobNews::kFailed:
      run.fail(index, Error{std::string(item.bytes.begin(), item.bytes.end())});
      return;
    case JobNews::kLost:
      run.lost(index, std::string(item.bytes.begin(), item.bytes.end()));
      return;
  }
}

void WorkerPoolExecutor::hand_out(Run& run) {
  const double job_bytes = std::max(run.plan().job_bytes, 1.0);
  const auto allowed = static_cast<std::size_t>(std::clamp(memory_bytes_ / job_bytes, 1.0, 64.0));
  std::string query;
  int free = host::workers_free();
  for (; free > 0 && in_flight_.size() < allowed; --free) {
    const std::optional<std::uint32_t> index = run.take();
    if (!index) break;
    if (query.empty()) query = full_query_text(run.spec());
    in_flight_[next_ticket_] = *index;
    host::workers_post(next_ticket_++, query, *index);
  }
  // No job waits, or none may start: idle workers help the others, as long as there is memory for
  // one more whole job and the packed matrix that passes between two workers.
  const int working = host::workers_total() - free;
  const int room = static_cast<int>(std::clamp(memory_bytes_ / (1.25 * job_bytes), 0.0, 64.0));
  host::workers_spare(std::clamp(room - working, 0, free));
}

void WorkerPoolExecutor::hold(bool hold) {
  if (held_ == hold) return;
  held_ = hold;
  host::workers_hold(hold);
}

void WorkerPoolExecutor::poll(Run& run) {
  for (Item& item : std::exchange(inbox_, {})) apply(run, std::move(item));
  if (run.state() == Run::State::kFailed) {
    if (!in_flight_.empty()) cancel();
    return;
  }
  hold(!run.active());
  if (!run.active()) return;
  if (in_flight_.empty()) {
    if (const std::string problem = host::workers_problem(); !problem.empty()) {
      if (const std::optional<std::uint32_t> index = run.take()) run.fail(*index, Error{problem});
      return;
    }
  }
  hand_out(run);
}

void WorkerPoolExecutor::cancel() {
  inbox_.clear();
  in_flight_.clear();
  host::workers_drop();
  hold(false);
}

unsigned WorkerPoolExecutor::concurrency() const {
  return static_cast<unsigned>(std::max(host::workers_total(), 1));
}

}  // namespace attnlab
