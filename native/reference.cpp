#include "native/reference.h"

#include "core/catalogue/catalogue.h"

namespace attnlab {
namespace {

/// A cell of a Markdown table: one line, bars escaped.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|')
      escaped += "\\|";
    else
      escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string parameter_rows(const Experiment& experiment) {
  const ParameterSet defaults(experiment.schema);
  std::string text = "| parameter | meaning | allowed | default |\n|---|---|---|---|\n";
  for (const Parameter& parameter : experiment.schema.parameters) {
    const std::string symbol = parameter.symbol.empty() ? "" : " " + parameter.symbol;
    const std::string unit = parameter.unit.empty() ? "" : " " + parameter.unit;
    const std::string condition = condition_text(parameter);
    const std::string only = condition.empty() ? "" : " (only where " + condition + ")";
    text += "| `" + parameter.name + "`" + cell(symbol) + " | " + cell(parameter.label) + ": " +
            cell(parameter.help) + cell(only) + " | " + cell(allowed_text(parameter) + unit) +
            " | `" + cell(defaults.text(parameter.name)) + "` |\n";
  }
  for (const Parameter& parameter : experiment.schema.parameters) {
    if (parameter.choices.empty()) continue;
    text += "\n`" + parameter.name + "` can be:\n\n";
    for (const Choice& choice : parameter.choices) {
      text +=
          "* `" + choice.name + "`: " + (choice.help.empty() ? choice.label : choice.help) + "\n";
    }
  }
  return text;
}

std::string preset_rows(const Experiment& experiment) {
  std::string text = "| preset | sets | shows |\n|---|---|---|\n";
  for (const Preset& preset : experiment.presets) {
    std::string values;
    for (const auto& [name, value] : preset.values) {
      values += (values.empty() ? "`--" : " `--") + name + " " + value + "`";
    }
    text += "| `" + preset.name + "` | " + cell(values.empty() ? "the defaults" : values) + " | " +
            cell(preset.label) + ". " + cell(preset.text) + " |\n";
  }
  return text;
}

/// The tables of a run without outputs: all tables have their columns then.
std::string table_rows(const Result& result) {
  std::string text = "| table | holds | columns |\n|---|---|---|\n";
  for (const Table& table : result.tables) {
    std::string columns;
    for (const Column& column : table.columns) {
      columns += (columns.empty() ? "`" : ", `") + column.name + "`";
    }
    text += "| `" + table.name + "` | " + cell(table.caption) + " | " + columns + " |\n";
  }
  return text;
}

std::string claim_rows(const Result& result) {
  if (result.claims.empty()) return {};
  std::string text = "\nClaims at the defaults:\n\n";
  for (const Claim& claim : result.claims) text += "* " + claim.id + ": " + claim.statement + "\n";
  return text;
}

std::string layer_text(const Layer& layer) {
  std::string text;
  for (const std::string& formula : layer.formulas) text += "$$" + formula + "$$\n\n";
  std::string symbols;
  for (const LayerSymbol& symbol : layer.symbols) {
    symbols += (symbols.empty() ? "Here $" : "; $") + symbol.symbol + "$ is: " + symbol.words;
    if (!symbol.parameter.empty()) symbols += " (`" + symbol.parameter + "`)";
  }
  return symbols.empty() ? text : text + symbols + ".\n\n";
}

std::string experiment_section(const Experiment& experiment) {
  const RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  const Result result = whole_result(spec, {});
  return "\n## " + experiment.id + "\n\n" + experiment.title + ": " + experiment.question + " " +
         experiment.summary + (experiment.live ? " Live: it has no jobs.\n" : "\n") + "\n" +
         layer_text(experiment.layer) + parameter_rows(experiment) + "\n" +
         preset_rows(experiment) + "\n" + table_rows(result) + claim_rows(result);
}

}  // namespace

std::string reference_markdown() {
  std::string text =
      "# Reference of the experiments\n\n"
      "Made by `attnlab list --markdown > docs/reference.md`; do not edit. Every parameter is a "
      "flag\n"
      "(`--dim 8`), a key of a link (`dim=8`), a member of JSON and a control. Every experiment "
      "also\n"
      "takes `seed`, 0 to " +
      std::to_string(kMaxSeed) + " (default " + std::to_string(kDefaultSeed) + ").\n";
  for (const Experiment* experiment : experiments()) text += experiment_section(*experiment);
  return text;
}

}  // namespace attnlab
