// The parameters that the experiments of family B share, and short ways to describe one.
#include "core/extraction/report.h"

namespace attnlab::extraction {
namespace {

Parameter named(std::string name, std::string label, std::string symbol, std::string help) {
  Parameter parameter;
  parameter.name = std::move(name);
  parameter.label = std::move(label);
  parameter.symbol = std::move(symbol);
  parameter.help = std::move(help);
  return parameter;
}

}  // namespace

Parameter integer_parameter(std::string name, std::string label, std::string symbol,
                            std::string help, double min, double max, std::int64_t value,
                            std::vector<double> suggested) {
  Parameter parameter =
      named(std::move(name), std::move(label), std::move(symbol), std::move(help));
  parameter.kind = ParameterKind::kInteger;
  parameter.min = min;
  parameter.max = max;
  parameter.default_value = value;
  parameter.suggested = std::move(suggested);
  parameter.logarithmic = min > 0 && max > 50;
  return parameter;
}

Parameter integer_list_parameter(std::string name, std::string label, std::string symbol,
                                 std::string help, double min, double max,
                                 std::vector<std::int64_t> values, std::vector<double> suggested) {
  Parameter parameter = integer_parameter(std::move(name), std::move(label), std::move(symbol),
                                          std::move(help), min, max, 0, std::move(suggested));
  parameter.kind = ParameterKind::kIntegerList;
  parameter.max_items = 16;
  parameter.default_value = std::move(values);
  return parameter;
}

Parameter real_parameter(std::string name, std::string label, std::string symbol, std::string help,
                         double min, double max, double value, std::vector<double> suggested) {
  Parameter parameter =
      named(std::move(name), std::move(label), std::move(symbol), std::move(help));
  parameter.kind = ParameterKind::kReal;
  parameter.min = min;
  parameter.max = max;
  parameter.default_value = value;
  parameter.suggested = std::move(suggested);
  parameter.logarithmic = min > 0;
  return parameter;
}

Parameter real_list_parameter(std::string name, std::string label, std::string symbol,
                              std::string help, double min, double max, std::vector<double> values,
                              std::vector<double> suggested) {
  Parameter parameter = real_parameter(std::move(name), std::move(label), std::move(symbol),
                                       std::move(help), min, max, 0, std::move(suggested));
  parameter.kind = ParameterKind::kRealList;
  parameter.max_items = 16;
  parameter.default_value = std::move(values);
  return parameter;
}

Parameter choice_parameter(std::string name, std::string label, std::string help,
                           std::vector<Choice> choices, std::string value) {
  Parameter parameter = named(std::move(name), std::move(label), {}, std::move(help));
  parameter.kind = ParameterKind::kChoice;
  parameter.choices = std::move(choices);
  parameter.default_value = std::move(value);
  return parameter;
}

Parameter choice_list_parameter(std::string name, std::string label, std::string help,
                                std::vector<Choice> choices, std::vector<std::string> values) {
  Parameter parameter = named(std::move(name), std::move(label), {}, std::move(help));
  parameter.kind = ParameterKind::kChoiceList;
  parameter.max_items = choices.size();
  parameter.choices = std::move(choices);
  parameter.default_value = std::move(values);
  return parameter;
}

Parameter primary(Parameter parameter) {
  parameter.primary = true;
  return parameter;
}

Parameter value_shape_parameter() {
  return choice_parameter("value-shape", "Shape of v", "the hidden value vector",
                          {{"random", "random", "independent normal entries"},
                           {"basis", "one entry", "v = e₁: all other entries are 0"},
                           {"tiny-entry", "a tiny entry", "one entry is 1e-9 of the others"},
                           {"zero", "zero", "v = 0: then W leaves no trace in any answer"}},
                          "random");
}

}  // namespace attnlab::extraction
