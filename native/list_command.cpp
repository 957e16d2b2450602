// `attnlab list`: experiments, their parameters and presets.
#include <algorithm>
#include <string>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "native/commands.h"
#include "native/console.h"
#include "native/reference.h"

namespace attnlab {
namespace {

std::string parameters_text(const Experiment& experiment) {
  std::size_t width = 0;
  for (const Parameter& parameter : experiment.schema.parameters) {
    width = std::max(width, parameter.name.size());
  }
  const ParameterSet defaults(experiment.schema);
  const std::size_t columns = text_columns();
  const std::size_t indent = 2 + width + 2 > columns / 2 ? 4 : 2 + width + 2;
  std::string text;
  for (const Parameter& parameter : experiment.schema.parameters) {
    const std::string unit = parameter.unit.empty() ? "" : " " + parameter.unit;
    text += listed(parameter.name, width, parameter.help);
    text += wrapped(allowed_text(parameter) + unit + "; default " + defaults.text(parameter.name),
                    indent, columns);
    if (const std::string condition = condition_text(parameter); !condition.empty())
      text += wrapped("only where " + condition, indent, columns);
    for (const Choice& choice : parameter.choices) {
      text += wrapped(choice.name + ": " + (choice.help.empty() ? choice.label : choice.help),
                      indent + 2, columns);
    }
  }
  return text;
}

std::string presets_text(const Experiment& experiment) {
  std::size_t width = 0;
  for (const Preset& preset : experiment.presets) width = std::max(width, preset.name.size());
  std::string text;
  for (const Preset& preset : experiment.presets) {
    text += listed(preset.name, width, preset.label);
  }
  return text.empty() ? "" : "\n  Presets (--preset NAME)\n" + text;
}

std::string experiment_text(const Experiment& experiment) {
  return experiment.id + "\n" +
         wrapped(experiment.title + ": " + experiment.question, 2, text_columns()) + "\n" +
         parameters_text(experiment) + presets_text(experiment);
}

Expected<Usage> usage(const std::string&) {
  return Usage{
      .about = "Experiments with parameters, ranges, defaults and presets.",
      .words = "EXPERIMENT",
      .words_help = "Only this one",
      .flags = {{"json", "", "As a JSON document", "List"},
                {"markdown", "", "The reference of all experiments, as Markdown", "List"}}};
}

int execute(const Given& given) {
  const Experiment* only = nullptr;
  if (!given.words.empty()) {
    const Expected<const Experiment*> known = experiment_named(given.words.front());
    if (!known) return refuse(known.error());
    only = *known;
  }
  const bool json = given.has("json");
  if (given.has("markdown")) {
    if (json) return refuse({"--json and --markdown are two formats; give one of them"});
    if (only != nullptr) return refuse({"--markdown prints all experiments; leave out the name"});
    return print(reference_markdown());
  }
  if (only != nullptr) return print(json ? experiment_json(*only) + "\n" : experiment_text(*only));
  if (json) return print(experiments_json());
  std::string text;
  for (const Experiment* experiment : experiments()) {
    text += (text.empty() ? "" : "\n") + experiment_text(*experiment);
  }
  return print(text);
}

}  // namespace

Command list_command() {
  return {"list", "Experiments, their parameters and presets", usage, execute, false};
}

}  // namespace attnlab
