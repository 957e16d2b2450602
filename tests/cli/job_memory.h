// How much memory one job takes, measured in a process that does nothing else: a process that has
// computed before reuses what it has freed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace attnlab {

/// Starts this program anew for one job of a permalink's run. By how many bytes its memory grew at
/// most; nothing when the job did not end well.
std::optional<double> job_memory(const std::string& query, std::uint32_t index);

/// For main: the exit code of a process that job_memory started, nothing in any other.
std::optional<int> run_job_for_its_memory(int argc, char** argv);

}  // namespace attnlab
