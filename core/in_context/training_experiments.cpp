// icl-training and icl-embedding: heads trained live, and how large an embedding they need.
#include "core/experiment/parameters.h"
#include "core/in_context/experiments.h"
#include "core/in_context/layer.h"
#include "core/in_context/parameters.h"
#include "core/in_context/training_study.h"

namespace attnlab::in_context {

Experiment TrainingExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-training";
  experiment.family = "C";
  experiment.title = "Heads that learn";
  experiment.question = "Does training find what several heads can do?";
  experiment.summary =
      "Softmax heads are trained on fresh random prompts with hand-written gradients. The dotted "
      "levels are the best head sets whose query-key matrices are multiples of I; watch which "
      "models reach theirs or get below them with other matrices, and how heads that start alike "
      "get stuck.";
  experiment.schema = {training_parameters({1, 2, 4}, 3000, 3)};
  experiment.layer = trained_heads_text(experiment.schema);
  experiment.presets = {
      {"race",
       "One head against several",
       "One, two and four heads learn side by side from alternating signs. Two heads should reach "
       "less than half the loss of one. Next: look at their matrices, then start them alike.",
       {}},
      {"trap",
       "The same-sign trap",
       "Both heads start with the same sign. They stay alike and end at the loss of a single head, "
       "although two heads could do much better. Next: the random start.",
       {{"init", "same"}, {"heads", "1,2"}}},
      {"random-start",
       "A random start",
       "No structure at all at the start: do the heads find opposite signs by themselves? Change "
       "the seed and watch again. Next: noisy labels.",
       {{"init", "random"}, {"heads", "1,2,4"}}},
      {"noisy",
       "Noisy labels",
       "With label noise every model loses more, and one head still loses about twice what several "
       "do. Next: a plane and short prompts, where heads learn to rotate.",
       {{"noise", "0.5"}}},
      {"rotation",
       "Heads that rotate",
       "In the plane with five examples four trained heads get below the best set with KQ = bI: "
       "their matrices turn the query. Look at the off-diagonal entries. Next: back to the race.",
       {{"dim", "2"},
        {"prompt-length", "5"},
        {"heads", "1,4"},
        {"steps", "8000"},
        {"trials", "2"}}},
  };
  experiment.reductions = {{"trials", 1}, {"prompts", 1000}, {"steps", 100}, {"batch", 64}};
  experiment.plan = plan_training;
  return experiment;
}

JobSteps TrainingExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_training_job(std::move(spec), index);
}

Findings TrainingExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return find_training(spec, outputs);
}

Experiment EmbeddingExperiment::face() {
  Experiment experiment;
  experiment.id = "icl-embedding";
  experiment.family = "C";
  experiment.title = "Embedding size";
  experiment.question = "When is there room for several heads?";
  experiment.summary =
      "Heads share one embedding of dimension p: h heads have query-key matrices of rank p/h. "
      "Small embeddings cannot see every direction of x, whatever the heads. Two heads win as soon "
      "as each has a dimension; from p = d on they come near what two heads can do at all.";
  Parameter embedding = described({.name = "embedding",
                                   .label = "Embedding dimension",
                                   .symbol = "p",
                                   .help = "rank of all heads' query-key matrices together",
                                   .min = 1,
                                   .max = 128,
                                   .default_value = std::int64_t{1},
                                   .suggested = {1, 2, 4, 5, 6, 8, 10, 16},
                                   .logarithmic = true});
  embedding.kind = ParameterKind::kIntegerList;
  embedding.max_items = 16;
  embedding.default_value = std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 8, 10};
  embedding.primary = true;
  experiment.schema = {training_parameters({1, 2, 4}, 2000, 2)};
  experiment.schema.parameters.insert(experiment.schema.parameters.begin() + 1, embedding);
  experiment.layer = trained_heads_text(experiment.schema);
  experiment.presets = {
      {"first-look",
       "First look",
       "Risk against the size of the embedding in five dimensions. Where do several heads win, and "
       "where do they come near their optimum? Next: a larger dimension, where the step at p = d "
       "moves along.",
       {}},
      {"eight-heads",
       "Eight heads",
       "Eight heads need eight dimensions before they can be built at all. Next: fewer dimensions "
       "of x.",
       {{"heads", "1,2,8"}, {"embedding", "2,4,5,6,8,10,16"}}},
      {"two-dimensions",
       "Two dimensions of x",
       "With x in the plane two heads of rank one are enough to win, and end a few per cent above "
       "their optimum. Next: noisy labels.",
       {{"dim", "2"}, {"embedding", "1,2,3,4"}, {"heads", "1,2"}}},
  };
  experiment.reductions = {
      {"trials", 1}, {"prompts", 1000}, {"embedding", 1, 3}, {"steps", 100}, {"batch", 64}};
  experiment.plan = plan_training;
  return experiment;
}

JobSteps EmbeddingExperiment::start(RunSpec spec, std::uint32_t index) {
  return start_training_job(std::move(spec), index);
}

Findings EmbeddingExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  return find_embedding(spec, outputs);
}

}  // namespace attnlab::in_context
