// Settings at which family C's verdicts are calibrated.
#pragma once

#include <vector>

#include "core/experiment/calibration.h"

namespace attnlab::in_context {

/// Two small ones for each claim, some near the point where it is neither true nor false, and the
/// defaults.
std::vector<CalibrationSetting> calibration_settings();

}  // namespace attnlab::in_context
