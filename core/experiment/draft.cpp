#include "core/experiment/draft.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/text.h"

namespace attnlab {
namespace {

/// 1, 2, 5, 10, 20, ... strictly between two numbers, in decreasing order: values that people read
/// at a glance, and few enough to try.
std::vector<double> round_numbers_between(double lo, double hi) {
  std::vector<double> numbers;
  for (double decade = std::pow(10, std::floor(std::log10(hi))); decade > 0.1 * lo; decade /= 10) {
    for (const double digit : {5.0, 2.0, 1.0}) {
      const double number = digit * decade;
      if (number > lo && number < hi) numbers.push_back(number);
    }
  }
  return numbers;
}

std::string lower_case(std::string text) {
  // A label such as "Test samples"; abbreviations keep their letters.
  if (text.size() > 1 && text[1] >= 'a') text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

/// A value that a reduction may give a parameter.
struct Candidate {
  ParameterValue value;
  std::string said;  ///< "200 of 1000 heads"
};

template <class Number>
Candidate number_candidate(const Parameter& parameter, Number whole, double value) {
  const auto lowered = static_cast<Number>(value);
  const std::string label = lower_case(parameter.label);
  return {lowered, exact_text(lowered) + " of " + exact_text(whole) + " " + label};
}

template <class Number>
std::vector<Candidate> number_candidates(const Parameter& parameter, Number whole, double least) {
  std::vector<Candidate> candidates;
  const auto most = static_cast<double>(whole);
  if (!(most > least)) return candidates;
  for (const double value : round_numbers_between(least, most))
    candidates.push_back(number_candidate(parameter, whole, value));
  candidates.push_back(number_candidate(parameter, whole, least));
  return candidates;
}

template <class Item>
std::vector<Candidate> list_candidates(const Parameter& parameter, const std::vector<Item>& whole,
                                       std::size_t fewest) {
  std::vector<Candidate> candidates;
  for (std::size_t count = whole.size(); count-- > std::max<std::size_t>(fewest, 1);) {
    candidates.push_back(
        {std::vector<Item>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(count)),
         std::to_string(count) + " of " + std::to_string(whole.size()) + " values of " +
             lower_case(parameter.label)});
  }
  return candidates;
}

/// Cheaper values, the most expensive first. Empty for a value that is low already.
std::vector<Candidate> candidates_of(const Parameter& parameter, const ParameterValue& value,
                                     const Reduction& reduction) {
  switch (parameter.kind) {
    case ParameterKind::kInteger:
      return number_candidates(parameter, std::get<std::int64_t>(value), reduction.least);
    case ParameterKind::kReal:
      return number_candidates(parameter, std::get<double>(value), reduction.least);
    case ParameterKind::kIntegerList:
      return list_candidates(parameter, std::get<std::vector<std::int64_t>>(value),
                             reduction.fewest);
    case ParameterKind::kRealList:
      return list_candidates(parameter, std::get<std::vector<double>>(value), reduction.fewest);
    case ParameterKind::kChoiceList:
      return list_candidates(parameter, std::get<std::vector<std::string>>(value),
                             reduction.fewest);
    case ParameterKind::kChoice:
    case ParameterKind::kChoiceOrReal:
    case ParameterKind::kRealTuple:
    case ParameterKind::kText:
      break;
  }
  return {};
}

/// Keeps the jobs that measure, with their numbers; says which were left out.
void leave_out_references(Draft& draft) {
  std::vector<PlannedJob> measuring;
  std::vector<std::string> left_out;
  for (std::uint32_t i = 0; i < draft.plan.jobs.size(); ++i) {
    PlannedJob& job = draft.plan.jobs[i];
    if (job.reference) {
      left_out.push_back("without " + lower_case(job.label));
    } else {
      draft.names.push_back({0, i});
      measuring.push_back(std::move(job));
    }
  }
  if (left_out.empty()) draft.names.clear();
  draft.plan.jobs = std::move(measuring);
  draft.reduced = join(left_out, ", ");
}

/// The draft with one more parameter lowered; nullopt when the plan refuses that.
std::optional<Draft> lowered(const Draft& draft, const std::string& name, Candidate candidate,
                             const PlanFunction& plan_of) {
  RunSpec spec = draft.spec;
  if (!spec.parameters.set(name, std::move(candidate.value))) return std::nullopt;
  Expected<Plan> plan = plan_of(spec);
  if (!plan) return std::nullopt;
  Draft next{std::move(spec), *std::move(plan)};
  if (!draft.names.empty()) leave_out_references(next);
  next.reduced = draft.reduced + (draft.reduced.empty() ? "" : ", ") + candidate.said;
  return next;
}

}  // namespace

std::vector<JobOutput> Draft::outputs(const Run& run) const {
  std::vector<JobOutput> outputs = run.outputs();
  for (JobOutput& output : outputs) output.index = run.name_of(output.index).index;
  return outputs;
}

double cost_per_worker(const Plan& plan, unsigned workers) {
  double total = 0, largest = 0;
  for (const PlannedJob& job : plan.jobs) {
    total += job.cost;
    largest = std::max(largest, job.cost);
  }
  return std::max(largest, total / std::max(workers, 1u));
}

Draft make_draft(const RunSpec& whole, const Plan& plan, double most_cost, unsigned workers,
                 const PlanFunction& plan_of) {
  Draft draft{whole, plan};
  const auto fits = [&](const Draft& one) {
    return cost_per_worker(one.plan, workers) <= most_cost;
  };
  if (!fits(draft)) leave_out_references(draft);
  for (const Reduction& reduction : whole.experiment->reductions) {
    if (fits(draft)) break;
    const Parameter* parameter = whole.experiment->schema.find(reduction.parameter);
    if (parameter == nullptr) continue;
    const std::vector<Candidate> candidates =
        candidates_of(*parameter, draft.spec.parameters.value(parameter->name), reduction);
    // Costs fall along the candidates: the first that fits, else the last that can be planned.
    std::optional<Draft> cheapest;
    for (const Candidate& candidate : candidates) {
      std::optional<Draft> next = lowered(draft, parameter->name, candidate, plan_of);
      if (!next) continue;
      cheapest = std::move(next);
      if (fits(*cheapest)) break;
    }
    if (cheapest) draft = *std::move(cheapest);
  }
  return draft;
}

}  // namespace attnlab
