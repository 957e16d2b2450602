// How many processors this process may use, so that a batch system's or a container's share is kept
// without a flag.
#pragma once

#include <optional>
#include <string>

namespace attnlab {

struct Processors {
  unsigned count = 1;  ///< at least 1
  unsigned machine = 1;
  std::string reason = {};  ///< what allows no more than `count`; empty: the machine has no more

  void limit(std::optional<unsigned> to, const std::string& why);
};

/// What the system gives: the smallest of the machine's processors, the affinity mask (taskset),
/// and the processor time of the control group and the groups above it, rounded up. What cannot be
/// read limits nothing. Control groups are read below the folder `root`, "" for the machine's own.
Processors usable_processors(const std::string& root = "");

/// What to use unless a flag says otherwise: the above, and no more than the variables of batch
/// systems and OpenMP say (kProcessorVariables).
Processors default_processors(const std::string& root = "");

/// "2 of 8 processors, by the control group's quota", "8 processors".
std::string processors_text(const Processors& processors);

/// Processors that a quota of processor time is worth; nullopt for none: "150000 100000" (cpu.max,
/// version 2) is 2, "max 100000" is none.
std::optional<unsigned> quota_processors(const std::string& quota_and_period);

inline constexpr const char* kProcessorVariables[] = {"SLURM_CPUS_PER_TASK", "NSLOTS",
                                                      "PBS_NUM_PPN", "OMP_NUM_THREADS"};

}  // namespace attnlab
