// The specification of a sweep as JSON, in and out.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/codecs/sweep.h"

namespace attnlab {
namespace {

using nlohmann::json;

/// A specification, its parameters, a list of values, a value that is a list.
constexpr int kMaxDepth = 4;

constexpr const char* kForm =
    R"({"experiment":"ID", "parameters":{"NAME":[VALUE, ...]}, "seed":N})";

Error no_sweep(const std::string& why) {
  return {"the sweep must be a JSON object such as " + std::string(kForm) + "; " + why};
}

/// The document; an error also for a key given twice, of which JSON readers silently take one.
Expected<json> read_document(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  std::string repeated;
  const json::parser_callback_t watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key) {
      const std::string key = parsed.get<std::string>();
      if (!keys.back().insert(key).second) repeated = key;
    }
    return true;
  };
  if (json_nested_deeper(text, kMaxDepth)) return no_sweep("this one is nested too deeply");
  json document = json::parse(text, watch, false);
  if (document.is_discarded()) {
    return no_sweep("this is not JSON: " + quoted_text(trimmed(text)));
  }
  if (!repeated.empty()) return no_sweep("the key " + quoted_text(repeated) + " is there twice");
  if (!document.is_object()) return no_sweep("not " + quoted_text(trimmed(text)));
  return document;
}

std::string shown(const json& value) {
  const std::string in_quotes = quoted_text(value.dump());
  return in_quotes.substr(1, in_quotes.size() - 2);
}

/// The canonical text of one value, or the schema's sentence.
Expected<std::string> canonical(const RunSpec& base, const Parameter& parameter,
                                const json& value) {
  ParameterSet parameters = base.parameters;
  if (const auto set = set_parameter_json(parameters, parameter, value.dump()); !set) {
    return set.error();
  }
  return parameters.text(parameter.name);
}

/// An integer that doubles hold exactly, as their sums do: large seeds, too.
bool is_exact(double value) {
  return value == std::floor(value) && std::abs(value) <= 0x1p53;
}

/// Removes the rounding error of a sum or product of binary fractions: 0.30000000000000004 -> 0.3.
double tidied(double value) {
  if (is_exact(value) || !std::isfinite(value)) return value;
  const double scale = std::pow(10.0, 12 - std::ceil(std::log10(std::abs(value))));
  const double rounded = std::round(value * scale) / scale;
  return std::isfinite(rounded) ? rounded : value;
}

struct Range {
  double from, to, step = 0, factor = 0;
};

Expected<Range> read_range(const std::string& name, const json& value) {
  const Error wrong{name + R"( as a range must be {"from":A, "to":B, "step":S} or )" +
                    R"({"from":A, "to":B, "factor":F}, not )" + shown(value)};
  for (const auto& [key, number] : value.items()) {
    const bool known = key == "from" || key == "to" || key == "step" || key == "factor";
    if (!known || !number.is_number()) return wrong;
  }
  const bool steps = value.contains("step");
  if (value.size() != 3 || !value.contains("from") || !value.contains("to")) return wrong;
  Range range{value["from"].get<double>(), value["to"].get<double>()};
  (steps ? range.step : range.factor) = value[steps ? "step" : "factor"].get<double>();
  if (range.to < range.from) {
    return Error{name + " as a range must go upwards, not from " + exact_text(range.from) + " to " +
                 exact_text(range.to)};
  }
  if (steps && !(range.step > 0)) {
    return Error{name + ": step must be greater than 0, not " + exact_text(range.step)};
  }
  if (!steps && !(range.factor > 1 && range.from > 0)) {
    return Error{name + ": a range with a factor needs a factor above 1 and starts above 0, not " +
                 exact_text(range.factor) + " from " + exact_text(range.from)};
  }
  return range;
}

Expected<std::vector<json>> values_of_range(const std::string& name, const json& value) {
  const Expected<Range> range = read_range(name, value);
  if (!range) return range.error();
  const bool exact = is_exact(range->from) && is_exact(range->to) && is_exact(range->step) &&
                     is_exact(range->factor);
  const double end = range->to + (exact ? 0 : 1e-9 * std::abs(range->to));
  std::vector<json> values;
  for (double at = range->from; at <= end;) {
    if (values.size() == kMaxSweepPoints) {
      return Error{name + ": the range has more than " +
                   exact_text(static_cast<std::int64_t>(kMaxSweepPoints)) + " values"};
    }
    values.push_back(at);
    const auto count = static_cast<double>(values.size());
    const double next = tidied(range->step > 0 ? range->from + count * range->step
                                               : range->from * std::pow(range->factor, count));
    if (!(next > at)) return Error{name + ": the range's steps are too small to count"};
    at = next;
  }
  return values;
}

/// A list or a range of values as an axis; `canonical_text` gives the text of one value, or why it
/// cannot be taken.
template <class CanonicalText>
Expected<void> add_axis(SweepSpec& sweep, const std::string& name, const json& value,
                        const CanonicalText& canonical_text) {
  std::vector<json> values;
  if (value.is_object()) {
    Expected<std::vector<json>> range = values_of_range(name, value);
    if (!range) return range.error();
    values = std::move(*range);
  } else {
    values = value.get<std::vector<json>>();
  }
  if (values.empty()) return Error{name + " needs at least one value, the list is empty"};
  if (values.size() > kMaxSweepPoints) return Error{name + " has too many values"};
  SweepAxis axis{name, {}};
  std::set<std::string> seen;
  for (const json& item : values) {
    Expected<std::string> text = canonical_text(item);
    if (!text) return text.error();
    if (!seen.insert(*text).second) return Error{name + " has the value " + *text + " twice"};
    axis.values.push_back(std::move(*text));
  }
  sweep.axes.push_back(std::move(axis));
  return {};
}

/// One parameter of the specification: an axis, or a fixed value.
Expected<void> add_parameter(SweepSpec& sweep, const Parameter& parameter, const json& value) {
  if (!value.is_array() && !value.is_object()) {
    return set_parameter_json(sweep.fixed.parameters, parameter, value.dump());
  }
  return add_axis(sweep, parameter.name, value,
                  [&](const json& item) { return canonical(sweep.fixed, parameter, item); });
}

/// A seed of the specification. Ranges count in reals; whole ones are integers again.
Expected<std::uint64_t> seed_of(const json& value) {
  if (!value.is_number_float()) return read_seed(shown(value));
  const double real = value.get<double>();
  const bool whole = real >= 0 && real <= static_cast<double>(kMaxSeed) && real == std::floor(real);
  return whole ? static_cast<std::uint64_t>(real) : read_seed(shown(value));
}

Expected<void> add_seed(SweepSpec& sweep, const json& value) {
  if (!value.is_array() && !value.is_object()) {
    const Expected<std::uint64_t> read = read_seed(shown(value));
    if (!read) return read.error();
    sweep.fixed.seed = *read;
    return {};
  }
  return add_axis(sweep, std::string(kSeedAxis), value,
                  [](const json& item) -> Expected<std::string> {
                    const Expected<std::uint64_t> seed = seed_of(item);
                    if (!seed) return seed.error();
                    return std::to_string(*seed);
                  });
}

/// A grid of too many points is refused before any of it is made.
Expected<void> check_points(const SweepSpec& sweep) {
  double points = 1;
  for (const SweepAxis& axis : sweep.axes) points *= static_cast<double>(axis.values.size());
  if (points <= static_cast<double>(kMaxSweepPoints)) return {};
  return Error{"the grid has " + exact_text(points) + " points and may have at most " +
               exact_text(static_cast<std::int64_t>(kMaxSweepPoints))};
}

Expected<void> add_parameters(SweepSpec& sweep, const json& parameters) {
  const Experiment& experiment = *sweep.fixed.experiment;
  if (!parameters.is_object()) return no_sweep("parameters is " + shown(parameters));
  for (const auto& [name, value] : parameters.items()) {
    if (experiment.schema.find(name) == nullptr) {
      return unknown_parameter(experiment.schema, name, experiment.id);
    }
  }
  for (const Parameter& parameter : experiment.schema.parameters) {
    const auto value = parameters.find(parameter.name);
    if (value == parameters.end()) continue;
    if (const auto added = add_parameter(sweep, parameter, *value); !added) return added;
  }
  return {};
}

/// Whether a condition holds at some point of the grid.
bool can_hold(const SweepSpec& sweep, const Condition& condition) {
  std::vector<std::string> texts = {sweep.fixed.parameters.text(condition.parameter)};
  for (const SweepAxis& axis : sweep.axes)
    if (axis.parameter == condition.parameter) texts = axis.values;
  return std::any_of(texts.begin(), texts.end(), [&](const std::string& text) {
    const std::vector<std::string> entries = split(text, ',');
    return std::find_first_of(entries.begin(), entries.end(), condition.values.begin(),
                              condition.values.end()) != entries.end();
  });
}

/// An axis that changes nothing would only repeat the work.
Expected<void> check_axes_count(const SweepSpec& sweep) {
  for (const SweepAxis& axis : sweep.axes) {
    if (axis.parameter == kSeedAxis) continue;
    const Parameter& parameter = *sweep.fixed.experiment->schema.find(axis.parameter);
    for (const Condition& condition : parameter.applies) {
      if (!can_hold(sweep, condition))
        return Error{axis.parameter + " cannot be swept: it has no effect here, only where " +
                     condition_text(parameter)};
    }
  }
  return {};
}

}  // namespace

Expected<SweepSpec> read_sweep(std::string_view text) {
  const Expected<json> document = read_document(text);
  if (!document) return document.error();
  for (const auto& [key, value] : document->items()) {
    if (key == "experiment" || key == "parameters" || key == "seed") continue;
    return Error{unknown_name_text("key", key, "the sweep", {"experiment", "parameters", "seed"})};
  }
  const auto id = document->find("experiment");
  if (id == document->end() || !id->is_string()) return no_sweep("its experiment is missing");
  const Expected<const Experiment*> experiment = experiment_named(id->get<std::string>());
  if (!experiment) return experiment.error();
  SweepSpec sweep{{*experiment, ParameterSet((*experiment)->schema)}, {}};
  if (const auto parameters = document->find("parameters"); parameters != document->end()) {
    if (const auto added = add_parameters(sweep, *parameters); !added) return added.error();
  }
  if (const auto seed = document->find("seed"); seed != document->end()) {
    if (const auto added = add_seed(sweep, *seed); !added) return added.error();
  }
  if (const auto checked = check_points(sweep); !checked) return checked.error();
  if (const auto counts = check_axes_count(sweep); !counts) return counts.error();
  return sweep;
}

std::string sweep_text(const SweepSpec& sweep) {
  std::string text =
      "{\"experiment\":" + json_quoted(sweep.fixed.experiment->id) + ",\"parameters\":{";
  const Schema& schema = sweep.fixed.experiment->schema;
  for (const Parameter& parameter : schema.parameters) {
    const SweepAxis* axis = sweep.axis(parameter.name);
    if (&parameter != &schema.parameters.front()) text += ",";
    text += json_quoted(parameter.name) + ":";
    if (axis == nullptr) {
      text += json_quoted(sweep.fixed.parameters.text(parameter.name));
      continue;
    }
    std::vector<std::string> values;
    for (const std::string& value : axis->values) values.push_back(json_quoted(value));
    text += "[" + join(values, ",") + "]";
  }
  const SweepAxis* seeds = sweep.axis(kSeedAxis);
  text += "},\"seed\":" +
          (seeds == nullptr ? axis_text(sweep, kSeedAxis) : "[" + join(seeds->values, ",") + "]") +
          "}";
  std::string without_blanks;
  for (const char c : text) without_blanks += c == ' ' ? "\\u0020" : std::string(1, c);
  return without_blanks;
}

}  // namespace attnlab
