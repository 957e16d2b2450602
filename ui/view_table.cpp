// Result tables on screen.
#include <algorithm>
#include <cmath>

#include "ui/table_view.h"
#include "ui/text_draw.h"
#include "ui/theme.h"
#include "ui/views.h"
#include "ui/widgets.h"

namespace attnlab {
namespace {

void right_aligned(const std::string& text) {
  const float blank = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
  if (blank > 0) ImGui::SetCursorPosX(ImGui::GetCursorPosX() + blank);
  ImGui::TextUnformatted(text.c_str());
}

/// Width of the widest text of a column, its label included, among the first rows.
float column_width(const Table& table, const TableViewColumn& column) {
  constexpr std::size_t kRowsMeasured = 200;
  float width = text_size(table.columns[column.column].label, true, kSmallSize).x;
  for (std::size_t r = 0; r < std::min(table.rows.size(), kRowsMeasured); ++r)
    width = std::max(width, text_size(cell_text(table, table.rows[r], column), false, kTextSize).x);
  return std::ceil(width) + 1;
}

void header_row(const Table& table, const std::vector<TableViewColumn>& columns) {
  ImGui::TableNextRow(ImGuiTableRowFlags_Headers);
  const TextStyle style(Face::kBold, kSmallSize, theme().muted);
  for (const TableViewColumn& column : columns) {
    ImGui::TableNextColumn();
    const std::string& label = table.columns[column.column].label;
    if (column.numeric) {
      right_aligned(label);
    } else {
      ImGui::TextUnformatted(label.c_str());
    }
  }
}

void rows(const Table& table, const std::vector<TableViewColumn>& columns) {
  ImGuiListClipper clipper;
  clipper.Begin(static_cast<int>(table.rows.size()));
  while (clipper.Step())
    for (int r = clipper.DisplayStart; r < clipper.DisplayEnd; ++r) {
      ImGui::TableNextRow();
      const std::vector<Cell>& row = table.rows[static_cast<std::size_t>(r)];
      for (const TableViewColumn& column : columns) {
        ImGui::TableNextColumn();
        const std::string text = cell_text(table, row, column);
        if (column.numeric) {
          right_aligned(text);
        } else {
          ImGui::TextUnformatted(text.c_str());
        }
        if (ImGui::IsItemHovered()) help_tooltip(cell_exact_text(row, column).c_str());
      }
    }
}

/// Readable names for the chips: "test_error" becomes "test error".
std::string plain_name(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

}  // namespace

void table_tabs_and_rows(const View& view, float width, float height) {
  AppState& s = view.state;
  if (!s.has_result()) {
    const TextStyle style(Face::kRegular, kTextSize, theme().muted);
    ImGui::TextUnformatted("No rows yet: press Run.");
    return;
  }
  ImGui::PushID("tables");
  const float top = ImGui::GetCursorPosY();
  Flow flow(width);
  for (std::size_t i = 0; i < s.shown_result().tables.size(); ++i) {
    const std::string name = plain_name(s.shown_result().tables[i].name);
    flow.next(chip_size(name).x);
    if (chip(s.shown_result().tables[i].name.c_str(), name,
             s.shown_result().tables[i].caption.c_str(), {.on = i == s.view.table}))
      s.view.table = i;
  }
  if (s.view.table >= s.shown_result().tables.size()) s.view.table = 0;
  const Table& table = s.shown_result().tables[s.view.table];
  {
    const TextStyle style(Face::kRegular, kSmallSize, theme().muted);
    paragraph(table.caption, width);
  }
  const std::vector<TableViewColumn> columns = table_view(table);
  const float left = height - (ImGui::GetCursorPosY() - top);
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, ImVec2(10, 3));
  constexpr ImGuiTableFlags kFlags =
      ImGuiTableFlags_ScrollX | ImGuiTableFlags_ScrollY | ImGuiTableFlags_RowBg |
      ImGuiTableFlags_BordersInnerH | ImGuiTableFlags_SizingFixedFit |
      ImGuiTableFlags_NoHostExtendX | ImGuiTableFlags_NoSavedSettings;
  if (ImGui::BeginTable(table.name.c_str(), static_cast<int>(columns.size()), kFlags,
                        ImVec2(width, std::max(left, 100.0f)))) {
    crisp_lines();
    for (const TableViewColumn& column : columns)
      ImGui::TableSetupColumn(table.columns[column.column].name.c_str(),
                              ImGuiTableColumnFlags_WidthFixed, column_width(table, column));
    ImGui::TableSetupScrollFreeze(0, 1);
    header_row(table, columns);
    rows(table, columns);
    ImGui::EndTable();
  }
  ImGui::PopStyleVar();
  ImGui::PopID();
}

}  // namespace attnlab
