// JSON in: the only file of core that uses a JSON library, so that programs that only write JSON
// are linked without it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/experiment/codecs.h"
#include "core/experiment/text.h"

namespace attnlab {
namespace {

using nlohmann::json;

/// Parameters are an object of scalars and lists; whatever is nested deeper is refused unread.
constexpr int kMaxDepth = 8;

bool too_deep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMaxDepth) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

/// The value's own text, for the sentence that refuses it.
std::string shown(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<double> number_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  return value.get<double>();
}

/// Puts a list into the variant's form that fits its entries; nothing for a mixed or nested one.
std::optional<ParameterValue> list_of(const json& list) {
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (const json& item : list) {
    if (const auto number = number_of(item)) {
      numbers.push_back(*number);
    } else if (item.is_string()) {
      texts.push_back(item.get<std::string>());
    } else {
      return std::nullopt;
    }
  }
  if (texts.empty()) return numbers;
  if (numbers.empty()) return texts;
  return std::nullopt;
}

Expected<void> set_from_json(ParameterSet& parameters, const Parameter& parameter,
                             const json& value) {
  const Error refusal{parameter.name + " must be " + allowed_text(parameter) + ", not " +
                      quoted_text(shown(value))};
  if (value.is_string()) return parameters.set_text(parameter.name, value.get<std::string>());
  if (const auto number = number_of(value)) return parameters.set(parameter.name, *number);
  if (!value.is_array()) return refusal;
  const bool scalar =
      parameter.kind == ParameterKind::kInteger || parameter.kind == ParameterKind::kReal ||
      parameter.kind == ParameterKind::kChoice || parameter.kind == ParameterKind::kChoiceOrReal;
  const auto list = list_of(value);
  if (scalar || !list) return refusal;
  return parameters.set(parameter.name, *list);
}

}  // namespace

Expected<ParameterSet> read_parameters_json(const Experiment& experiment, std::string_view text) {
  const Error not_an_object{
      "parameters must be a JSON object such as {\"name\": 16, \"list\": [16, 64]}, not " +
      quoted_text(trimmed(text))};
  if (too_deep(text)) return not_an_object;
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return not_an_object;
  ParameterSet parameters(experiment.schema);
  for (const auto& [name, value] : document.items()) {
    const Parameter* parameter = experiment.schema.find(name);
    if (parameter == nullptr) return unknown_parameter(experiment.schema, name, experiment.id);
    if (auto set = set_from_json(parameters, *parameter, value); !set) return set.error();
  }
  return parameters;
}

}  // namespace attnlab
