// icl-plateaus: linear attention trained from a small start, whose risk falls in stairs.
#include "core/in_context/experiments.h"
#include "core/in_context/layer.h"
#include "core/in_context/plateau_study.h"

namespace attnlab::in_context {

Experiment PlateausExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-plateaus";
  experiment.family = "C";
  experiment.title = "Plateaus";
  experiment.question = "Why does training wait, and then jump?";
  experiment.summary =
      "Linear attention is trained on all prompts at once from a small start, and its exact risk "
      "is drawn while it falls. Heads with a key and a query vector of rank one learn one "
      "eigen-direction of the data after the other: the risk rests at predicted levels (Zhang et "
      "al., arXiv 2501.16265) and drops between them. With key and query merged it drops once.";
  experiment.schema = {plateau_parameters()};
  experiment.layer = linear_heads_text(experiment.schema);
  experiment.presets = {
      {"stairs",
       "Four stairs",
       "Four separated eigenvalues: four drops, and a plateau after each. Look at the heads: each "
       "direction is taken by a head of its own. Next: merge key and query.",
       {}},
      {"merged",
       "One drop",
       "A free query-key matrix learns all directions with the same head: the risk falls once and "
       "does not rest before the end. Next: eigenvalues that are equal.",
       {{"key", "merged"}, {"heads", "1"}, {"steps", "20000"}}},
      {"equal",
       "Equal eigenvalues",
       "No direction is ahead of the others. Heads of rank one still learn one direction each, at "
       "the same levels, but only chance sets their times apart: many starts skip stairs. Next: "
       "fewer heads than directions.",
       {{"eigenvalues", "2,2,2,2"}, {"steps", "20000"}}},
      {"two-heads",
       "Two heads, four directions",
       "Two heads of rank one learn the two largest directions and stay there: the last two stairs "
       "are missing. Next: a larger start.",
       {{"heads", "2"}, {"steps", "200000"}}},
      {"large-start",
       "A larger start",
       "A start that is not small: the risk waits for dozens of steps only, its plateaus are "
       "short, "
       "and the first of them lie one or two per cent off their levels. Next: back to four stairs.",
       {{"start", "0.2"}, {"steps", "10000"}}},
  };
  experiment.reductions = {{"trials", 1}, {"steps", 1000}};
  experiment.plan = [](const RunSpec& spec) -> Expected<Plan> {
    return plan_plateaus(read_plateau_setups(spec));
  };
  return experiment;
}

JobSteps PlateausExperiment::start(RunSpec spec, std::uint32_t index) {
  const std::vector<PlateauSetup> setups = read_plateau_setups(spec);
  if (index >= setups.size()) co_return Error{"this run has no job " + std::to_string(index)};
  JobSteps steps = train_through_plateaus(setups[index]);
  JobResult result = co_await steps;
  co_return result;
}

}  // namespace attnlab::in_context
