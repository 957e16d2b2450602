// One line per experiment.
#include "core/experiment/registry.h"

#include <array>

#include "core/experiment/text.h"
#include "core/extraction/experiments.h"
#include "core/in_context/experiments.h"
#include "core/random_features/experiments.h"

namespace attnlab {

std::span<const Experiment* const> experiments() {
  static const std::array kExperiments = {
      &rf_learning_curve(), &rf_heads(), &rf_complexity(), &rf_bias(), &rf_length(),
      &rf_inside(),
      &extract_single(),
      &extract_low_rank(),
      &extract_transformer(),
      &extract_noise(),
      &extract_multi_head(),
      &extract_membership(),
      &extract_twins(),
      &extract_black_box(),
      &icl_attention(),
      &icl_risk(),
      &icl_training(),
      &icl_embedding(),
      &icl_scenarios(),
  };
  return kExperiments;
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
