// The tokens of a run: their parameters, and what readers have to know where they are not the
// paper's.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/attention/tokens.h"
#include "core/experiment/schema.h"
#include "core/random_features/error_curves.h"

namespace attnlab::random_features {

/// The parameters `tokens`, `key-correlation`, `centres` and `positions`.
std::vector<Parameter> token_parameters();

/// Reads them. A schema without them has tokens on the sphere.
TokenWorld read_token_world(const ParameterSet& parameters);

/// "Gaussian tokens, positions added to the keys"; empty on the sphere without positions, as in the
/// paper as we know it.
std::string tokens_text(const TokenWorld& world);

/// Notes on results: the law, what is left out because of it, what positions change. Empty where
/// tokens_text is.
std::vector<std::string> token_notes(const TokenWorld& world, std::span<const TargetCase> cases);

/// Why such tokens cannot be had at this dimension; empty when they can.
std::string token_refusal(const TokenWorld& world, std::size_t dim);

}  // namespace attnlab::random_features
