// The processes of one MPI job: rank 0 runs the command and hands out jobs, the others compute
// them.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/bytes.h"
#include "native/job_loop.h"
#include "native/mpi/link.h"
#include "native/thread_pool.h"

namespace attnlab {

/// Messages to and from the other ranks. One thread uses it.
class Ranks {
 public:
  struct Message {
    int from;
    Bytes bytes;
  };

  /// Joins the other ranks when a launcher (mpirun, srun) has started this process; nullptr,
  /// without loading MPI, when it was started on its own or as the only rank, or when a rank 0 is
  /// all that is left of a launcher. An error when there
  /// are others and it cannot join all of them.
  static Expected<std::unique_ptr<Ranks>> join();
  ~Ranks();  ///< leaves; waits for the others to do so

  int rank() const { return link_.rank(); }
  int size() const { return link_.size(); }
  int neighbours() const { return link_.neighbours(); }  ///< ranks on this machine, with this one
  void send(int to, const Bytes& bytes) { link_.send(to, bytes.data(), bytes.size()); }
  std::optional<Message> receive();  ///< nullopt when no message has arrived

 private:
  explicit Ranks(const AttnlabMpiLink& link) : link_(link) {}
  const AttnlabMpiLink& link_;
};

/// Whether the MPI module is installed next to the program.
bool has_mpi();
/// Ranks on this machine, this one included: they share its memory. 1 without a launcher.
unsigned ranks_on_this_machine();

/// Says that a launcher has started this process as its only rank, or that only its rank is set, if
/// that is so.
void say_alone();

/// The work of a rank other than 0: computes jobs until it is told to stop.
void serve(Ranks& ranks);

/// The executor of rank 0: one job at a time here, and two handed to every other rank, so that no
/// rank waits for a message. The largest jobs go first.
class RankExecutor : public JobExecutor {
 public:
  explicit RankExecutor(Ranks& ranks);
  ~RankExecutor() override;  ///< tells the other ranks to stop computing
  void poll(Run& run) override;
  void cancel() override;
  unsigned concurrency() const override;
  void wait_for_news(std::chrono::milliseconds at_most) override;

 private:
  void take_in(Run& run, const Ranks::Message& message);
  Ranks& ranks_;
  ThreadPool here_;
  std::vector<int> in_flight_;  // of every rank
  std::optional<Ranks::Message> waiting_;
  std::uint32_t generation_ = 0;  // answers with an older number belong to a cancelled run
};

/// The ranks of this process, set once by main; nullptr when it was started on its own.
Ranks*& ranks();
/// Tells the ranks other than 0 that all work is done.
void dismiss(Ranks& ranks);

/// A pool of `threads`, or the ranks when there are several.
std::unique_ptr<JobExecutor> make_executor(unsigned threads);
inline constexpr unsigned kMaxThreads = 256;
/// The default of --threads and of the window: default_processors(), at most kMaxThreads; 1 where
/// several ranks compute, each one job at a time.
unsigned default_threads();
/// Refuses more than one thread per rank.
Expected<void> check_threads(unsigned threads);

}  // namespace attnlab
