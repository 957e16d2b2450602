// Formulas: refused with a sentence that has a column of the text, or a program whose values are
// finite numbers on every sample. The first byte chooses keys and dimension.
#include "core/formula/formula.h"

#include <cmath>

#include "core/base/text.h"
#include "core/random_features/formula_program.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;
using namespace attnlab::random_features;

namespace {

constexpr std::string_view kPieces[] = {
    "x",    "q",    "b1",    "b2",   "b3",   "S*",    "i",    "N",     "dot(",  "norm(",
    "cos(", "sin(", "tanh(", "exp(", "log(", "sqrt(", "abs(", "relu(", "sign(", "mean(",
    "sum(", "max(", "min(",  "avg(", ",",    ";",     ")",    "(",     "+",     "-",
    "*",    "/",    "^",     "==",   "0",    "1",     "2.5",  "1e9",   " "};

/// Bytes below 128 are themselves, others are pieces of the language, so that many texts are
/// formulas.
std::string text_of(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 128) {
      text += c;
    } else {
      text += kPieces[(byte - 128U) % std::size(kPieces)];
    }
  }
  return text;
}

void must_be_a_sentence(const std::string& sentence, std::size_t length) {
  ATTNLAB_MUST(valid_utf8(sentence) == sentence);
  const std::size_t at = sentence.rfind(" (column ");
  ATTNLAB_MUST(at != std::string::npos && sentence.ends_with(")"));
  const auto column = read_integer(sentence.substr(at + 9, sentence.size() - at - 10));
  ATTNLAB_MUST(column && *column >= 1 && *column <= static_cast<std::int64_t>(length + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Pieces pieces(data, size);
  const std::uint8_t sizes = pieces.byte();
  const std::size_t keys = 1 + sizes % 3, dim = 1 + sizes / 3 % 3;
  const std::string text = text_of(pieces.rest());
  const Expected<Formula> read = parse_formula(text);
  if (!read) {
    must_be_a_sentence(read.error().sentence, text.size());
    return 0;
  }
  ATTNLAB_MUST(read->text.size() <= kMostFormulaLetters);
  const Expected<Formula> again = parse_formula(read->text);
  ATTNLAB_MUST(again && again->text == read->text && again->nodes.size() == read->nodes.size());
  const TokenBatch batch = draw_sphere_tokens(1, 1, 0, 2, keys, dim);
  const FormulaProgram program(*read, keys, dim);
  const FormulaValues found = program.values(draw_target(1, 0, dim), batch);
  ATTNLAB_MUST(found.values.size() == 2 && found.faults.total() <= 2);
  for (const double value : found.values) ATTNLAB_MUST(std::isfinite(value));
  ATTNLAB_MUST(std::isfinite(program.operations()) && program.operations() >= 0);
  return 0;
}
