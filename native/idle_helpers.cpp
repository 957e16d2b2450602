#include "native/idle_helpers.h"

#include <algorithm>

namespace attnlab {

void IdleHelpers::run(std::size_t parts, const std::function<void(std::size_t)>& part) {
  if (parts == 0) return;
  Task task;
  task.parts = parts;
  task.part = &part;
  std::unique_lock lock(mutex_);
  tasks_.push_back(&task);
  waiting_.fetch_add(1, std::memory_order_release);
  lock.unlock();
  if (work_arrived) work_arrived();
  lock.lock();
  while (take_part(lock, task)) {
  }
  part_ended_.wait(lock, [&] { return task.running == 0; });
  if (task.failure) std::rethrow_exception(task.failure);
}

bool IdleHelpers::help() {
  std::unique_lock lock(mutex_);
  if (tasks_.empty()) return false;
  return take_part(lock, *tasks_.front());
}

/// Computes the next part of a task without the lock; false when all parts are taken.
bool IdleHelpers::take_part(std::unique_lock<std::mutex>& lock, Task& task) {
  if (task.next == task.parts) return false;
  const std::size_t index = task.next++;
  ++task.running;
  if (task.next == task.parts) {
    tasks_.erase(std::find(tasks_.begin(), tasks_.end(), &task));
    waiting_.fetch_sub(1, std::memory_order_release);
  }
  lock.unlock();
  std::exception_ptr failure;
  try {
    (*task.part)(index);
  } catch (...) {
    failure = std::current_exception();
  }
  lock.lock();
  if (failure && !task.failure) task.failure = failure;
  if (--task.running == 0) part_ended_.notify_all();
  return true;
}

}  // namespace attnlab
