// rf-trained: without steps it is the frozen layer, frozen layers are those of rf-learning-curve,
// choices never see the test samples, and its claims follow from the paired trials.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "core/numerics/linear_algebra.h"
#include "core/random_features/trained_jobs.h"
#include "tests/unit/support/experiments.h"

using namespace attnlab;
using namespace attnlab::random_features;
using attnlab::test::named;
using attnlab::test::run_all;
using attnlab::test::spec_with;

namespace {

RunSpec small_run(test::Values values) {
  test::Values all = {
      {"dim", "4"},    {"keys", "3"},        {"heads", "3"}, {"test-samples", "100"},
      {"trials", "2"}, {"samples", "20,60"}, {"steps", "6"}};
  all.insert(all.end(), values.begin(), values.end());
  return spec_with(named("rf-trained"), all);
}

/// Rows of the table `trials` of a model, as cells by name.
std::vector<std::vector<double>> trials_of(const RunSpec& spec, const std::string& model,
                                           const std::vector<std::string>& columns) {
  const Table table = spec.experiment->details(spec, run_all(spec)).front();
  CHECK(static_cast<bool>(check_types(table)));
  std::vector<std::vector<double>> rows;
  for (const std::vector<Cell>& row : table.rows) {
    if (std::get<std::string>(row[table.column("model")]) != model) continue;
    rows.emplace_back();
    for (const std::string& column : columns) {
      REQUIRE(table.column(column) < row.size());
      rows.back().push_back(number_in(row[table.column(column)]));
    }
  }
  return rows;
}

/// Outputs of a run in which every model has these test errors at every size, one per trial.
std::vector<JobOutput> made_outputs(const RunSpec& spec, double trained, double two_step,
                                    double frozen, double wide, double spread) {
  const TrainedStudy study = read_trained_study(spec.parameters);
  std::vector<JobOutput> outputs;
  for (std::uint32_t job = 0; job < study.sizes().size() * study.sweep.trials; ++job) {
    TrainedOutcome outcome;
    for (const TrainedModel* model : study.models) {
      const double level = model->training == HeadTraining::kAdam      ? trained
                           : model->training == HeadTraining::kTwoStep ? two_step
                           : model->training == HeadTraining::kFrozen  ? frozen
                                                                       : wide;
      const double sign = model->training == HeadTraining::kAdam ? 1 : -1;
      TrainedPoint point;
      point.fit = {level + (job % 2 == 0 ? sign : -sign) * spread, 0.1, 0.1, 0};
      outcome.points.push_back(point);
    }
    outputs.push_back({job, encode_outcome(outcome), true});
  }
  return outputs;
}

ClaimStatus status(const Result& result, const std::string& id) {
  for (const Claim& claim : result.claims) {
    if (claim.id == id) return claim.status;
  }
  FAIL("no claim " << id);
  return {};
}

}  // namespace

TEST_CASE("without steps trained heads are the frozen ones, to the last bit") {
  const RunSpec spec = small_run({{"steps", "0"}});
  const std::vector<std::string> columns = {"n", "trial", "ridge", "test_error", "training_error"};
  const auto frozen = trials_of(spec, "rfa", columns);
  CHECK(frozen.size() == 4);
  CHECK(trials_of(spec, "rfa-trained", columns) == frozen);
  CHECK(trials_of(spec, "rfa-two-step", columns) == frozen);
  const auto some = small_run({{"noise", "0.3"}});
  CHECK(trials_of(some, "rfa-trained", columns) != trials_of(some, "rfa", columns));
}

TEST_CASE("frozen layers of rf-trained are the layers of rf-learning-curve with as many heads") {
  for (const char* samples : {"12", "60"}) {  // 15 features: the dual and the primal system
    const test::Values shared = {{"dim", "4"},    {"keys", "3"},   {"test-samples", "100"},
                                 {"trials", "2"}, {"degree", "2"}, {"samples", samples},
                                 {"noise", "0.2"}};
    test::Values values = shared;
    values.insert(values.end(), {{"heads", "3"}, {"steps", "0"}});
    const RunSpec trained = spec_with(named("rf-trained"), values);
    const std::vector<std::string> columns = {"trial", "ridge", "test_error", "training_error"};
    const auto other = [&](const char* model, const char* heads) {
      values = shared;
      values.insert(values.end(), {{"heads", heads}, {"models", model}});
      return trials_of(spec_with(named("rf-learning-curve"), values), model, columns);
    };
    // 3 heads, W and v trained: 3 * 5 * 6 numbers, as many as 18 frozen heads have.
    // Labels differ by the rounding of their noise, features in double from single precision.
    const auto same = [&](const char* model, const auto& expected) {
      CAPTURE(model);
      CAPTURE(samples);
      const auto rows = trials_of(trained, model, columns);
      REQUIRE(rows.size() == expected.size());
      for (std::size_t r = 0; r < rows.size(); ++r) {
        CHECK(rows[r][1] == expected[r][1]);
        for (const std::size_t c : {2, 3}) {
          CHECK(rows[r][c] == doctest::Approx(expected[r][c]).epsilon(1e-4));
        }
      }
    };
    same("rfa-wide", other("rfa", "18"));
    same("rf-invariant-wide", other("rf-invariant", "18"));
    same("rfa", other("rfa", "3"));
  }
}

TEST_CASE("steps and ridge parameters are chosen without the test samples") {
  const std::vector<std::string> chosen = {"n", "trial", "ridge", "steps", "training_error"};
  const RunSpec few = small_run({{"test-samples", "50"}}), many = small_run({});
  for (const char* model : {"rfa-trained", "rfa-two-step", "rfa"}) {
    const auto a = trials_of(few, model, chosen), b = trials_of(many, model, chosen);
    REQUIRE(a.size() == b.size());
    for (std::size_t r = 0; r < a.size(); ++r) {
      for (const std::size_t c : {0, 1, 2, 3}) {
        CHECK((a[r][c] == b[r][c] || (std::isnan(a[r][c]) && std::isnan(b[r][c]))));
      }
      // The same fit, over another estimate of the target's variance.
      CHECK(a[r][4] > 0);
    }
  }
}

TEST_CASE(
    "a job of rf-trained gives the same bytes every time, and its course has every checkpoint") {
  const RunSpec spec = small_run({});
  const std::vector<JobOutput> one = run_all(spec), other = run_all(spec);
  REQUIRE(one.size() == 4);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i].bytes == other[i].bytes);
  CHECK(checkpoints(6) == std::vector<std::size_t>{0, 1, 2, 3, 4, 6});
  CHECK(checkpoints(0) == std::vector<std::size_t>{0});
  CHECK(checkpoints(300).back() == 300);
  const Result result = spec.experiment->find(spec, one).result;
  const Table* course = result.table("course");
  REQUIRE(course != nullptr);
  CHECK(course->rows.size() == 2 * 4 * 6);  // sizes, quantities, checkpoints
  CHECK(result.table("alignment")->rows.size() == 2 * 5 * 6);
  CHECK(result.table("heads")->rows.size() == 3 * 2 * 5);
  // Steps taken are one of them, and the least held-out error of the course.
  std::vector<std::string> notes;
  const TrainedStudy study = read_trained_study(spec.parameters);
  for (const auto& trials : read_outcomes(study, one, notes)) {
    for (const TrainedOutcome& outcome : trials) {
      const auto least = std::min_element(
          outcome.course.begin(), outcome.course.end(),
          [](const CoursePoint& a, const CoursePoint& b) { return a.held < b.held; });
      CHECK(outcome.points.front().steps == least->step);
      CHECK(outcome.points.front().fit.strength == least->ridge);
    }
  }
  CHECK(notes.empty());
}

TEST_CASE("the claims of rf-trained hold, fail or stay undecided with the paired trials") {
  const RunSpec spec = small_run({{"trials", "6"}});
  const auto judged = [&](const std::vector<JobOutput>& outputs) {
    return spec.experiment->find(spec, outputs).result;
  };
  const Result better = judged(made_outputs(spec, 0.3, 0.2, 0.8, 0.5, 0.01));
  for (const char* id : {"A7", "A8", "A9"}) CHECK(status(better, id) == ClaimStatus::kHolds);
  const Result worse = judged(made_outputs(spec, 0.9, 0.8, 0.5, 0.5, 0.01));
  for (const char* id : {"A7", "A8", "A9"}) CHECK(status(worse, id) == ClaimStatus::kFails);
  const Result equal = judged(made_outputs(spec, 0.5, 0.5, 0.5, 0.5, 0.1));
  for (const char* id : {"A7", "A8"}) CHECK(status(equal, id) == ClaimStatus::kUndecided);
  // Without the models a claim says what it needs, and that sets it right.
  const RunSpec alone = small_run({{"train", "values"}, {"compare", "rf-invariant-wide"}});
  for (const Claim& claim : alone.experiment->find(alone, {}).result.claims) {
    CHECK(!claim.need.what.empty());
    RunSpec mended = alone;
    for (const auto& [name, text] : claim.need.settings) {
      CHECK(static_cast<bool>(set_parameter(mended, name, text)));
    }
    for (const Claim& after : mended.experiment->find(mended, {}).result.claims) {
      if (after.id == claim.id) CHECK(after.need.what.empty());
    }
  }
}

TEST_CASE(
    "outputs of rf-trained that cannot be read are named, and unfinished ones show a course") {
  const RunSpec spec = small_run({});
  std::vector<JobOutput> outputs = run_all(spec);
  outputs[1].bytes.pop_back();
  outputs[2].complete = false;
  const Result result = spec.experiment->find(spec, outputs).result;
  CHECK(std::ranges::count_if(result.notes, [](const std::string& note) {
          return note.find("job 1 could not be read") != std::string::npos;
        }) == 1);
  CHECK(spec.experiment->details(spec, outputs).front().rows.size() == 2 * 5);
  const Table* course = result.table("course");
  CHECK(course->rows.size() == 2 * 4 * 6);
  CHECK(number_in(course->rows.back()[course->column("trials")]) == 2);
}

TEST_CASE("rf-trained refuses targets without variation, and runs at the smallest sizes") {
  const auto refused = [](test::Values values) {
    const RunSpec spec = small_run(std::move(values));
    const Expected<Plan> plan = spec.experiment->plan(spec);
    return plan ? std::string() : plan.error().sentence;
  };
  CHECK(refused({{"dim", "1"}, {"degree", "2"}}).find("dim must be at least 2") == 0);
  CHECK(refused({{"target", "own"}, {"formula", "dot(q,q)"}}).find("nothing to learn") !=
        std::string::npos);
  CHECK(refused({{"dim", "1"}, {"degree", "1"}}).empty());
  // The smallest sizes run: 5 samples, one of which is held out.
  const RunSpec least = small_run({{"dim", "1"},
                                   {"degree", "1"},
                                   {"keys", "1"},
                                   {"heads", "1"},
                                   {"samples", "5"},
                                   {"test-samples", "2"},
                                   {"trials", "1"}});
  run_all(least);
}

TEST_CASE("trained heads agree between instruction sets after many steps") {
  // Double precision: rounding of 1e-16 grows along 200 steps, but by far less than 1e10.
  const RunSpec spec = small_run({{"steps", "200"}, {"trials", "1"}, {"train", "both,two-step"}});
  const std::span<const SimdTarget> targets = available_targets();
  const std::string used = simd_target_name();
  std::vector<std::vector<JobOutput>> runs;
  for (const SimdTarget& target : targets) {
    force_target(target);
    runs.push_back(run_all(spec));
  }
  for (const SimdTarget& target : targets) {
    if (target.name == used) force_target(target);
  }
  CHECK(simd_target_name() == used);
  const TrainedStudy study = read_trained_study(spec.parameters);
  std::vector<std::string> notes;
  const TrainedOutcomes one = read_outcomes(study, runs.front(), notes);
  for (const std::vector<JobOutput>& run : runs) {
    const TrainedOutcomes other = read_outcomes(study, run, notes);
    for (std::size_t s = 0; s < one.size(); ++s) {
      const TrainedOutcome &a = one[s][0], &b = other[s][0];
      REQUIRE(a.course.size() == b.course.size());
      CHECK(a.course.back().test == doctest::Approx(b.course.back().test).epsilon(1e-6));
      for (std::size_t m = 0; m < 2; ++m) {  // the wide layers are in single precision
        CHECK(a.points[m].steps == b.points[m].steps);
        CHECK(a.points[m].fit.test_error ==
              doctest::Approx(b.points[m].fit.test_error).epsilon(1e-6));
      }
    }
  }
}
