#include "core/extraction/layer.h"

#include <utility>

namespace attnlab::extraction {
namespace {

/// From the tokens to the weights; `weight` and `value` are W and v with their subscript.
Layer softmax_layer(const std::string& weight, const std::string& value,
                    const std::string& per_head) {
  const std::string shape = per_head + "N";
  return {.symbols = {{"N", "tokens in a question"},
                      {"d", "length of a token", "dim"},
                      {"x_i", "token i of the question"},
                      {"q", "the last token, which asks"},
                      {weight, "hidden query-key matrix, d × d"},
                      {value, "hidden value vector"}},
          .blocks = attention_blocks(
              {.name = "question", .term = "x_1 \\dots x_N", .shape = "N \\times d"},
              {.term = "q = x_N", .shape = "d"}, {.term = "x_i", .shape = "N \\times d"},
              {.term = value + "^\\top x_i", .shape = shape},
              {.term = "x_i^\\top " + weight + " q", .shape = shape},
              {.term = "\\text{softmax of the scores}", .shape = shape})};
}

}  // namespace

Layer head_layer_text(const Schema& schema, Behind behind) {
  Layer layer = softmax_layer("W", "v", "");
  const std::string mean = "\\sum_i\\, \\text{softmax}_i(x_i^\\top W q)\\, ";
  const auto below = [&](std::string name, std::string term, std::string shape = "1") {
    add_below(layer.blocks,
              {.name = std::move(name), .term = std::move(term), .shape = std::move(shape)});
  };
  const std::string weighted = "\\sum_i\\, \\text{weight}\\cdot\\text{value}";
  switch (behind) {
    case Behind::kNothing:
      layer.formulas = {"f = " + mean + "v^\\top x_i"};
      below("answer", weighted);
      break;
    case Behind::kNoise:
      layer.formulas = {"f = " + mean + "v^\\top x_i + \\xi", "|\\xi| \\le \\tau"};
      layer.symbols.push_back({"\\xi", "error of one answer"});
      layer.symbols.push_back({"\\tau", "its largest size", "noise"});
      below("output", weighted);
      below("answer", "\\text{output} + \\xi");
      break;
    case Behind::kThreshold:
      layer.formulas = {"f = " + mean + "v^\\top x_i",
                        "\\text{the box says yes where } f \\ge \\theta"};
      layer.symbols.push_back({"\\theta", "threshold: the box only says yes or no", "threshold"});
      below("output", weighted);
      below("answer", "\\text{output} \\ge \\theta", "\\text{yes or no}");
      break;
    case Behind::kNetwork:
      layer.formulas = {"f = g(" + mean + "x_i)",
                        "g(z) = \\sum_{j=1}^{k}\\, o_j \\sigma(a_j^\\top z + c_j) + c_0"};
      layer.symbols.back() = {"z", "the mixed token"};
      layer.symbols.push_back({"k", "hidden neurons", "hidden"});
      layer.symbols.push_back({"a_j", "input weights of neuron j"});
      layer.symbols.push_back({"c_j", "its bias"});
      layer.symbols.push_back({"o_j", "its output weight"});
      layer.symbols.push_back({"\\sigma", "ReLU: the positive part"});
      layer.blocks[3].term = "x_i";
      layer.blocks[3].shape = "N \\times d";
      below("mixed token", "z = \\sum_i\\, \\text{weight}\\cdot x_i", "d");
      below("neurons", "\\sigma(a_j^\\top z + c_j)", "k");
      below("answer", "\\sum_j\\, o_j \\cdot \\text{neuron}_j + c_0");
      break;
  }
  tie_to_parameters(layer, schema);
  return layer;
}

Layer heads_layer_text(const Schema& schema) {
  Layer layer = softmax_layer("W_h", "v_h", "H \\times ");
  layer.formulas = {
      "f = \\sum_{h=1}^{H} \\sum_i\\, \\text{softmax}_i(x_i^\\top W_h q)\\, v_h^\\top x_i"};
  layer.symbols.insert(layer.symbols.begin(), {"H", "heads", "heads"});
  add_below(layer.blocks, {.name = "answer",
                           .term = "\\sum_h \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                           .shape = "1"});
  tie_to_parameters(layer, schema);
  return layer;
}

Layer logits_layer_text(const Schema& schema) {
  Layer layer;
  layer.formulas = {"y = U\\, \\text{norm}(z)",
                    "z = e_N + \\sum_i\\, \\text{softmax}_i(e_i^\\top W e_N)\\, V e_i"};
  layer.symbols = {{"L", "words, and logits in an answer", "logits"},
                   {"d", "hidden size", "dim"},
                   {"N", "words in a prompt"},
                   {"e_i", "hidden embedding of word i of the prompt"},
                   {"W", "hidden query-key matrix, d × d"},
                   {"V", "hidden value matrix, d × d"},
                   {"z", "hidden state: the last word and the mixed values"},
                   {"U", "hidden output matrix, L × d"},
                   {"y", "logits of the next word"}};
  layer.blocks = attention_blocks(
      {.name = "prompt", .term = "e_1 \\dots e_N", .shape = "N \\times d"},
      {.term = "e_N", .shape = "d"}, {.term = "e_i", .shape = "N \\times d"},
      {.term = "V e_i", .shape = "N \\times d"}, {.term = "e_i^\\top W e_N", .shape = "N"},
      {.term = "\\text{softmax of the scores}", .shape = "N"});
  add_below(layer.blocks, {.name = "hidden state",
                           .term = "z = e_N + \\sum_i\\, \\text{weight}\\cdot\\text{value}",
                           .shape = "d"});
  add_below(layer.blocks, {.name = "norm", .term = "\\text{norm}(z)", .shape = "d"});
  add_below(layer.blocks, {.name = "logits", .term = "U\\, \\text{norm}(z)", .shape = "L"});
  tie_to_parameters(layer, schema);
  return layer;
}

}  // namespace attnlab::extraction
