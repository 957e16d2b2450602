#include "core/in_context/calibration.h"

namespace attnlab::in_context {
namespace {

using Values = CalibrationSetting::Values;

/// A study in few dimensions, one head against two, on an eighth of the default's prompts.
Values small_study(Values values) {
  Values all = {{"dim", "2"}, {"heads", "1,2"}, {"prompts", "500"}};
  for (auto& value : values) all.push_back(std::move(value));
  return all;
}

/// Two training seeds of models that train within seconds, with these values on top.
Values small_training(Values values) {
  Values all = {{"dim", "2"},    {"prompt-length", "10"}, {"steps", "200"},
                {"batch", "64"}, {"prompts", "2000"},     {"trials", "2"}};
  for (auto& value : values) all.push_back(std::move(value));
  return all;
}

/// Fits of 30 weights in a few trials, with these values on top.
Values small_diversity(Values values) {
  Values all = {{"dim", "5"}, {"alpha", "2"}, {"trials", "5"}, {"test-prompts", "50"}};
  for (auto& value : values) all.push_back(std::move(value));
  return all;
}

/// Ten starts of two directions that are learned within milliseconds, with these values on top.
Values small_stairs(Values values) {
  Values all = {{"eigenvalues", "2,1"}, {"heads", "3"}, {"start", "0.02"}, {"steps", "30000"}};
  for (auto& value : values) {
    std::erase_if(all, [&](const auto& one) { return one.first == value.first; });
    all.push_back(std::move(value));
  }
  return all;
}

/// One and two layers in the plane, after a short training, with these values on top.
Values small_depth(Values values) {
  Values all = {{"dim", "2"}, {"layers", "1,2"}, {"steps", "1000"}, {"prompts", "1000"}};
  for (auto& value : values) all.push_back(std::move(value));
  return all;
}

// 50 times the data; for the defaults of training the largest number of seeds of a run.
const Values kSmallStudy = {{"prompts", "25000"}}, kStudy = {{"prompts", "200000"}};
const Values kSeeds = {{"trials", "100"}};
const Values kTaskTrials = {{"trials", "250"}};

}  // namespace

std::vector<CalibrationSetting> calibration_settings() {
  return {
      {"icl-risk", "small, slope near -1", small_study({{"dim", "1"}, {"prompt-length", "40,200"}}),
       kSmallStudy},
      {"icl-risk", "small, slope near the bound",
       small_study({{"dim", "1"}, {"prompt-length", "25,100"}}), kSmallStudy},
      {"icl-risk", "defaults", {}, kStudy},
      {"icl-scenarios", "small, noisy labels",
       small_study({{"setting", "noise"}, {"value", "1,100"}, {"prompt-length", "10"}}),
       kSmallStudy},
      {"icl-scenarios", "small, correlated",
       small_study({{"setting", "correlation"}, {"value", "0,0.9"}, {"prompt-length", "20"}}),
       kSmallStudy},
      {"icl-scenarios", "small, close to the query",
       small_study(
           {{"setting", "local"}, {"value", "0.4"}, {"noise", "0.1"}, {"prompt-length", "20"}}),
       kSmallStudy},
      {"icl-scenarios", "small, gain near 2 %",
       small_study(
           {{"setting", "local"}, {"value", "0.7"}, {"noise", "0.1"}, {"prompt-length", "20"}}),
       kSmallStudy},
      {"icl-scenarios", "defaults", {}, kStudy},
      {"icl-scenarios",
       "defaults, close to the query",
       {{"setting", "local"}, {"value", "0.1,0.25,0.5,1,2"}, {"noise", "0.1"}, {"heads", "1,2"}},
       kStudy},
      {"icl-training", "small, opposite signs", small_training({{"heads", "1,2"}}), kSeeds},
      {"icl-training", "small, random start",
       small_training({{"heads", "1,2"}, {"init", "random"}}), kSeeds},
      {"icl-training", "defaults", {}, kSeeds},
      {"icl-embedding", "small, room for both",
       small_training({{"heads", "1,2"}, {"embedding", "2"}}), kSeeds},
      {"icl-embedding", "small, too little room",
       small_training({{"heads", "1,2"}, {"embedding", "2"}, {"dim", "4"}}), kSeeds},
      {"icl-embedding", "defaults", {}, kSeeds},
      {"icl-diversity", "small, few and many tasks", small_diversity({{"kappa", "0.4,1,4"}}),
       kTaskTrials},
      {"icl-diversity", "small, little peak",
       small_diversity({{"kappa", "1"}, {"tau", "0.5,1.2,2"}, {"ridge", "0.1"}}), kTaskTrials},
      {"icl-diversity", "small, a peak", small_diversity({{"kappa", "0.6"}, {"tau", "0.5,1.2,2"}}),
       kTaskTrials},
      {"icl-diversity", "defaults", {}, {{"trials", "400"}}},
      {"icl-plateaus", "small, separated", small_stairs({{"eigenvalues", "2,0.5"}}), kSeeds},
      {"icl-plateaus", "small, equal", small_stairs({{"eigenvalues", "1,1"}}), kSeeds},
      {"icl-plateaus", "small, merged", small_stairs({{"key", "merged"}}), kSeeds},
      {"icl-plateaus", "defaults", {}, kSeeds},
      {"icl-depth", "small", small_depth({}), kSmallStudy},
      {"icl-depth", "small, noisy", small_depth({{"noise", "1"}}), kSmallStudy},
      {"icl-depth", "defaults", {}, kStudy},
  };
}

}  // namespace attnlab::in_context
