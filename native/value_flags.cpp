// Values of the flags that several commands have, and the commands around a sweep.
#include "native/value_flags.h"

#include <cmath>

#include "core/base/text.h"

namespace attnlab {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr Unit kUnits[] = {
    {"kB", 1e3},     {"MB", 1e6},        {"GB", 1e9},           {"TB", 1e12},
    {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}};
constexpr double kLeastMemory = 1e6;
constexpr std::int64_t kMaxShards = 1000000;

Expected<Shard> read_shard(const std::string& text) {
  const std::vector<std::string> parts = split(text, '/');
  if (parts.size() == 2) {
    const auto number = read_integer(parts[0]), count = read_integer(parts[1]);
    if (number && count && *count >= 1 && *count <= kMaxShards && *number >= 1 &&
        *number <= *count) {
      return Shard{static_cast<std::uint32_t>(*number - 1), static_cast<std::uint32_t>(*count)};
    }
  }
  return Error{"shard must be I/N with I from 1 to N and N from 1 to " +
               std::to_string(kMaxShards) + ", not " + quoted_text(text)};
}

}  // namespace

Expected<unsigned> read_threads(const std::string& text) {
  const std::optional<std::int64_t> value = read_integer(text);
  if (value && *value >= 1 && *value <= kMaxThreads) return static_cast<unsigned>(*value);
  return Error{"threads must be 1 to " + std::to_string(kMaxThreads) + ", not " +
               quoted_text(text)};
}

Expected<double> read_memory(const std::string& text) {
  std::string_view number = trimmed(text);
  double factor = 1;
  for (const Unit& unit : kUnits) {
    if (!number.ends_with(unit.name)) continue;
    factor = unit.bytes;
    number = trimmed(number.substr(0, number.size() - unit.name.size()));
    break;
  }
  const auto value = read_real(number);
  if (value && std::isfinite(*value) && *value * factor >= kLeastMemory) return *value * factor;
  return Error{"memory must be a size from 1 MB on, such as 500MB or 2GB, not " +
               quoted_text(text)};
}

void add_threads_flag(ValueFlags& flags, const std::string& group) {
  flags.add("threads", "N",
            "Jobs at the same time\n1 to " + std::to_string(kMaxThreads) + "; default " +
                std::to_string(default_threads()) + ", the processors there are",
            group);
}

void add_memory_flag(ValueFlags& flags, const std::string& group) {
  flags.add("memory", "SIZE",
            "What all jobs together may use, such as 500MB or 2GB\ndefault: what the machine has",
            group);
}

void describe_sweep(ValueFlags& flags) {
  flags.add("out", "DIR", "Folder for table.csv and journal; made when it is not there", "Sweep");
  flags.add("shard", "I/N", "Only every N-th job, beginning with the I-th", "Sweep");
  add_threads_flag(flags, "Sweep");
  add_memory_flag(flags, "Sweep");
}

void describe_merge(ValueFlags& flags) {
  flags.add("out", "DIR", "Folder for the joined table.csv and journal", "Merge");
}

Expected<Request> sweep_request(const SweepFlags& given) {
  if (const Expected<void> single = given.flags.check_single(); !single) return single.error();
  if (given.specification.empty()) return Error{"sweep needs the name of a JSON file"};
  const auto out = given.flags.value("out");
  if (!out || out->empty()) return Error{"sweep needs --out DIR, the folder for its files"};
  SweepRequest request{.specification = given.specification, .out = *out};
  request.threads = default_threads();
  request.quiet = given.quiet;
  if (const auto text = given.flags.value("shard")) {
    const auto shard = read_shard(*text);
    if (!shard) return shard.error();
    request.shard = *shard;
  }
  if (const auto text = given.flags.value("threads")) {
    const auto threads = read_threads(*text);
    if (!threads) return threads.error();
    request.threads = *threads;
  }
  if (const auto text = given.flags.value("memory")) {
    const auto memory = read_memory(*text);
    if (!memory) return memory.error();
    request.memory_bytes = *memory;
  }
  return Request{std::move(request)};
}

Expected<Request> merge_request(const std::vector<std::string>& folders, const ValueFlags& flags,
                                bool quiet) {
  if (const Expected<void> single = flags.check_single(); !single) return single.error();
  if (folders.empty()) return Error{"merge needs the folders of a sweep's shards"};
  const auto out = flags.value("out");
  if (!out || out->empty()) return Error{"merge needs --out DIR, the folder for the joined files"};
  return Request{MergeRequest{folders, *out, quiet}};
}

}  // namespace attnlab
