// The seed, described like a parameter: front ends label, check and clamp it by this description.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/experiment/schema.h"

namespace attnlab {

/// A schema of one parameter, "seed".
const Schema& seed_schema();
const Parameter& seed_parameter();

/// Sets the seed as ParameterSet::set_text_clamped sets a parameter; returns the sentence that says
/// what was done, empty when the text was taken as it is.
std::string set_seed_clamped(std::uint64_t& seed, std::string_view text);

}  // namespace attnlab
