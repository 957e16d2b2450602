#include "core/in_context/layer.h"

#include <utility>

namespace attnlab::in_context {
namespace {

/// `score` and `value` of head h at example i, whose key is `keys`.
Layer softmax_heads(LayerBlock keys, const std::string& score, const std::string& value,
                    const Schema& schema, const std::vector<LayerSymbol>& symbols) {
  const std::string per_head = "\\text{heads} \\times D";
  Layer layer{
      .formulas = {"f = \\sum_{h} \\sum_{i=1}^{D}\\, \\text{softmax}_i(" + score + ")\\, " + value},
      .symbols = {{"D", "examples in the prompt", "prompt-length"},
                  {"d", "length of an example x", "dim"},
                  {"x_i", "example i"},
                  {"y_i", "its label: θ·x plus noise"},
                  {"q", "the query: the new x whose label is wanted"}},
      .blocks =
          attention_blocks({.name = "prompt",
                            .term = "(x_1, y_1) \\dots (x_D, y_D),\\, q",
                            .shape = "(D+1) \\times (d+1)"},
                           {.term = "q", .shape = "d"}, std::move(keys),
                           {.term = value, .shape = per_head}, {.term = score, .shape = per_head},
                           {.term = "\\text{softmax over } i", .shape = per_head})};
  add_below(layer.blocks, {.name = "prediction",
                           .term = "\\sum_h \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                           .shape = "1"});
  layer.symbols.insert(layer.symbols.end(), symbols.begin(), symbols.end());
  tie_to_parameters(layer, schema);
  return layer;
}

}  // namespace

Layer scaled_heads_text(const Schema& schema) {
  return softmax_heads({.term = "x_i", .shape = "D \\times d"}, "b_h x_i^\\top q", "a_h y_i",
                       schema, {{"b_h", "scale of head h", "scales"}, {"a_h", "weight of head h"}});
}

Layer trained_heads_text(const Schema& schema) {
  return softmax_heads({.term = "z_i", .shape = "D \\times (d+1)"}, "z_i^\\top W_h q",
                       "v_h^\\top z_i", schema,
                       {{"z_i", "example i with its label: (xᵢ, yᵢ)"},
                        {"W_h", "query-key matrix of head h: trained"},
                        {"v_h", "value vector of head h: trained"}});
}

Layer linear_heads_text(const Schema& schema) {
  const std::string per_head = "H \\times D", score = "(x_i^\\top k_h)(q_h^\\top x)";
  Layer layer{
      .formulas = {"f = \\sum_{h=1}^{H} v_h \\frac{1}{D} \\sum_{i=1}^{D}\\, " + score + "\\, y_i",
                   "L_m = T - \\sum_{i=1}^{m} \\lambda_i / (1 + (1 + T / \\lambda_i) / D)"},
      .symbols = {{"H", "heads", "heads"},
                  {"D", "examples in the prompt", "prompt-length"},
                  {"d", "length of an example x"},
                  {"x_i", "example i, Gaussian with the covariance Σ"},
                  {"y_i", "its label: w·x, with w new in every prompt"},
                  {"x", "the query: the new x whose label is wanted"},
                  {"k_h", "key vector of head h: trained"},
                  {"q_h", "query vector of head h: trained"},
                  {"v_h", "value of head h, a number: trained"},
                  {"U_h", "matrix in place of k_h q_hᵀ where key and query are merged: trained"},
                  {"\\lambda_i", "eigenvalues of Σ, the largest first", "eigenvalues"},
                  {"T", "sum of the eigenvalues"},
                  {"L_m", "risk with m eigen-directions learned"}},
      .blocks = attention_blocks(
          {.name = "prompt",
           .term = "(x_1, y_1) \\dots (x_D, y_D),\\, x",
           .shape = "(D+1) \\times (d+1)"},
          {.term = "q_h^\\top x", .shape = "H"}, {.term = "x_i^\\top k_h", .shape = per_head},
          {.term = "v_h y_i", .shape = per_head}, {.term = score, .shape = per_head},
          {.term = "\\text{score} / D", .shape = per_head})};
  add_below(layer.blocks, {.name = "prediction",
                           .term = "\\sum_h \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                           .shape = "1"});
  tie_to_parameters(layer, schema);
  return layer;
}

Layer deep_layers_text(const Schema& schema) {
  const std::string score = "x_i^\\top A_l x_j";
  Layer layer{
      .formulas = {"x_j^{l+1} = x_j + B_l \\frac{1}{D} \\sum_{i=1}^{D} x_i (" + score + ")",
                   "y_j^{l+1} = y_j + r_l \\frac{1}{D} \\sum_{i=1}^{D} y_i (" + score + ")"},
      .symbols = {{"D", "examples in the prompt", "prompt-length"},
                  {"d", "length of an example x", "dim"},
                  {"x_j", "example j, or the query: changed by each layer"},
                  {"y_j", "its label, 0 for the query: minus the query's is the prediction"},
                  {"A_l", "score block of layer l: trained"},
                  {"B_l", "value block of layer l: trained"},
                  {"r_l", "read-out entry of layer l: trained"}},
      .blocks = attention_blocks({.name = "tokens of layer l",
                                  .term = "(x_1, y_1) \\dots (x_D, y_D),\\, (x, y)",
                                  .shape = "(D+1) \\times (d+1)"},
                                 {.term = "x_j", .shape = "(D+1) \\times d"},
                                 {.term = "A_l^\\top x_i", .shape = "D \\times d"},
                                 {.term = "(B_l x_i, r_l y_i)", .shape = "D \\times (d+1)"},
                                 {.term = score, .shape = "(D+1) \\times D"},
                                 {.term = "\\text{score} / D", .shape = "(D+1) \\times D"})};
  add_below(layer.blocks, {.name = "tokens of the next layer",
                           .term = "\\text{token} + \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                           .shape = "(D+1) \\times (d+1)"});
  tie_to_parameters(layer, schema);
  return layer;
}

}  // namespace attnlab::in_context
