#include "core/picture/schematic.h"

#include <algorithm>
#include <regex>
#include <set>

#include <doctest/doctest.h>
#include "core/catalogue/catalogue.h"
#include "core/findings/latex.h"
#include "core/picture/svg_parts.h"

namespace attnlab {
namespace {

float widest(std::string_view latex) {
  float width = 0;
  const auto pieces = latex_pieces(latex);
  REQUIRE(pieces);
  for (const LatexPiece& piece : *pieces) {
    const bool line = piece.place == LatexPlace::kLine;
    width += svg_text_width(piece.text, kSchematicText * (line ? 1 : kLatexScript));
  }
  return width;
}

std::string plain(std::string_view symbol) {
  const auto letters = latex_letters(symbol);
  return letters.empty() ? std::string() : letters.front();
}

TEST_CASE("every experiment shows its layer: formulas, letters, schematic") {
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    const Layer& layer = experiment->layer;
    REQUIRE(check_layer(layer));
    CHECK_FALSE(layer.formulas.empty());
    CHECK(layer.blocks.size() >= 5);

    // Indices and the function itself need no words.
    std::set<std::string> known = {"i", "j", "m", "h", "f", "g"};
    for (const LayerSymbol& symbol : layer.symbols) {
      CHECK_FALSE(symbol.words.empty());
      CHECK(known.insert(plain(symbol.symbol)).second);
      const Parameter* parameter = experiment->schema.find(symbol.parameter);
      if (parameter != nullptr && !parameter->symbol.empty())
        CHECK(parameter->symbol == plain(symbol.symbol).substr(0, parameter->symbol.size()));
    }
    std::vector<std::string> formulas = layer.formulas;
    for (const LayerBlock& block : layer.blocks)
      formulas.insert(formulas.end(), {block.term, block.shape});
    for (const std::string& formula : formulas) {
      for (const std::string& letter : latex_letters(formula)) {
        const std::string base = letter.substr(0, letter.find('_'));
        const auto same_base = [&](const std::string& one) {
          return one.substr(0, one.find('_')) == base;
        };
        CAPTURE(formula);
        CAPTURE(letter);
        CHECK(std::any_of(known.begin(), known.end(), same_base));
      }
    }
  }
}

TEST_CASE("prose has no raw subscripts such as x_q") {
  const std::regex raw("(^|[^A-Za-z])[A-Za-z]_[A-Za-z]([^A-Za-z_]|$)");
  for (const Experiment* experiment : experiments()) {
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    std::vector<std::string> texts = {experiment->question, experiment->summary};
    for (const Parameter& parameter : experiment->schema.parameters) {
      texts.insert(texts.end(), {parameter.label, parameter.symbol, parameter.help});
      for (const Choice& choice : parameter.choices) texts.push_back(choice.help);
    }
    for (const Preset& preset : experiment->presets) texts.push_back(preset.text);
    const Findings found = experiment->find(spec, {});
    for (const Table& table : found.result.tables) texts.push_back(table.caption);
    for (const Claim& claim : found.result.claims) texts.push_back(claim.statement);
    for (const Figure& figure : found.figures)
      texts.insert(texts.end(), {figure.title, figure.subtitle});
    for (const std::string& text : texts) {
      CAPTURE(text);
      CHECK_FALSE(std::regex_search(text, raw));
    }
  }
}

TEST_CASE("in a schematic nothing overlaps, texts fit, and arrows point down") {
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    const Layer& layer = experiment->layer;
    const Schematic schematic = schematic_layout(layer, 340);
    REQUIRE(schematic.boxes.size() == layer.blocks.size());
    for (std::size_t i = 0; i < schematic.boxes.size(); ++i) {
      const Box& a = schematic.boxes[i];
      CHECK(a.x0 >= 0);
      CHECK(a.x1 <= 340);
      CHECK(a.y1 <= schematic.height);
      for (const std::string& formula : {layer.blocks[i].term, layer.blocks[i].shape}) {
        CAPTURE(formula);
        CHECK(widest(formula) < a.width() - 4);
      }
      for (std::size_t j = 0; j < i; ++j) {
        const Box& b = schematic.boxes[j];
        CHECK((a.x1 < b.x0 || b.x1 < a.x0 || a.y1 < b.y0 || b.y1 < a.y0));
      }
    }
    CHECK_FALSE(schematic.arrows.empty());
    for (const SchematicArrow& arrow : schematic.arrows) {
      CHECK(arrow.from < arrow.to);
      for (const Box& box : schematic.boxes) {
        const bool through =
            box.x0 < arrow.x && arrow.x < box.x1 && box.y0 >= arrow.from && box.y1 <= arrow.to;
        CHECK_FALSE(through);
      }
    }
  }
}

TEST_CASE("a layer that contradicts itself is refused") {
  Layer layer{.formulas = {"f"}, .blocks = {{.name = "a"}, {.name = "b", .row = 1, .from = {0}}}};
  CHECK(check_layer(layer));
  layer.blocks[1].from = {1};
  CHECK_FALSE(check_layer(layer));
  layer.blocks[1].from = {0};
  layer.blocks[1].row = kMostLayerRows;
  CHECK_FALSE(check_layer(layer));
  layer.blocks[1].row = 1;
  layer.formulas = {"\\wrong"};
  CHECK_FALSE(check_layer(layer));
}

TEST_CASE("the document of a schematic names its blocks and their letters") {
  const Layer& layer = find_experiment("rf-learning-curve")->layer;
  const std::string svg = schematic_svg(layer);
  CHECK(svg.find("data-letters=\"z_0 W_m z_i M N\"") != std::string::npos);
  CHECK(svg.find("aria-label=\"From the tokens to the output: tokens, query,") !=
        std::string::npos);
  CHECK(svg.find("style") == std::string::npos);
}

}  // namespace
}  // namespace attnlab
