// Verdicts of icl-depth.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/findings/result.h"
#include "core/in_context/depth_study.h"

namespace attnlab::in_context {

/// C7 (layers against steps of descent) and C12 (more layers against fewer).
std::vector<Claim> depth_claims(const DepthStudy& study, std::span<const DepthOutcome> outcomes);

/// Caveats about the measured risks.
std::vector<std::string> depth_notes(const DepthStudy& study,
                                     std::span<const DepthOutcome> outcomes);

/// "d = 5, D = 20, 6000 steps of 64 prompts".
std::string depth_sizes_text(const DepthStudy& study);

}  // namespace attnlab::in_context
