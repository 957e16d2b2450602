// An experiment: a schema, a plan of independent jobs, and the findings from their outputs.
// Adding one: a source file in its family, a type in the family's experiments.h.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/base/expected.h"
#include "core/experiment/schema.h"
#include "core/experiment/steps.h"
#include "core/findings/findings.h"
#include "core/findings/layer.h"

namespace attnlab {

struct Experiment;

/// Seeds are integers that JSON and JavaScript hold exactly.
inline constexpr std::uint64_t kMaxSeed = (std::uint64_t{1} << 53) - 1;
inline constexpr std::uint64_t kDefaultSeed = 1;

/// Everything that determines a run's numbers.
struct RunSpec {
  const Experiment* experiment;
  ParameterSet parameters;
  std::uint64_t seed = kDefaultSeed;
  bool operator==(const RunSpec&) const = default;
};

/// A named setting of the parameters, named for the question it answers.
struct Preset {
  std::string name;   ///< "mean-power-2"
  std::string label;  ///< for people
  std::string text;   ///< two or three plain sentences: what it shows, what to try next
  std::vector<std::pair<std::string, std::string>> values;  ///< parameter name, canonical text
};

/// A parameter that a draft (draft.h) may lower to make a run cheaper.
struct Reduction {
  std::string parameter;
  double least = 1;        ///< of a number: the lowest value that still shows something
  std::size_t fewest = 3;  ///< of a list: at least this many entries are kept, the first ones
};

struct PlannedJob {
  std::string label;  ///< "trial 2 of 5, BRFA"
  double cost = 1;  ///< relative work (floating-point operations), for progress and remaining time
  bool reference = false;  ///< the measurements say something without it: a draft may leave it out
};

struct Plan {
  std::vector<PlannedJob> jobs;  ///< job i is (seed, i)
  double job_bytes = 0;          ///< peak memory of the largest job
  std::string memory_parameter;  ///< the parameter to lower when job_bytes is too much ("samples")
  std::string outside;  ///< not empty: jobs ask a box outside this program; who can answer it
};

/// The output of one job: complete, or the newest partial one of a job still running.
struct JobOutput {
  std::uint32_t index = 0;
  Bytes bytes;
  bool complete = true;
};

/// What Step does in a live experiment: it appends the entries of the parameters `from`, in this
/// order, to the tuple `into`. The button is offered until the tuple is full.
struct Appending {
  std::string label;              ///< of the button: "Ask"; empty: there is no such step
  std::string help;               ///< one line
  std::string into;               ///< a tuple
  std::vector<std::string> from;  ///< tuples of fixed length, together one group of `into`
};

struct Experiment {
  std::string id;        ///< "rf-learning-curve"
  std::string family;    ///< "A", "B" or "C"
  std::string title;     ///< "Learning curves"
  std::string question;  ///< "How many samples until attention gets it?"
  std::string summary;   ///< two or three sentences for a newcomer
  Layer layer;           ///< what is studied: formula, symbols, schematic
  Schema schema;
  std::vector<Preset> presets;  ///< the first is where a newcomer starts

  /// What a draft lowers, in this order: first what only makes curves rougher.
  std::vector<Reduction> reductions = {};

  /// Has no jobs: `plan` is empty (it may still refuse), `find` computes everything from the
  /// parameters alone in a few milliseconds, and front ends do so after every change of a
  /// parameter, without Run.
  bool live = false;

  /// Of a live experiment.
  Appending append = {};

  /// False until more than id, family, title, question and `live` is known: in the page's own
  /// module, until the workers' one is there (core/experiment/faces.h).
  bool whole = true;

  // Functions: null in a program that leaves them to another one (the page to its workers' module).

  /// Jobs of a run, or why these values cannot be run together.
  Expected<Plan> (*plan)(const RunSpec& spec) = nullptr;
  /// One job; depends only on (spec, index).
  JobSteps (*start)(RunSpec spec, std::uint32_t index) = nullptr;
  /// A share that a job handed out (shared_work.h): its output is the result. Only for experiments
  /// whose jobs divide.
  JobSteps (*assist)(RunSpec spec, std::uint32_t index, Bytes share) = nullptr;
  /// Tables, claims and figures from any subset of outputs, in any order; without outputs the axes
  /// and guides. Outputs that do not decode are left out with a note.
  Findings (*find)(const RunSpec& spec, std::span<const JobOutput> outputs) = nullptr;
  /// Tables that files have and views do not: a row for every trial, from the same outputs as
  /// `find`, which front ends call many times a second. Null where the tables of `find` have them.
  std::vector<Table> (*details)(const RunSpec& spec, std::span<const JobOutput> outputs) = nullptr;
};

/// The result of `find` with the tables of `details` after its own: what files hold.
Result whole_result(const RunSpec& spec, std::span<const JobOutput> outputs);

/// An experiment is a type with static functions: `Experiment face()` (everything but the functions
/// that compute), `find`, and, unless it is live, `start` (some also `assist`, some `details`). Its
/// family's experiments.h lists it in a TypeList, from which core/methods makes the list of all.
template <class... Types>
struct TypeList {};

/// Leaves the parameter of a symbol empty where the schema has none of that name: experiments of a
/// family share a layer, but not all of its sizes can be changed.
void tie_to_parameters(Layer& layer, const Schema& schema);

/// Refuses, with a sentence, an Appending whose parameters are not as described there.
Expected<void> check_appending(const Experiment& experiment);

/// The value of the tuple after one more step, as text; empty if it is full or there is no such
/// step.
std::string appended_text(const Experiment& experiment, const ParameterSet& parameters);

Bytes encode_outputs(std::span<const JobOutput> outputs);
Expected<std::vector<JobOutput>> decode_outputs(std::span<const std::uint8_t> bytes);

/// The parameters of a preset on top of the defaults; for an unknown name a sentence with the names
/// there are.
Expected<ParameterSet> preset_parameters(const Experiment& experiment, std::string_view preset);

/// ParameterSet::set_text for one parameter of the run; the sentence for an unknown parameter names
/// the experiment.
Expected<void> set_parameter(RunSpec& spec, std::string_view name, std::string_view text);

/// "seed must be 0 to 9007199254740991, not ..." for anything else.
Expected<std::uint64_t> read_seed(std::string_view text);

}  // namespace attnlab
