#include "ui/app_parts.h"

#include <algorithm>
#include <iterator>

#include "core/catalogue/catalogue.h"
#include "ui/app.h"
#include "ui/app_state.h"

namespace attnlab {

std::optional<Findings> find(AppState& s, const RunSpec& spec, std::span<const JobOutput> outputs) {
  if (spec.experiment->find != nullptr) return spec.experiment->find(spec, outputs);
  std::optional<Findings> findings;
  if (s.platform.findings) findings = s.platform.findings(spec, outputs);
  if (!findings) s.waiting = true;
  return findings;
}

std::optional<Expected<Plan>> plan(AppState& s, const RunSpec& spec) {
  if (spec.experiment->plan != nullptr) return spec.experiment->plan(spec);
  std::optional<Expected<Plan>> plan;
  if (s.platform.plan) plan = s.platform.plan(spec);
  if (!plan) s.waiting = true;
  return plan;
}

Result result_for_file(const AppState& s) {
  const RunSpec& spec = s.run->spec();
  std::optional<std::vector<Table>> more;
  if (spec.experiment->details != nullptr) {
    more = spec.experiment->details(spec, s.run->outputs());
  } else if (spec.experiment->find == nullptr && s.platform.details) {
    more = s.platform.details(spec, s.run->outputs());
  }
  Result result = s.result;
  if (more) std::ranges::move(*more, std::back_inserter(result.tables));
  return result;
}

std::vector<Figure> waiting_figures(const Experiment& experiment) {
  Figure figure;
  figure.id = "waiting";
  figure.title = experiment.question;
  figure.empty_text = kLoading;
  return {std::move(figure)};
}

bool needs_parts(const AppState& s, const Permalink& link) {
  if (catalogue_is_whole()) return false;
  // A name that is unknown so far may be known then.
  return !link.notes.empty() || (link.names_run && !(link.spec == s.spec));
}

bool postponed(AppState& s, bool needs_parts, const Experiment& about,
               std::function<void(App&)> request) {
  if (!needs_parts && s.postponed.empty()) return false;
  s.postponed.push_back(std::move(request));
  s.waiting = true;
  s.figures = waiting_figures(about);
  s.view.figure = 0;
  s.touch();
  if (s.platform.fetch_parts) s.platform.fetch_parts();
  return true;
}

bool postponed_file(AppState& s, std::function<void(App&)> request) {
  if (!s.platform.details || (catalogue_is_whole() && s.postponed.empty())) return false;
  s.postponed.push_back(std::move(request));
  s.waiting = true;
  if (s.platform.fetch_parts) s.platform.fetch_parts();
  return true;
}

void App::parts_arrived() {
  AppState& s = *state_;
  s.waiting = false;
  const std::vector<std::function<void(App&)>> requests = std::exchange(s.postponed, {});
  refresh();
  for (const auto& request : requests) request(*this);
}

bool App::waits_for_parts() const {
  return state_->waiting;
}

bool AppState::loading() const {
  return !postponed.empty() || (!plan && plan_error.empty());
}

}  // namespace attnlab
