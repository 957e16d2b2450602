// Settings that measure whether verdicts keep their level: there the claims of an experiment are
// judged again and again, and once with far more data.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace attnlab {

/// A setting with a name for people. A family lists its settings in calibration_settings() of its
/// own calibration.h; core/selftest/calibration.cpp collects them.
struct CalibrationSetting {
  using Values = std::vector<std::pair<std::string, std::string>>;  ///< parameter, canonical text

  std::string experiment;  ///< "rf-learning-curve"
  std::string name;        ///< "small, easy target": unique within its experiment
  Values values;           ///< on top of the defaults
  Values more_data;  ///< what changes for 50 times the data: {"trials", "250"}; empty: nothing more
                     ///< to have
};

}  // namespace attnlab
