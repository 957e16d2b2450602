// Outputs of jobs, which come from journals, ranks and workers: findings and documents accept any
// bytes. The input chooses the experiment, then number and length of each output.
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/picture/svg.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Pieces pieces(data, size);
  const Experiment& experiment = *experiments()[pieces.byte() % experiments().size()];
  const RunSpec spec{&experiment, ParameterSet(experiment.schema)};
  std::vector<JobOutput> outputs;
  while (!pieces.empty() && outputs.size() < 16) {
    const std::uint32_t index = pieces.byte();
    const std::string_view bytes = pieces.text(std::size_t{pieces.byte()} * 4);
    outputs.push_back({index, Bytes(bytes.begin(), bytes.end()), index % 2 == 0});
  }
  const Findings found = experiment.find(spec, outputs);
  const Result& result = found.result;
  ATTNLAB_MUST(!result_json(spec, result, {"1.0", "here", "any"}, outputs.size(), 1).empty());
  for (const Table& table : result.tables) {
    ATTNLAB_MUST(read_csv(table_csv(table), table.columns));
  }
  for (const Figure& figure : found.figures) {
    ATTNLAB_MUST(!figure_svg(figure, {}).empty());
  }
  return 0;
}
