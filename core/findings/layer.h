// The layer of an experiment as data: its formulas, what the letters stand for, and a schematic of
// the way from the tokens to the output. Formulas are written in a small part of LaTeX
// (core/findings/latex.h).
#pragma once

#include <string>
#include <vector>

#include "core/base/expected.h"

namespace attnlab {

/// What a letter of the formula stands for.
struct LayerSymbol {
  std::string symbol;          ///< "W_m"
  std::string words;           ///< "frozen random query-key matrix of head m"
  std::string parameter = {};  ///< name of the parameter whose value it is, or empty
};

/// A box of the schematic. Rows follow one another downward; a box fills the lanes from `first` to
/// `last` of its row.
struct LayerBlock {
  std::string name = {};       ///< "scores"
  std::string term = {};       ///< formula of its entries, or empty
  std::string shape = {};      ///< formula of its shape: "M \times N"
  int row = 0;                 ///< from 0
  int first = 0, last = 2;     ///< of the lanes 0 to kLayerLanes - 1
  std::vector<int> from = {};  ///< earlier blocks in higher rows that it is computed from
};

inline constexpr int kLayerLanes = 3;

struct Layer {
  std::vector<std::string> formulas = {};  ///< a line each
  std::vector<LayerSymbol> symbols = {};
  std::vector<LayerBlock> blocks = {};
};

/// The boxes that every attention layer has: query, keys and values side by side below the tokens,
/// then scores, then weights, beside the values. Names (apart from the tokens'), places and arrows
/// are given; terms and shapes are the caller's.
std::vector<LayerBlock> attention_blocks(LayerBlock tokens, LayerBlock query, LayerBlock keys,
                                         LayerBlock values, LayerBlock scores, LayerBlock weights);
/// One more box over all lanes, below the others: computed from the last one, and from the values
/// where the weights are the last.
void add_below(std::vector<LayerBlock>& blocks, LayerBlock block);

inline constexpr int kMostLayerRows = 16;

/// Refuses, with a sentence, a formula that cannot be read, a block outside of its rows and lanes,
/// and one that comes from a block that is not above it.
Expected<void> check_layer(const Layer& layer);

}  // namespace attnlab
