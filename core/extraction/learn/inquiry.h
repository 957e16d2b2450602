// A learner as a coroutine that asks batches of queries and receives their answers: it never calls
// an oracle itself, so that the same learner serves our own models, an external program and a
// worker.
//
//   Inquiry<Outcome> learn(...) { ...; const std::vector<double> y = co_await ask(batch); ... }
//
//   Inquiry<Outcome> inquiry = learn(...);
//   while (inquiry.advance()) inquiry.answer(answers_to(*inquiry.asked()));
//   inquiry.result();
//
// An inquiry may await another one (core/experiment/chain.h has the idiom); only the outermost is
// driven. A job drives one through learn_from (learner.h).
#pragma once

#include <utility>
#include <vector>

#include "core/experiment/chain.h"
#include "core/extraction/learn/query.h"

namespace attnlab::extraction {

/// The state that nested inquiries share: the innermost one's question and its answers.
struct Conversation : Chain {
  const QueryBatch* asked = nullptr;
  std::vector<double> answers;
};

/// `co_await ask(batch)` gives the answers in the order of the queries: one per query, or as many
/// numbers as the box gives (Oracle::width). The batch must outlive the await.
class Ask {
 public:
  explicit Ask(const QueryBatch& batch) : batch_(&batch) {}
  bool await_ready() const noexcept { return batch_->size() == 0; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> asker) noexcept {
    conversation_ = asker.promise().chain;
    conversation_->asked = batch_;
    conversation_->paused = true;
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
struct InquiryPromise;

template <class T>
class [[nodiscard]] Inquiry : public ChainedCoroutine<InquiryPromise<T>> {
 public:
  using promise_type = InquiryPromise<T>;
  using ChainedCoroutine<promise_type>::ChainedCoroutine;
  Inquiry() = delete;

  /// Runs to the next question (true; see asked()) or to the end (false; see result()).
  bool advance() {
    conversation().asked = nullptr;
    conversation().run(this->handle_);
    return asked() != nullptr;
  }
  const QueryBatch* asked() const { return conversation().asked; }
  /// The answers to asked(); call advance() next.
  void answer(std::vector<double> answers) { conversation().answers = std::move(answers); }
  /// Only after advance() returned false.
  T& result() { return *this->handle_.promise().value; }

 private:
  Conversation& conversation() const { return *this->handle_.promise().chain; }
};

template <class T>
struct InquiryPromise : ChainedPromise<T, Conversation> {
  Inquiry<T> get_return_object() { return Inquiry<T>(*this); }
  void unhandled_exception() {
#if defined(__cpp_exceptions)
    throw;  // out of advance(), to the job that drives this inquiry
#endif
  }
};

}  // namespace attnlab::extraction
