#include "core/findings/layer.h"

#include "core/findings/latex.h"

namespace attnlab {

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
    if (const auto pieces = formula_pieces(formula); !pieces)
      return Error{pieces.error().sentence + ": " + formula};
  }
  return {};
}

}  // namespace attnlab
