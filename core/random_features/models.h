// The models that family A compares, each a frozen random layer with a trained linear read-out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/random_features/fit/dual_source.h"

namespace attnlab::random_features {

struct RandomFeatureModel {
  std::string_view id;     ///< "brfa"
  std::string_view label;  ///< "BRFA"
  std::string_view help;   ///< one line for a newcomer
  int colour;              ///< slot of the program-wide palette
  bool attention = false;  ///< else a network
  bool pooled = false;     ///< a network that reads a key at a time, averaged over the keys
  bool augmented = false;  ///< the training data gets copies with the keys in another order
  ScoreActivation activation = ScoreActivation::kRelu;
  bool biased = false;    ///< query-key matrices have the mean bias_scale * I on token coordinates
  bool infinite = false;  ///< infinitely many units, fitted with their kernel
  std::string_view limit{};  ///< id of the same model with infinitely many units, or empty
};

std::span<const RandomFeatureModel> random_feature_models();
const RandomFeatureModel* find_random_feature_model(std::string_view id);

/// What is equal for all models of one comparison.
enum class Budget {
  kParameters,  ///< the number of trained parameters
  kOperations,  ///< floating-point operations of a prediction, as many as RFA with M heads needs
};

/// Sizes shared by every model of one comparison.
struct LayerSizes {
  std::size_t dim = 0, keys = 0, units = 0;
  double bias_scale = 0;
  Budget budget = Budget::kParameters;
  TokenWorld tokens = {};
};

/// Units of a model of finite width: `sizes.units`, or the number, at least one, whose operations
/// come closest to the operations of sizes.units heads of RFA
/// (docs/derivations-random-features.md).
std::size_t units_of(const RandomFeatureModel& model, const LayerSizes& sizes);

FrozenLayer make_layer(const RandomFeatureModel& model, const LayerSizes& sizes, std::uint64_t seed,
                       std::uint32_t trial);

}  // namespace attnlab::random_features
