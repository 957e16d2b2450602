// Do verdicts keep their level? Every setting is judged with many seeds and once with 50 times the
// data; a verdict that the large run reverses was wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/expected.h"
#include "core/experiment/calibration.h"
#include "core/experiment/experiment.h"
#include "core/findings/result.h"

namespace attnlab {

/// All families' settings.
std::vector<CalibrationSetting> calibration_settings();

/// A claim's verdict in one run of a setting.
struct CalibratedVerdict {
  std::string claim;  ///< "A5"; "A5 (2)" for the second of its id
  ClaimStatus status = ClaimStatus::kUndecided;
};

/// A setting's run: with or without its additional data. An error for values that the experiment
/// refuses.
Expected<RunSpec> calibration_spec(const CalibrationSetting& setting, bool more_data,
                                   std::uint64_t seed);

/// Ids of the claims that a setting judges, without computing.
Expected<std::vector<std::string>> calibrated_claims(const CalibrationSetting& setting);

/// Runs all its jobs on the calling thread; no verdicts once `stop` returns true.
Expected<std::vector<CalibratedVerdict>> calibration_run(const RunSpec& spec, bool (*stop)());

/// The seed of the run with more data; no other run has it.
inline constexpr std::uint64_t kMoreDataSeed = 1'000'000'000;

/// The verdicts on one claim at one setting.
struct CalibrationCount {
  std::string experiment, setting, claim;
  std::string link, more_data_link;  ///< all parameters of the runs, without the seed
  int holds = 0, fails = 0, undecided = 0, no_counterexample = 0;  ///< runs with this verdict
  bool more_data_known = false;
  ClaimStatus more_data = ClaimStatus::kUndecided;

  int runs() const { return holds + fails + undecided + no_counterexample; }
  void add(ClaimStatus status);
  /// Whether the run with more data has a verdict that these runs can be compared with.
  bool comparable() const;
  /// Runs whose verdict the run with more data contradicts: holds against fails. "No
  /// counterexample" does not say that there is none, it bounds the share of counterexamples (at a
  /// level of 5 %). Where the large run finds one, the bound was wrong if and only if fewer than
  /// 5 % of the runs find none.
  int contradicted() const;
};

/// Columns experiment, setting, claim, seeds, holds, fails, decided (the power), more_data,
/// contradicted with its exact 95 % interval. Shares in percent. For scripts also the links.
Table calibration_table(const std::vector<CalibrationCount>& counts, bool with_links);

}  // namespace attnlab
