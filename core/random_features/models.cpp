#include "core/random_features/models.h"

#include <array>

#include "core/findings/palette.h"

namespace attnlab::random_features {
namespace {

constexpr ScoreActivation kRelu = ScoreActivation::kRelu;
constexpr ScoreActivation kSoftmax = ScoreActivation::kSoftmax;
constexpr ScoreActivation kExponential = ScoreActivation::kExponential;

// Colour, attention, activation, biased, infinite, limit. A model and its limit share a colour, and
// so do the two exponential ones.
constexpr std::array kModels = {
    RandomFeatureModel{"rfa", "RFA", "attention, random query-key matrices with zero mean (ReLU)",
                       kColourRfa, true, kRelu, false, false, "rfa-kernel"},
    RandomFeatureModel{"brfa", "BRFA", "attention, random query-key matrices with mean c·I (ReLU)",
                       kColourBrfa, true, kRelu, true, false, "brfa-kernel"},
    RandomFeatureModel{"rfmlp", "RFMLP", "two-layer network with random neurons on all tokens",
                       kColourRfmlp, false, kRelu, false, false, "rfmlp-kernel"},
    RandomFeatureModel{"rfa-softmax", "RFA softmax", "RFA with softmax in place of ReLU",
                       kColourSoftmax, true, kSoftmax, false, false, ""},
    RandomFeatureModel{"brfa-softmax", "BRFA softmax", "BRFA with softmax in place of ReLU",
                       kColourBiasedSoftmax, true, kSoftmax, true, false, ""},
    RandomFeatureModel{"rfa-exp", "RFA exp", "RFA with the exponential in place of ReLU",
                       kColourExponential, true, kExponential, false, false, ""},
    RandomFeatureModel{"brfa-exp", "BRFA exp", "BRFA with the exponential in place of ReLU",
                       kColourExponential, true, kExponential, true, false, ""},
    RandomFeatureModel{"rfa-kernel", "RFA, M = ∞", "RFA with infinitely many heads: its kernel",
                       kColourRfa, true, kRelu, false, true, ""},
    RandomFeatureModel{"brfa-kernel", "BRFA, M = ∞", "BRFA with infinitely many heads: its kernel",
                       kColourBrfa, true, kRelu, true, true, ""},
    RandomFeatureModel{"rfmlp-kernel", "RFMLP, M = ∞",
                       "RFMLP with infinitely many neurons: its kernel", kColourRfmlp, false, kRelu,
                       false, true, ""},
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

FrozenLayer make_layer(const RandomFeatureModel& model, const LayerSizes& sizes, std::uint64_t seed,
                       std::uint32_t trial) {
  const double mean_scale = model.biased ? sizes.bias_scale : 0;
  if (model.infinite) return InfiniteLayer{model.attention, mean_scale, sizes.dim, sizes.keys};
  RandomFeatureLayer layer;
  layer.attention = model.attention;
  layer.activation = model.activation;
  layer.mean_scale = mean_scale;
  layer.dim = sizes.dim;
  layer.keys = sizes.keys;
  layer.units = sizes.units;
  layer.seed = seed;
  layer.trial = trial;
  return layer;
}

}  // namespace attnlab::random_features
