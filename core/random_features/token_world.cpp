#include "core/random_features/token_world.h"

#include <algorithm>
#include <array>

#include "core/base/text.h"
#include "core/experiment/parameters.h"
#include "core/formula/formula.h"

namespace attnlab::random_features {
namespace {

/// A law as readers see it.
struct LawText {
  TokenLaw law;
  const char *name, *label, *help;
  const char* in_notes;
};

constexpr std::array kLaws = {
    LawText{TokenLaw::kSphere, "sphere", "on the unit sphere",
            "independent, uniform on the unit sphere, as in the paper as we know it", ""},
    LawText{TokenLaw::kGaussian, "gaussian", "Gaussian",
            "independent, N(0, I/d): their lengths differ, less so for large d",
            "Tokens are Gaussian, N(0, I/d)"},
    LawText{TokenLaw::kUnequal, "unequal", "of unequal lengths",
            "independent, uniform directions, lengths uniform on (0, √3)",
            "Tokens have uniform directions and lengths uniform on (0, √3)"},
    LawText{TokenLaw::kCorrelated, "correlated", "correlated keys",
            "Gaussian; the keys of a sample share a component, so that E⟨xᵢ,xⱼ⟩ = ρ",
            "Tokens are Gaussian, and the keys of a sample share a component"},
    LawText{TokenLaw::kClustered, "clustered", "in clusters",
            "√0.75 · a centre + N(0, 0.25 I/d); each token chooses one of a few centres, which are "
            "fixed in a trial",
            "Tokens, the query too, lie around a few centres, which are fixed in a trial"},
};

const LawText& text_of(TokenLaw law) {
  return *std::find_if(kLaws.begin(), kLaws.end(),
                       [&](const LawText& text) { return text.law == law; });
}

bool reads_place(const TargetCase& item) {
  return !item.own.empty() && parse_formula(item.own)->reads_place;
}

Parameter law_parameter() {
  Parameter parameter;
  parameter.name = "tokens";
  parameter.label = "Tokens";
  parameter.symbol = "x";
  parameter.help = "the law of the tokens; E|x|² = 1 for each";
  parameter.kind = ParameterKind::kChoice;
  for (const LawText& law : kLaws) parameter.choices.push_back({law.name, law.label, law.help});
  parameter.default_value = parameter.choices.front().name;
  return parameter;
}

}  // namespace

std::vector<Parameter> token_parameters() {
  Parameter positions;
  positions.name = "positions";
  positions.label = "Positions";
  positions.symbol = "p";
  positions.help = "whether layers see where a key is";
  positions.kind = ParameterKind::kChoice;
  positions.choices = {
      {"off", "off", "layers see the keys xᵢ"},
      {"on", "added to the keys",
       "layers see (xᵢ + pᵢ)/√2, pᵢ uniform on the sphere and fixed in a trial; targets read xᵢ"}};
  positions.default_value = positions.choices.front().name;
  return {law_parameter(),
          described({.name = "key-correlation",
                     .label = "Correlation of keys",
                     .symbol = "ρ",
                     .help = "E⟨xᵢ,xⱼ⟩ of two keys of a sample: the strength of what they share",
                     .max = 0.99,
                     .default_value = 0.5,
                     .suggested = {0, 0.2, 0.5, 0.8},
                     .applies = {{"tokens", {"correlated"}}}}),
          described({.name = "centres",
                     .label = "Centres",
                     .symbol = "C",
                     .help = "centres of clustered tokens",
                     .min = 1,
                     .max = 64,
                     .default_value = std::int64_t{4},
                     .suggested = {2, 4, 8, 16},
                     .logarithmic = true,
                     .applies = {{"tokens", {"clustered"}}}}),
          positions};
}

TokenWorld read_token_world(const ParameterSet& parameters) {
  TokenWorld world;
  if (parameters.schema().find("tokens") == nullptr) return world;
  const std::string& name = parameters.choice("tokens");
  world.law = std::find_if(kLaws.begin(), kLaws.end(), [&](const LawText& law) {
                return name == law.name;
              })->law;
  if (world.law == TokenLaw::kCorrelated) world.correlation = parameters.real("key-correlation");
  if (world.law == TokenLaw::kClustered) {
    world.centres = static_cast<std::size_t>(parameters.integer("centres"));
  }
  world.positions = parameters.choice("positions") == "on";
  return world;
}

std::string tokens_text(const TokenWorld& world) {
  std::string text;
  switch (world.law) {
    case TokenLaw::kSphere:
      break;
    case TokenLaw::kGaussian:
      text = "Gaussian tokens";
      break;
    case TokenLaw::kUnequal:
      text = "tokens of unequal lengths";
      break;
    case TokenLaw::kCorrelated:
      text = "Gaussian tokens, keys of correlation " + short_text(world.correlation);
      break;
    case TokenLaw::kClustered:
      text = "tokens around " + counted(world.centres, "centre");
      break;
  }
  if (!world.positions) return text;
  return text + (text.empty() ? "" : ", ") + "positions added to the keys";
}

std::vector<std::string> token_notes(const TokenWorld& world, std::span<const TargetCase> cases) {
  std::vector<std::string> notes;
  if (world.law != TokenLaw::kSphere) {
    notes.push_back(
        std::string(text_of(world.law).in_notes) +
        ". The paper, as we know it, has the unit sphere: its claims are tested outside "
        "their setting here, and its bounds and norms are left out.");
  }
  if (!world.positions) return notes;
  std::string note =
      "Layers see (xᵢ + pᵢ)/√2 with a fixed vector pᵢ for each place: RFA, BRFA and RF-invariant "
      "depend on the order of the keys now. RFMLP gains nothing: every place has its own weights "
      "there anyway.";
  const auto with_place = std::count_if(cases.begin(), cases.end(), reads_place);
  if (with_place == 0) {
    note +=
        " No target here reads a place, so positions can only disturb: half of what layers see "
        "of a key is its position.";
  }
  notes.push_back(std::move(note));
  return notes;
}

std::string token_refusal(const TokenWorld& world, std::size_t dim) {
  if (!world.positions || dim > 1) return {};
  return "positions must be off at dim 1, not on: on the unit sphere of one dimension there are "
         "only two positions";
}

}  // namespace attnlab::random_features
