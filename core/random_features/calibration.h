// Settings at which family A's verdicts are calibrated.
#pragma once

#include <vector>

#include "core/experiment/calibration.h"

namespace attnlab::random_features {

/// Small settings, some near the point where a claim is neither true nor false, and the defaults.
std::vector<CalibrationSetting> calibration_settings();

}  // namespace attnlab::random_features
