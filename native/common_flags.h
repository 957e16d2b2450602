// Flags that several commands have, and how their values are read. An error is the flag's sentence.
#pragma once

#include <limits>
#include <string>

#include "core/experiment/experiment.h"
#include "core/experiment/schema.h"
#include "native/command_line.h"

namespace attnlab {

inline constexpr double kNoMemoryLimit = std::numeric_limits<double>::infinity();

enum class OutputFormat { kTable, kCsv, kJson, kSvg, kSlide, kBibtex };

Flag quiet_flag(const std::string& group);
Flag out_file_flag(const std::string& group);
Flag threads_flag(const std::string& group);
Flag memory_flag(const std::string& group);
/// The flag of a parameter; `remark` follows the allowed values.
Flag parameter_flag(const Parameter& parameter, const std::string& remark,
                    const std::string& group);

/// default_threads() without the flag.
Expected<unsigned> read_threads(const Given& given);
/// "2GB", "500 MB", "1.5 GiB", "800000000": bytes, at least one megabyte; kNoMemoryLimit
/// without the flag.
Expected<double> read_memory(const Given& given);
/// Refuses a name (of --table) that no table of the run's files has; empty is the main table.
Expected<void> check_table(const RunSpec& spec, const std::string& name);
/// `figures`: also the formats of a figure and its source.
Expected<OutputFormat> read_format(const Given& given, bool figures);

}  // namespace attnlab
