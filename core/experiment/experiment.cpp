// What can be said about any experiment: its presets, one parameter of a run.
#include "core/experiment/experiment.h"

#include <algorithm>
#include <iterator>

#include "core/base/text.h"

namespace attnlab {

Expected<ParameterSet> preset_parameters(const Experiment& experiment, std::string_view preset) {
  std::vector<std::string> names;
  for (const Preset& candidate : experiment.presets) {
    names.push_back(candidate.name);
    if (candidate.name != preset) continue;
    ParameterSet parameters(experiment.schema);
    for (const auto& [name, text] : candidate.values) {
      if (const auto set = parameters.set_text(name, text); !set) return set.error();
    }
    return parameters;
  }
  return Error{unknown_name_text("preset", preset, experiment.id, names)};
}

Expected<void> set_parameter(RunSpec& spec, std::string_view name, std::string_view text) {
  if (spec.experiment->schema.find(name) == nullptr) {
    return unknown_parameter(spec.experiment->schema, name, spec.experiment->id);
  }
  return spec.parameters.set_text(name, text);
}

Result whole_result(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Result result = spec.experiment->find(spec, outputs).result;
  if (spec.experiment->details == nullptr) return result;
  std::ranges::move(spec.experiment->details(spec, outputs), std::back_inserter(result.tables));
  return result;
}

void tie_to_parameters(Layer& layer, const Schema& schema) {
  for (LayerSymbol& symbol : layer.symbols)
    if (schema.find(symbol.parameter) == nullptr) symbol.parameter.clear();
}

Expected<void> check_appending(const Experiment& experiment) {
  const Appending& append = experiment.append;
  if (append.label.empty()) return {};
  if (!experiment.live) return Error{experiment.id + " has a step to append, but is not live"};
  const Parameter* into = experiment.schema.find(append.into);
  if (into == nullptr || into->kind != ParameterKind::kRealTuple) {
    return Error{experiment.id + " appends to " + quoted_text(append.into) + ", which is no tuple"};
  }
  std::size_t entries = 0;
  for (const std::string& name : append.from) {
    const Parameter* part = experiment.schema.find(name);
    if (part == nullptr || part->kind != ParameterKind::kRealTuple ||
        part->min_items != part->max_items || part->min < into->min || part->max > into->max) {
      return Error{experiment.id + " appends " + quoted_text(name) +
                   ", which is no tuple of fixed length in the range of " + append.into};
    }
    entries += part->max_items;
  }
  if (entries == 0 || entries != into->group) {
    return Error{experiment.id + " appends " + counted(entries, "entry", "entries") + " to " +
                 append.into + ", whose groups have " +
                 exact_text(static_cast<std::int64_t>(into->group))};
  }
  return {};
}

std::string appended_text(const Experiment& experiment, const ParameterSet& parameters) {
  const Appending& append = experiment.append;
  if (append.label.empty()) return {};
  const Parameter& into = *experiment.schema.find(append.into);
  if (parameters.reals(append.into).size() + into.group > into.max_items) return {};
  std::string text = parameters.text(append.into);
  for (const std::string& name : append.from) text += "," + parameters.text(name);
  return text;
}

Bytes encode_outputs(std::span<const JobOutput> outputs) {
  ByteWriter writer;
  for (const JobOutput& output : outputs) {
    writer.u32(output.index);
    writer.u32(output.complete ? 1 : 0);
    writer.text({reinterpret_cast<const char*>(output.bytes.data()), output.bytes.size()});
  }
  return writer.take();
}

Expected<std::vector<JobOutput>> decode_outputs(std::span<const std::uint8_t> bytes) {
  ByteReader reader(bytes);
  std::vector<JobOutput> outputs;
  while (reader.ok() && !reader.at_end()) {
    JobOutput output;
    output.index = reader.u32();
    output.complete = reader.u32() != 0;
    const std::string text = reader.text();
    output.bytes.assign(text.begin(), text.end());
    outputs.push_back(std::move(output));
  }
  if (!reader.ok()) return Error{"the outputs of the jobs could not be read"};
  return outputs;
}

}  // namespace attnlab
