// Settings at which family B's verdicts are calibrated.
#pragma once

#include <vector>

#include "core/experiment/calibration.h"

namespace attnlab::extraction {

/// Two small settings and the defaults of every experiment that has trials. Of the other two,
/// extract-twins draws nothing at random, and extract-black-box judges a single box.
std::vector<CalibrationSetting> calibration_settings();

}  // namespace attnlab::extraction
