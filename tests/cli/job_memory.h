// How much memory one job takes, measured in a process that does nothing else. Memory that a thread
// allocates once, at its first job, is then always included.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace attnlab {

/// Runs one job of a permalink's run in a new process of this program. Returns the largest growth
/// of its heap in bytes; nullopt when the job failed.
std::optional<double> job_memory(const std::string& query, std::uint32_t index);

/// For main: the exit code of a process that job_memory started, nullopt in any other.
std::optional<int> run_job_for_its_memory(int argc, char** argv);

}  // namespace attnlab
