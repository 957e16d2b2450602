// How much memory one job takes, measured in a process that does nothing else: what a thread makes
// once, at its first job, is then always part of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace attnlab {

/// Starts this program anew for one job of a permalink's run. By how many bytes its heap grew at
/// most; nothing when the job did not end well.
std::optional<double> job_memory(const std::string& query, std::uint32_t index);

/// For main: the exit code of a process that job_memory started, nothing in any other.
std::optional<int> run_job_for_its_memory(int argc, char** argv);

}  // namespace attnlab
