// Result tables for people: an estimate and its standard error are one cell, with the same digits
// as the plot's read-out. Shared by the table on screen and the page's accessible twin.
#pragma once

#include <string>
#include <vector>

#include "core/findings/table.h"

namespace attnlab {

struct TableViewColumn {
  std::size_t column = 0;  ///< of the table
  std::size_t error = 0;   ///< column with its standard error, or columns.size()
  bool numeric = false;    ///< aligned right
};

/// The table's columns without those that are another column's standard error.
std::vector<TableViewColumn> table_view(const Table& table);

/// "0.161 ± 0.010" for people, the empty text for an empty cell.
std::string cell_text(const Table& table, const std::vector<Cell>& row,
                      const TableViewColumn& column);
/// Every digit: "0.16099 ± 0.0102".
std::string cell_exact_text(const std::vector<Cell>& row, const TableViewColumn& column);

}  // namespace attnlab
