// Findings and their bytes.
#include "core/findings/findings.h"

#include "core/base/archive.h"

namespace attnlab {
namespace {

struct Members {
  static auto of(Is<Column> auto& x) {
    auto& [name, label, error_column, type] = x;
    return std::tie(name, label, error_column, type);
  }
  static auto of(Is<Table> auto& x) {
    auto& [name, caption, columns, rows] = x;
    return std::tie(name, caption, columns, rows);
  }
  static auto of(Is<Need> auto& x) {
    auto& [what, settings] = x;
    return std::tie(what, settings);
  }
  static auto of(Is<Claim> auto& x) {
    auto& [id, statement, status, evidence, judged, need] = x;
    return std::tie(id, statement, status, evidence, judged, need);
  }
  static auto of(Is<Result> auto& x) {
    auto& [tables, claims, summary, notes] = x;
    return std::tie(tables, claims, summary, notes);
  }
  static auto of(Is<Axis> auto& x) {
    auto& [label, logarithmic, min, max, ticks] = x;
    return std::tie(label, logarithmic, min, max, ticks);
  }
  static auto of(Is<FigurePoint> auto& x) {
    auto& [px, py, error, count] = x;
    return std::tie(px, py, error, count);
  }
  static auto of(Is<Series> auto& x) {
    auto& [id, label, note, role, colour, variant, points, presence] = x;
    return std::tie(id, label, note, role, colour, variant, points, presence);
  }
  static auto of(Is<PointRef> auto& x) {
    auto& [series, point] = x;
    return std::tie(series, point);
  }
  static auto of(Is<ReferenceLine> auto& x) {
    auto& [vertical, at, label] = x;
    return std::tie(vertical, at, label);
  }
  static auto of(Is<HeatPanel> auto& x) {
    auto& [id, title, ax, ay, x_labels, y_labels, rows, columns, values, errors, scale, logarithmic,
           value_label, scale_group, contours, presence, min, max, texts, notes] = x;
    return std::tie(id, title, ax, ay, x_labels, y_labels, rows, columns, values, errors, scale,
                    logarithmic, value_label, scale_group, contours, presence, min, max, texts,
                    notes);
  }
  static auto of(Is<Handle> auto& x) {
    auto& [parameter, x_item, y_item, px, py, label, help, colour, value, arrow, grid] = x;
    return std::tie(parameter, x_item, y_item, px, py, label, help, colour, value, arrow, grid);
  }
  static auto of(Is<FieldPanel> auto& x) {
    auto& [id, title, shader, data, value, min, max, scale, value_label, contours, shares] = x;
    static_cast<void>(value);  // a function: looked up by the shader's name
    return std::tie(id, title, shader, data, min, max, scale, value_label, contours, shares);
  }
  static auto of(Is<LinePlot> auto& x) {
    auto& [series, references] = x;
    return std::tie(series, references);
  }
  static auto of(Is<HeatMaps> auto& x) { return std::tie(x.panels); }
  static auto of(Is<Fields> auto& x) { return std::tie(x.panels); }
  static auto of(Is<Together> auto& x) {
    auto& [figures, legend] = x;
    return std::tie(figures, legend);
  }
  static auto of(Is<Figure> auto& x) {
    auto& [id, title, subtitle, invitation, ax, ay, content, handles, table, empty_text, walked] =
        x;
    return std::tie(id, title, subtitle, invitation, ax, ay, content, handles, table, empty_text,
                    walked);
  }
  static auto of(Is<Findings> auto& x) {
    auto& [result, figures] = x;
    return std::tie(result, figures);
  }
};

void find_functions(Figure& figure, FieldFunction (*function_of)(std::string_view shader)) {
  Fields* fields = std::get_if<Fields>(&figure.content);
  if (fields == nullptr) return;
  for (FieldPanel& field : fields->panels) field.value = function_of(field.shader);
}

}  // namespace

Bytes encode_findings(const Findings& findings) {
  return encoded<Members>(findings);
}

Expected<Findings> decode_findings(std::span<const std::uint8_t> bytes,
                                   FieldFunction (*function_of)(std::string_view shader)) {
  Expected<Findings> findings =
      decoded<Members, Findings>(bytes, "what the other module found could not be read");
  if (!findings) return findings;
  for (const Table& table : findings->result.tables) {
    if (const auto checked = check_types(table); !checked) return checked.error();
  }
  for (Figure& figure : findings->figures) find_functions(figure, function_of);
  return findings;
}

Bytes encode_figure(const Figure& figure) {
  return encoded<Members>(figure);
}

Expected<Figure> decode_figure(std::span<const std::uint8_t> bytes,
                               FieldFunction (*function_of)(std::string_view shader)) {
  Expected<Figure> figure = decoded<Members, Figure>(bytes, "the figure could not be read");
  if (figure) find_functions(*figure, function_of);
  return figure;
}

}  // namespace attnlab
