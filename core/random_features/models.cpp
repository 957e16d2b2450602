#include "core/random_features/models.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/findings/palette.h"

namespace attnlab::random_features {
namespace {

// A model, its limit and its variants share a colour: another dash and marker tells them apart.
constexpr std::array kModels = {
    RandomFeatureModel{.id = "rfa",
                       .label = "RFA",
                       .help = "attention, random query-key matrices with zero mean (ReLU)",
                       .colour = kColourRfa,
                       .attention = true,
                       .limit = "rfa-kernel"},
    RandomFeatureModel{.id = "brfa",
                       .label = "BRFA",
                       .help = "attention, random query-key matrices with mean c·I (ReLU)",
                       .colour = kColourBrfa,
                       .attention = true,
                       .biased = true,
                       .limit = "brfa-kernel"},
    RandomFeatureModel{
        .id = "rf-invariant",
        .label = "RF-invariant",
        .help = "no attention: random neurons on the query and one key, averaged over the keys",
        .colour = kColourInvariant,
        .pooled = true,
        .limit = "invariant-kernel"},
    RandomFeatureModel{.id = "rfmlp",
                       .label = "RFMLP",
                       .help = "two-layer network with random neurons on all tokens",
                       .colour = kColourRfmlp,
                       .limit = "rfmlp-kernel"},
    RandomFeatureModel{
        .id = "rfmlp-augmented",
        .label = "RFMLP augmented",
        .help = "RFMLP, each training sample several times with its keys in random order",
        .colour = kColourRfmlp,
        .augmented = true},
    RandomFeatureModel{.id = "rfa-softmax",
                       .label = "RFA softmax",
                       .help = "RFA with softmax in place of ReLU",
                       .colour = kColourSoftmax,
                       .attention = true,
                       .activation = ScoreActivation::kSoftmax},
    RandomFeatureModel{.id = "brfa-softmax",
                       .label = "BRFA softmax",
                       .help = "BRFA with softmax in place of ReLU",
                       .colour = kColourBiasedSoftmax,
                       .attention = true,
                       .activation = ScoreActivation::kSoftmax,
                       .biased = true},
    RandomFeatureModel{.id = "rfa-exp",
                       .label = "RFA exp",
                       .help = "RFA with the exponential in place of ReLU",
                       .colour = kColourExponential,
                       .attention = true,
                       .activation = ScoreActivation::kExponential},
    RandomFeatureModel{.id = "brfa-exp",
                       .label = "BRFA exp",
                       .help = "BRFA with the exponential in place of ReLU",
                       .colour = kColourExponential,
                       .attention = true,
                       .activation = ScoreActivation::kExponential,
                       .biased = true},
    RandomFeatureModel{.id = "rfa-kernel",
                       .label = "RFA, M = ∞",
                       .help = "RFA with infinitely many heads: its kernel",
                       .colour = kColourRfa,
                       .attention = true,
                       .infinite = true},
    RandomFeatureModel{.id = "brfa-kernel",
                       .label = "BRFA, M = ∞",
                       .help = "BRFA with infinitely many heads: its kernel",
                       .colour = kColourBrfa,
                       .attention = true,
                       .biased = true,
                       .infinite = true},
    RandomFeatureModel{.id = "invariant-kernel",
                       .label = "RF-invariant, M = ∞",
                       .help = "RF-invariant with infinitely many neurons: its kernel",
                       .colour = kColourInvariant,
                       .pooled = true,
                       .infinite = true},
    RandomFeatureModel{.id = "rfmlp-kernel",
                       .label = "RFMLP, M = ∞",
                       .help = "RFMLP with infinitely many neurons: its kernel",
                       .colour = kColourRfmlp,
                       .infinite = true},
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

std::size_t units_of(const RandomFeatureModel& model, const LayerSizes& sizes) {
  if (sizes.budget == Budget::kParameters) return sizes.units;
  RandomFeatureLayer unit{.dim = sizes.dim, .keys = sizes.keys, .units = 1};
  const double head = prediction_flops(unit);
  unit.attention = model.attention;
  unit.pooled = model.pooled;
  const double units = static_cast<double>(sizes.units) * head / prediction_flops(unit);
  return std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(units)));
}

FrozenLayer make_layer(const RandomFeatureModel& model, const LayerSizes& sizes, std::uint64_t seed,
                       std::uint32_t trial) {
  const double mean_scale = model.biased ? sizes.bias_scale : 0;
  if (model.infinite) {
    return InfiniteLayer{model.attention, mean_scale,   sizes.dim,
                         sizes.keys,      model.pooled, sizes.tokens.unit_length()};
  }
  return RandomFeatureLayer{.attention = model.attention,
                            .pooled = model.pooled,
                            .activation = model.activation,
                            .mean_scale = mean_scale,
                            .dim = sizes.dim,
                            .keys = sizes.keys,
                            .units = units_of(model, sizes),
                            .seed = seed,
                            .trial = trial};
}

}  // namespace attnlab::random_features
