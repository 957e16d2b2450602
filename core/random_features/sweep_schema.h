// The parameters that every experiment of family A shares, described once.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "core/experiment/experiment.h"

namespace attnlab::random_features {

/// What an experiment varies on its horizontal axis.
enum class SweptQuantity {
  kSamples,
  kHeads,
  kBias,
  kKeys,
  kSizes,  ///< keys and dimension
};

/// All parameters. The swept quantity is a list, the other layer sizes are numbers; `samples` is a
/// list for experiments that need learning curves (kSamples, kKeys, kSizes), else a number.
/// `defaults` replace default values, by name.
Schema sweep_schema(SweptQuantity swept,
                    std::vector<std::pair<std::string_view, ParameterValue>> defaults = {});

/// The parameters that a draft of any experiment with such a schema lowers.
std::vector<Reduction> sweep_reductions(const Schema& schema);

}  // namespace attnlab::random_features
