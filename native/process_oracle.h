// A black box that is another program: JSON lines on its standard input and output.
#pragma once

#include <sys/types.h>

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/base/expected.h"
#include "core/extraction/learn/query.h"

namespace attnlab {

/// A child process, started once through the shell in a process group of its own (so that Ctrl-C
/// reaches it only through this program); its standard error is not redirected. The destructor ends
/// it: end of input first, then SIGTERM, then SIGKILL.
class ProcessOracle {
 public:
  /// `silence_s`: seconds without a complete answer line after which a question counts as failed.
  /// `width`: numbers in an answer; more than 1 are a list.
  ProcessOracle(std::string command, double silence_s, std::size_t width = 1)
      : command_(std::move(command)), silence_s_(silence_s), width_(width) {}
  ~ProcessOracle();
  ProcessOracle(const ProcessOracle&) = delete;
  ProcessOracle& operator=(const ProcessOracle&) = delete;

  /// Called with the answers that have arrived since the last call, in order: `width` numbers each.
  using Heard = std::function<Expected<void>(std::span<const double>)>;

  /// Asks the queries of a batch from `first` on. Questions are written while answers are read, as
  /// the pipes have room: neither side can block the other. An error is one sentence: a
  /// program that cannot be started, an answer that is not {"y": finite number} or not a list of
  /// `width` of them, too many answers,
  /// an exit before the last one, silence, or interrupted().
  Expected<void> ask(const extraction::QueryBatch& batch, std::size_t first, const Heard& heard);

  /// Closes the program's input and waits for its end; an error when it wrote more answers.
  Expected<void> finish();

 private:
  struct Talk;
  Expected<void> start();
  Expected<void> write_some();
  Expected<bool> read_some();
  Expected<void> take_answers(Talk& talk);
  Error ended(const Talk& talk);
  void stop(bool politely);

  std::string command_;
  double silence_s_;
  std::size_t width_;
  pid_t child_ = -1;
  int to_child_ = -1, from_child_ = -1;
  std::string outgoing_, incoming_;
  std::size_t sent_ = 0;  // of outgoing_
  std::size_t asked_before_ = 0;
};

}  // namespace attnlab
