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

namespace {

std::optional<double> read_number(const nlohmann::json& number) {
  if (!number.is_number()) return std::nullopt;
  const double value = number.get<double>();
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

}  // namespace

std::optional<std::vector<double>> read_answer(std::string_view line, std::size_t width) {
  const nlohmann::json answer = nlohmann::json::parse(line, nullptr, false);
  if (!answer.is_object()) return std::nullopt;
  const auto found = answer.find("y");
  if (found == answer.end()) return std::nullopt;
  std::vector<double> values;
  if (width == 1) {
    const std::optional<double> value = read_number(*found);
    if (!value) return std::nullopt;
    values.push_back(*value);
    return values;
  }
  if (!found->is_array() || found->size() != width) return std::nullopt;
  for (const nlohmann::json& number : *found) {
    const std::optional<double> value = read_number(number);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::string answer_json(std::span<const double> answer) {
  if (answer.size() == 1) return exact_text(answer.front());
  std::string text;
  for (const double value : answer) text += (text.empty() ? "[" : ",") + exact_text(value);
  return text + "]";
}

}  // namespace attnlab
