#include "native/oracle_lines.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/base/text.h"

namespace attnlab {

std::string tokens_json(const extraction::QueryBatch& batch, std::size_t i) {
  std::string text = "[";
  for (const std::uint32_t token : batch[i]) {
    text += text.size() > 1 ? ",[" : "[";
    const auto values = batch.token_values(token);
    for (std::size_t k = 0; k < values.size(); ++k) {
      if (k > 0) text += ',';
      text += exact_text(values[k]);
    }
    text += ']';
  }
  return text + "]";
}

std::optional<double> read_answer(std::string_view line) {
  const nlohmann::json answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object()) return std::nullopt;
  const auto found = answer.find("y");
  if (found == answer.end() || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

}  // namespace attnlab
