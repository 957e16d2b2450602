// JSON out, by hand: the page's module needs no JSON library for it.
#include <cmath>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"

namespace attnlab {
namespace {

std::string number_json(double value) {
  return std::isfinite(value) ? exact_text(value) : "null";
}
std::string whole_json(std::uint64_t value) {
  return exact_text(static_cast<std::int64_t>(value));
}
std::string bool_json(bool value) {
  return value ? "true" : "false";
}

std::string scalar_json(double value) {
  return number_json(value);
}
std::string scalar_json(std::int64_t value) {
  return exact_text(value);
}
std::string scalar_json(const std::string& value) {
  return json_quoted(value);
}

/// "[a,b]" or, with a line end and indent as `gap`, one item per line.
template <class Items, class Print>
std::string array_json(const Items& items, const std::string& gap, const Print& print) {
  std::string json = "[";
  bool first = true;
  for (const auto& item : items) {
    json += (first ? "" : ",") + gap + print(item);
    first = false;
  }
  const bool broken = !gap.empty() && !first;
  return json + (broken ? gap.substr(0, gap.size() - 2) : std::string()) + "]";
}

std::string cell_json(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return json_quoted(*text);
  const std::string number = exact_text(cell);
  return number.empty() ? "null" : number;
}

std::string row_json(const std::vector<Cell>& row) {
  return array_json(row, "", cell_json);
}

std::string table_json(const Table& table) {
  const auto name = [](const Column& column) { return json_quoted(column.name); };
  const auto type = [](const Column& column) { return json_quoted(type_name(column.type)); };
  return "{\"columns\":" + array_json(table.columns, "", name) +
         ",\"types\":" + array_json(table.columns, "", type) +
         ",\"rows\":" + array_json(table.rows, "\n   ", row_json) + "}";
}

std::string claim_json(const Claim& claim) {
  return "{\"id\":" + json_quoted(claim.id) + ",\"statement\":" + json_quoted(claim.statement) +
         ",\"status\":" + json_quoted(status_text(claim.status)) +
         ",\"evidence\":" + json_quoted(claim.evidence) +
         ",\"judged\":" + json_quoted(claim.judged) + "}";
}

std::string_view kind_name(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::kInteger:
      return "integer";
    case ParameterKind::kReal:
      return "real";
    case ParameterKind::kChoice:
      return "choice";
    case ParameterKind::kChoiceOrReal:
      return "choice-or-real";
    case ParameterKind::kIntegerList:
      return "integer-list";
    case ParameterKind::kRealList:
      return "real-list";
    case ParameterKind::kRealTuple:
      return "real-tuple";
    case ParameterKind::kText:
      return "text";
    case ParameterKind::kChoiceList:
      break;
  }
  return "choice-list";
}

std::string condition_json(const Condition& condition) {
  return "{\"parameter\":" + json_quoted(condition.parameter) +
         ",\"values\":" + array_json(condition.values, "", json_quoted) + "}";
}

std::string choice_json(const Choice& choice) {
  return "{\"name\":" + json_quoted(choice.name) + ",\"label\":" + json_quoted(choice.label) +
         ",\"help\":" + json_quoted(choice.help) + "}";
}

std::string preset_json(const Experiment& experiment, const Preset& preset) {
  const auto parameters = preset_parameters(experiment, preset.name);
  std::string values;
  for (const auto& [name, text] : preset.values) {
    values += (values.empty() ? "" : ",") + json_quoted(name) + ":" +
              (parameters ? value_json(parameters->value(name)) : json_quoted(text));
  }
  return "{\"name\":" + json_quoted(preset.name) + ",\"label\":" + json_quoted(preset.label) +
         ",\"text\":" + json_quoted(preset.text) + ",\"values\":{" + values + "}}";
}

}  // namespace

std::string json_quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : valid_utf8(text)) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (c == '\n') {
      json += "\\n";
    } else if (byte < 0x20 || byte == 0x7F) {
      constexpr std::string_view kHex = "0123456789abcdef";
      json += "\\u00";
      json += kHex[byte >> 4];
      json += kHex[byte & 15];
    } else {
      json += c;
    }
  }
  return json + "\"";
}

std::string value_json(const ParameterValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<Held> || std::is_same_v<Held, std::string>) {
          return scalar_json(held);
        } else {
          return array_json(held, "", [](const auto& item) { return scalar_json(item); });
        }
      },
      value);
}

std::string parameters_json(const ParameterSet& parameters) {
  std::string json = "{";
  for (const Parameter& parameter : parameters.schema().parameters) {
    json += (json.size() > 1 ? "," : "") + json_quoted(parameter.name) + ":" +
            value_json(parameters.value(parameter.name));
  }
  return json + "}";
}

std::string result_json(const RunSpec& spec, const Result& result, const BuildInfo& build,
                        std::size_t jobs, double elapsed_s) {
  std::string tables;
  for (const Table& table : result.tables) {
    tables +=
        (tables.empty() ? "\n  " : ",\n  ") + json_quoted(table.name) + ":" + table_json(table);
  }
  if (!tables.empty()) tables += "\n ";
  return "{\"attnlab\":1,\n \"experiment\":" + json_quoted(spec.experiment->id) +
         ",\n \"params\":" + parameters_json(spec.parameters) +
         ",\n \"seed\":" + whole_json(spec.seed) +
         ",\n \"build\":{\"version\":" + json_quoted(build.version) +
         ",\"target\":" + json_quoted(build.target) + ",\"simd\":" + json_quoted(build.simd) +
         "},\n \"tables\":{" + tables +
         "},\n \"claims\":" + array_json(result.claims, "\n  ", claim_json) + ",\n \"notes\":" +
         array_json(result.notes, "\n  ",
                    [](const std::string& note) { return json_quoted(note); }) +
         ",\n \"jobs\":" + whole_json(jobs) + ",\n \"elapsed_s\":" + number_json(elapsed_s) + "}\n";
}

std::string parameter_json(const Parameter& parameter) {
  const Schema schema{{parameter}};
  const bool text = parameter.kind == ParameterKind::kText;
  const bool numbers = !text && parameter.kind != ParameterKind::kChoice &&
                       parameter.kind != ParameterKind::kChoiceList;
  std::string json =
      "{\"name\":" + json_quoted(parameter.name) + ",\"label\":" + json_quoted(parameter.label) +
      ",\"symbol\":" + json_quoted(parameter.symbol) + ",\"unit\":" + json_quoted(parameter.unit) +
      ",\"help\":" + json_quoted(parameter.help) +
      ",\"kind\":" + json_quoted(kind_name(parameter.kind));
  if (numbers) {
    json += ",\"min\":" + number_json(parameter.min) + ",\"max\":" + number_json(parameter.max);
  }
  if (text) json += ",\"max_length\":" + number_json(parameter.max);
  return json + ",\"max_items\":" + whole_json(parameter.max_items) +
         (parameter.kind == ParameterKind::kRealTuple
              ? ",\"min_items\":" + whole_json(parameter.min_items) +
                    ",\"group\":" + whole_json(parameter.group)
              : std::string()) +
         ",\"choices\":" + array_json(parameter.choices, "", choice_json) +
         ",\"default\":" + value_json(ParameterSet(schema).value(parameter.name)) +
         ",\"suggested\":" + array_json(parameter.suggested, "", number_json) +
         ",\"allowed\":" + json_quoted(allowed_text(parameter)) +
         ",\"logarithmic\":" + bool_json(parameter.logarithmic) +
         ",\"primary\":" + bool_json(parameter.primary) +
         ",\"applies\":" + array_json(parameter.applies, "", condition_json) + "}";
}

std::string layer_json(const Layer& layer) {
  const auto line = [](const std::string& formula) { return json_quoted(formula); };
  const auto symbol = [](const LayerSymbol& each) {
    return "{\"symbol\":" + json_quoted(each.symbol) + ",\"words\":" + json_quoted(each.words) +
           ",\"parameter\":" + json_quoted(each.parameter) + "}";
  };
  const auto block = [](const LayerBlock& each) {
    return "{\"name\":" + json_quoted(each.name) + ",\"term\":" + json_quoted(each.term) +
           ",\"shape\":" + json_quoted(each.shape) + "}";
  };
  return "{\"formulas\":" + array_json(layer.formulas, "", line) +
         ",\"symbols\":" + array_json(layer.symbols, "", symbol) +
         ",\"blocks\":" + array_json(layer.blocks, "", block) + "}";
}

std::string experiment_json(const Experiment& experiment) {
  const auto preset = [&](const Preset& each) { return preset_json(experiment, each); };
  return "{\"id\":" + json_quoted(experiment.id) + ",\"family\":" + json_quoted(experiment.family) +
         ",\"title\":" + json_quoted(experiment.title) +
         ",\"question\":" + json_quoted(experiment.question) +
         ",\"summary\":" + json_quoted(experiment.summary) +
         ",\"live\":" + bool_json(experiment.live) +
         ",\n  \"layer\":" + layer_json(experiment.layer) + ",\n  \"parameters\":" +
         array_json(experiment.schema.parameters, "\n    ", parameter_json) +
         ",\n  \"presets\":" + array_json(experiment.presets, "\n    ", preset) + "}";
}

std::string experiments_json() {
  const auto print = [](const Experiment* experiment) { return experiment_json(*experiment); };
  return "{\"attnlab\":1,\"contract\":" + contract_json() +
         ",\n \"experiments\":" + array_json(experiments(), "\n  ", print) + "}\n";
}

}  // namespace attnlab
