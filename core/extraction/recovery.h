// One description for the experiments that draw a model, let a learner ask it, and compare: the
// axes of their jobs. Job names, plan, start and find, the common columns and tables follow.
//
// A file of such an experiment has its texts, what one job does, its claims and its own figures.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/extraction/report.h"
#include "core/findings/findings.h"

namespace attnlab::extraction {

/// One job: its values on the axes.
struct RecoveryJob {
  std::uint64_t seed = 0;
  std::size_t index = 0;                            ///< among the jobs on the axes
  std::size_t dim = 1, trial = 0;                   ///< trial: 0, 1, ...
  std::string method;                               ///< of the axis or of the experiment
  std::map<std::string, double, std::less<>> axis;  ///< "weight-scale", "bits", ...
  std::string label;                                ///< "d = 8, robust, trial 1 of 2"

  /// The stream `name` of this trial at this dimension: the same for all methods.
  RandomStream stream(std::string_view name) const;
  /// Fresh inputs for function_gap.
  RandomStream gap_stream() const;
};

struct JobNeeds {
  double cost = 1;   ///< floating-point operations
  double bytes = 0;  ///< peak memory
};

struct Recovered {
  std::vector<DecodedReport> reports;
  std::vector<RecoveryRow> rows;      ///< of all reports, in job order
  std::vector<RecoveryRow> finished;  ///< of complete ones
};

struct RecoveryExperiment {
  /// Parameters whose values make the jobs, outermost first; "trials" counts.
  std::vector<std::string_view> axes = {};
  std::string method = {};            ///< name of the method where "method" is not an axis
  std::string memory_parameter = {};  ///< the parameter to lower when memory is short
  std::size_t jobs_before =
      0;  ///< the experiment's own jobs, which come before the jobs of the axes
  std::vector<Column> extra = {};  ///< names of RecoveryRow::extra

  std::size_t jobs(const ParameterSet& parameters) const;
  /// `index` counts the jobs on the axes from 0.
  Expected<RecoveryJob> job(const RunSpec& spec, std::size_t index) const;
  Plan plan(const RunSpec& spec, JobNeeds (*needs)(const RunSpec&, const RecoveryJob&)) const;
  /// Decodes; leaves a note for an output that cannot be read.
  Recovered read(const RunSpec& spec, std::span<const JobOutput> outputs,
                 std::vector<std::string>& notes) const;
  /// `recovery`, and `weight` when a job has reported a matrix.
  std::vector<Table> tables(const Recovered& recovered) const;

  /// Runs job `index` of the run: `recover` draws the model and recovers it.
  JobSteps start(RunSpec spec, std::uint32_t index,
                 JobSteps (*recover)(RunSpec spec, RecoveryJob job)) const;
  /// The common tables; `add_findings` adds the experiment's claims, figures and tables of its own.
  Findings find(const RunSpec& spec, std::span<const JobOutput> outputs,
                void (*add_findings)(const RunSpec&, const Recovered&, Findings&)) const;
};

/// A random W of Frobenius norm about `scale` and v of a shape (draw_value): the same for all
/// methods.
Head draw_head(const RecoveryJob& job, double scale, const std::string& shape);

/// A row with the fields that every job fills in the same way.
RecoveryRow row_of(const RecoveryJob& job, const Oracle& oracle, const Outcome& outcome);
/// Errors of v and W; where W is known whole also the function gap.
void compare(RecoveryRow& row, const RecoveryJob& job, const Head& truth,
             const HeadKnowledge& known);

/// The dimensions on the axis "dim".
std::vector<double> dims_of(const RunSpec& spec);

/// Log-log axes over the dimension, points from table `recovery`.
Figure dimension_figure(std::string id, std::string title, std::string subtitle, std::string y);
/// A dotted line of an exact count over the dimensions.
Series count_line(std::string id, std::string label, std::string note, std::span<const double> dims,
                  const std::function<double(double)>& count);

/// Measured values by their place on an axis.
using Groups = std::map<double, std::vector<double>>;
/// Means with standard errors.
std::vector<FigurePoint> mean_points(Groups groups);

/// Means of y over rows of equal x. Left out are rows that `keep` refuses, rows whose x or y is
/// NaN, and for a logarithmic y rows whose y is not positive.
template <class Keep, class X, class Y>
std::vector<FigurePoint> mean_points(const std::vector<RecoveryRow>& rows, Keep keep, X x, Y y) {
  Groups groups;
  for (const RecoveryRow& row : rows) {
    if (!keep(row)) continue;
    const double at = std::invoke(x, row), value = std::invoke(y, row);
    if (std::isfinite(at) && value > 0) groups[at].push_back(value);
  }
  return mean_points(std::move(groups));
}

/// Trials that ended before the model was known do not say what knowing it costs.
inline bool is_recovered(const RecoveryRow& row) {
  return row.status == "recovered";
}

}  // namespace attnlab::extraction
