#include "core/catalogue/catalogue.h"

#include <algorithm>
#include <vector>

#include "core/base/text.h"

namespace attnlab {

std::span<const Experiment* const> experiments() {
  static const std::vector<const Experiment*> kPointers = [] {
    std::vector<const Experiment*> pointers;
    for (const Experiment& experiment : catalogue()) pointers.push_back(&experiment);
    return pointers;
  }();
  return kPointers;
}

bool catalogue_is_whole() {
  const std::span<const Experiment> all = catalogue();
  return std::all_of(all.begin(), all.end(), [](const Experiment& one) { return one.whole; });
}

const Experiment* find_experiment(std::string_view id) {
  for (const Experiment* experiment : experiments()) {
    if (experiment->id == id) return experiment;
  }
  return nullptr;
}

Expected<const Experiment*> experiment_named(std::string_view id) {
  if (const Experiment* experiment = find_experiment(id)) return experiment;
  std::vector<std::string> ids;
  for (const Experiment* experiment : experiments()) ids.push_back(experiment->id);
  return Error{unknown_name_text("experiment", id, {}, ids)};
}

}  // namespace attnlab
