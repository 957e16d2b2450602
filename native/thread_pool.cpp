// Worker threads around one mutex: work goes in as assignments, progress and outputs come back as
// news. Steps of a job run without the mutex.
#include "native/thread_pool.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <utility>

namespace attnlab {

ThreadPool::ThreadPool(unsigned threads, JobOrder order, unsigned ahead) : order_(order) {
  const unsigned wanted = std::max(1u, threads);
  ahead_ = ahead > 0 ? ahead : 4 * wanted;
  workers_.reserve(wanted);
  helpers_.work_arrived = [this] {
    // The lock closes the gap between a worker's look at its condition and its sleep.
    { const std::lock_guard lock(mutex_); }
    work_changed_.notify_all();
  };
  try {
    while (workers_.size() < wanted) workers_.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    // The system gives no more threads; those that started do the work.
  }
}

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    ++generation_;
    waiting_.clear();
  }
  work_changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::poll(Run& run) {
  std::vector<News> news;
  {
    const std::lock_guard lock(mutex_);
    news.swap(news_);
    has_ended_job_ = false;
    for (const News& item : news) {
      if (item.state != JobSteps::State::kRunning) --assigned_;
    }
  }
  for (News& item : news) {
    if (item.partial) run.report_partial(item.index, std::move(*item.partial));
    switch (item.state) {
      case JobSteps::State::kRunning:
        run.report(item.index, item.fraction);
        break;
      case JobSteps::State::kDone:
        run.complete(item.index, std::move(item.output));
        break;
      case JobSteps::State::kFailed:
        run.fail(item.index, std::move(item.error));
        break;
    }
  }

  const std::lock_guard lock(mutex_);
  paused_ = !run.active();
  give_out(run);
  work_changed_.notify_all();
}

void ThreadPool::give_out(Run& run) {
  // To begin with the largest, all jobs have to be taken; a run in steps hands out only one.
  const bool all = order_ == JobOrder::kLargestFirst;
  const std::size_t taken_before = taken_.size();
  while (all || assigned_ < workers_.size()) {
    const std::optional<std::uint32_t> index = run.take();
    if (!index) break;
    taken_.push_back(*index);
    ++assigned_;
  }
  if (all && taken_.size() > taken_before) {
    const std::vector<PlannedJob>& jobs = run.plan().jobs;
    std::stable_sort(taken_.begin(), taken_.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return jobs[a].cost > jobs[b].cost; });
  }
  // Few at a time: an assignment holds a copy of the parameters, and a sweep can have millions of
  // jobs.
  while (!taken_.empty() && waiting_.size() < ahead_) {
    const std::uint32_t index = taken_.front();
    taken_.pop_front();
    waiting_.push_back({run.spec_of(index), run.name_of(index).index, index, generation_});
  }
}

void ThreadPool::cancel() {
  {
    const std::lock_guard lock(mutex_);
    ++generation_;
    taken_.clear();
    waiting_.clear();
    news_.clear();
    assigned_ = 0;
    paused_ = false;
    has_ended_job_ = false;
  }
  work_changed_.notify_all();
}

void ThreadPool::wait_for_news(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  job_ended_.wait_for(lock, at_most, [this] { return has_ended_job_; });
}

bool ThreadPool::has_news() {
  const std::lock_guard lock(mutex_);
  return has_ended_job_;
}

std::optional<std::uint32_t> ThreadPool::hand_over() {
  const std::lock_guard lock(mutex_);
  if (taken_.empty()) return std::nullopt;
  const std::uint32_t index = taken_.front();
  taken_.pop_front();
  --assigned_;
  return index;
}

void ThreadPool::work() {
  provide_helpers(&helpers_);
  for (;;) {
    std::unique_lock lock(mutex_);
    const auto has_job = [this] { return !paused_ && !waiting_.empty(); };
    if (!stopping_ && !has_job()) {
      helpers_.set_idle(true);
      work_changed_.wait(lock, [&] { return stopping_ || has_job() || helpers_.has_work(); });
      if (!stopping_ && !has_job()) {
        lock.unlock();
        while (helpers_.help()) {
        }
        helpers_.set_idle(false);
        continue;
      }
      helpers_.set_idle(false);
    }
    if (stopping_) return;
    const Assignment assignment = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    run_job(assignment);
  }
}

void ThreadPool::run_job(const Assignment& assignment) {
  // A job reports its own failures; this catches a lack of memory for the coroutine itself or for
  // its news.
  News news{.index = assignment.index};
  try {
    JobSteps steps = assignment.spec.experiment->start(assignment.spec, assignment.job);
    while (may_go_on(assignment.generation)) {
      news = News{.index = assignment.index, .state = steps.step()};
      news.fraction = steps.fraction();
      news.partial = steps.take_partial();
      if (news.state == JobSteps::State::kDone) news.output = steps.take_output();
      if (news.state == JobSteps::State::kFailed) news.error = steps.error();
      const bool ended = news.state != JobSteps::State::kRunning;
      // The job's memory is freed before the end of the job is reported.
      if (ended) steps = JobSteps();
      tell(assignment.generation, std::move(news));
      if (ended) return;
    }
  } catch (const std::bad_alloc&) {
    tell(assignment.generation, {.index = assignment.index,
                                 .state = JobSteps::State::kFailed,
                                 .error = {"the job ran out of memory"}});
  } catch (const std::exception& failure) {
    tell(assignment.generation,
         {.index = assignment.index,
          .state = JobSteps::State::kFailed,
          .error = {std::string("the job stopped on an internal error: ") + failure.what()}});
  }
}

bool ThreadPool::may_go_on(std::uint64_t generation) {
  std::unique_lock lock(mutex_);
  work_changed_.wait(lock, [&] { return generation != generation_ || !paused_; });
  return generation == generation_;
}

void ThreadPool::tell(std::uint64_t generation, News news) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_) return;
  const auto earlier = std::find_if(news_.begin(), news_.end(),
                                    [&](const News& item) { return item.index == news.index; });
  if (news.state != JobSteps::State::kRunning) {
    has_ended_job_ = true;
    job_ended_.notify_all();
  }
  if (earlier == news_.end()) {
    news_.push_back(std::move(news));
    return;
  }
  // Only the newest report of a job counts, so reports do not pile up while a window is not drawn.
  if (!news.partial) news.partial = std::move(earlier->partial);
  *earlier = std::move(news);
}

}  // namespace attnlab
