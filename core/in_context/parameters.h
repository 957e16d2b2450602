// Parameters that several experiments of the family share, each described once.
#pragma once

#include <string>
#include <vector>

#include "core/attention/one_prompt.h"
#include "core/experiment/schema.h"

namespace attnlab::in_context {

Parameter icl_dim_parameter(double max);
Parameter icl_heads_parameter(std::vector<std::int64_t> values);
Parameter icl_prompt_length_parameter(double max, std::vector<std::int64_t> values);
Parameter icl_noise_parameter();
/// Heads by hand, as pairs of scale and weight.
Parameter icl_given_parameter();
/// The heads of that parameter; none where every weight is 0.
std::vector<IsotropicHead> given_heads(const ParameterSet& parameters);

/// "1 head", "4 heads".
std::string heads_text(std::size_t heads);
/// The colour slot of softmax with `heads` heads: one colour per head count in the whole family.
int heads_colour(std::size_t heads);

}  // namespace attnlab::in_context
