// The part of `attnlab selftest` that measures how often verdicts are wrong (docs/calibration.md).
#pragma once

#include <vector>

#include "native/command_line.h"

namespace attnlab {

std::vector<Flag> calibration_flags();

/// Runs the calibration of --claims and prints a row for each claim and setting; returns the exit
/// code.
int calibrate_claims(const Given& given);

}  // namespace attnlab
