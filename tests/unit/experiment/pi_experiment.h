// A small honest experiment for the tests of what all experiments share: Monte Carlo estimates of
// pi.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::test {

/// Parameters `points` (a trial's random points) and `trials`; job i is trial i, in steps of 100
/// points with a partial output after each. Table `pi`: estimate,std_error,trials. The preset
/// `quick` has 3 trials of 250 points.
const Experiment& pi_experiment();

/// A schema with one parameter of every kind (`whole`, `real`, `word`, `word-or-real`, `wholes`,
/// `reals`, `words`), for code that only reads and prints parameters; it cannot run.
const Experiment& every_kind_experiment();

}  // namespace attnlab::test
