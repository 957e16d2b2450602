// Findings of rf-trained: learning curves, the course of training and the alignment of the heads.
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/findings/row_table.h"
#include "core/random_features/experiments.h"
#include "core/random_features/own_target.h"
#include "core/random_features/sweep_tables.h"
#include "core/random_features/theory.h"
#include "core/random_features/trained_claims.h"

namespace attnlab::random_features {
namespace {

constexpr Varied kVaried[] = {Varied::kSamples};

/// Everything measured, read once.
struct Trained {
  TrainedStudy study;
  std::vector<std::string> notes;
  TrainedOutcomes outcomes;
  std::vector<ErrorCurve> curves;
};

Trained trained_of(const RunSpec& spec, std::span<const JobOutput> outputs) {
  Trained trained{read_trained_study(spec.parameters), {}, {}, {}};
  trained.outcomes = read_outcomes(trained.study, outputs, trained.notes);
  trained.curves = trained_curves(trained.study, trained.outcomes);
  return trained;
}

/// A mean over trials of one quantity.
struct MeanRow {
  std::string model;  ///< empty in the course
  std::int64_t samples = 0, step = 0;
  std::string quantity;
  double mean = 0, std_error = 0;
  std::int64_t trials = 0;
};

MeanRow mean_row(std::string model, std::size_t samples, double step, std::string quantity,
                 const std::vector<double>& values) {
  const Estimate estimate = mean_and_error(values);
  return {std::move(model),
          static_cast<std::int64_t>(samples),
          static_cast<std::int64_t>(step),
          std::move(quantity),
          estimate.mean,
          estimate.std_error,
          estimate.count};
}

/// A quantity of the course, or of heads.
template <class Of>
struct Quantity {
  const char* name;
  const char* words;
  double Of::*number;
};
constexpr Quantity<CoursePoint> kErrors[] = {
    {"test", "test", &CoursePoint::test},
    {"held-out", "held-out", &CoursePoint::held},
    {"training", "training", &CoursePoint::training},
    {"as-trained", "training, values by Adam", &CoursePoint::as_trained}};
constexpr Quantity<HeadAlignment> kShares[] = {
    {"key", "β read from the key", &HeadAlignment::key},
    {"query", "β read from the query", &HeadAlignment::query},
    {"both", "β on both sides", &HeadAlignment::both},
    {"identity", "key compared with query", &HeadAlignment::identity},
    {"value", "value along β", &HeadAlignment::value}};

/// Values of the trials that are known.
template <class Value>
std::vector<double> known_values(const std::vector<TrainedOutcome>& trials, Value value) {
  std::vector<double> values;
  for (const TrainedOutcome& trial : trials) {
    const double number = value(trial);
    if (!std::isnan(number)) values.push_back(number);
  }
  return values;
}

/// Rows of all sizes, checkpoints and quantities of the course; `number` reads one.
template <class Of, class Number>
std::vector<MeanRow> course_rows(const Trained& trained, std::span<const Quantity<Of>> quantities,
                                 Number number) {
  std::vector<MeanRow> rows;
  const std::vector<std::size_t> steps = checkpoints(trained.study.steps);
  for (std::size_t s = 0; s < trained.outcomes.size(); ++s) {
    for (const Quantity<Of>& quantity : quantities) {
      for (std::size_t c = 0; c < steps.size(); ++c) {
        const std::vector<double> values =
            known_values(trained.outcomes[s], [&](const TrainedOutcome& trial) {
              return c < trial.course.size() ? number(trial.course[c], quantity)
                                             : std::numeric_limits<double>::quiet_NaN();
            });
        if (values.empty()) continue;
        rows.push_back(mean_row("rfa-trained", trained.study.sizes()[s],
                                static_cast<double>(steps[c]), quantity.name, values));
      }
    }
  }
  return rows;
}

std::vector<MeanRow> error_course(const Trained& trained) {
  return course_rows<CoursePoint>(
      trained, kErrors, [](const CoursePoint& point, const Quantity<CoursePoint>& quantity) {
        return point.*quantity.number;
      });
}

std::vector<MeanRow> share_course(const Trained& trained) {
  return course_rows<HeadAlignment>(
      trained, kShares, [](const CoursePoint& point, const Quantity<HeadAlignment>& quantity) {
        return point.alignment.*quantity.number;
      });
}

/// The alignment of the heads that each model ends with.
std::vector<MeanRow> final_shares(const Trained& trained) {
  std::vector<MeanRow> rows;
  for (std::size_t m = 0; m < trained.study.models.size(); ++m) {
    if (trained.study.models[m]->training == HeadTraining::kWide) continue;
    for (std::size_t s = 0; s < trained.outcomes.size(); ++s) {
      for (const Quantity<HeadAlignment>& quantity : kShares) {
        const std::vector<double> values =
            known_values(trained.outcomes[s], [&](const TrainedOutcome& trial) {
              return trial.points.empty() ? std::numeric_limits<double>::quiet_NaN()
                                          : trial.points[m].alignment.*quantity.number;
            });
        if (values.empty()) continue;
        rows.push_back(mean_row(std::string(trained.study.models[m]->model.id),
                                trained.study.sizes()[s], 0, quantity.name, values));
      }
    }
  }
  return rows;
}

Table mean_table(std::string name, std::string caption, bool of_models, bool over_steps,
                 const std::vector<MeanRow>& rows) {
  RowTable<MeanRow> table{std::move(name), std::move(caption), {}};
  if (of_models) table.columns.push_back(column<&MeanRow::model>("model", "model"));
  table.columns.push_back(column<&MeanRow::samples>("n", "training samples n"));
  if (over_steps) table.columns.push_back(column<&MeanRow::step>("step", "step"));
  table.columns.push_back(column<&MeanRow::quantity>("quantity", "quantity"));
  table.columns.push_back(column<&MeanRow::mean>("mean", "mean", "std_error"));
  table.columns.push_back(column<&MeanRow::std_error>("std_error", "standard error"));
  table.columns.push_back(column<&MeanRow::trials>("trials", "trials"));
  return table.of(rows);
}

/// The steps that held-out samples chose, by model, size and trial; NaN where there are none.
double steps_of(const Trained& trained, const ErrorRow& row, std::size_t trial) {
  const auto& models = trained.study.sweep.models;
  const auto& sizes = trained.study.sizes();
  const auto m =
      static_cast<std::size_t>(std::find(models.begin(), models.end(), row.model) - models.begin());
  const auto s = static_cast<std::size_t>(
      std::find(sizes.begin(), sizes.end(), static_cast<std::size_t>(row.samples)) - sizes.begin());
  const TrainedOutcome& outcome = trained.outcomes[s][trial];
  return outcome.points.empty() ? std::numeric_limits<double>::quiet_NaN()
                                : outcome.points[m].steps;
}

Table error_table(const Trained& trained, const std::vector<ErrorRow>& rows) {
  Table table = test_error_table(rows, kVaried);
  table.columns.push_back({"steps", "steps (median)", "", ColumnType::kNumber});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::vector<double> steps;
    for (std::size_t trial = 0; trial < trained.study.sweep.trials; ++trial) {
      const double taken = steps_of(trained, rows[r], trial);
      if (!std::isnan(taken)) steps.push_back(taken);
    }
    std::sort(steps.begin(), steps.end());
    table.rows[r].push_back(steps.empty() ? Cell() : whole_cell(steps[steps.size() / 2]));
  }
  return table;
}

std::string setting_text(const Trained& trained) {
  const TrainedStudy& study = trained.study;
  const TargetCase& item = study.item();
  std::string text = "Target " + item.formula();
  if (!item.symbol().empty()) text += ", " + item.symbol();
  return text + ".  " + sizes_text(study.sweep) + ".";
}

Figure curve_figure(const Trained& trained, const std::vector<ErrorRow>& rows) {
  const Sweep& sweep = trained.study.sweep;
  Figure figure = error_figure("learning-curve", "Do trained heads need fewer samples?", sweep);
  figure.subtitle =
      setting_text(trained) + "  Wide: M = " +
      std::to_string(wide_units(trained.study.layer().units, trained.study.layer().dim)) +
      ".  Steps and ridge chosen on a held-out 20 %.  Bars: ±1 standard error.";
  figure.x.label = "training samples n";
  figure.x.logarithmic = true;
  span_ticks(figure.x, all_sizes(sweep));
  figure.empty_text = "Press Run: each finished trial adds to the curves, small n first.";
  figure.draw_lines().series =
      measured_series(sweep, rows, [](const ErrorRow& row) { return row.samples; });
  for (std::size_t m = 0; m < trained.study.models.size(); ++m) {
    const bool wide = trained.study.models[m]->training == HeadTraining::kWide;
    figure.draw_lines().series[m].variant = wide ? 1 : 0;
  }
  for (Series& series : affine_series(sweep, figure.x.min, figure.x.max)) {
    figure.draw_lines().series.push_back(std::move(series));
  }
  return figure;
}

/// The largest training set with a course, as an index into the sizes; 0 without one.
std::size_t shown_size(const Trained& trained) {
  for (std::size_t s = trained.outcomes.size(); s-- > 0;) {
    for (const TrainedOutcome& outcome : trained.outcomes[s]) {
      if (!outcome.course.empty()) return s;
    }
  }
  return 0;
}

Series course_series(std::string id, std::string label, int colour, int variant,
                     const std::vector<MeanRow>& rows, std::size_t samples,
                     const std::string& quantity) {
  Series series;
  series.id = std::move(id);
  series.label = std::move(label);
  series.colour = colour;
  series.variant = variant;
  for (const MeanRow& row : rows) {
    const bool shown = row.samples == static_cast<std::int64_t>(samples) && row.step > 0 &&
                       row.quantity == quantity;
    if (!shown) continue;
    series.points.push_back(
        {static_cast<double>(row.step), row.mean, row.std_error, static_cast<int>(row.trials)});
  }
  return series;
}

Figure steps_figure(const Trained& trained, std::string id, std::string title) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.subtitle = setting_text(trained) +
                    "  n = " + std::to_string(trained.study.sizes()[shown_size(trained)]) +
                    ", of which 80 % are trained on.  Bars: ±1 standard error.";
  figure.x.label = "step of Adam";
  figure.x.logarithmic = true;
  figure.x.min = 1;
  figure.x.max = std::max(2.0, static_cast<double>(trained.study.steps));
  figure.y.logarithmic = true;
  figure.empty_text = trained.study.has(HeadTraining::kAdam)
                          ? "Press Run: the lines grow while the heads learn."
                          : "Nothing is trained by Adam: set train to both.";
  return figure;
}

/// The value before the first step, as a level with its name.
void add_start(Figure& figure, const std::vector<MeanRow>& rows, std::size_t samples,
               const std::string& quantity, const std::string& label) {
  for (const MeanRow& row : rows) {
    if (row.samples != static_cast<std::int64_t>(samples) || row.step > 0) continue;
    if (row.quantity != quantity) continue;
    figure.draw_lines().references.push_back(
        {false, row.mean, label + ": " + short_text(row.mean)});
  }
}

Figure course_figure(const Trained& trained, const std::vector<MeanRow>& rows) {
  Figure figure = steps_figure(trained, "course", "When is training long enough?");
  figure.y.label = "error (1 = best constant)";
  figure.table = "course";
  const std::size_t samples = trained.study.sizes()[shown_size(trained)];
  constexpr int kColours[] = {kColourSoftmax, kColourInvariant, kColourExponential};
  figure.draw_lines();
  for (std::size_t i = 0; i < std::size(kColours); ++i) {
    figure.draw_lines().series.push_back(course_series(std::string("course/") + kErrors[i].name,
                                                       kErrors[i].words, kColours[i], 0, rows,
                                                       samples, kErrors[i].name));
  }
  add_start(figure, rows, samples, "test", "test error of the frozen heads");
  return figure;
}

/// A dotted level across the figure that is known exactly.
void add_level(Figure& figure, std::string id, std::string label, double level) {
  Series series;
  series.id = std::move(id);
  series.label = std::move(label);
  series.note = "the mean over Gaussian matrices";
  series.role = SeriesRole::kExact;
  series.colour = kColourReference;
  for (const double x : {figure.x.min, figure.x.max}) series.points.push_back({x, level, 0, 0});
  figure.draw_lines().series.push_back(std::move(series));
}

Figure alignment_figure(const Trained& trained, const std::vector<MeanRow>& rows,
                        const std::vector<MeanRow>& ends) {
  Figure figure = steps_figure(trained, "alignment", "Where do the heads turn?");
  figure.y.label = "share of the squared norm";
  figure.table = "alignment";
  const std::size_t samples = trained.study.sizes()[shown_size(trained)];
  constexpr int kColours[] = {kColourSoftmax, kColourRfa, kColourExponential, kColourRfmlp,
                              kColourInvariant};
  figure.draw_lines();
  for (std::size_t i = 0; i < std::size(kShares); ++i) {
    figure.draw_lines().series.push_back(course_series(std::string("alignment/") + kShares[i].name,
                                                       kShares[i].words, kColours[i], 0, rows,
                                                       samples, kShares[i].name));
  }
  const double width = static_cast<double>(trained.study.layer().dim + 1);
  if (trained.study.layer().bias_scale == 0) {
    add_level(figure, "random/one-side", "random: 1/(d+1)", 1 / width);
    add_level(figure, "random/both-sides", "random: 1/(d+1)²", 1 / (width * width));
  }
  // Two steps of gradient descent: the share that they raise most.
  const MeanRow* most = nullptr;
  for (const MeanRow& row : ends) {
    const bool here = row.model == "rfa-two-step" && row.quantity != "value" &&
                      row.samples == static_cast<std::int64_t>(samples);
    if (here && (most == nullptr || row.mean > most->mean)) most = &row;
  }
  if (most == nullptr) return figure;
  const auto* of = std::ranges::find_if(
      kShares, [&](const Quantity<HeadAlignment>& share) { return share.name == most->quantity; });
  Series level;
  level.id = "two-step/" + most->quantity;
  level.label = "two-step: " + std::string(of->words);
  level.note =
      "at the end of the two-step variant, " + counted(trained.study.sweep.trials, "trial");
  level.colour = kColourBrfa;
  for (const double x : {figure.x.min, figure.x.max}) {
    level.points.push_back({x, most->mean, most->std_error, static_cast<int>(most->trials)});
  }
  figure.draw_lines().series.push_back(std::move(level));
  return figure;
}

}  // namespace

Findings TrainedExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const Trained trained = trained_of(spec, outputs);
  const Sweep& sweep = trained.study.sweep;
  const std::vector<ErrorRow> errors = error_rows(sweep, trained.curves);
  const std::vector<MeanRow> course = error_course(trained), shares = share_course(trained),
                             ends = final_shares(trained);
  Findings found;
  found.result.tables = {
      error_table(trained, errors), samples_needed_table(needed_rows(trained.curves), {}),
      mean_table("course",
                 "Errors as training goes, on the 80 % that are trained on, on the others and on "
                 "test samples, with values refitted by ridge regression; as-trained: with the "
                 "values that Adam has reached. Divided by the variance of the target",
                 false, true, course),
      mean_table("alignment",
                 "Shares of the squared norms of the heads along the target's direction β as "
                 "training goes (docs/derivations-random-features.md)",
                 false, true, shares),
      mean_table("heads", "The same shares of the heads that each model ends with", true, false,
                 ends)};
  found.result.claims = trained_claims(trained.study, trained.curves, spec.parameters);
  found.result.notes = trained.notes;
  for (auto&& notes :
       {fit_notes(sweep, trained.curves), training_notes(trained.study, trained.outcomes),
        formula_notes(trained.study.item(), trained.study.layer().keys,
                      trained.study.layer().dim)}) {
    found.result.notes.insert(found.result.notes.end(), notes.begin(), notes.end());
  }
  found.figures = {curve_figure(trained, errors), course_figure(trained, course),
                   alignment_figure(trained, shares, ends)};
  return found;
}

std::vector<Table> TrainedExperiment::details(const RunSpec& spec,
                                              std::span<const JobOutput> outputs) {
  const Trained trained = trained_of(spec, outputs);
  const std::vector<TrialRow> rows = trial_rows(trained.study.sweep, trained.curves);
  Table table = trials_table(rows, kVaried);
  table.columns.push_back({"steps", "steps taken", "", ColumnType::kNumber});
  for (std::size_t r = 0; r < rows.size(); ++r) {
    ErrorRow row{};
    row.model = rows[r].model;
    row.samples = rows[r].samples;
    table.rows[r].push_back(
        real_cell(steps_of(trained, row, static_cast<std::size_t>(rows[r].trial - 1))));
  }
  return {std::move(table)};
}

}  // namespace attnlab::random_features
