#include "core/experiment/seed.h"

#include "core/base/text.h"
#include "core/experiment/experiment.h"

namespace attnlab {

const Schema& seed_schema() {
  static const Schema schema = [] {
    Parameter seed;
    seed.name = "seed";
    seed.label = "Seed";
    seed.help = "Names the random numbers: the same seed gives the same result on every machine";
    seed.max = static_cast<double>(kMaxSeed);
    seed.default_value = static_cast<std::int64_t>(kDefaultSeed);
    return Schema{{seed}};
  }();
  return schema;
}

const Parameter& seed_parameter() {
  return seed_schema().parameters.front();
}

std::string set_seed_clamped(std::uint64_t& seed, std::string_view text) {
  ParameterSet values(seed_schema());
  (void)values.set("seed", static_cast<std::int64_t>(seed));  // kept where the text has no number
  std::string note = values.set_text_clamped("seed", text);
  seed = static_cast<std::uint64_t>(values.integer("seed"));
  return note;
}

Expected<std::uint64_t> read_seed(std::string_view text) {
  ParameterSet values(seed_schema());
  if (!values.set_text("seed", text)) {  // names the text: as a real number it may be rounded
    return Error{"seed must be " + allowed_text(seed_parameter()) + ", not " + quoted_text(text)};
  }
  return static_cast<std::uint64_t>(values.integer("seed"));
}

}  // namespace attnlab
