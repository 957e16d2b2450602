// Figures of icl-diversity: against the number of tasks, of prompts, and of examples.
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/in_context/closed_forms.h"
#include "core/in_context/diversity_study.h"
#include "core/numerics/elementary.h"
#include "core/numerics/statistics.h"

namespace attnlab::in_context {
namespace {

constexpr int kTheoryPoints = 96;
constexpr std::size_t kMostCurves = 4;  ///< of one kind in a figure; the table has all

int colour_of(std::size_t place) {
  constexpr int kSlots[] = {kColourRfa,     kColourBrfa,          kColourRfmlp,
                            kColourSoftmax, kColourBiasedSoftmax, kColourExponential};
  return kSlots[place % std::size(kSlots)];
}

/// At most kMostCurves places of a list, with the first and the last.
std::vector<std::size_t> shown_places(std::size_t size) {
  std::vector<std::size_t> places;
  const std::size_t shown = std::min(size, kMostCurves);
  for (std::size_t i = 0; i < shown; ++i) {
    places.push_back(shown < 2 ? 0 : i * (size - 1) / (shown - 1));
  }
  return places;
}

/// What a curve shows at one value of the horizontal axis.
struct Measured {
  double x = 0;
  Trials trials;
};

/// Points of a curve where they are known. With `logarithms` means of logarithms, for errors whose
/// trials lie decades apart, with the standard error that this gives.
std::vector<FigurePoint> points_of(const std::vector<Measured>& all, bool geometric) {
  std::vector<FigurePoint> points;
  for (const Measured& one : all) {
    Trials values = known_differences(one.trials, {});
    if (geometric) {
      for (double& value : values) value = portable_log(value);
    }
    const Estimate estimate = mean_and_error(values);
    if (estimate.count == 0) continue;
    const double y = geometric ? portable_exp(estimate.mean) : estimate.mean;
    points.push_back(
        {one.x, y, geometric ? y * estimate.std_error : estimate.std_error, estimate.count});
  }
  return points;
}

void add_measured(std::string id, std::string label, std::string note, int colour, int variant,
                  std::vector<FigurePoint> points, Figure& figure) {
  if (points.empty()) return;
  figure.draw_lines().series.push_back({.id = std::move(id),
                                        .label = std::move(label),
                                        .note = std::move(note),
                                        .role = SeriesRole::kMeasured,
                                        .colour = colour,
                                        .variant = variant,
                                        .points = std::move(points)});
}

/// A closed form between the ends of a logarithmic axis.
void add_line(std::string id, std::string label, std::string note, SeriesRole role, int colour,
              int variant, double low, double high, const std::function<double(double)>& value,
              Figure& figure) {
  Series series{.id = std::move(id),
                .label = std::move(label),
                .note = std::move(note),
                .role = role,
                .colour = colour,
                .variant = variant,
                .points = {}};
  for (int i = 0; i <= kTheoryPoints && high > low; ++i) {
    const double x = low * portable_exp(portable_log(high / low) * i / kTheoryPoints);
    const double y = value(x);
    if (std::isfinite(y) && y > 0) series.points.push_back({x, y, 0, 0});
  }
  if (!series.points.empty()) figure.draw_lines().series.push_back(std::move(series));
}

constexpr const char* kTheoryNote =
    "the limit of large d: arXiv 2405.11751 without ridge and for τ > 1, else our derivation "
    "(docs/derivations.md)";
constexpr const char* kNewNote = "the fitted layer on tasks that no prompt of the fit came from";
constexpr const char* kTrainedNote = "the fitted layer on the tasks of its fit";

std::string sizes_text(const DiversityStudy& study) {
  return "d = " + std::to_string(study.dim) + ", ρ = " + short_text(study.noise) +
         (study.ridge > 0 ? ", λ = " + short_text(study.ridge) : std::string()) + ", " +
         counted(study.trials, "trial");
}

Axis ratio_axis(std::string label, double low, double high, std::vector<double> ticks) {
  return {.label = std::move(label),
          .logarithmic = true,
          .min = low,
          .max = high,
          .ticks = std::move(ticks)};
}

Figure task_figure(const DiversityStudy& study) {
  std::vector<double> ticks;
  for (std::size_t t = 0; t < study.tasks.size(); ++t) ticks.push_back(study.kappa(t));
  Figure figure;
  figure.x = ratio_axis("tasks over dimension κ = k/d", ticks.front(), ticks.back(), ticks);
  figure.table = "gap";
  figure.empty_text = "Press Run: each number of tasks adds a point to every curve.";
  if (ticks.front() < 1 && ticks.back() > 1) {
    figure.draw_lines().references.push_back({true, 1, "as many tasks as dimensions"});
  }
  return figure;
}

Figure gap_figure(const DiversityStudy& study, const DiversityOutcome& outcome) {
  Figure figure = task_figure(study);
  figure.id = "gap";
  figure.title = "How much worse is the layer on tasks that it has not seen?";
  figure.subtitle = sizes_text(study) + ".  Bars: ±1 standard error. Dashed: theory, d → ∞.";
  figure.y.label = "error on new tasks − on trained tasks";
  const std::size_t last = study.tasks.size() - 1;
  for (const std::size_t e : shown_places(study.examples.size())) {
    for (const std::size_t p : shown_places(study.prompts.size())) {
      std::vector<Measured> measured;
      for (std::size_t t = 0; t <= last; ++t) {
        const DiversityCell& cell = outcome.cell(study, t, e, p);
        measured.push_back({study.kappa(t), known_differences(cell.fresh, cell.trained)});
      }
      std::string where;
      if (study.examples.size() > 1) where = "α = " + short_text(study.alpha(e));
      if (study.prompts.size() > 1) {
        where += (where.empty() ? "τ = " : ", τ = ") + short_text(study.tau(p));
      }
      if (where.empty()) where = "attention";
      const std::string id =
          std::to_string(study.examples[e]) + "-" + std::to_string(study.prompts[p]);
      add_measured("gap/" + id, where, "exact errors of the fitted layer, mean over trials",
                   colour_of(e), static_cast<int>(p), points_of(measured, false), figure);
      add_line(
          "theory/" + id, "theory", kTheoryNote, SeriesRole::kTheory, colour_of(e),
          static_cast<int>(p), study.kappa(0), study.kappa(last),
          [&](double kappa) {
            DiversityLaw law = study.law(0, e, p);
            law.kappa = kappa;
            return large_dimension_errors(law).gap();
          },
          figure);
    }
  }
  return figure;
}

/// Both errors of the layer against those of the posterior mean, at the largest alpha and tau.
Figure transition_figure(const DiversityStudy& study, const DiversityOutcome& outcome) {
  const std::size_t e = study.examples.size() - 1, p = study.prompts.size() - 1;
  Figure figure = task_figure(study);
  figure.id = "transition";
  figure.title = "Does it remember its tasks, or learn from the prompt?";
  figure.subtitle = "α = " + short_text(study.alpha(e)) + ", τ = " + short_text(study.tau(p)) +
                    ", " + sizes_text(study) + ".  Bars: ±1 standard error. Dashed: theory, d → ∞.";
  figure.y.label = "error E(ŷ − y)²";
  figure.y.logarithmic = true;
  std::vector<Measured> fresh, trained, posterior_fresh, posterior_trained, ridge;
  const std::size_t last = study.tasks.size() - 1;
  for (std::size_t t = 0; t <= last; ++t) {
    const double kappa = study.kappa(t);
    const DiversityCell& cell = outcome.cell(study, t, e, p);
    const PosteriorCell& baseline = outcome.baseline(study, t, e);
    fresh.push_back({kappa, cell.fresh});
    trained.push_back({kappa, cell.trained});
    posterior_fresh.push_back({kappa, baseline.fresh});
    posterior_trained.push_back({kappa, baseline.trained});
    ridge.push_back({kappa, baseline.ridge});
  }
  add_measured("new", "attention, new", kNewNote, kColourRfa, 0, points_of(fresh, false), figure);
  add_measured("trained", "attention, trained", kTrainedNote, kColourBrfa, 0,
               points_of(trained, false), figure);
  add_measured("posterior-new", "posterior, new",
               "the posterior mean over the k tasks of the fit, where the task is none of them",
               kColourBiasedSoftmax, 0, points_of(posterior_fresh, false), figure);
  add_measured("posterior-trained", "posterior, trained",
               "the posterior mean over the k tasks of the fit: no predictor is better there",
               kColourSoftmax, 0, points_of(posterior_trained, false), figure);
  add_measured("ridge", "ridge",
               "ridge regression in the prompt: on new tasks the best predictor linear in the "
               "labels",
               kColourRidge, 0, points_of(ridge, false), figure);
  for (const bool is_new : {true, false}) {
    add_line(
        is_new ? "theory/new" : "theory/trained", "theory", kTheoryNote, SeriesRole::kTheory,
        is_new ? kColourRfa : kColourBrfa, 0, study.kappa(0), study.kappa(last),
        [&](double kappa) {
          DiversityLaw law = study.law(0, e, p);
          law.kappa = kappa;
          const DiversityErrors errors = large_dimension_errors(law);
          return is_new ? errors.fresh : errors.trained;
        },
        figure);
  }
  figure.draw_lines().references.push_back({false, 1 + study.noise, "predicting 0"});
  return figure;
}

Figure descent_figure(const DiversityStudy& study, const DiversityOutcome& outcome) {
  const std::size_t last = study.prompts.size() - 1;
  std::vector<double> ticks;
  for (std::size_t p = 0; p <= last; ++p) ticks.push_back(study.tau(p));
  Figure figure;
  figure.id = "descent";
  figure.title = "Can more prompts make it worse?";
  figure.x = ratio_axis("prompts over dimension² τ = n/d²", ticks.front(), ticks.back(), ticks);
  figure.y.label = "error on new tasks E(ŷ − y)²";
  figure.y.logarithmic = true;
  figure.table = "gap";
  figure.empty_text = "Press Run: each number of prompts adds a point to every curve.";
  const std::size_t e = study.examples.size() - 1;
  figure.subtitle = "α = " + short_text(study.alpha(e)) + ", " + sizes_text(study) +
                    ".  Bars: ±1 standard error of the geometric mean. Dashed: theory, d → ∞.";
  for (const std::size_t t : shown_places(study.tasks.size())) {
    std::vector<Measured> measured;
    for (std::size_t p = 0; p <= last; ++p) {
      measured.push_back({study.tau(p), outcome.cell(study, t, e, p).fresh});
    }
    const std::string label = "κ = " + short_text(study.kappa(t));
    const std::string id = std::to_string(study.tasks[t]);
    add_measured("new/" + id, label, kNewNote, colour_of(t), 0, points_of(measured, true), figure);
    add_line(
        "theory/" + id, "theory", kTheoryNote, SeriesRole::kTheory, colour_of(t), 0, ticks.front(),
        ticks.back(),
        [&](double tau) {
          DiversityLaw law = study.law(t, e, 0);
          law.tau = tau;
          const double error = large_dimension_errors(law).fresh;
          return error < 100 ? error : std::nan("");
        },
        figure);
  }
  const double peak = study.peak_tau();
  if (ticks.front() < peak && ticks.back() > peak) {
    figure.draw_lines().references.push_back({true, peak, "as many prompts as weights"});
  }
  return figure;
}

Figure length_figure(const DiversityStudy& study, const DiversityOutcome& outcome) {
  const std::size_t last = study.examples.size() - 1, p = study.prompts.size() - 1;
  std::vector<double> ticks;
  for (std::size_t e = 0; e <= last; ++e) ticks.push_back(study.alpha(e));
  Figure figure;
  figure.id = "length";
  figure.title = "How many examples does a new task need?";
  figure.subtitle = "τ = " + short_text(study.tau(p)) + ", " + sizes_text(study) +
                    ".  Bars: ±1 standard error. Dashed: theory, d → ∞.";
  figure.x = ratio_axis("examples over dimension α = l/d", ticks.front(), ticks.back(), ticks);
  figure.y.label = "error on new tasks E(ŷ − y)²";
  figure.y.logarithmic = true;
  figure.table = "gap";
  figure.empty_text = "Press Run: each number of examples adds a point to every curve.";
  for (const std::size_t t : shown_places(study.tasks.size())) {
    std::vector<Measured> measured;
    for (std::size_t e = 0; e <= last; ++e) {
      measured.push_back({study.alpha(e), outcome.cell(study, t, e, p).fresh});
    }
    const std::string id = std::to_string(study.tasks[t]);
    add_measured("new/" + id, "κ = " + short_text(study.kappa(t)), kNewNote, colour_of(t), 0,
                 points_of(measured, false), figure);
    add_line(
        "theory/" + id, "theory", kTheoryNote, SeriesRole::kTheory, colour_of(t), 0, ticks.front(),
        ticks.back(),
        [&](double alpha) {
          DiversityLaw law = study.law(t, 0, p);
          law.alpha = alpha;
          return large_dimension_errors(law).fresh;
        },
        figure);
  }
  std::vector<Measured> ridge;
  for (std::size_t e = 0; e <= last; ++e) {
    ridge.push_back({study.alpha(e), outcome.baseline(study, 0, e).ridge});
  }
  add_measured("ridge", "ridge",
               "ridge regression in the prompt: on new tasks the best predictor linear in the "
               "labels",
               kColourRidge, 0, points_of(ridge, false), figure);
  const RegressionTask task{static_cast<double>(study.dim), 1, study.noise};
  add_line(
      "limit", "κ, τ → ∞",
      "the best layer of linear attention: one gradient step with the best step size, exact",
      SeriesRole::kExact, kColourReference, 0, ticks.front(), ticks.back(),
      [&](double alpha) { return study.noise + linear_attention_risk(task, alpha * task.dim); },
      figure);
  return figure;
}

}  // namespace

std::vector<Figure> diversity_figures(const DiversityStudy& study,
                                      const DiversityOutcome& outcome) {
  std::vector<Figure> figures;
  if (study.tasks.size() > 1) figures.push_back(gap_figure(study, outcome));
  if (study.tasks.size() > 1) figures.push_back(transition_figure(study, outcome));
  if (study.prompts.size() > 1) figures.push_back(descent_figure(study, outcome));
  if (study.examples.size() > 1) figures.push_back(length_figure(study, outcome));
  if (figures.empty()) figures.push_back(gap_figure(study, outcome));
  // The longest list is the one that the run is about.
  const std::size_t most =
      std::max({study.tasks.size(), study.prompts.size(), study.examples.size()});
  const std::string first = study.tasks.size() == most     ? "gap"
                            : study.prompts.size() == most ? "descent"
                                                           : "length";
  std::stable_partition(figures.begin(), figures.end(),
                        [&](const Figure& figure) { return figure.id == first; });
  return figures;
}

}  // namespace attnlab::in_context
