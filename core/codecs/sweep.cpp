// Grid, plan and table of a sweep; reading its specification is in codec_sweep.cpp.
#include "core/codecs/sweep.h"

#include <algorithm>
#include <optional>

#include "core/base/text.h"
#include "core/codecs/codecs.h"

namespace attnlab {
namespace {

/// Which value each axis has at a point.
std::vector<std::size_t> choices_at(const SweepSpec& sweep, std::size_t point) {
  std::vector<std::size_t> chosen(sweep.axes.size());
  for (std::size_t i = sweep.axes.size(); i-- > 0;) {
    chosen[i] = point % sweep.axes[i].values.size();
    point /= sweep.axes[i].values.size();
  }
  return chosen;
}

Error at_point(const SweepSpec& sweep, std::size_t point, const Error& error) {
  const std::string name = sweep.point_name(point);
  return name.empty() ? error : Error{"at " + name + ": " + error.sentence};
}

std::string column_name(const std::string& parameter) {
  std::string name = parameter;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

/// Numbers where every value of the axis is one: a list of numbers ("16,64") is a text.
ColumnType type_of(const SweepAxis& axis) {
  const auto all = [&](auto read) {
    return std::all_of(axis.values.begin(), axis.values.end(),
                       [&](const std::string& text) { return read(text).has_value(); });
  };
  return all(read_integer) ? ColumnType::kWhole
         : all(read_real)  ? ColumnType::kNumber
                           : ColumnType::kText;
}

/// A parameter's value as a cell of its column.
Cell value_cell(ColumnType type, const std::string& text) {
  if (type == ColumnType::kText) return text;
  if (const auto integer = read_integer(text)) return *integer;
  return *read_real(text);
}

/// The column of what an axis sweeps, or of what is fixed (an axis with one value).
Column column_of(const SweepSpec& sweep, const SweepAxis& axis, const Table& of_point,
                 const char* where_taken) {
  std::string name = column_name(axis.parameter);
  if (of_point.column(name) < of_point.columns.size()) name = where_taken + name;
  const Parameter* parameter = sweep.fixed.experiment->schema.find(axis.parameter);
  return {name, parameter == nullptr ? "seed" : parameter->label, "", type_of(axis)};
}

void add_columns(const SweepSpec& sweep, const std::vector<SweepAxis>& fixed, const Table& of_point,
                 Table& table) {
  table.name = of_point.name;
  table.caption = of_point.caption;
  table.columns = {{"point", "point", "", ColumnType::kWhole}};
  for (const SweepAxis& axis : sweep.axes) {
    table.columns.push_back(column_of(sweep, axis, of_point, "swept_"));
  }
  table.columns.insert(table.columns.end(), of_point.columns.begin(), of_point.columns.end());
  for (const SweepAxis& axis : fixed) {
    table.columns.push_back(column_of(sweep, axis, of_point, "fixed_"));
  }
}

/// The seed and the parameters that are not swept and have an effect at some point, each as an axis
/// with one value.
std::vector<SweepAxis> fixed_axes(const SweepSpec& sweep, const SweepPlan& plan) {
  std::vector<SweepAxis> fixed;
  if (sweep.axis(kSeedAxis) == nullptr) {
    fixed.push_back({std::string(kSeedAxis), {axis_text(sweep, kSeedAxis)}});
  }
  for (const Parameter& parameter : sweep.fixed.experiment->schema.parameters) {
    const bool counts = std::ranges::any_of(
        plan.points, [&](const RunSpec& spec) { return spec.parameters.applies(parameter.name); });
    if (!counts || sweep.axis(parameter.name) != nullptr) continue;
    fixed.push_back({parameter.name, {sweep.fixed.parameters.text(parameter.name)}});
  }
  return fixed;
}

/// The named table of a point, or its main one; nothing where it has none.
std::optional<Table> table_of_point(const RunSpec& spec, std::span<const JobOutput> outputs,
                                    std::string_view name) {
  Result result = spec.experiment->find(spec, outputs).result;
  if (name.empty()) {
    if (result.tables.empty()) return std::nullopt;
    return std::move(result.tables.front());
  }
  if (result.table(name) == nullptr && spec.experiment->details != nullptr) {
    result.tables = spec.experiment->details(spec, outputs);
  }
  const Table* table = result.table(name);
  return table == nullptr ? std::nullopt : std::optional<Table>(*table);
}

}  // namespace

std::size_t SweepSpec::points() const {
  std::size_t count = 1;
  for (const SweepAxis& axis : axes) count *= axis.values.size();
  return count;
}

const SweepAxis* SweepSpec::axis(std::string_view parameter) const {
  const auto found = std::ranges::find(axes, parameter, &SweepAxis::parameter);
  return found == axes.end() ? nullptr : &*found;
}

RunSpec SweepSpec::point(std::size_t index) const {
  RunSpec spec = fixed;
  const std::vector<std::size_t> chosen = choices_at(*this, index);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    // Canonical texts of the schema's own values, and of seeds: they are always taken.
    if (axes[i].parameter == kSeedAxis) {
      spec.seed = *read_seed(axes[i].values[chosen[i]]);
      continue;
    }
    static_cast<void>(spec.parameters.set_text(axes[i].parameter, axes[i].values[chosen[i]]));
  }
  return spec;
}

std::string SweepSpec::point_name(std::size_t index) const {
  const std::vector<std::size_t> chosen = choices_at(*this, index);
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    parts.push_back(axes[i].parameter + " " + axes[i].values[chosen[i]]);
  }
  return join(parts, ", ");
}

std::string axis_text(const SweepSpec& sweep, std::string_view parameter) {
  if (const SweepAxis* axis = sweep.axis(parameter)) return "one of " + join(axis->values, "; ");
  return parameter == kSeedAxis ? std::to_string(sweep.fixed.seed)
                                : sweep.fixed.parameters.text(parameter);
}

Expected<SweepPlan> plan_sweep(const SweepSpec& sweep, double memory_bytes) {
  SweepPlan all;
  for (std::size_t i = 0; i < sweep.points(); ++i) {
    RunSpec spec = sweep.point(i);
    Expected<Plan> plan = spec.experiment->plan(spec);
    if (!plan) return at_point(sweep, i, plan.error());
    if (const auto alone = check_alone(*plan); !alone) return at_point(sweep, i, alone.error());
    if (const auto fits = check_memory(spec, *plan, memory_bytes); !fits) {
      return at_point(sweep, i, fits.error());
    }
    if (all.jobs.size() + plan->jobs.size() > kMaxSweepJobs) {
      return Error{"the sweep has more than " +
                   exact_text(static_cast<std::int64_t>(kMaxSweepJobs)) +
                   " jobs; split it into several"};
    }
    all.points.push_back(std::move(spec));
    all.first_job.push_back(static_cast<std::uint32_t>(all.jobs.size()));
    all.jobs.insert(all.jobs.end(), std::make_move_iterator(plan->jobs.begin()),
                    std::make_move_iterator(plan->jobs.end()));
    all.job_bytes = std::max(all.job_bytes, plan->job_bytes);
  }
  all.first_job.push_back(static_cast<std::uint32_t>(all.jobs.size()));
  return all;
}

Run shard_run(const SweepPlan& plan, Shard shard) {
  std::vector<JobName> names;
  Plan own;
  own.job_bytes = plan.job_bytes;
  std::uint32_t point = 0;
  for (std::uint64_t job = shard.index; job < plan.jobs.size(); job += shard.count) {
    while (job >= plan.first_job[point + 1]) ++point;
    names.push_back({point, static_cast<std::uint32_t>(job) - plan.first_job[point]});
    own.jobs.push_back(plan.jobs[job]);
  }
  return Run(plan.points, std::move(names), std::move(own));
}

std::string sweep_csv(const SweepSpec& sweep, const SweepPlan& plan, std::vector<JobOutput> outputs,
                      std::string_view name) {
  const std::vector<SweepAxis> fixed = fixed_axes(sweep, plan);
  std::sort(outputs.begin(), outputs.end(),
            [](const JobOutput& a, const JobOutput& b) { return a.index < b.index; });
  Table table;  // with the rows of one point: the cells of all would take many times their text
  std::string csv;
  auto next = outputs.begin();
  for (std::size_t i = 0; i < plan.points.size(); ++i) {
    const auto begin = next;
    while (next != outputs.end() && next->index < plan.first_job[i + 1]) {
      next->index -= plan.first_job[i];
      ++next;
    }
    const std::optional<Table> of_point =
        table_of_point(plan.points[i], std::span(begin, next), name);
    if (!of_point) continue;
    if (table.columns.empty()) add_columns(sweep, fixed, *of_point, table);
    table.rows.clear();
    const std::vector<std::size_t> chosen = choices_at(sweep, i);
    const std::size_t first_fixed = 1 + chosen.size() + of_point->columns.size();
    for (const std::vector<Cell>& cells : of_point->rows) {
      std::vector<Cell>& row = table.rows.emplace_back();
      row.push_back(static_cast<std::int64_t>(i));
      for (std::size_t a = 0; a < chosen.size(); ++a) {
        row.push_back(value_cell(table.columns[1 + a].type, sweep.axes[a].values[chosen[a]]));
      }
      row.insert(row.end(), cells.begin(), cells.end());
      for (std::size_t f = 0; f < fixed.size(); ++f) {
        row.push_back(value_cell(table.columns[first_fixed + f].type, fixed[f].values.front()));
      }
    }
    const std::string text = table_csv(table);
    csv.append(text, csv.empty() ? 0 : text.find('\n') + 1);
  }
  return csv;
}

}  // namespace attnlab
