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
  (void)values.set("seed", static_cast<std::int64_t>(seed));  // kept where the text is not a number
  std::string note = values.set_text_clamped("seed", text);
  seed = static_cast<std::uint64_t>(values.integer("seed"));
  return note;
}

Expected<std::uint64_t> read_seed(std::string_view text) {
  ParameterSet values(seed_schema());
  if (const Expected<void> set = values.set_text("seed", text); !set) {
    if (!read_integer(text)) return set.error();
    // The schema would name a rounded number: beyond 2^53 doubles are even.
    return Error{"seed must be " + allowed_text(seed_parameter()) + ", not " + std::string(text)};
  }
  return static_cast<std::uint64_t>(values.integer("seed"));
}

}  // namespace attnlab
