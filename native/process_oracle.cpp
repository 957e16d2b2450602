// Two non-blocking pipes and one poll loop.
#include "native/process_oracle.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

#include "core/base/text.h"
#include "native/console.h"
#include "native/interrupts.h"
#include "native/oracle_lines.h"

namespace attnlab {
namespace {

constexpr std::size_t kOutgoing = 1 << 16;    // bytes of questions prepared ahead of the pipe
constexpr std::size_t kLongestAnswer = 4096;  // bytes of a line that is not a JSON object
constexpr std::size_t kLongestObject = 1 << 20;
constexpr int kLongestWait_ms = 100;  // also how late an interrupt can be
constexpr double kPoliteness_s = 2, kPatience_s = 0.5;

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void close_pipe(int& descriptor) {
  if (descriptor >= 0) close(descriptor);
  descriptor = -1;
}

/// The child's part between fork and exec.
[[noreturn]] void become(const char* command, int input, int output, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGXFSZ, SIG_DFL);
  if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0) {
    execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  }
  _exit(127);
}

}  // namespace

/// One call of ask().
struct ProcessOracle::Talk {
  std::size_t first = 0, end = 0;  // queries of the batch
  std::size_t written = 0;         // next query to prepare
  std::size_t heard = 0;           // next query to be answered
  std::size_t before = 0;          // queries of earlier batches
  double last_answer = 0;          // seconds
  std::vector<double> fresh;       // answers not yet passed to the caller
};

ProcessOracle::~ProcessOracle() {
  stop(false);
}

Expected<void> ProcessOracle::start() {
  int input[2], output[2];
  if (pipe2(input, O_CLOEXEC) != 0) return Error{"no pipe can be made: " + system_reason(errno)};
  if (pipe2(output, O_CLOEXEC) != 0) {
    const Error error{"no pipe can be made: " + system_reason(errno)};
    close(input[0]);
    close(input[1]);
    return error;
  }
  const pid_t parent = getpid();
  child_ = fork();
  if (child_ == 0) become(command_.c_str(), input[0], output[1], parent);
  const int failure = errno;
  close(input[0]);
  close(output[1]);
  to_child_ = input[1];
  from_child_ = output[0];
  if (child_ < 0) return Error{"the oracle cannot be started: " + system_reason(failure)};
  setpgid(child_, child_);
  fcntl(to_child_, F_SETFL, O_NONBLOCK);
  fcntl(from_child_, F_SETFL, O_NONBLOCK);
  return {};
}

Expected<void> ProcessOracle::write_some() {
  while (sent_ < outgoing_.size()) {
    const ssize_t written = write(to_child_, outgoing_.data() + sent_, outgoing_.size() - sent_);
    if (written >= 0) {
      sent_ += static_cast<std::size_t>(written);
    } else if (errno == EPIPE) {
      close_pipe(to_child_);  // its answers so far are still read; its exit status says why
      return {};
    } else if (errno == EAGAIN) {
      return {};
    } else if (errno != EINTR) {
      return Error{"the oracle cannot be written to: " + system_reason(errno)};
    }
  }
  return {};
}

/// False at the end of the program's output.
Expected<bool> ProcessOracle::read_some() {
  char block[1 << 14];
  for (;;) {
    const ssize_t got = read(from_child_, block, sizeof block);
    if (got > 0) {
      incoming_.append(block, static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN) return true;
    if (errno != EINTR) return Error{"the oracle cannot be read: " + system_reason(errno)};
  }
}

Expected<void> ProcessOracle::take_answers(Talk& talk) {
  std::size_t begin = 0;
  std::optional<Error> bad;
  while (!bad) {
    const std::size_t end = incoming_.find('\n', begin);
    const bool whole = end != std::string::npos;
    const std::size_t longest =
        incoming_.compare(begin, 1, "{") == 0 ? kLongestObject : kLongestAnswer;
    if (!whole && incoming_.size() - begin <= longest) break;
    const std::string_view line =
        trimmed(std::string_view(incoming_).substr(begin, whole ? end - begin : kLongestAnswer));
    const std::string number = std::to_string(talk.before + talk.heard - talk.first + 1);
    if (talk.heard == talk.written) {
      bad = Error{"the oracle gave an answer to no question after answer " +
                  std::to_string(talk.before + talk.heard - talk.first) + ": " + quoted_text(line)};
    } else if (const auto value = whole ? read_answer(line, width_) : std::nullopt) {
      talk.fresh.insert(talk.fresh.end(), value->begin(), value->end());
      ++talk.heard;
      talk.last_answer = now_s();
      begin = end + 1;
    } else {
      const std::string wanted = width_ == 1 ? "{\"y\": NUMBER} with a finite number"
                                             : "{\"y\": [...]} with a list of " +
                                                   std::to_string(width_) + " finite numbers";
      bad = Error{"the oracle's answer " + number + " must be one line " + wanted + ", not " +
                  quoted_text(line)};
    }
  }
  incoming_.erase(0, begin);
  if (bad) return *bad;
  return {};
}

Error ProcessOracle::ended(const Talk& talk) {
  const std::string answered = counted(talk.before + talk.heard - talk.first, "answer");
  int status = 0;
  const double deadline = now_s() + kPatience_s;
  pid_t gone = 0;
  while ((gone = waitpid(child_, &status, WNOHANG)) == 0 && now_s() < deadline) usleep(2000);
  std::string how = "closed its output";
  if (gone == child_) {
    child_ = -1;
    if (WIFSIGNALED(status)) {
      how = std::string("was ended by signal ") + std::to_string(WTERMSIG(status)) + " (" +
            strsignal(WTERMSIG(status)) + ")";
    } else {
      const int code = WEXITSTATUS(status);
      how = "ended with exit code " + std::to_string(code);
      if (code == 127) how += " (is the command of --oracle-cmd right?)";
    }
  }
  return Error{"the oracle " + how + " after " + answered + ", before question " +
               std::to_string(talk.before + talk.heard - talk.first + 1) + " was answered"};
}

Expected<void> ProcessOracle::ask(const extraction::QueryBatch& batch, std::size_t first,
                                  const Heard& heard) {
  if (child_ < 0 && from_child_ < 0) {
    if (const auto started = start(); !started) return started;
  }
  Talk talk{first, batch.size(), first, first, asked_before_, now_s(), {}};
  while (talk.heard < talk.end) {
    if (sent_ == outgoing_.size()) {
      outgoing_.clear();
      sent_ = 0;
    }
    while (talk.written < talk.end && outgoing_.size() < kOutgoing) {
      outgoing_ += "{\"x\": " + tokens_json(batch, talk.written++) + "}\n";
    }
    pollfd ready[2] = {{from_child_, POLLIN, 0},
                       {sent_ < outgoing_.size() ? to_child_ : -1, POLLOUT, 0}};
    poll(ready, 2, kLongestWait_ms);
    if (interrupted()) return Error{"interrupted"};
    if (ready[1].revents != 0) {
      if (const auto written = write_some(); !written) return written;
    }
    if (ready[0].revents != 0) {
      const Expected<bool> open = read_some();
      if (!open) return open.error();
      const Expected<void> taken = take_answers(talk);
      if (const auto kept = heard(std::exchange(talk.fresh, {})); !kept) return kept;
      if (!taken) return taken;
      if (!*open && talk.heard < talk.end) return ended(talk);
    }
    if (talk.heard < talk.end && now_s() - talk.last_answer > silence_s_) {
      return Error{"the oracle did not answer question " +
                   std::to_string(talk.before + talk.heard - talk.first + 1) + " within " +
                   short_text(silence_s_) + " s (--timeout)"};
    }
  }
  asked_before_ += talk.end - talk.first;
  if (!trimmed(incoming_).empty()) return take_answers(talk);
  return {};
}

Expected<void> ProcessOracle::finish() {
  if (from_child_ < 0) return {};
  close_pipe(to_child_);
  const double deadline = now_s() + kPoliteness_s;
  while (now_s() < deadline && !interrupted()) {
    pollfd ready{from_child_, POLLIN, 0};
    if (poll(&ready, 1, kLongestWait_ms) <= 0) continue;
    const Expected<bool> open = read_some();
    if (!open || !*open || incoming_.size() > kLongestAnswer) break;
  }
  const std::string rest(trimmed(incoming_));
  stop(true);
  if (rest.empty()) return {};
  return Error{"the oracle gave more answers than the " + std::to_string(asked_before_) +
               " it was asked for: " + quoted_text(rest)};
}

void ProcessOracle::stop(bool politely) {
  close_pipe(to_child_);
  close_pipe(from_child_);
  if (child_ < 0) return;
  const auto gone_within = [&](double seconds) {
    const double deadline = now_s() + seconds;
    while (waitpid(child_, nullptr, WNOHANG) == 0) {
      if (now_s() > deadline) return false;
      usleep(2000);
    }
    return true;
  };
  const bool gone = politely && gone_within(kPatience_s);
  // The group may outlive its first process: a shell's children.
  kill(-child_, SIGTERM);
  if (!gone && !gone_within(kPatience_s)) {
    kill(-child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  kill(-child_, SIGKILL);
  child_ = -1;
}

}  // namespace attnlab
