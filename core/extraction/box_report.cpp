#include "core/extraction/box_report.h"

#include <algorithm>
#include <cmath>

namespace attnlab::extraction {
namespace {

Cell index_cell(std::size_t zero_based) {
  return static_cast<std::int64_t>(zero_based + 1);
}

Table value_table(const BoxReport& report) {
  Table table{
      "value",
      "The value vector v",
      {{"index", "entry i", "", ColumnType::kWhole}, {"value", "v", "", ColumnType::kNumber}},
      {}};
  for (std::size_t i = 0; i < report.value.size(); ++i) {
    table.rows.push_back({index_cell(i), real_cell(report.value[i])});
  }
  return table;
}

Table network_table(const FeedForward& network) {
  Table table{"ffn",
              "The network: constant + sum over units of output × max(0, input · x + bias)",
              {{"unit", "unit", "", ColumnType::kWhole},
               {"quantity", "quantity", "", ColumnType::kText},
               {"index", "entry", "", ColumnType::kWhole},
               {"value", "value", "", ColumnType::kNumber}},
              {}};
  for (std::size_t j = 0; j < network.output.size(); ++j) {
    for (std::size_t i = 0; i < network.input.cols(); ++i) {
      table.rows.push_back({index_cell(j), "input", index_cell(i), real_cell(network.input(j, i))});
    }
    table.rows.push_back({index_cell(j), "bias", Cell{}, real_cell(network.bias[j])});
    table.rows.push_back({index_cell(j), "output", Cell{}, real_cell(network.output[j])});
  }
  if (!network.output.empty()) {
    table.rows.push_back({Cell{}, "constant", Cell{}, real_cell(network.constant)});
  }
  return table;
}

Table check_table(const BoxReport& report) {
  Table table{"check",
              "Fresh answers against what the recovered model predicts: the largest gap for "
              "inputs of each length, divided by the standard deviation of all answers",
              {{"length", "tokens", "", ColumnType::kWhole},
               {"questions", "questions", "", ColumnType::kWhole},
               {"gap", "gap", "", ColumnType::kNumber}},
              {}};
  for (std::size_t n = 0; 2 * n + 1 < report.gaps.size(); ++n) {
    table.rows.push_back({index_cell(n), static_cast<std::int64_t>(report.gaps[2 * n]),
                          real_cell(relative_gap(report, n))});
  }
  return table;
}

}  // namespace

double relative_gap(const BoxReport& report, std::size_t n) {
  const double gap = report.gaps[2 * n + 1];
  return report.spread > 0 ? gap / report.spread : gap;
}

Bytes encode(const BoxReport& report) {
  ByteWriter writer;
  const Bytes common = encode(report.common);
  writer.text({reinterpret_cast<const char*>(common.data()), common.size()});
  writer.reals(report.value);
  writer.reals(report.weight.values());
  writer.reals(report.network.input.values());
  writer.reals(report.network.bias);
  writer.reals(report.network.output);
  writer.real(report.network.constant);
  writer.reals(report.gaps);
  writer.real(report.spread);
  writer.real(report.accepted);
  return writer.take();
}

bool decode(std::span<const std::uint8_t> bytes, BoxReport& report) {
  ByteReader reader(bytes);
  report = {};
  const std::string common = reader.text();
  report.value = reader.reals();
  const std::vector<double> weight = reader.reals(), input = reader.reals();
  report.network.bias = reader.reals();
  report.network.output = reader.reals();
  report.network.constant = reader.real();
  report.gaps = reader.reals();
  report.spread = reader.real();
  report.accepted = reader.real();
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(weight.size())));
  const std::size_t units = report.network.output.size();
  if (!reader.at_end() || side * side != weight.size() || report.network.bias.size() != units ||
      input.size() % std::max<std::size_t>(units, 1) != 0 || (units == 0 && !input.empty())) {
    return false;
  }
  report.weight = Matrix<double>(side, side);
  std::ranges::copy(weight, report.weight.values().begin());
  report.network.input = Matrix<double>(units, units == 0 ? 0 : input.size() / units);
  std::ranges::copy(input, report.network.input.values().begin());
  return decode({reinterpret_cast<const std::uint8_t*>(common.data()), common.size()},
                report.common);
}

std::vector<Table> box_tables(const BoxReport& report, std::size_t most) {
  return {recovery_table(report.common.rows, {}), value_table(report),
          weight_table(report.common.matrices, report.weight, most), network_table(report.network),
          check_table(report)};
}

}  // namespace attnlab::extraction
