#include "core/in_context/layer.h"

namespace attnlab::in_context {
namespace {

/// `score` and `value` of head h at example i.
Layer softmax_heads(const std::string& score, const std::string& value, const Schema& schema,
                    std::vector<LayerSymbol> symbols) {
  Layer layer{
      .formulas = {"f = \\sum_{h} \\sum_{i=1}^{D}\\, \\text{softmax}_i(" + score + ")\\, " + value},
      .symbols = {{"D", "examples in the prompt", "prompt-length"},
                  {"d", "length of an example x", "dim"},
                  {"x_i", "example i"},
                  {"y_i", "its label: θ·x plus noise"},
                  {"q", "the query: the new x whose label is wanted"}},
      .blocks = {{.name = "prompt",
                  .term = "(x_1, y_1) \\dots (x_D, y_D),\\, q",
                  .shape = "(D+1) \\times (d+1)"},
                 {.name = "query", .term = "q", .shape = "d", .row = 1, .last = 0, .from = {0}},
                 {.name = "keys",
                  .term = "x_i",
                  .shape = "D \\times d",
                  .row = 1,
                  .first = 1,
                  .last = 1,
                  .from = {0}},
                 {.name = "values",
                  .term = value,
                  .shape = "\\text{heads} \\times D",
                  .row = 1,
                  .first = 2,
                  .from = {0}},
                 {.name = "scores",
                  .term = score,
                  .shape = "\\text{heads} \\times D",
                  .row = 2,
                  .last = 1,
                  .from = {1, 2}},
                 {.name = "weights",
                  .term = "\\text{softmax over } i",
                  .shape = "\\text{heads} \\times D",
                  .row = 3,
                  .last = 1,
                  .from = {4}},
                 {.name = "prediction",
                  .term = "\\sum_h \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                  .shape = "1",
                  .row = 4,
                  .from = {5, 3}}}};
  layer.symbols.insert(layer.symbols.end(), symbols.begin(), symbols.end());
  tie_to_parameters(layer, schema);
  return layer;
}

}  // namespace

Layer scaled_heads_text(const Schema& schema) {
  return softmax_heads("b_h x_i^\\top q", "a_h y_i", schema,
                       {{"b_h", "scale of head h", "scales"}, {"a_h", "weight of head h"}});
}

Layer trained_heads_text(const Schema& schema) {
  Layer layer = softmax_heads("z_i^\\top W_h q", "v_h^\\top z_i", schema,
                              {{"z_i", "example i with its label: (xᵢ, yᵢ)"},
                               {"W_h", "query-key matrix of head h: trained"},
                               {"v_h", "value vector of head h: trained"}});
  layer.blocks[2].term = "z_i";
  layer.blocks[2].shape = "D \\times (d+1)";
  return layer;
}

}  // namespace attnlab::in_context
