// Coroutines that await each other. They form a chain: the root, which is driven from outside, and
// below it each coroutine that the one above awaits; the innermost runs next. Their shared state is
// in the root's promise.
//
//   JobSteps child = part_of_the_work(...);   // a name: `co_await part_of_the_work(...)` does not
//   co_await child;                           // compile, because GCC 12 destroys such a temporary
//                                             // twice
//
// For the same reason the operand of co_await or co_yield has a name or is a class with a
// constructor, and holds no braced list:
//   const Bytes known{1}; co_yield StepProgress{0.5, known};
//
// A child is a local variable of its parent, so that the whole chain ends with its root. Arguments
// passed to a child by reference must live as long as the child.
//
// Control moves along a chain through the root's driver, never from coroutine to coroutine:
// symmetric transfer deepens the stack with every await where a compiler makes no tail call, which
// is so in WASM and in every build without optimisation.
#pragma once

#include <coroutine>
#include <optional>
#include <utility>

namespace attnlab {

/// The state that the coroutines of a chain share. A user of the chain derives from it.
struct Chain {
  std::coroutine_handle<> innermost;
  bool paused = false;  ///< control is back with the driver
  bool failed = false;  ///< a coroutine has failed: the chain never runs again

  /// Runs to the next pause, to a failure or to the end of the root.
  void run(std::coroutine_handle<> root) {
    if (!innermost) innermost = root;
    paused = false;
    while (!paused && !failed && !root.done()) innermost.resume();
  }
};

/// The part of a promise that all coroutines of a chain have; an await returns a T.
template <class T, class SharedChain>
struct ChainedPromise {
  SharedChain own;  ///< used in the root alone
  SharedChain* chain = &own;
  std::coroutine_handle<> parent;
  std::optional<T> value;

  struct Finish {
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> done) noexcept {
      if (done.promise().parent) done.promise().chain->innermost = done.promise().parent;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Finish final_suspend() noexcept { return {}; }
  void return_value(T result) { value = std::move(result); }
};

/// `co_await child`: runs the child to its end and gives its value. When the child fails, the
/// awaiting coroutine is never resumed. Both belong to chains of one kind.
template <class Promise>
struct AwaitChild {
  std::coroutine_handle<Promise> child;

  bool await_ready() const noexcept { return false; }
  template <class Parent>
  void await_suspend(std::coroutine_handle<Parent> parent) noexcept {
    auto* chain = parent.promise().chain;
    chain->failed = !child;
    if (!child) return;
    child.promise().chain = chain;
    child.promise().parent = parent;
    chain->innermost = child;
  }
  auto await_resume() { return std::move(*child.promise().value); }
};

/// Owns a coroutine; may be empty.
template <class Promise>
class ChainedCoroutine {
 public:
  ChainedCoroutine() = default;
  explicit ChainedCoroutine(Promise& promise)
      : handle_(std::coroutine_handle<Promise>::from_promise(promise)) {}
  ChainedCoroutine(ChainedCoroutine&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  ChainedCoroutine& operator=(ChainedCoroutine&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  ~ChainedCoroutine() {
    if (handle_) handle_.destroy();
  }

  AwaitChild<Promise> operator co_await() & { return {handle_}; }
  AwaitChild<Promise> operator co_await() && = delete;  // see the top of this file

 protected:
  std::coroutine_handle<Promise> handle_;
};

}  // namespace attnlab
