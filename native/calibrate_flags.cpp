// The flags of `attnlab selftest`.
#include "core/selftest/calibration.h"
#include "native/value_flags.h"

namespace attnlab {
namespace {

/// A whole number from 1 on, or the flag's sentence.
Expected<std::uint64_t> read_count(const ValueFlags& flags, const std::string& name,
                                   std::uint64_t absent, std::uint64_t most) {
  const std::optional<std::string> text = flags.value(name);
  if (!text) return absent;
  const std::optional<std::int64_t> number = read_integer(*text);
  if (!number || *number < 1 || static_cast<std::uint64_t>(*number) > most) {
    return Error{name + " must be 1 to " + std::to_string(most) + ", not " + quoted_text(*text)};
  }
  return static_cast<std::uint64_t>(*number);
}

}  // namespace

void describe_calibration(ValueFlags& flags) {
  const std::string group = "Calibration of claims";
  flags.add("setting", "N", "The N-th of its settings only", group);
  flags.add("seeds", "N", "Runs of every setting\ndefault 200", group);
  flags.add("format", "NAME", "table or csv", group);
  flags.add("resume", "FILE", "Keep every verdict here, and go on from there", group);
  add_threads_flag(flags, group);
}

Expected<Request> selftest_request(bool claims, const std::string& claim, const ValueFlags& flags) {
  if (const auto single = flags.check_single(); !single) return single.error();
  if (!claims) {
    for (const char* name : {"setting", "seeds", "format", "resume", "threads"}) {
      if (flags.value(name)) return Error{std::string("--") + name + " belongs to --claims"};
    }
    return Request{SelftestRequest{}};
  }
  CalibrateRequest request;
  request.claim = claim;
  const auto setting = read_count(flags, "setting", 0, 1000);
  if (!setting) return setting.error();
  request.setting = *setting;
  const auto seeds = read_count(flags, "seeds", request.seeds, kMoreDataSeed - 1);
  if (!seeds) return seeds.error();
  request.seeds = *seeds;
  request.threads = default_threads();
  if (const auto text = flags.value("threads")) {
    const auto threads = read_threads(*text);
    if (!threads) return threads.error();
    request.threads = *threads;
  }
  if (const auto text = flags.value("format")) {
    if (*text != "table" && *text != "csv") {
      return Error{"format must be table or csv, not " + quoted_text(*text)};
    }
    request.format = *text == "csv" ? OutputFormat::kCsv : OutputFormat::kTable;
  }
  request.resume = flags.value("resume");
  return Request{request};
}

}  // namespace attnlab
