// A job travels as text (the run as a query string) and a number; its output comes back as bytes.
#include "native/ranks.h"

#include <dlfcn.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "native/console.h"
#include "native/output_file.h"
#include "native/processors.h"

namespace attnlab {
namespace {

enum : std::uint32_t { kJob = 1, kDone = 2, kFailed = 3, kDrop = 4, kLeave = 5 };

constexpr int kJobsAhead = 2;  ///< jobs that a rank may have without having answered the first
constexpr std::chrono::microseconds kShortNap{50}, kLongNap{1000};

/// Environment variables of a launcher: the rank or another mark of its presence, the number of
/// ranks, and what leads to the launcher's server, which also knows that number.
struct LauncherMark {
  const char *mark, *size, *server;
};
/// Of mpirun (Open MPI), and of srun and other launchers through PMI. Slurm's own variables do not
/// count: every batch script has them, even for programs that were started without a launcher.
constexpr LauncherMark kLauncherMarks[] = {
    {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE", "PMI_FD"},
    {"PMIX_RANK", "SLURM_STEP_NUM_TASKS", "PMIX_NAMESPACE"}};

/// Null where the variable is not set, or empty, which says as little.
const char* environment(const char* name) {
  const char* const text = getenv(name);
  return text == nullptr || *text == '\0' ? nullptr : text;
}

const LauncherMark* launcher_mark() {
  const auto is_set = [](const LauncherMark& each) { return environment(each.mark) != nullptr; };
  const auto found = std::ranges::find_if(kLauncherMarks, is_set);
  return found == std::end(kLauncherMarks) ? nullptr : found;
}

/// The number of ranks according to the launcher; 0 when it does not say.
int announced_ranks(const LauncherMark& mark) {
  const char* const text = environment(mark.size);
  const auto size = read_integer(text == nullptr ? "" : text);
  return size && *size > 0 && *size < INT_MAX ? static_cast<int>(*size) : 0;
}

/// Whether the mark is all there is of a launcher: rank 0 of nobody. A launcher that does not say
/// how many ranks there are can be asked; an MPI library takes a rank without a server for the only
/// one.
bool is_remainder(const LauncherMark& mark) {
  return announced_ranks(mark) == 0 && environment(mark.server) == nullptr &&
         std::string_view(getenv(mark.mark)) == "0";
}

std::string module_path() {
  char program[PATH_MAX] = {};
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  return (length > 0 ? folder_of(std::string(program, static_cast<std::size_t>(length))) : ".") +
         "/attnlab_mpi.so";
}

Bytes job_message(const Run& run, std::uint32_t index, std::uint32_t generation) {
  ByteWriter message;
  message.u32(kJob);
  message.u32(generation);
  message.u32(index);
  message.u32(run.name_of(index).index);
  message.text(full_query_text(run.spec_of(index)));
  return message.take();
}

Bytes answer(std::uint32_t kind, std::uint32_t generation, std::uint32_t index,
             std::string_view content) {
  ByteWriter message;
  message.u32(kind);
  message.u32(generation);
  message.u32(index);
  message.text(content);
  return message.take();
}

/// The job that a rank works on, and the jobs waiting behind it.
class Server {
 public:
  explicit Server(Ranks& ranks) : ranks_(ranks) {}

  void serve() {
    std::chrono::microseconds nap = kShortNap;
    while (true) {
      bool busy = take_messages();
      if (leaving_) return;
      busy = work() || busy;
      if (busy) {
        nap = kShortNap;
      } else {
        std::this_thread::sleep_for(nap);
        nap = std::min(2 * nap, kLongNap);
      }
    }
  }

 private:
  struct Job {
    std::uint32_t generation, index, job;
    std::string query;
  };

  bool take_messages() {
    bool any = false;
    while (const auto message = ranks_.receive()) {
      any = true;
      ByteReader reader(message->bytes);
      const std::uint32_t kind = reader.u32();
      if (kind == kJob) {
        Job job{reader.u32(), reader.u32(), reader.u32(), {}};
        job.query = reader.text();
        waiting_.push_back(std::move(job));
      } else {
        waiting_.clear();
        steps_ = JobSteps();
        leaving_ = kind == kLeave;
        if (leaving_) ranks_.send(0, answer(kLeave, 0, 0, {}));  // the last message from here
      }
    }
    return any;
  }

  /// One step of the current job; false without a job.
  bool work() {
    try {
      if (!steps_ && !waiting_.empty()) {
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
        const RunSpec spec = read_query(current_.query, *experiments().front()).spec;
        steps_ = spec.experiment->start(spec, current_.job);
      }
      if (!steps_) return false;
      const JobSteps::State state = steps_.step();
      if (state == JobSteps::State::kDone) {
        const Bytes output = steps_.take_output();
        end_job(kDone, std::string(output.begin(), output.end()));
      } else if (state == JobSteps::State::kFailed) {
        end_job(kFailed, steps_.error().sentence);
      }
    } catch (const std::bad_alloc&) {
      end_job(kFailed, "the job ran out of memory");
    }
    return true;
  }

  void end_job(std::uint32_t kind, const std::string& content) {
    steps_ = JobSteps();
    ranks_.send(0, answer(kind, current_.generation, current_.index, content));
  }

  Ranks& ranks_;
  std::deque<Job> waiting_;
  Job current_{};
  JobSteps steps_;
  bool leaving_ = false;
};

}  // namespace

bool has_mpi() {
  return access(module_path().c_str(), R_OK) == 0;
}

unsigned ranks_on_this_machine() {
  return ranks() == nullptr ? 1 : static_cast<unsigned>(ranks()->neighbours());
}

Expected<std::unique_ptr<Ranks>> Ranks::join() {
  const LauncherMark* const mark = launcher_mark();
  if (mark == nullptr) return std::unique_ptr<Ranks>();
  const int announced = announced_ranks(*mark);
  if (announced == 1) return std::unique_ptr<Ranks>();  // without MPI, which might not work
  if (is_remainder(*mark)) return std::unique_ptr<Ranks>();
  const Error error{
      "this program was started by an MPI launcher and cannot join the other ranks: "};
  void* const module = dlopen(module_path().c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (module == nullptr) {
    return Error{error.sentence + (has_mpi() ? dlerror() : "it was built without MPI")};
  }
  const auto link = reinterpret_cast<AttnlabMpiLinkFunction>(dlsym(module, "attnlab_mpi_link"));
  if (link == nullptr || link()->start() != 0) return Error{error.sentence + "MPI does not start"};
  std::unique_ptr<Ranks> joined(new Ranks(*link()));
  if (announced > 0 && joined->size() != announced) {
    // Each would compute everything and write the same files.
    return Error{error.sentence + "the launcher says that there are " + std::to_string(announced) +
                 " (" + mark->size + "), and MPI finds " + std::to_string(joined->size()) +
                 "; it may belong to another MPI than the one this program was built with"};
  }
  return joined;
}

void say_alone() {
  const LauncherMark* const mark = launcher_mark();
  if (mark == nullptr) return;
  const std::string here = ": the run is computed here, without MPI";
  if (announced_ranks(*mark) == 1) say(std::string("one rank, by ") + mark->size + here);
  if (is_remainder(*mark)) say(std::string(mark->mark) + " is set, but no launcher" + here);
}

Ranks::~Ranks() {
  link_.finish();
}

std::optional<Ranks::Message> Ranks::receive() {
  int from = 0;
  const long long size = link_.arrived(&from);
  if (size < 0) return std::nullopt;
  Message message{from, Bytes(static_cast<std::size_t>(size))};
  link_.receive(from, message.bytes.data(), message.bytes.size());
  return message;
}

void serve(Ranks& ranks) {
  // The launcher sends its signals to every rank; rank 0 decides what they mean.
  signal(SIGINT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  Server(ranks).serve();
}

RankExecutor::RankExecutor(Ranks& ranks)
    : ranks_(ranks),
      here_(1, JobOrder::kLargestFirst, /*ahead=*/1),
      in_flight_(static_cast<std::size_t>(ranks.size()), 0) {}

RankExecutor::~RankExecutor() {
  cancel();
}

void RankExecutor::cancel() {
  here_.cancel();
  ++generation_;
  for (int rank = 1; rank < ranks_.size(); ++rank) {
    if (in_flight_[static_cast<std::size_t>(rank)] == 0) continue;
    ranks_.send(rank, answer(kDrop, 0, 0, {}));
    in_flight_[static_cast<std::size_t>(rank)] = 0;
  }
}

unsigned RankExecutor::concurrency() const {
  return here_.concurrency() + static_cast<unsigned>(ranks_.size()) - 1;
}

void RankExecutor::poll(Run& run) {
  if (waiting_) take_in(run, *std::exchange(waiting_, std::nullopt));
  while (const auto message = ranks_.receive()) take_in(run, *message);
  here_.poll(run);
  if (!run.active()) return;
  for (int ahead = 1; ahead <= kJobsAhead; ++ahead) {
    for (int rank = 1; rank < ranks_.size(); ++rank) {
      int& in_flight = in_flight_[static_cast<std::size_t>(rank)];
      if (in_flight >= ahead) continue;
      const std::optional<std::uint32_t> index = here_.hand_over();
      if (!index) return;
      ranks_.send(rank, job_message(run, *index, generation_));
      ++in_flight;
    }
  }
}

void RankExecutor::take_in(Run& run, const Ranks::Message& message) {
  ByteReader reader(message.bytes);
  const std::uint32_t kind = reader.u32();
  if (reader.u32() != generation_) return;
  --in_flight_[static_cast<std::size_t>(message.from)];
  const std::uint32_t index = reader.u32();
  const std::string content = reader.text();
  if (kind == kDone) run.complete(index, Bytes(content.begin(), content.end()));
  if (kind == kFailed) run.fail(index, {content});
}

void RankExecutor::wait_for_news(std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!here_.has_news() && std::chrono::steady_clock::now() < deadline) {
    waiting_ = ranks_.receive();
    if (waiting_) return;
    here_.wait_for_news(std::chrono::milliseconds(1));
  }
}

Ranks*& ranks() {
  static Ranks* joined = nullptr;
  return joined;
}

void dismiss(Ranks& ranks) {
  for (int rank = 1; rank < ranks.size(); ++rank) ranks.send(rank, answer(kLeave, 0, 0, {}));
  // Answers on their way have to be received: until then their senders cannot leave.
  for (int left = 1; left < ranks.size();) {
    const auto message = ranks.receive();
    if (!message) std::this_thread::sleep_for(kShortNap);
    if (message && ByteReader(message->bytes).u32() == kLeave) ++left;
  }
}

std::unique_ptr<JobExecutor> make_executor(unsigned threads) {
  if (ranks() != nullptr && ranks()->size() > 1) return std::make_unique<RankExecutor>(*ranks());
  return std::make_unique<ThreadPool>(threads, JobOrder::kLargestFirst);
}

unsigned default_threads() {
  if (ranks() != nullptr && ranks()->size() > 1) return 1;
  return std::min(default_processors().count, kMaxThreads);
}

Expected<void> check_threads(unsigned threads) {
  if (ranks() == nullptr || ranks()->size() == 1 || threads == 1) return {};
  return Error{
      "threads is " + std::to_string(threads) +
      ", and under mpirun every rank computes one job at a time: start more ranks instead"};
}

}  // namespace attnlab
