#include "core/catalogue/catalogue.h"

#include <vector>

#include "core/base/text.h"
#include "core/catalogue/methods.h"

namespace attnlab {
namespace {

template <class... Types>
std::vector<Experiment> complete(TypeList<Types...>) {
  std::vector<Experiment> all;
  (all.push_back(Types::face()), ...);
  std::size_t next = 0;
  ((all[next++].live = !kHasJobs<Types>), ...);
  link_methods(all);
  return all;
}

}  // namespace

std::span<const Experiment* const> experiments() {
  static const std::vector<Experiment> kExperiments = complete(AllExperiments());
  static const std::vector<const Experiment*> kPointers = [] {
    std::vector<const Experiment*> pointers;
    for (const Experiment& experiment : kExperiments) pointers.push_back(&experiment);
    return pointers;
  }();
  return kPointers;
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
