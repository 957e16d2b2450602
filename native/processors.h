// How many processors this process may use, so that the limits of a batch system or a container are
// respected without a flag.
#pragma once

#include <optional>
#include <string>

namespace attnlab {

struct Processors {
  unsigned count = 1;  ///< at least 1
  unsigned machine = 1;
  std::string reason =
      {};  ///< what limits the count; empty: the number of the machine's processors

  void limit(std::optional<unsigned> to, const std::string& why);
};

/// The processors that the system allows: the smallest of the machine's number, the affinity mask
/// (taskset), and the processor time of the control group and the groups above it, rounded up. A
/// limit that cannot be read does not count. Control groups are read below the folder `root`, ""
/// for the machine's own.
Processors usable_processors(const std::string& root = "");

/// The default number of threads: usable_processors(), and at most the number in the variables of
/// batch systems and OpenMP (kProcessorVariables).
Processors default_processors(const std::string& root = "");

/// "2 of 8 processors, by the control group's quota", "8 processors".
std::string processors_text(const Processors& processors);

/// A quota of processor time as a number of processors, nullopt for no quota: "150000 100000"
/// (cpu.max, version 2) is 2, "max 100000" is nullopt.
std::optional<unsigned> quota_processors(const std::string& quota_and_period);

inline constexpr const char* kProcessorVariables[] = {
    "SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "NSLOTS", "PBS_NUM_PPN", "PBS_NP", "NCPUS",
    "LSB_DJOB_NUMPROC",    "OMP_NUM_THREADS"};

}  // namespace attnlab
