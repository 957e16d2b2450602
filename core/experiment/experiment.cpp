// What can be said about any experiment: its presets, one parameter of a run.
#include "core/experiment/experiment.h"

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
