// Figures of the risk studies.
#pragma once

#include <vector>

#include "core/in_context/risk_study.h"

namespace attnlab::in_context {

/// Risk, D x risk and the ratio against the prompt length.
std::vector<Figure> prompt_length_figures(const RiskStudy& study,
                                          const std::vector<MeasuredCell>& cells);

/// Risk against the setting's value, and the ratio one head / many.
std::vector<Figure> scenario_figures(const RiskStudy& study,
                                     const std::vector<MeasuredCell>& cells);

}  // namespace attnlab::in_context
