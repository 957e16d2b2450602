// Runs of calibration settings, and the table of what they found.
#include "core/selftest/calibration.h"

#include <map>
#include <optional>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/extraction/calibration.h"
#include "core/findings/row_table.h"
#include "core/in_context/calibration.h"
#include "core/numerics/binomial.h"
#include "core/random_features/calibration.h"

namespace attnlab {
namespace {

constexpr double kUniversalTail = 0.05;  // of judge_universal's bound on the share

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

using Shown = std::optional<double>;

Shown percent(int part, int whole) {
  return whole > 0 ? Shown(100.0 * part / whole) : std::nullopt;
}

/// Columns of the table that are not members of a count.
Shown holds(const CalibrationCount& count) {
  return percent(count.holds + count.no_counterexample, count.runs());
}
Shown fails(const CalibrationCount& count) {
  return percent(count.fails, count.runs());
}
Shown decided(const CalibrationCount& count) {
  return percent(count.runs() - count.undecided, count.runs());
}
std::optional<std::string> more_data(const CalibrationCount& count) {
  return count.more_data_known ? std::optional(std::string(status_text(count.more_data)))
                               : std::nullopt;
}

/// A share of contradicted runs in percent, where there are runs to compare with a decided verdict.
template <double (*share)(int, int, double)>
Shown bound(const CalibrationCount& count) {
  if (!count.comparable()) return std::nullopt;
  return 100 * share(count.contradicted(), count.runs(), 0.025);
}
Shown contradicted(const CalibrationCount& count) {
  return count.comparable() ? percent(count.contradicted(), count.runs()) : std::nullopt;
}

}  // namespace

std::vector<CalibrationSetting> calibration_settings() {
  std::vector<CalibrationSetting> all;
  // One line per family.
  for (const auto& family :
       {random_features::calibration_settings(), extraction::calibration_settings(),
        in_context::calibration_settings()}) {
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

bool CalibrationCount::comparable() const {
  return more_data_known && more_data != ClaimStatus::kUndecided && runs() > 0;
}

int CalibrationCount::contradicted() const {
  if (more_data == ClaimStatus::kHolds) return fails;
  if (more_data != ClaimStatus::kFails) return 0;
  return holds + (no_counterexample < kUniversalTail * runs() ? no_counterexample : 0);
}

Table calibration_table(const std::vector<CalibrationCount>& counts, bool with_links) {
  using Count = CalibrationCount;
  RowTable<Count> table{
      "calibration",
      "Verdicts of many seeds against one run with 50 times the data; shares in %, the last two "
      "bounds are exact 95 % intervals of the contradicted share",
      {column<&Count::experiment>("experiment", "experiment"),
       column<&Count::setting>("setting", "setting"), column<&Count::claim>("claim", "claim"),
       column<&Count::runs>("seeds", "seeds"), column<&holds>("holds", "holds %"),
       column<&fails>("fails", "fails %"), column<&decided>("decided", "decided %"),
       column<&more_data>("more_data", "50 times the data"),
       column<&contradicted>("contradicted", "contradicted %"),
       column<&bound<share_lower_bound>>("low", "from"),
       column<&bound<share_upper_bound>>("high", "to")}};
  if (with_links) {
    table.columns.push_back(column<&Count::link>("link", "link"));
    table.columns.push_back(column<&Count::more_data_link>("more_data_link", "more data"));
  }
  return table.of(counts);
}

}  // namespace attnlab
