// The command line as values: what attnlab was asked to do, checked before anything is computed.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/codecs/sweep.h"

namespace attnlab {

inline constexpr double kNoMemoryLimit = std::numeric_limits<double>::infinity();

enum class OutputFormat { kTable, kCsv, kJson, kSvg, kBibtex };

/// Help or version: print and be done.
struct ShowText {
  std::string text;
};

struct DesktopRequest {
  std::string query;  ///< permalink to open with; empty for the default experiment
};

struct ListRequest {
  bool json = false;
};

struct BenchRequest {
  bool json = false;
  std::string simd;  ///< one of available_targets(); empty: what the machine takes by itself
};

struct SelftestRequest {};

/// `attnlab selftest --claims`: do verdicts keep their level?
struct CalibrateRequest {
  std::string claim;        ///< id; empty: all
  std::size_t setting = 0;  ///< number of one of the claim's settings; 0: all
  std::uint64_t seeds = 200;
  unsigned threads = 1;
  OutputFormat format = OutputFormat::kTable;  ///< or kCsv
  std::optional<std::string> resume = {};      ///< file of verdicts so far
};

struct RunRequest {
  RunSpec spec;
  unsigned threads = 1;
  OutputFormat format = OutputFormat::kTable;
  bool dark = false;                       ///< ground of an svg
  std::string figure = {};                 ///< of an svg; empty: the main one
  std::optional<std::string> out = {};     ///< result file; standard output without
  std::optional<std::string> resume = {};  ///< journal file
  double memory_bytes = kNoMemoryLimit;    ///< what all jobs together may use
  bool quiet = false;
};

struct ExtractRequest {
  RunSpec spec;         ///< of extract-black-box with box = own
  std::string command;  ///< run by the shell
  double timeout_s = 30;
  OutputFormat format = OutputFormat::kTable;
  std::optional<std::string> out = {}, log = {}, replay = {};
  bool quiet = false;
};

/// `attnlab sweep`: a grid, or every N-th job of it.
struct SweepRequest {
  std::string specification;  ///< file
  std::string out;            ///< folder
  Shard shard = {};
  unsigned threads = 1;
  double memory_bytes = kNoMemoryLimit;
  bool quiet = false;
};

/// `attnlab merge`: shards of one sweep, joined.
struct MergeRequest {
  std::vector<std::string> folders;
  std::string out;  ///< folder
  bool quiet = false;
};

using Request =
    std::variant<ShowText, DesktopRequest, ListRequest, BenchRequest, RunRequest, ExtractRequest,
                 SweepRequest, MergeRequest, SelftestRequest, CalibrateRequest>;

inline constexpr unsigned kMaxThreads = 256;

/// Reads the arguments after the program's name. Flags of an experiment come from its schema, as
/// `--name value` or `--name=value`; a preset is applied before them. An error is one sentence
/// naming the flag, its value and what is allowed.
Expected<Request> read_arguments(const std::vector<std::string>& arguments);

/// Processors this process may use, 1 to kMaxThreads: the default of --threads.
unsigned default_threads();

}  // namespace attnlab
