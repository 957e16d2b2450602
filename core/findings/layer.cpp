#include "core/findings/layer.h"

#include <utility>

#include "core/findings/latex.h"

namespace attnlab {
namespace {

// Places of attention_blocks in its result.
constexpr int kTokens = 0, kQuery = 1, kKeys = 2, kValues = 3, kScores = 4, kWeights = 5;

LayerBlock placed(LayerBlock block, std::string name, int row, int first, int last,
                  std::vector<int> from) {
  return {.name = std::move(name),
          .term = std::move(block.term),
          .shape = std::move(block.shape),
          .row = row,
          .first = first,
          .last = last,
          .from = std::move(from)};
}

}  // namespace

std::vector<LayerBlock> attention_blocks(LayerBlock tokens, LayerBlock query, LayerBlock keys,
                                         LayerBlock values, LayerBlock scores, LayerBlock weights) {
  return {std::move(tokens),
          placed(std::move(query), "query", 1, 0, 0, {kTokens}),
          placed(std::move(keys), "keys", 1, 1, 1, {kTokens}),
          placed(std::move(values), "values", 1, 2, 2, {kTokens}),
          placed(std::move(scores), "scores", 2, 0, 1, {kQuery, kKeys}),
          placed(std::move(weights), "weights", 3, 0, 1, {kScores})};
}

void add_below(std::vector<LayerBlock>& blocks, LayerBlock block) {
  const int last = static_cast<int>(blocks.size()) - 1;
  block.row = blocks.back().row + 1;
  block.from = {last};
  if (last == kWeights) block.from.push_back(kValues);
  blocks.push_back(std::move(block));
}

Expected<void> check_layer(const Layer& layer) {
  std::vector<std::string> formulas = layer.formulas;
  for (const LayerSymbol& symbol : layer.symbols) formulas.push_back(symbol.symbol);
  for (std::size_t i = 0; i < layer.blocks.size(); ++i) {
    const LayerBlock& block = layer.blocks[i];
    formulas.push_back(block.term);
    formulas.push_back(block.shape);
    if (block.name.empty()) return Error{"a block of the schematic has no name"};
    if (block.row < 0 || block.row >= kMostLayerRows || block.first < 0 ||
        block.last < block.first || block.last >= kLayerLanes) {
      return Error{"the block " + block.name +
                   " of the schematic is outside of its rows and lanes"};
    }
    for (const int from : block.from) {
      if (from < 0 || static_cast<std::size_t>(from) >= i ||
          layer.blocks[static_cast<std::size_t>(from)].row >= block.row)
        return Error{"the block " + block.name +
                     " of the schematic comes from one that is not above it"};
    }
  }
  for (const std::string& formula : formulas) {
    if (const auto pieces = latex_pieces(formula); !pieces)
      return Error{pieces.error().sentence + ": " + formula};
  }
  return {};
}

}  // namespace attnlab
