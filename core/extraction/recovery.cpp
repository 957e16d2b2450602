#include "core/extraction/recovery.h"

#include <algorithm>

#include "core/base/text.h"
#include "core/findings/palette.h"
#include "core/numerics/statistics.h"

namespace attnlab::extraction {
namespace {

constexpr std::string_view kTrials = "trials", kDim = "dim", kMethod = "method";

std::size_t values_on(const ParameterSet& parameters, std::string_view axis) {
  const ParameterValue& value = parameters.value(axis);
  if (axis == kTrials) return static_cast<std::size_t>(std::get<std::int64_t>(value));
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&value)) return whole->size();
  if (const auto* real = std::get_if<std::vector<double>>(&value)) return real->size();
  return std::get<std::vector<std::string>>(value).size();
}

double number_on(const ParameterSet& parameters, std::string_view axis, std::size_t item) {
  const ParameterValue& value = parameters.value(axis);
  if (const auto* whole = std::get_if<std::vector<std::int64_t>>(&value)) {
    return static_cast<double>((*whole)[item]);
  }
  return std::get<std::vector<double>>(value)[item];
}

/// "d = 8"
std::string named_value(const ParameterSet& parameters, std::string_view axis, double value) {
  const Parameter& parameter = *parameters.schema().find(axis);
  return (parameter.symbol.empty() ? parameter.name : parameter.symbol) + " = " + short_text(value);
}

JobSteps failed_job(Error error) {
  co_return error;
}

}  // namespace

RandomStream RecoveryJob::stream(std::string_view name) const {
  return RandomStream(seed, hash_name(name), static_cast<std::uint32_t>(trial),
                      static_cast<std::uint32_t>(dim));
}

RandomStream RecoveryJob::gap_stream() const {
  return RandomStream(seed, hash_name("extract/gap"), static_cast<std::uint32_t>(trial));
}

std::size_t RecoveryExperiment::jobs(const ParameterSet& parameters) const {
  std::size_t count = 1;
  for (const std::string_view axis : axes) count *= values_on(parameters, axis);
  return count;
}

Expected<RecoveryJob> RecoveryExperiment::job(const RunSpec& spec, std::size_t index) const {
  const ParameterSet& parameters = spec.parameters;
  if (index >= jobs(parameters)) {
    return Error{"this run has no job " + std::to_string(index + jobs_before)};
  }
  RecoveryJob job;
  job.seed = spec.seed;
  job.index = index;
  job.method = method;
  std::vector<std::string> words;
  for (std::size_t k = axes.size(); k-- > 0;) {
    const std::size_t count = values_on(parameters, axes[k]), item = index % count;
    index /= count;
    if (axes[k] == kTrials) {
      job.trial = item;
      words.push_back("trial " + std::to_string(item + 1) + " of " + std::to_string(count));
    } else if (axes[k] == kMethod) {
      job.method = parameters.choices(kMethod)[item];
      words.push_back(job.method);
    } else {
      const double value = number_on(parameters, axes[k], item);
      if (axes[k] == kDim) job.dim = static_cast<std::size_t>(value);
      job.axis[std::string(axes[k])] = value;
      words.push_back(named_value(parameters, axes[k], value));
    }
  }
  if (!job.axis.contains(kDim)) job.dim = static_cast<std::size_t>(parameters.integer(kDim));
  std::ranges::reverse(words);
  job.label = join(words, ", ");
  return job;
}

Plan RecoveryExperiment::plan(const RunSpec& spec,
                              JobNeeds (*needs)(const RunSpec&, const RecoveryJob&)) const {
  Plan plan;
  plan.memory_parameter = memory_parameter;
  for (std::size_t i = 0; i < jobs(spec.parameters); ++i) {
    const Expected<RecoveryJob> planned = job(spec, i);
    const JobNeeds need = needs(spec, *planned);
    plan.job_bytes = std::max(plan.job_bytes, need.bytes);
    plan.jobs.push_back({planned->label, need.cost});
  }
  return plan;
}

Recovered RecoveryExperiment::read(const RunSpec& spec, std::span<const JobOutput> outputs,
                                   std::vector<std::string>& notes) const {
  Recovered recovered;
  recovered.reports = decode_reports(outputs, jobs_before + jobs(spec.parameters), notes);
  for (const DecodedReport& decoded : recovered.reports) {
    if (decoded.index < jobs_before) continue;
    const std::vector<RecoveryRow>& rows = decoded.report.rows;
    recovered.rows.insert(recovered.rows.end(), rows.begin(), rows.end());
    if (!decoded.complete) continue;
    recovered.finished.insert(recovered.finished.end(), rows.begin(), rows.end());
  }
  return recovered;
}

std::vector<Table> RecoveryExperiment::tables(const Recovered& recovered) const {
  std::vector<Table> tables = {recovery_table(recovered.rows, extra)};
  if (const MatrixPair* shown = shown_matrices(recovered.reports)) {
    tables.push_back(weight_table(*shown));
  }
  return tables;
}

JobSteps RecoveryExperiment::start(RunSpec spec, std::uint32_t index,
                                   JobSteps (*recover)(RunSpec, RecoveryJob)) const {
  Expected<RecoveryJob> planned = job(spec, index - jobs_before);
  if (!planned) return failed_job(planned.error());
  return recover(std::move(spec), std::move(*planned));
}

Findings RecoveryExperiment::find(const RunSpec& spec, std::span<const JobOutput> outputs,
                                  void (*add_findings)(const RunSpec&, const Recovered&,
                                                       Findings&)) const {
  Findings findings;
  const Recovered recovered = read(spec, outputs, findings.result.notes);
  findings.result.tables = tables(recovered);
  add_findings(spec, recovered, findings);
  return findings;
}

Head draw_head(const RecoveryJob& job, double scale, const std::string& shape) {
  RandomStream value = job.stream("extract/value"), weight = job.stream("extract/weight");
  return {random_weight(weight, job.dim, job.dim, scale), draw_value(value, job.dim, shape)};
}

RecoveryRow row_of(const RecoveryJob& job, const Oracle& oracle, const Outcome& outcome) {
  RecoveryRow row;
  row.method = job.method;
  row.dim = static_cast<double>(job.dim);
  row.trial = static_cast<double>(job.trial + 1);
  row.queries = static_cast<double>(oracle.learning_queries());
  row.check_queries = static_cast<double>(oracle.checking_queries());
  row.status = status_text(outcome.status);
  row.evidence = outcome.evidence;
  return row;
}

void compare(RecoveryRow& row, const RecoveryJob& job, const Head& truth,
             const HeadKnowledge& known) {
  row.repeated = static_cast<double>(known.repeated);
  row.v_error = largest_relative_error(known.value, truth.value);
  row.w_error = largest_relative_error(known.weight.values(), truth.weight.values());
  if (!std::isfinite(row.w_error)) return;
  HeadsOracle exact(truth.clone()), recovered(Head{known.weight.clone(), known.value});
  row.function_gap = function_gap(exact, recovered, job.gap_stream());
}

std::vector<double> dims_of(const RunSpec& spec) {
  const std::vector<std::int64_t>& dims = spec.parameters.integers(kDim);
  return {dims.begin(), dims.end()};
}

Figure dimension_figure(std::string id, std::string title, std::string subtitle, std::string y) {
  Figure figure;
  figure.id = std::move(id);
  figure.title = std::move(title);
  figure.subtitle = std::move(subtitle);
  figure.x = {"dimension d", true, 0, 0, {}};
  figure.y = {std::move(y), true, 0, 0, {}};
  figure.table = "recovery";
  figure.empty_text = "Press Run: each finished trial adds to the points.";
  return figure;
}

Series count_line(std::string id, std::string label, std::string note, std::span<const double> dims,
                  const std::function<double(double)>& count) {
  Series line;
  line.id = std::move(id);
  line.label = std::move(label);
  line.note = std::move(note);
  line.role = SeriesRole::kExact;
  line.colour = kColourReference;
  for (const double d : dims) line.points.push_back({d, count(d), 0, 0});
  return line;
}

std::vector<FigurePoint> mean_points(Groups groups) {
  std::vector<FigurePoint> points;
  for (auto& [at, values] : groups) {
    std::ranges::sort(values);
    const Estimate estimate = mean_and_error(values);
    points.push_back({at, estimate.mean, estimate.std_error, estimate.count});
  }
  return points;
}

}  // namespace attnlab::extraction
