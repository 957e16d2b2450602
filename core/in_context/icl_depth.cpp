// icl-depth: several layers of linear attention, trained.
#include "core/in_context/depth_study.h"
#include "core/in_context/experiments.h"
#include "core/in_context/layer.h"

namespace attnlab::in_context {

Experiment DepthExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-depth";
  experiment.family = "C";
  experiment.title = "Depth";
  experiment.question = "What do more layers do?";
  experiment.summary =
      "One to four layers of linear attention are trained on fresh prompts and compared with as "
      "many steps of gradient descent, each with the best step sizes (after Ahn et al., arXiv "
      "2306.00297). Besides taking a step, a layer changes the examples for the next one, and that "
      "makes several layers much better than as many steps.";
  experiment.schema = {depth_parameters()};
  experiment.layer = deep_layers_text(experiment.schema);
  experiment.presets = {
      {"first-look",
       "One, two, three layers",
       "One layer is one step of gradient descent. Two layers predict several times better than "
       "two "
       "steps. Look at the blocks: all near multiples of the identity. Next: skewed examples.",
       {}},
      {"skewed",
       "Skewed examples",
       "Directions of x have variances from 4 to 1/4. Plain gradient descent is slow; the layers "
       "learn to precondition: their score blocks turn into multiples of the inverse covariance. "
       "Next: noisy labels.",
       {{"covariance", "skewed"}}},
      {"noisy",
       "Noisy labels",
       "With label noise no predictor is better than ridge regression. Look at how many layers "
       "come near it. Next: four layers.",
       {{"noise", "0.2"}}},
      {"four-layers",
       "Four layers",
       "The risk falls by a large factor with each layer, far faster than with steps of descent. "
       "Next: back to three layers, with shorter prompts.",
       {{"layers", "1,2,3,4"}}},
      {"short-prompts",
       "Short prompts",
       "With ten examples in five dimensions some prompts are unlike any in training. Three "
       "layers, a polynomial of degree 13 in the second moments, explode on a few of them: look at "
       "the error bars. Next: the first look.",
       {{"prompt-length", "10"}}},
  };
  experiment.reductions = {{"prompts", 1000}, {"batch", 32}, {"steps", 200}, {"layers", 1, 2}};
  experiment.plan = [](const RunSpec& spec) -> Expected<Plan> {
    return plan_depth(read_depth_study(spec));
  };
  return experiment;
}

JobSteps DepthExperiment::start(RunSpec spec, std::uint32_t index) {
  const DepthStudy study = read_depth_study(spec);
  if (index >= study.models.size()) {
    co_return Error{"this run has no job " + std::to_string(index)};
  }
  JobSteps steps = train_layers(study.models[index], study.test_prompts);
  JobResult result = co_await steps;
  co_return result;
}

}  // namespace attnlab::in_context
