// Parameters of each experiment from JSON: refused with a sentence, or a set whose own JSON reads
// back the same. The first byte chooses the experiment.
#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "tests/fuzz/fuzz.h"

using namespace attnlab;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Pieces pieces(data, size);
  const Experiment& experiment = *experiments()[pieces.byte() % experiments().size()];
  const std::string_view text = pieces.rest();
  const Expected<ParameterSet> read = read_parameters_json(experiment, text);
  if (!read) {
    ATTNLAB_MUST(!read.error().sentence.empty());
    ATTNLAB_MUST(valid_utf8(read.error().sentence) == read.error().sentence);
    return 0;
  }
  const Expected<ParameterSet> again = read_parameters_json(experiment, parameters_json(*read));
  ATTNLAB_MUST(again && *again == *read);
  return 0;
}
