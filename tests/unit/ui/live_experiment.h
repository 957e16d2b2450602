// A live experiment for tests of the front end: two points of the plane and the distance to them.
#pragma once

#include "core/experiment/experiment.h"

namespace attnlab::test {

const Experiment& live_experiment();

}  // namespace attnlab::test
