// The list of all experiments, in the order a newcomer meets them.
#pragma once

#include <span>
#include <string_view>

#include "core/experiment/experiment.h"

namespace attnlab {

/// All experiments; built once, lives for the whole program, addresses are stable.
std::span<const Experiment* const> experiments();

/// The experiment of that id, or nullptr.
const Experiment* find_experiment(std::string_view id);

/// The experiment of that id, or a sentence with the ids there are.
Expected<const Experiment*> experiment_named(std::string_view id);

}  // namespace attnlab
