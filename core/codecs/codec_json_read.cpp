// JSON in. With core/lessons/lesson_read.cpp the only file of core that uses a JSON library, so
// that programs that only write JSON are linked without it.
#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/codecs/codecs.h"

namespace attnlab {
namespace {

using nlohmann::json;

/// Parameters are an object of scalars and lists; a document nested deeper is refused unread.
constexpr int kMaxDepth = 8;

/// The value's own text, for the sentence that refuses it.
std::string shown(const json& value) {
  const std::string in_quotes = quoted_text(value.dump());
  return in_quotes.substr(1, in_quotes.size() - 2);
}

/// A list's entries as texts, which the schema reads as it reads a flag's; nullopt for nested
/// lists.
std::optional<std::vector<std::string>> entries_of(const json& list) {
  std::vector<std::string> entries;
  for (const json& item : list) {
    if (!item.is_number() && !item.is_string()) return std::nullopt;
    entries.push_back(item.is_string() ? item.get<std::string>() : exact_text(item.get<double>()));
  }
  return entries;
}

Expected<void> set_from_json(ParameterSet& parameters, const Parameter& parameter,
                             const json& value) {
  if (value.is_string()) return parameters.set_text(parameter.name, value.get<std::string>());
  if (value.is_number()) return parameters.set(parameter.name, value.get<double>());
  if (value.is_array() && has_items(parameter.kind)) {
    if (auto entries = entries_of(value)) return parameters.set(parameter.name, *entries);
  }
  return Error{parameter.name + " must be " + allowed_text(parameter) + ", not " + shown(value)};
}

}  // namespace

bool json_nested_deeper(std::string_view text, int depth) {
  int open = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++open > depth) return true;
    } else if (c == ']' || c == '}') {
      --open;
    }
  }
  return false;
}

Expected<void> set_parameter_json(ParameterSet& parameters, const Parameter& parameter,
                                  std::string_view text) {
  const json value = json::parse(text, nullptr, false);
  return set_from_json(parameters, parameter, value);
}

Expected<ParameterSet> read_parameters_json(const Experiment& experiment, std::string_view text) {
  const Error not_an_object{
      "parameters must be a JSON object such as {\"name\": 16, \"list\": [16, 64]}, not " +
      quoted_text(trimmed(text))};
  if (json_nested_deeper(text, kMaxDepth)) return not_an_object;
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
