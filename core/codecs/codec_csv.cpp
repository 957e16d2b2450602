// CSV by RFC 4180, with "\n" line ends: the same table gives the same bytes on every platform.
#include "core/base/text.h"
#include "core/codecs/codecs.h"

namespace attnlab {
namespace {

std::string in_quotes(std::string_view text) {
  std::string cell = "\"";
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + "\"";
}

/// Text needs quotes where it would not read back as the same text: separators, numbers, empty
/// text.
std::string text_csv(const std::string& text) {
  const bool separators = text.find_first_of(",\"\r\n") != std::string::npos;
  return separators || text.empty() || read_real(text) ? in_quotes(text) : text;
}

std::string cell_csv(const Cell& cell) {
  const auto* text = std::get_if<std::string>(&cell);
  return text != nullptr ? text_csv(*text) : exact_text(cell);
}

struct CsvCell {
  std::string text;
  bool quoted = false;
};
using Record = std::vector<CsvCell>;

Cell cell_of(CsvCell cell) {
  if (cell.quoted) return std::move(cell.text);
  if (cell.text.empty()) return std::monostate{};
  if (const auto integer = read_integer(cell.text)) return *integer;
  if (const auto real = read_real(cell.text)) {
    if (const Cell finite = real_cell(*real); finite.index() != 0) return finite;
  }
  return std::move(cell.text);
}

std::string line_text(std::size_t line) {
  return "line " + exact_text(static_cast<std::int64_t>(line));
}

/// Reads one record after another and counts lines for the error sentences.
class CsvReader {
 public:
  explicit CsvReader(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  std::size_t line() const { return line_; }

  Expected<Record> record() {
    Record cells;
    for (;;) {
      auto cell = at_ < text_.size() && text_[at_] == '"' ? quoted_cell() : plain_cell();
      if (!cell) return cell.error();
      cells.push_back(std::move(*cell));
      if (at_end()) return cells;
      if (text_[at_] == ',') {
        ++at_;
        continue;
      }
      at_ += text_[at_] == '\r' ? 2 : 1;
      ++line_;
      return cells;
    }
  }

 private:
  bool at_line_end() const { return text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n"; }

  Expected<CsvCell> plain_cell() {
    const std::size_t begin = at_;
    while (!at_end() && text_[at_] != ',' && !at_line_end()) {
      if (text_[at_] == '"')
        return Error{line_text(line_) + " has a quote inside a cell without quotes"};
      ++at_;
    }
    return CsvCell{std::string(text_.substr(begin, at_ - begin)), false};
  }

  Expected<CsvCell> quoted_cell() {
    const std::size_t first_line = line_;
    CsvCell cell{{}, true};
    for (++at_; !at_end(); ++at_) {
      if (text_[at_] != '"') {
        line_ += text_[at_] == '\n';
        cell.text += text_[at_];
      } else if (text_.substr(at_, 2) == "\"\"") {
        cell.text += '"';
        ++at_;
      } else {
        ++at_;
        if (at_end() || text_[at_] == ',' || at_line_end()) return cell;
        return Error{line_text(line_) + " has text after a closing quote"};
      }
    }
    return Error{"the quoted cell that begins in " + line_text(first_line) + " is never closed"};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

std::string table_csv(const Table& table) {
  std::string csv;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    csv += (i > 0 ? "," : "") + text_csv(table.columns[i].name);
  }
  csv += '\n';
  for (const std::vector<Cell>& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) csv += ',';
      csv += cell_csv(row[i]);
    }
    csv += '\n';
  }
  return csv;
}

Expected<Table> read_csv(std::string_view text) {
  if (text.empty()) return Error{"a CSV table needs a header row; this text is empty"};
  CsvReader reader(text);
  Table table;
  auto header = reader.record();
  if (!header) return header.error();
  for (const CsvCell& cell : *header) table.columns.push_back({cell.text, cell.text, {}});
  while (!reader.at_end()) {
    const std::size_t line = reader.line();
    auto record = reader.record();
    if (!record) return record.error();
    if (record->size() != table.columns.size()) {
      return Error{line_text(line) + " has " + counted(record->size(), "cell") +
                   " and the header has " +
                   exact_text(static_cast<std::int64_t>(table.columns.size()))};
    }
    std::vector<Cell> row;
    for (CsvCell& cell : *record) row.push_back(cell_of(std::move(cell)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

Expected<Table> read_csv(std::string_view text, std::span<const Column> columns) {
  Expected<Table> table = read_csv(text);
  if (!table) return table;
  const auto names = [](std::span<const Column> named) {
    std::vector<std::string> list;
    for (const Column& column : named) list.push_back(column.name);
    return list;
  };
  if (names(table->columns) != names(columns)) {
    return Error{"the header has the columns " + quoted_text(join(names(table->columns), ",")) +
                 " in place of " + quoted_text(join(names(columns), ","))};
  }
  table->columns.assign(columns.begin(), columns.end());
  if (const auto checked = check_types(*table); !checked) return checked.error();
  return table;
}

}  // namespace attnlab
