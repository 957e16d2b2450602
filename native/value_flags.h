// Flags with a value, as texts: what the readers of all commands share.
#pragma once

#include <CLI/CLI.hpp>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "native/arguments.h"

namespace attnlab {

/// One flag with a value; keeps every value that was given, so that a repeat can be refused.
struct ValueFlag {
  std::string name;  // "seed"
  std::vector<std::string> values;
};

/// The flags of one subcommand; addresses are stable because CLI11 writes into them.
class ValueFlags {
 public:
  explicit ValueFlags(CLI::App& app) : app_(app) {}

  void add(const std::string& name, const std::string& type, const std::string& help,
           const std::string& group) {
    ValueFlag& flag = flags_.emplace_back(ValueFlag{name, {}});
    app_.add_option("--" + name, flag.values, help)
        ->type_name(type)
        ->group(group)
        ->allow_extra_args(false)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }

  /// An error when a flag was given twice.
  Expected<void> check_single() const {
    for (const ValueFlag& flag : flags_) {
      if (flag.values.size() < 2) continue;
      return Error{"--" + flag.name + " is given " + std::to_string(flag.values.size()) +
                   " times (" + join(flag.values, ", then ") + "); give it once"};
    }
    return {};
  }

  std::optional<std::string> value(std::string_view name) const {
    for (const ValueFlag& flag : flags_) {
      if (flag.name == name && !flag.values.empty()) return flag.values.front();
    }
    return std::nullopt;
  }

 private:
  CLI::App& app_;
  std::deque<ValueFlag> flags_;
};

/// The values of flags that several commands have; an error is the flag's sentence.
Expected<unsigned> read_threads(const std::string& text);
/// "2GB", "500 MB", "1.5 GiB", "800000000": bytes, at least one megabyte.
Expected<double> read_memory(const std::string& text);

struct SweepFlags {
  const std::string& specification;
  const ValueFlags& flags;
  bool quiet;
};
/// Declares the flags of `attnlab sweep` and of `attnlab merge`, and reads them.
void describe_sweep(ValueFlags& flags);
void describe_merge(ValueFlags& flags);
Expected<Request> sweep_request(const SweepFlags& given);
Expected<Request> merge_request(const std::vector<std::string>& folders, const ValueFlags& flags,
                                bool quiet);

/// Declares the flags of `attnlab selftest`, and reads them.
void describe_calibration(ValueFlags& flags);
Expected<Request> selftest_request(bool claims, const std::string& claim, const ValueFlags& flags);

/// The help of flags that several commands have.
void add_threads_flag(ValueFlags& flags, const std::string& group);
void add_memory_flag(ValueFlags& flags, const std::string& group);

}  // namespace attnlab
