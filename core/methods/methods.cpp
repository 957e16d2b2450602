// The catalogue of programs that compute: every function of every experiment.
#include "core/methods/methods.h"

#include <vector>

#include "core/catalogue/catalogue.h"

namespace attnlab {
namespace {

template <class... Types>
std::vector<Experiment> all_of(TypeList<Types...>) {
  std::vector<Experiment> all;
  (all.push_back(experiment_of<Types>()), ...);
  return all;
}

}  // namespace

std::span<const Experiment> catalogue() {
  static const std::vector<Experiment> kExperiments = all_of(AllExperiments());
  return kExperiments;
}

}  // namespace attnlab
