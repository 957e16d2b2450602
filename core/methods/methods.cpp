// link_methods for programs that compute: every function of every experiment.
#include "core/catalogue/methods.h"

namespace attnlab {

void link_methods(std::span<Experiment> all) {
  const auto link = []<class Type>(Experiment& experiment) { experiment = experiment_of<Type>(); };
  link_each(all, link, AllExperiments());
}

}  // namespace attnlab
