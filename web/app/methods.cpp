// link_methods for the page's own module: workers run the jobs, and most experiments' findings come
// from their module. Only the experiment that the page opens with is found here.
#include <type_traits>

#include "core/catalogue/methods.h"

namespace attnlab {

void link_methods(std::span<Experiment> all) {
  const auto link = []<class Type>(Experiment& experiment) {
    if constexpr (std::is_same_v<random_features::LearningCurveExperiment, Type>)
      experiment.find = Type::find;
  };
  link_each(all, link, AllExperiments());
}

}  // namespace attnlab
