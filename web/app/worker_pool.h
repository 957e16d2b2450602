// The executor of the page: hands jobs to Web Workers and moves their news into the run. The
// workers themselves (starting, watching, replacing) are web/workers.js.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/codecs/contract.h"
#include "core/experiment/run.h"

namespace attnlab {

class WorkerPoolExecutor : public Executor {
 public:
  /// Memory that all workers together may use: fewer work at once when jobs are large.
  explicit WorkerPoolExecutor(double memory_bytes) : memory_bytes_(memory_bytes) {}

  void poll(Run& run) override;
  void cancel() override;
  unsigned concurrency() const override;

  /// News of a job, kept until the next poll; news of a dropped ticket is ignored.
  /// `bytes` is the output (kPartial, kDone) or a UTF-8 sentence (kFailed, kLost).
  void receive(std::uint32_t ticket, JobNews kind, double fraction, Bytes bytes);

 private:
  struct Item {
    std::uint32_t ticket;
    JobNews kind;
    double fraction;
    Bytes bytes;
  };
  void apply(Run& run, Item item);
  void hand_out(Run& run);
  void hold(bool hold);

  double memory_bytes_;
  std::uint32_t next_ticket_ = 1;
  std::map<std::uint32_t, std::uint32_t> in_flight_;  ///< ticket -> job index
  std::vector<Item> inbox_;
  bool held_ = false;
};

}  // namespace attnlab
