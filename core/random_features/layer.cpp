#include "core/random_features/layer.h"

namespace attnlab::random_features {

Layer random_feature_layer_text(const Schema& schema) {
  Layer layer{
      .formulas = {"f = \\sum_{m=1}^{M}\\, \\frac{1}{N} \\sum_{i=1}^{N}\\, "
                   "\\sigma(z_0^\\top W_m z_i)\\, v_m^\\top z_i"},
      .symbols = {{"M", "heads", "heads"},
                  {"N", "keys", "keys"},
                  {"d", "length of a token", "dim"},
                  {"z_i", "token i with a 1 appended; z₀ is the query"},
                  {"W_m", "query-key matrix of head m: random and frozen"},
                  {"v_m", "value vector of head m: the only part that is trained"},
                  {"\\sigma", "ReLU: the positive part of a score"}},
      .blocks = attention_blocks(
          {.name = "tokens", .term = "z_0,\\, z_1 \\dots z_N", .shape = "(N+1) \\times (d+1)"},
          {.term = "z_0", .shape = "d+1"}, {.term = "z_i", .shape = "N \\times (d+1)"},
          {.term = "v_m^\\top z_i", .shape = "M \\times N"},
          {.term = "z_0^\\top W_m z_i", .shape = "M \\times N"},
          {.term = "\\sigma(\\text{score})/N", .shape = "M \\times N"})};
  add_below(layer.blocks, {.name = "output",
                           .term = "\\sum_m \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                           .shape = "1"});
  tie_to_parameters(layer, schema);
  return layer;
}

Layer trained_feature_layer_text(const Schema& schema) {
  Layer layer = random_feature_layer_text(schema);
  for (LayerSymbol& symbol : layer.symbols) {
    if (symbol.symbol == "W_m") {
      symbol.words = "query-key matrix of head m: random at the start, then trained or frozen";
    }
    if (symbol.symbol == "v_m") symbol.words = "value vector of head m: always trained";
  }
  return layer;
}

}  // namespace attnlab::random_features
