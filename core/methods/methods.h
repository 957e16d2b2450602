// The experiments with all their code, made from their types.
#pragma once

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

/// In the order in which readers see them.
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
  if constexpr (requires { &Type::details; }) experiment.details = Type::details;
  return experiment;
}

}  // namespace attnlab
