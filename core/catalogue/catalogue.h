// The list of all experiments, in the order a newcomer meets them.
#pragma once

#include <span>
#include <string_view>

#include "core/experiment/experiment.h"

namespace attnlab {

/// The source of the list: each program links one definition. core/methods makes it from the
/// experiments' types, with all their code; the page's own module reads it as data
/// (web/app/opening.cpp). Lives for the whole program, addresses are stable.
std::span<const Experiment> catalogue();

/// All experiments; the addresses are those of catalogue().
std::span<const Experiment* const> experiments();

/// Whether every one of them is `whole`. Until then, a name of an experiment, preset or parameter
/// that is not found may still exist.
bool catalogue_is_whole();

/// The experiment of that id, or nullptr.
const Experiment* find_experiment(std::string_view id);

/// The experiment of that id, or a sentence with the ids there are.
Expected<const Experiment*> experiment_named(std::string_view id);

}  // namespace attnlab
