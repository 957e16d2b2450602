#include "core/random_features/calibration.h"

namespace attnlab::random_features {
namespace {

using Values = CalibrationSetting::Values;

/// The smallest layer at which the models still differ, with these values on top.
Values small(Values values) {
  Values all = {{"dim", "4"}, {"keys", "3"}, {"heads", "20"}, {"test-samples", "300"}};
  for (auto& value : values) all.push_back(std::move(value));
  return all;
}

// 50 times the default trials: 5, 3 for rf-length and 8 for rf-trained.
const Values kTrials = {{"trials", "250"}};
const Values kLengthTrials = {{"trials", "150"}};
const Values kTrainedTrials = {{"trials", "400"}};

/// The smallest trained layer that learns something in a few steps.
Values small_trained(Values values) {
  Values all = {{"dim", "4"}, {"keys", "3"}, {"heads", "3"}, {"test-samples", "300"}};
  for (auto& value : values) all.push_back(std::move(value));
  return all;
}

}  // namespace

std::vector<CalibrationSetting> calibration_settings() {
  return {
      {"rf-learning-curve", "small, learned within the sizes",
       small({{"target", "mean-power"},
              {"degree", "1,2"},
              {"models", "rfa,rf-invariant,rfmlp"},
              {"samples", "8,16,32,64,128"}}),
       kTrials},
      {"rf-learning-curve", "small, little between the models",
       small({{"target", "correlation-value"},
              {"degree", "1"},
              {"bias-scale", "1"},
              {"models", "rfa,brfa,rfmlp"},
              {"samples", "16,32,67"}}),
       kTrials},
      {"rf-learning-curve", "small, attention slightly ahead of the invariant network",
       small({{"dim", "8"},
              {"keys", "8"},
              {"heads", "60"},
              {"target", "mean-power"},
              {"degree", "2"},
              {"models", "rfa,rf-invariant"},
              {"samples", "32,64,128,256"}}),
       kTrials},
      {"rf-learning-curve", "small, the query alone",
       small({{"target", "query-power"},
              {"degree", "2"},
              {"models", "rfa,rf-invariant,rfmlp"},
              {"samples", "16,32,64,128"}}),
       kTrials},
      {"rf-learning-curve", "small, Gaussian tokens",
       small({{"target", "mean-power"},
              {"degree", "2"},
              {"tokens", "gaussian"},
              {"models", "rfa,rf-invariant,rfmlp"},
              {"samples", "8,16,32,64,128"}}),
       kTrials},
      {"rf-learning-curve", "defaults", {}, kTrials},
      {"rf-heads", "small, levels off",
       small({{"heads", "40,160,640"}, {"samples", "32"}, {"models", "rfa"}}), kTrials},
      {"rf-heads", "small, near the limit",
       small({{"heads", "40,80,160"}, {"samples", "64"}, {"models", "rfa,rfa-kernel"}}), kTrials},
      {"rf-heads", "defaults", {}, kTrials},
      {"rf-complexity", "small, degrees apart",
       small({{"target", "mean-power"},
              {"degree", "1,2,3"},
              {"models", "rfa"},
              {"samples", "16,32,64,128"}}),
       kTrials},
      {"rf-complexity", "small, frequencies alike",
       small({{"target", "mean-cosine"},
              {"frequency", "0.25,0.5,1"},
              {"models", "rfa"},
              {"samples", "16,32,64"}}),
       kTrials},
      {"rf-complexity", "defaults", {}, kTrials},
      {"rf-bias", "small, reads the query",
       small({{"target", "correlation-value"},
              {"degree", "1"},
              {"bias-scale", "0,1,2"},
              {"models", "brfa"},
              {"samples", "64"}}),
       kTrials},
      {"rf-bias", "small, does not read the query",
       small({{"target", "mean-power"},
              {"degree", "2"},
              {"bias-scale", "0,1,2"},
              {"models", "brfa"},
              {"samples", "64"}}),
       kTrials},
      {"rf-bias", "defaults", {}, kTrials},
      {"rf-length", "small, short inputs",
       small({{"target", "mean-power"},
              {"degree", "2"},
              {"keys", "1,2,4"},
              {"models", "rfa,rfmlp"},
              {"samples", "16,32,64,128"}}),
       kLengthTrials},
      {"rf-length", "small, linear target",
       small({{"target", "mean-power"},
              {"degree", "1"},
              {"keys", "1,3"},
              {"models", "rfa,rfmlp"},
              {"samples", "8,16,32"}}),
       kLengthTrials},
      {"rf-length", "small, longer inputs",
       small({{"target", "mean-power"},
              {"degree", "2"},
              {"keys", "4,6"},
              {"models", "rfa,rfmlp"},
              {"samples", "16,32,64,128"}}),
       kLengthTrials},
      {"rf-length", "defaults", {}, kLengthTrials},
      {"rf-sizes", "small, two dimensions",
       small({{"target", "mean-power"},
              {"degree", "2"},
              {"dim", "3,4"},
              {"keys", "4,6"},
              {"models", "rfa,rf-invariant,rfmlp"},
              {"samples", "16,32,64,128"}}),
       kLengthTrials},
      {"rf-sizes", "small, linear target",
       small({{"target", "mean-power"},
              {"degree", "1"},
              {"dim", "3,4"},
              {"keys", "1,3"},
              {"models", "rfa,rfmlp"},
              {"samples", "8,16,32"}}),
       kLengthTrials},
      {"rf-sizes", "defaults", {}, kLengthTrials},
      {"rf-trained", "small, training helps",
       small_trained({{"target", "mean-power"},
                      {"degree", "2"},
                      {"samples", "100"},
                      {"steps", "60"},
                      {"rate", "0.1"}}),
       kTrainedTrials},
      {"rf-trained", "small, little to learn",
       small_trained({{"target", "correlation-value"},
                      {"degree", "2"},
                      {"samples", "60"},
                      {"steps", "20"},
                      {"rate", "0.1"}}),
       kTrainedTrials},
      {"rf-trained", "defaults", {}, kTrainedTrials},
      {"rf-map", "small, attention needed for one target",
       small({{"target", "mean-power,correlation-value"},
              {"degree", "1"},
              {"models", "brfa,rf-invariant"},
              {"samples", "8,16,32,64,128"}}),
       kTrials},
      {"rf-map", "small, symmetry is enough",
       small({{"heads", "60"},
              {"target", "mean-power"},
              {"degree", "2"},
              {"models", "rfa,rf-invariant"},
              {"samples", "4,8,16,32,64,128,256,512"}}),
       kTrials},
      {"rf-map", "defaults", {}, kTrials},
  };
}

}  // namespace attnlab::random_features
