#include "core/random_features/models.h"

#include <array>

#include "core/experiment/palette.h"

namespace attnlab {
namespace {

constexpr std::array kModels = {
    RandomFeatureModel{"rfa", "RFA", "attention, random query-key matrices with zero mean (ReLU)",
                       kColourRfa, true, ScoreActivation::kRelu, false},
    RandomFeatureModel{"brfa", "BRFA", "attention, random query-key matrices with mean c·I (ReLU)",
                       kColourBrfa, true, ScoreActivation::kRelu, true},
    RandomFeatureModel{"rfmlp", "RFMLP", "two-layer network with random neurons on all tokens",
                       kColourRfmlp, false, ScoreActivation::kRelu, false},
    RandomFeatureModel{"rfa-softmax", "RFA softmax", "RFA with softmax in place of ReLU",
                       kColourSoftmax, true, ScoreActivation::kSoftmax, false},
    RandomFeatureModel{"brfa-softmax", "BRFA softmax", "BRFA with softmax in place of ReLU",
                       kColourBiasedSoftmax, true, ScoreActivation::kSoftmax, true},
    RandomFeatureModel{"rfa-exp", "RFA exp", "RFA with the exponential in place of ReLU",
                       kColourExponential, true, ScoreActivation::kExponential, false},
};

}  // namespace

std::span<const RandomFeatureModel> random_feature_models() {
  return kModels;
}

const RandomFeatureModel* find_random_feature_model(std::string_view id) {
  for (const RandomFeatureModel& model : kModels) {
    if (model.id == id) return &model;
  }
  return nullptr;
}

RandomFeatureLayer make_layer(const RandomFeatureModel& model, const LayerSizes& sizes,
                              std::uint64_t seed, std::uint32_t trial) {
  RandomFeatureLayer layer;
  layer.attention = model.attention;
  layer.activation = model.activation;
  layer.mean_scale = model.biased ? sizes.bias_scale : 0;
  layer.dim = sizes.dim;
  layer.keys = sizes.keys;
  layer.units = sizes.units;
  layer.seed = seed;
  layer.trial = trial;
  return layer;
}

}  // namespace attnlab
