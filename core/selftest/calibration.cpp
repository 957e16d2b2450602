// Runs of calibration settings, and the table of what they found.
#include "core/selftest/calibration.h"

#include <map>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/in_context/calibration.h"
#include "core/numerics/binomial.h"
#include "core/random_features/calibration.h"

namespace attnlab {
namespace {

std::vector<CalibratedVerdict> verdicts(const Result& result) {
  std::map<std::string, int> seen;
  std::vector<CalibratedVerdict> all;
  for (const Claim& claim : result.claims) {
    const int number = ++seen[claim.id];
    // Models or degrees that the setting leaves out: not a verdict.
    if (claim.status == ClaimStatus::kUndecided && claim.judged.empty()) continue;
    all.push_back(
        {claim.id + (number > 1 ? " (" + std::to_string(number) + ")" : ""), claim.status});
  }
  return all;
}

Cell percent(int part, int whole) {
  return whole > 0 ? Cell(100.0 * part / whole) : Cell{};
}

}  // namespace

std::vector<CalibrationSetting> calibration_settings() {
  std::vector<CalibrationSetting> all;
  // One line a family.
  for (const auto& family :
       {random_features::calibration_settings(), in_context::calibration_settings()}) {
    all.insert(all.end(), family.begin(), family.end());
  }
  return all;
}

Expected<RunSpec> calibration_spec(const CalibrationSetting& setting, bool more_data,
                                   std::uint64_t seed) {
  const Experiment* experiment = find_experiment(setting.experiment);
  if (experiment == nullptr) return Error{"there is no experiment " + setting.experiment};
  RunSpec spec{experiment, ParameterSet(experiment->schema), seed};
  CalibrationSetting::Values values = setting.values;
  if (more_data) values.insert(values.end(), setting.more_data.begin(), setting.more_data.end());
  for (const auto& [name, text] : values) {
    if (const auto set = set_parameter(spec, name, text); !set) return set.error();
  }
  return spec;
}

Expected<std::vector<std::string>> calibrated_claims(const CalibrationSetting& setting) {
  const Expected<RunSpec> spec = calibration_spec(setting, false, kDefaultSeed);
  if (!spec) return spec.error();
  std::vector<std::string> ids;
  for (const Claim& claim : spec->experiment->find(*spec, {}).result.claims) {
    ids.push_back(claim.id);
  }
  return ids;
}

Expected<std::vector<CalibratedVerdict>> calibration_run(const RunSpec& spec, bool (*stop)()) {
  const Expected<Plan> plan = spec.experiment->plan(spec);
  if (!plan) return plan.error();
  std::vector<JobOutput> outputs;
  for (std::uint32_t i = 0; i < plan->jobs.size(); ++i) {
    JobSteps job = spec.experiment->start(spec, i);
    while (job.step() == JobSteps::State::kRunning) {
      if (stop()) return std::vector<CalibratedVerdict>{};
    }
    if (job.state() != JobSteps::State::kDone) return job.error();
    outputs.push_back({i, job.take_output(), true});
  }
  return verdicts(spec.experiment->find(spec, outputs).result);
}

void CalibrationCount::add(ClaimStatus status) {
  switch (status) {
    case ClaimStatus::kHolds:
      ++holds;
      return;
    case ClaimStatus::kFails:
      ++fails;
      return;
    case ClaimStatus::kNoCounterexample:
      ++no_counterexample;
      return;
    case ClaimStatus::kUndecided:
      ++undecided;
      return;
  }
}

int CalibrationCount::contradicted() const {
  if (more_data == ClaimStatus::kHolds) return fails;
  return more_data == ClaimStatus::kFails ? holds + no_counterexample : 0;
}

Table calibration_table(const std::vector<CalibrationCount>& counts) {
  Table table;
  table.name = "calibration";
  table.caption =
      "Verdicts of many seeds against one run with 50 times the data; shares in %, the last two "
      "bounds are exact 95 % intervals of the contradicted share";
  for (const auto& [name, label] :
       std::vector<std::pair<const char*, const char*>>{{"experiment", "experiment"},
                                                        {"setting", "setting"},
                                                        {"claim", "claim"},
                                                        {"seeds", "seeds"},
                                                        {"holds", "holds %"},
                                                        {"fails", "fails %"},
                                                        {"decided", "decided %"},
                                                        {"more_data", "50 times the data"},
                                                        {"contradicted", "contradicted %"},
                                                        {"low", "from"},
                                                        {"high", "to"}}) {
    table.columns.push_back({name, label, ""});
  }
  for (const CalibrationCount& count : counts) {
    const int runs = count.runs(), decided = runs - count.undecided;
    const bool comparable = count.more_data_known && count.more_data != ClaimStatus::kUndecided;
    const int wrong = count.contradicted();
    const bool shown = comparable && runs > 0;
    table.rows.push_back(
        {count.experiment, count.setting, count.claim, static_cast<std::int64_t>(runs),
         percent(count.holds + count.no_counterexample, runs), percent(count.fails, runs),
         percent(decided, runs),
         count.more_data_known ? Cell(std::string(status_text(count.more_data))) : Cell{},
         shown ? percent(wrong, runs) : Cell{},
         shown ? Cell(100 * share_lower_bound(wrong, runs, 0.025)) : Cell{},
         shown ? Cell(100 * share_upper_bound(wrong, runs, 0.025)) : Cell{}});
  }
  return table;
}

}  // namespace attnlab
