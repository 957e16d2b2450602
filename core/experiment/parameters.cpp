#include "core/experiment/parameters.h"

#include <utility>
#include <variant>

namespace attnlab {
namespace {

ParameterKind kind_of(const Parameter& parameter) {
  struct OfValue {
    const Parameter& p;
    ParameterKind operator()(std::int64_t) const { return ParameterKind::kInteger; }
    ParameterKind operator()(double) const { return ParameterKind::kReal; }
    ParameterKind operator()(const std::string&) const {
      return p.min < p.max ? ParameterKind::kChoiceOrReal : ParameterKind::kChoice;
    }
    ParameterKind operator()(const std::vector<std::int64_t>&) const {
      return ParameterKind::kIntegerList;
    }
    ParameterKind operator()(const std::vector<double>&) const {
      return p.kind == ParameterKind::kRealTuple ? p.kind : ParameterKind::kRealList;
    }
    ParameterKind operator()(const std::vector<std::string>&) const {
      return ParameterKind::kChoiceList;
    }
  };
  return std::visit(OfValue{parameter}, parameter.default_value);
}

}  // namespace

Parameter described(Parameter parameter) {
  parameter.kind = kind_of(parameter);
  if (has_items(parameter.kind) && parameter.max_items == 1) {
    const bool choices = parameter.kind == ParameterKind::kChoiceList;
    parameter.max_items = choices ? parameter.choices.size() : kMostListItems;
  }
  return parameter;
}

void set_default(Schema& schema, std::string_view name, ParameterValue value) {
  for (Parameter& parameter : schema.parameters) {
    if (parameter.name != name) continue;
    parameter.default_value = std::move(value);
    return;
  }
}

}  // namespace attnlab
