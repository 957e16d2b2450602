// Runs and results as text: permalink, JSON, CSV, and the journal of finished jobs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/codecs/contract.h"
#include "core/experiment/experiment.h"

namespace attnlab {

// --- Permalink: "e=icl-risk&dim=5&heads=1,2&seed=7" ------------------------------------------

/// The content of an address: the run, and how the front end shows it.
struct Permalink {
  RunSpec spec;
  bool run = false;        ///< run=1: start at once
  bool names_run = false;  ///< false: only page settings, nothing about the run
  PageSettings page;
  std::vector<std::string> notes;  ///< what was clamped, dropped or unknown, one sentence each
};

/// Reads leniently and never fails: unknown keys and values out of range are dropped or clamped
/// with a note. `preset=NAME` is applied before the other keys; of a key given twice the last one
/// counts. Percent-encoding and '+' are understood, a leading '?' or '#' is skipped. `e` finds the
/// registered experiments and `default_experiment`. At most 256 keys are read and 20 notes kept;
/// the last note then says how many more there were.
Permalink read_query(std::string_view query, const Experiment& default_experiment);

/// Takes over only the page settings of a query (an address's search part).
void read_page_settings(std::string_view query, Permalink& link);

/// The settings that are not at their default, as a query string: "ui=min&lock=dim,seed".
std::string page_text(const PageSettings& page);

/// The run as a query string: the experiment, every parameter that is not at its default, and the
/// seed. read_query of it gives the same run.
std::string query_text(const RunSpec& spec);

/// Every parameter, defaults included: the canonical name of a run (journals, job messages).
std::string full_query_text(const RunSpec& spec);

/// The run as the name of a file, without its extension: the experiment, parameters that are not at
/// their default, the seed: "icl-risk_dim-3_heads-1-2_seed-4". Letters, digits, '.', '-' and '_',
/// at most 120 of them; "_more" stands for parameters that have no room.
std::string file_stem(const RunSpec& spec);

// --- JSON -------------------------------------------------------------------------------------

/// What is known of the program that made a result.
struct BuildInfo {
  std::string version, target, simd;
};

/// The result document of the command line's contract (docs/cli.md), one table row per line.
/// `types` of a table names the type of each column.
std::string result_json(const RunSpec& spec, const Result& result, const BuildInfo& build,
                        std::size_t jobs, double elapsed_s);

/// Experiments with parameters, ranges, defaults and presets: `attnlab list --json` and the page.
/// {"attnlab":1,"contract":{...},"experiments":[...]}: contract_json, and experiment_json of each.
std::string experiments_json();
std::string experiment_json(const Experiment& experiment);
std::string parameter_json(const Parameter& parameter);

/// Parameter values from a JSON object {"dim": 16, "samples": [16, 64]}, the others at their
/// defaults; strict. A string is read like a flag's text ("16,64"), a number for a list is a list
/// of one.
Expected<ParameterSet> read_parameters_json(const Experiment& experiment, std::string_view json);
std::string parameters_json(const ParameterSet& parameters);
/// One parameter from one JSON value, read as in read_parameters_json.
Expected<void> set_parameter_json(ParameterSet& parameters, const Parameter& parameter,
                                  std::string_view json);
/// Whether lists and objects nest more than `depth` deep: no sensible input does, and such input
/// can overflow a parser's stack.
bool json_nested_deeper(std::string_view json, int depth);

/// One value as JSON: a number, a string or an array.
std::string value_json(const ParameterValue& value);

/// A text as a JSON string, with quotes; bytes that are not UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

// --- CSV (RFC 4180, header row, CRLF-free: lines end in \n) -----------------------------------

/// Text that looks like a number is quoted, so that it reads back as text.
std::string table_csv(const Table& table);
/// Reads it back: unquoted cells as integers, reals or empty where they look so, all others as
/// text. A real with a whole value ("2") reads back as an integer. CRLF line ends are understood;
/// rows of another length than the header and stray quotes are refused.
Expected<Table> read_csv(std::string_view text);
/// Reads a table with these columns back: a header that names others, and a cell that its column's
/// type does not allow, are refused.
Expected<Table> read_csv(std::string_view text, std::span<const Column> columns);

// --- Journal: finished jobs of one run, append-only, one line each ----------------------------

/// The owner of a journal: a run or a sweep, computed by one version of the program.
struct JournalOwner {
  std::string name;  ///< one word with everything that the numbers depend on
  std::string version;
  /// The first thing in which another owner's name differs, as a sentence.
  std::function<std::string(const std::string& other)> difference;
};
JournalOwner journal_owner(const RunSpec& spec, std::string_view version);

/// First line of a journal: names its owner. Ends in \n.
std::string journal_header(const JournalOwner& owner);
std::string journal_header(const RunSpec& spec, std::string_view version);
/// The owner's name and version in a journal's first line; an error for any other line.
Expected<std::pair<std::string, std::string>> read_journal_header(std::string_view text);
/// One finished job with a checksum. Ends in \n.
std::string journal_line(const JobOutput& output);

struct Journal {
  std::vector<JobOutput> outputs;  ///< everything intact, in file order
  std::size_t intact_bytes = 0;    ///< length of the intact beginning: append from here
  std::size_t dropped_lines = 0;   ///< the first damaged or incomplete line and every line after it
};
/// Reads a journal's text; an error when it is not a journal or belongs to another owner.
/// Everything before the first damaged line is kept. An empty file and a file that ends within its
/// first line give intact_bytes 0: the header has to be written again.
Expected<Journal> read_journal(std::string_view text, const JournalOwner& owner);
Expected<Journal> read_journal(std::string_view text, const RunSpec& spec,
                               std::string_view version);

}  // namespace attnlab
