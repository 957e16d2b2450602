// A learner as a coroutine that asks batches of queries and takes their answers: it never calls an
// oracle itself, so that the same learner serves our own models, an external program and a worker.
//
//   Inquiry<Outcome> learn(...) { ...; const std::vector<double> y = co_await ask(batch); ... }
//
//   Inquiry<Outcome> inquiry = learn(...);
//   while (inquiry.advance()) inquiry.answer(answers_to(*inquiry.asked()));
//   inquiry.result();
//
// An inquiry may await another one; only the outermost is driven. What is passed by reference must
// live as long as the inquiry.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>
#include <vector>

#include "core/extraction/learn/query.h"

namespace attnlab::extraction {

/// What nested inquiries share: the innermost one that runs, and what it asks.
struct Conversation {
  std::coroutine_handle<> innermost;
  const QueryBatch* asked = nullptr;
  std::vector<double> answers;
};

/// `co_await ask(batch)` gives one answer per query, in order. The batch must outlive the await.
class Ask {
 public:
  explicit Ask(const QueryBatch& batch) : batch_(&batch) {}
  bool await_ready() const noexcept { return batch_->size() == 0; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> asker) noexcept {
    conversation_ = asker.promise().conversation;
    conversation_->asked = batch_;
  }
  std::vector<double> await_resume() {
    return conversation_ == nullptr ? std::vector<double>() : std::move(conversation_->answers);
  }

 private:
  const QueryBatch* batch_;
  Conversation* conversation_ = nullptr;
};
inline Ask ask(const QueryBatch& batch) {
  return Ask(batch);
}

template <class T>
class [[nodiscard]] Inquiry {
 public:
  struct promise_type {
    Conversation own;
    Conversation* conversation = &own;
    std::coroutine_handle<> parent;
    std::optional<T> value;

    Inquiry get_return_object() {
      return Inquiry(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Finish {
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<promise_type> done) noexcept {
        if (done.promise().parent) done.promise().conversation->innermost = done.promise().parent;
      }
      void await_resume() const noexcept {}
    };
    Finish final_suspend() noexcept { return {}; }
    void return_value(T result) { value = std::move(result); }
    void unhandled_exception() {
#if defined(__cpp_exceptions)
      throw;  // out of advance(), to the job that drives this inquiry
#endif
    }
  };

  Inquiry(Inquiry&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Inquiry& operator=(Inquiry&&) = delete;
  ~Inquiry() {
    if (handle_) handle_.destroy();
  }

  /// Runs to the next question (true; see asked()) or to the end (false; see result()).
  bool advance() {
    Conversation& talk = *handle_.promise().conversation;
    if (!talk.innermost) talk.innermost = handle_;
    talk.asked = nullptr;
    while (!handle_.done() && talk.asked == nullptr) talk.innermost.resume();
    return talk.asked != nullptr;
  }
  const QueryBatch* asked() const {
    return handle_.promise().conversation->asked;
  }
  /// The answers to asked(), one per query; call advance() next.
  void answer(std::vector<double> answers) {
    handle_.promise().conversation->answers = std::move(answers);
  }
  /// After advance() gave false.
  T& result() {
    return *handle_.promise().value;
  }

  // Awaiting an inquiry inside another one.
  bool await_ready() const noexcept {
    return false;
  }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    Conversation* talk = parent.promise().conversation;
    handle_.promise().conversation = talk;
    handle_.promise().parent = parent;
    talk->innermost = handle_;
  }
  T await_resume() {
    return std::move(*handle_.promise().value);
  }

 private:
  explicit Inquiry(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace attnlab::extraction
