#include "native/common_flags.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/text.h"
#include "native/processors.h"
#include "native/ranks.h"

namespace attnlab {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr Unit kUnits[] = {
    {"kB", 1e3},     {"MB", 1e6},        {"GB", 1e9},           {"TB", 1e12},
    {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0}};
constexpr double kLeastMemory = 1e6;

std::string type_name(ParameterKind kind) {
  switch (kind) {
    case ParameterKind::kInteger:
      return "INTEGER";
    case ParameterKind::kReal:
      return "NUMBER";
    case ParameterKind::kChoice:
      return "NAME";
    case ParameterKind::kChoiceOrReal:
      return "NAME|NUMBER";
    case ParameterKind::kIntegerList:
      return "INTEGER,...";
    case ParameterKind::kRealList:
    case ParameterKind::kRealTuple:
      return "NUMBER,...";
    case ParameterKind::kChoiceList:
      return "NAME,...";
    case ParameterKind::kText:
      return "TEXT";
  }
  return "VALUE";
}

}  // namespace

Flag quiet_flag(const std::string& group) {
  return {"quiet", "", "No progress and no remarks on standard error", group};
}

Flag out_file_flag(const std::string& group) {
  return {"out", "FILE", "Write the result to a file instead of standard output", group};
}

Flag threads_flag(const std::string& group) {
  return {"threads", "N",
          "Jobs at the same time\n1 to " + std::to_string(kMaxThreads) + "; default " +
              std::to_string(default_threads()) + " (" + processors_text(default_processors()) +
              ")",
          group};
}

Flag memory_flag(const std::string& group) {
  return {"memory", "SIZE",
          "What all jobs together may use, such as 500MB or 2GB\ndefault: what the machine has",
          group};
}

Flag parameter_flag(const Parameter& parameter, const std::string& remark,
                    const std::string& group) {
  const std::string unit = parameter.unit.empty() ? "" : " " + parameter.unit;
  return {parameter.name, type_name(parameter.kind),
          parameter.help + "\n" + allowed_text(parameter) + unit + "; " + remark, group};
}

Expected<unsigned> read_threads(const Given& given) {
  const std::optional<std::string> text = given.value("threads");
  if (!text) return default_threads();
  const std::optional<std::int64_t> value = read_integer(*text);
  if (value && *value >= 1 && *value <= kMaxThreads) return static_cast<unsigned>(*value);
  return Error{"threads must be 1 to " + std::to_string(kMaxThreads) + ", not " +
               quoted_text(*text)};
}

Expected<double> read_memory(const Given& given) {
  const std::optional<std::string> text = given.value("memory");
  if (!text) return kNoMemoryLimit;
  std::string_view number = trimmed(*text);
  double factor = 1;
  for (const Unit& unit : kUnits) {
    if (!number.ends_with(unit.name)) continue;
    factor = unit.bytes;
    number = trimmed(number.substr(0, number.size() - unit.name.size()));
    break;
  }
  const auto value = read_real(number);
  if (value && std::isfinite(*value) && *value * factor >= kLeastMemory) return *value * factor;
  return Error{"memory must be a size from 1 MB on, such as 500MB or 2GB, not " +
               quoted_text(*text)};
}

Expected<void> check_table(const RunSpec& spec, const std::string& name) {
  if (name.empty()) return {};
  std::vector<std::string> names;
  for (const Table& table : whole_result(spec, {}).tables) names.push_back(table.name);
  if (std::ranges::find(names, name) != names.end()) return {};
  return Error{unknown_name_text("table", name, spec.experiment->id, names)};
}

Expected<OutputFormat> read_format(const Given& given, bool figures) {
  const std::string text = given.value("format").value_or("table");
  if (text == "table") return OutputFormat::kTable;
  if (text == "csv") return OutputFormat::kCsv;
  if (text == "json") return OutputFormat::kJson;
  if (figures && text == "svg") return OutputFormat::kSvg;
  if (figures && text == "slide") return OutputFormat::kSlide;
  if (figures && text == "bibtex") return OutputFormat::kBibtex;
  return Error{std::string("format must be one of table, csv, json") +
               (figures ? ", svg, slide, bibtex, not " : ", not ") + quoted_text(text)};
}

}  // namespace attnlab
