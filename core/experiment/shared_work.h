// How one job uses workers that share no memory with it: it hands out parts of its work as bytes
// and receives their results. A share is a pure function of (run, job, bytes), computed by
// Experiment::assist, so the job's output is the same bit for bit whichever worker computes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/experiment/steps.h"

namespace attnlab {

/// Pieces [begin, end) of some work, from stage `from` on.
struct WorkPart {
  std::size_t begin = 0, end = 0, from = 0;
};

/// Work in pieces, some of which can be handed out while the job does the rest. Everything but
/// run() is called between two of its steps.
class DividedWork {
 public:
  virtual ~DividedWork() = default;
  virtual JobSteps run() = 0;  ///< does the pieces that were not handed out
  /// The fraction of the job's work that is done, including the parts that helpers did.
  virtual double fraction() const = 0;
  /// How many helpers the remaining work can keep busy.
  virtual std::size_t worth() const = 0;
  /// Cuts the remaining work into `parts` parts, keeps the first and hands out the others, in
  /// order.
  virtual std::vector<WorkPart> give_up(std::size_t parts) = 0;
  virtual Bytes share(const WorkPart& part) const = 0;  ///< what a helper must know
  /// Adds a helper's result; false when it cannot be read. Parts come in order.
  virtual bool adopt(const WorkPart& part, const Bytes& result) = 0;
  /// Takes back a part whose helper was lost: the next run() does it.
  virtual void take_back(const WorkPart& part) = 0;
};

/// Does all of the work, with the helpers it gets. `work` must outlive the coroutine.
JobSteps run_divided(DividedWork& work);

/// The driver's side of a job (job.shared_work()), between two of its steps. Executors without
/// helpers need not know of it: the job then does everything itself. (For threads that share memory
/// there is Helpers, core/numerics/parallel.h.)
class SharedWork {
 public:
  std::size_t wanted() const { return work_.worth(); }
  /// Hands out one part for each of `helpers` idle helpers, at most wanted().
  void grant(std::size_t helpers);
  /// The next share that was handed out and not yet fetched, or nullopt.
  struct Share {
    std::uint32_t number;
    Bytes bytes;
  };
  std::optional<Share> next_share();
  /// Completes a share with its result, or with nullopt when its helper was lost. Unknown numbers
  /// are ignored.
  void settle(std::uint32_t number, std::optional<Bytes> result);
  /// True if the job cannot advance until a share comes back.
  bool waiting() const { return waiting_; }

 private:
  friend JobSteps run_divided(DividedWork& work);
  struct Given {
    std::uint32_t number;
    WorkPart part;
    bool fetched = false, out = true;
    std::optional<Bytes> result;
  };
  SharedWork(JobContext& job, DividedWork& work) : job_(job), work_(work) {
    job_.shared_work = this;
  }
  SharedWork(const SharedWork&) = delete;
  ~SharedWork() { job_.shared_work = nullptr; }
  bool must_wait();

  JobContext& job_;
  DividedWork& work_;
  std::deque<Given> given_;  ///< in the order of their pieces
  std::uint32_t next_number_ = 1;
  bool waiting_ = false;
};

}  // namespace attnlab
