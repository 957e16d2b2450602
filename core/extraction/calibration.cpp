#include "core/extraction/calibration.h"

#include <string>

namespace attnlab::extraction {
namespace {

using Values = CalibrationSetting::Values;

/// More data is 50 times the trials of the setting.
Values trials(int count) {
  return {{"trials", std::to_string(50 * count)}};
}

}  // namespace

std::vector<CalibrationSetting> calibration_settings() {
  return {
      {"extract-single", "small, robust form", {{"dim", "2,4"}}, trials(2)},
      {"extract-single",
       "small, three forms, large weights",
       {{"dim", "4"}, {"method", "robust,gaussian,plain"}, {"weight-scale", "1,30"}},
       trials(2)},
      {"extract-single", "defaults", {}, trials(2)},
      {"extract-low-rank",
       "small, enough measurements",
       {{"dim", "4,5"}, {"oversampling", "1.5,4"}},
       trials(8)},
      {"extract-low-rank",
       "small, about half are found",
       {{"dim", "5"}, {"oversampling", "1,1.25"}},
       trials(8)},
      {"extract-low-rank", "defaults", {}, trials(8)},
      {"extract-transformer", "small, one neuron", {{"dim", "2,4"}, {"hidden", "1"}}, trials(2)},
      {"extract-transformer",
       "small, both routes",
       {{"dim", "3"}, {"hidden", "4"}, {"network", "bias-free"}, {"method", "gradient,odd-part"}},
       trials(2)},
      {"extract-transformer", "defaults", {}, trials(2)},
      {"extract-noise",
       "small, three noise sizes",
       {{"dim", "4"}, {"noise", "1e-6,1e-4,0.01"}, {"method", "bounded"}},
       trials(3)},
      {"extract-noise",
       "small, all four exponents",
       {{"dim", "3"},
        {"noise", "1e-6,1e-5"},
        {"weight-scale", "1,2"},
        {"min-value", "0.3,1"},
        {"repeats", "1,16"},
        {"method", "bounded"}},
       trials(3)},
      {"extract-noise", "defaults", {}, trials(3)},
      {"extract-multi-head", "small, two heads", {{"dim", "2"}, {"shift", "0.1,1"}}, trials(3)},
      {"extract-multi-head",
       "small, three heads",
       {{"dim", "3"}, {"heads", "3"}, {"shift", "1"}},
       trials(3)},
      {"extract-multi-head", "defaults", {}, trials(3)},
      {"extract-membership", "small, few bits", {{"dim", "4"}, {"bits", "8,12"}}, trials(3)},
      {"extract-membership", "small, one number", {{"dim", "1"}, {"bits", "8,16,24"}}, trials(3)},
      {"extract-membership", "defaults", {}, trials(3)},
      {"extract-logits",
       "small, exact and coarse",
       {{"dim", "4"},
        {"logits", "12"},
        {"queries", "16"},
        {"answers", "exact,bfloat16,digits"},
        {"digits", "1,2,4"}},
       trials(8)},
      {"extract-logits",
       "small, layer norm and lists",
       {{"dim", "3,6"},
        {"logits", "16"},
        {"norm", "layer"},
        {"queries", "12"},
        {"answers", "exact,float32,top"},
        {"top", "3"}},
       trials(8)},
      {"extract-logits", "defaults", {}, trials(8)},
      {"extract-by-hand",
       "six questions, one column after the other",
       {{"asked", "1,0,1,0,0,1,0,1,2,0,1,0,1,1,1,0,1,1,0,1,0,2,0,1"}},
       {}},
      {"extract-by-hand",
       "six questions that mix the columns",
       {{"asked", "1,0,1,0,0,1,0,1,0,1,1,1,1,0,1,-1,2,1,1,0.5,0,2,-1,1"}},
       {}},
  };
}

}  // namespace attnlab::extraction
