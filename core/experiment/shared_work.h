// How one job uses workers that share no memory with it: it gives parts of its work away as bytes
// and takes their results in. A share is a pure function of (run, job, bytes), computed by
// Experiment::assist, so that who computes it changes no bit of the job's output.
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

/// Work in pieces, some of which can be given away while the rest is done. Everything but run() is
/// called between two of its steps.
class DividedWork {
 public:
  virtual ~DividedWork() = default;
  virtual JobSteps run() = 0;  ///< does what is here
  /// The fraction of the job's work that is done, with the parts that were taken in.
  virtual double fraction() const = 0;
  /// How many helpers what is left here is worth.
  virtual std::size_t worth() const = 0;
  /// Keeps the first of `parts` parts of what is left and gives up the others, in order.
  virtual std::vector<WorkPart> give_up(std::size_t parts) = 0;
  virtual Bytes share(const WorkPart& part) const = 0;  ///< what a helper must know
  /// Takes a helper's result in; false when it cannot be read. Parts come in order.
  virtual bool adopt(const WorkPart& part, const Bytes& result) = 0;
  /// A part that was lost is here again: the next run() does it.
  virtual void take_back(const WorkPart& part) = 0;
};

/// Does all of the work, with the helpers it gets. `work` must outlive the coroutine.
JobSteps run_divided(DividedWork& work);

/// The driver's side of a job (job.shared_work()), between two of its steps. Executors that lend no
/// helpers need not know of it: the job then does everything itself. (Threads that share memory are
/// lent by Helpers, core/numerics/parallel.h.)
class SharedWork {
 public:
  std::size_t wanted() const { return work_.worth(); }
  /// So many helpers are there: gives up as many parts, at most wanted().
  void grant(std::size_t helpers);
  /// The next share that was given up and not yet fetched; its number and bytes, or nothing.
  struct Share {
    std::uint32_t number;
    Bytes bytes;
  };
  std::optional<Share> next_share();
  /// The result of a share, or nothing when its helper was lost; unknown numbers are ignored.
  void settle(std::uint32_t number, std::optional<Bytes> result);
  /// Would a step do nothing until some share is settled?
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
