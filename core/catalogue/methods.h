// Which of the experiments' functions a program contains. Every program links one definition of
// link_methods: core/methods for all of them, web/app/methods.cpp for what the page itself finds.
// What a definition does not name, the linker leaves out.
#pragma once

#include <span>

#include "core/experiment/experiment.h"
#include "core/extraction/experiments.h"
#include "core/in_context/experiments.h"
#include "core/random_features/experiments.h"

namespace attnlab {

template <class A, class B, class C>
struct Joined;
template <class... A, class... B, class... C>
struct Joined<TypeList<A...>, TypeList<B...>, TypeList<C...>> {
  using List = TypeList<A..., B..., C...>;
};

/// In the order in which readers see them: index i is experiments()[i].
using AllExperiments =
    Joined<random_features::Experiments, extraction::Experiments, in_context::Experiments>::List;

template <class Type>
inline constexpr bool kHasJobs = requires {
  &Type::start;
};

/// Everything of one type: its face with all of its functions.
template <class Type>
Experiment experiment_of() {
  Experiment experiment = Type::face();
  experiment.live = !kHasJobs<Type>;
  experiment.find = Type::find;
  if constexpr (kHasJobs<Type>) experiment.start = Type::start;
  if constexpr (requires { &Type::assist; }) experiment.assist = Type::assist;
  return experiment;
}

/// Fills in the functions that compute, for the experiments of AllExperiments in their order.
void link_methods(std::span<Experiment> all);

/// Calls `link.operator()<Type>(experiment)` for each of them.
template <class Link, class... Types>
void link_each(std::span<Experiment> all, Link link, TypeList<Types...>) {
  std::size_t next = 0;
  (link.template operator()<Types>(all[next++]), ...);
}

}  // namespace attnlab
