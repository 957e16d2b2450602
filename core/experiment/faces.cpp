#include "core/experiment/faces.h"

#include <cmath>
#include <set>

#include "core/base/archive.h"

namespace attnlab {
namespace {

struct Members {
  static auto of(Is<Choice> auto& x) {
    auto& [name, label, help] = x;
    return std::tie(name, label, help);
  }
  static auto of(Is<Condition> auto& x) {
    auto& [parameter, values] = x;
    return std::tie(parameter, values);
  }
  static auto of(Is<Parameter> auto& x) {
    auto& [name, label, symbol, unit, help, kind, min, max, max_items, min_items, group, choices,
           default_value, suggested, logarithmic, primary, applies, form] = x;
    return std::tie(name, label, symbol, unit, help, kind, min, max, max_items, min_items, group,
                    choices, default_value, suggested, logarithmic, primary, applies, form);
  }
  static auto of(Is<Schema> auto& x) {
    auto& [parameters] = x;
    return std::tie(parameters);
  }
  static auto of(Is<Preset> auto& x) {
    auto& [name, label, text, values] = x;
    return std::tie(name, label, text, values);
  }
  static auto of(Is<Reduction> auto& x) {
    auto& [parameter, least, fewest] = x;
    return std::tie(parameter, least, fewest);
  }
  static auto of(Is<Appending> auto& x) {
    auto& [label, help, into, from] = x;
    return std::tie(label, help, into, from);
  }
  static auto of(Is<LayerSymbol> auto& x) {
    auto& [symbol, words, parameter] = x;
    return std::tie(symbol, words, parameter);
  }
  static auto of(Is<LayerBlock> auto& x) {
    auto& [name, term, shape, row, first, last, from] = x;
    return std::tie(name, term, shape, row, first, last, from);
  }
  static auto of(Is<Layer> auto& x) {
    auto& [formulas, symbols, blocks] = x;
    return std::tie(formulas, symbols, blocks);
  }
  static auto of(Is<Experiment> auto& x) {
    auto& [id, family, title, question, summary, layer, schema, presets, reductions, live, append,
           whole, plan, start, assist, find, details] = x;
    static_cast<void>(plan), static_cast<void>(start);  // functions stay where their code is
    static_cast<void>(assist), static_cast<void>(find), static_cast<void>(details);
    return std::tie(id, family, title, question, summary, layer, schema, presets, reductions, live,
                    append, whole);
  }
  static auto of(Is<PlannedJob> auto& x) {
    auto& [label, cost, reference] = x;
    return std::tie(label, cost, reference);
  }
  static auto of(Is<Plan> auto& x) {
    auto& [jobs, job_bytes, memory_parameter, outside] = x;
    return std::tie(jobs, job_bytes, memory_parameter, outside);
  }
};

using Planned = std::variant<Plan, std::string>;

bool is_amount(double value) {
  return std::isfinite(value) && value >= 0;
}

}  // namespace

Bytes encode_faces(std::span<const Experiment* const> experiments) {
  std::vector<Experiment> faces;
  for (const Experiment* experiment : experiments) faces.push_back(*experiment);
  return encoded<Members>(faces);
}

Expected<std::vector<Experiment>> decode_faces(std::span<const std::uint8_t> bytes) {
  auto faces =
      decoded<Members, std::vector<Experiment>>(bytes, "the list of experiments cannot be read");
  if (!faces) return faces;
  if (faces->empty()) return Error{"the list of experiments is empty"};
  std::set<std::string> ids;
  for (const Experiment& face : *faces) {
    if (face.id.empty() || !ids.insert(face.id).second) {
      return Error{"the list of experiments has an id that is empty or given twice"};
    }
    if (const auto checked = check_schema(face.schema); !checked) {
      return Error{face.id + ": " + checked.error().sentence};
    }
    if (const auto checked = check_appending(face); !checked) return checked.error();
    if (const auto checked = check_layer(face.layer); !checked) {
      return Error{face.id + ": " + checked.error().sentence};
    }
    for (const LayerSymbol& symbol : face.layer.symbols) {
      if (!symbol.parameter.empty() && face.schema.find(symbol.parameter) == nullptr)
        return Error{face.id + ": the symbol " + symbol.symbol + " names an unknown parameter"};
    }
  }
  return faces;
}

Experiment only_named(const Experiment& experiment) {
  Experiment named;
  named.id = experiment.id;
  named.family = experiment.family;
  named.title = experiment.title;
  named.question = experiment.question;
  named.live = experiment.live;
  named.whole = false;
  return named;
}

Bytes encode_plan(const Expected<Plan>& plan) {
  return encoded<Members>(plan ? Planned(*plan) : Planned(plan.error().sentence));
}

Expected<Plan> decode_plan(std::span<const std::uint8_t> bytes) {
  auto planned = decoded<Members, Planned>(bytes, "the plan of the run cannot be read");
  if (!planned) return planned.error();
  if (auto* sentence = std::get_if<std::string>(&*planned)) return Error{std::move(*sentence)};
  Plan& plan = std::get<Plan>(*planned);
  bool amounts = is_amount(plan.job_bytes);
  for (const PlannedJob& job : plan.jobs) amounts = amounts && is_amount(job.cost);
  if (!amounts) return Error{"the plan of the run has a cost that is negative or NaN"};
  return std::move(plan);
}

}  // namespace attnlab
