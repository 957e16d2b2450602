// How one job uses workers that share no memory with it: where its work divides, it hands out shares
// as bytes and takes their results in. A share is a pure function of (run, job, bytes), computed by
// Experiment::assist, so that who computes it changes no bit of the job's output.
#pragma once

#include <coroutine>
#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "core/experiment/bytes.h"
#include "core/experiment/steps.h"

namespace attnlab {

/// A question for help, and what became of it: run_divided asks, whoever drives the job looks for
/// open() after each step. Executors that lend no helpers need not know of it: the job then does
/// everything itself. Threads that share memory are lent by Helpers (core/numerics/parallel.h).
class SharedWork {
 public:
  using Share = std::function<Bytes(std::size_t share, std::size_t parts)>;

  /// Asks for at most `most` helpers. `share` is called while this object lives, once per helper.
  SharedWork(std::size_t most, Share share) : most_(most), share_(std::move(share)) {}
  SharedWork(const SharedWork&) = delete;
  ~SharedWork();

  // For the job.
  bool await_ready() const noexcept { return most_ == 0; }
  void await_suspend(std::coroutine_handle<>) noexcept;
  std::size_t await_resume() noexcept {
    asking_ = false;
    return 1 + results_.size();
  }
  /// Are shares still out? The job then ends its step; the next one comes when there is news.
  bool must_wait();
  std::optional<Bytes> take(std::size_t share) { return std::move(results_[share - 1].bytes); }

  // For who drives the job, between two of its steps.
  static SharedWork* open();  ///< of the job that this thread stepped last; none: nullptr
  std::size_t wanted() const { return asking_ ? most_ : 0; }  ///< helpers asked for and not granted
  void grant(std::size_t helpers);  ///< at most wanted(); instead of it the next step refuses
  Bytes share(std::size_t share) const { return share_(share, 1 + results_.size()); }  ///< 1, 2, ...
  /// The result of a share, or nothing when the helper was lost; anything unexpected is ignored.
  void settle(std::size_t share, std::optional<Bytes> result);
  bool waiting() const { return waiting_; }  ///< a step would do nothing

 private:
  struct Result {
    bool out = true;
    std::optional<Bytes> bytes;
  };
  std::size_t most_;
  Share share_;
  bool asking_ = false, waiting_ = false;
  std::vector<Result> results_;  ///< of shares 1, 2, ...
};

/// Work that is cut into parts, each computed here or, from its share, by a helper.
struct DividedWork {
  SharedWork::Share share;
  std::function<JobSteps(std::size_t part, std::size_t parts)> compute;
  /// Takes a helper's result in; false when it cannot be read. Parts come in order: where they are
  /// computed here, too.
  std::function<bool(std::size_t part, std::size_t parts, const Bytes& result)> adopt;
};

/// Does the work with at most `most` helpers; what it refers to must outlive the coroutine. Its steps
/// report no progress: the caller knows how much of the job this is.
JobSteps run_divided(std::size_t most, const DividedWork& work);

}  // namespace attnlab
