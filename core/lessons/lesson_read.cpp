// Lessons in: the document against its shapes, then what only the lab knows.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/findings/findings.h"
#include "core/lessons/lesson.h"
#include "core/lessons/shape.h"

namespace attnlab {
namespace {

using nlohmann::json;
using Type = LessonMember::Type;
using Kind = LessonCheck::Kind;

constexpr int kMaxDepth = 8;  // of a document; its own shapes need 7

std::string shown(const json& value) {
  const std::string text = quoted_text(value.dump(-1, ' ', false, json::error_handler_t::replace));
  return text.substr(1, text.size() - 2);
}

/// Characters, not bytes.
std::size_t letters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string count_text(const LessonMember& member, std::string_view of) {
  const std::string low = exact_text(member.low), high = exact_text(member.high);
  return (low == high ? low : low + " to " + high) + " " + std::string(of);
}

class Reader {
 public:
  LessonReading read(std::string_view text) {
    if (text.size() > kMostLessonBytes) {
      fault("", "a lesson has at most " + bytes_text(kMostLessonBytes) + ", not " +
                    bytes_text(static_cast<double>(text.size())));
      return std::move(reading_);
    }
    const json document =
        json_nested_deeper(text, kMaxDepth) ? json() : json::parse(text, nullptr, false);
    if (!document.is_object()) {
      fault("", "a lesson is a JSON object such as {\"attnlab_lesson\": 1, \"title\": ...}, not " +
                    quoted_text(trimmed(text)));
      return std::move(reading_);
    }
    if (fits(document, lesson_shape(), "")) read_whole(document);
    return std::move(reading_);
  }

 private:
  void fault(const std::string& place, std::string sentence) {
    if (reading_.faults.size() < kMostLessonFaults) {
      reading_.faults.push_back({place, std::move(sentence)});
    }
  }

  static std::string inside(const std::string& place, std::string_view name) {
    return place.empty() ? std::string(name) : place + "." + std::string(name);
  }
  static std::string entry(const std::string& place, std::size_t number) {
    return place + "[" + exact_text(static_cast<std::int64_t>(number)) + "]";
  }

  // Shapes.

  /// Whether the object has the members of its shape and no others; faults say what is wrong.
  bool fits(const json& object, const LessonShape& shape, const std::string& place) {
    const std::size_t before = reading_.faults.size();
    std::vector<std::string> names;
    for (const LessonMember& member : shape.members) {
      names.emplace_back(member.name);
      const auto found = object.find(member.name);
      if (found == object.end()) {
        if (member.needed) {
          fault(place, std::string(member.name) + " is missing: " + std::string(member.meaning));
        }
      } else {
        fits_member(*found, member, inside(place, member.name));
      }
    }
    for (const auto& [name, value] : object.items()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        fault(place, unknown_name_text("member", name, shape.name, names));
      }
    }
    return reading_.faults.size() == before;
  }

  void fits_member(const json& value, const LessonMember& member, const std::string& place) {
    const auto refuse = [&](const std::string& wanted) {
      fault(place, std::string(member.name) + " must be " + wanted + ", not " + shown(value));
    };
    const auto within = [&](std::size_t count) {
      return static_cast<double>(count) >= member.low && static_cast<double>(count) <= member.high;
    };
    switch (member.type) {
      case Type::kText:
        if (!value.is_string() || !within(letters(value.get<std::string>()))) {
          refuse("a text of " + count_text(member, "letters"));
        }
        return;
      case Type::kNumber:
        if (!value.is_number() || value.get<double>() < member.low ||
            value.get<double>() > member.high) {
          refuse(count_text(member, "as a number"));
        }
        return;
      case Type::kYesNo:
        if (!value.is_boolean()) refuse("true or false");
        return;
      case Type::kTexts:
        if (!value.is_array() || !within(value.size()) || !are_different_texts(value)) {
          refuse("a list of " + count_text(member, "different texts"));
        }
        return;
      case Type::kCells:
        if (!value.is_object() || !within(value.size()) ||
            !std::all_of(value.begin(), value.end(),
                         [](const json& cell) { return cell.is_string() || cell.is_number(); })) {
          refuse("an object of texts and numbers by column");
        }
        return;
      case Type::kObjects:
        if (!value.is_array() || !within(value.size())) {
          refuse("a list of " + count_text(member, "objects"));
          return;
        }
        for (std::size_t i = 0; i < value.size(); ++i) {
          fits_object(value[i], *member.shape, entry(place, i));
        }
        return;
      case Type::kCheck:
        fits_check(value, place);
        return;
    }
  }

  void fits_object(const json& value, const LessonShape& shape, const std::string& place) {
    if (value.is_object()) {
      fits(value, shape, place);
    } else {
      fault(place, "a " + std::string(shape.name) + " is an object, not " + shown(value));
    }
  }

  void fits_check(const json& value, const std::string& place) {
    std::vector<std::string> kinds;
    for (const LessonShape& shape : lesson_checks()) kinds.emplace_back(shape.name);
    const std::string kind =
        value.is_object() && value.contains("kind") && value["kind"].is_string()
            ? value["kind"].get<std::string>()
            : "";
    const auto found = std::find(kinds.begin(), kinds.end(), kind);
    if (found != kinds.end()) {
      fits(value, lesson_checks()[static_cast<std::size_t>(found - kinds.begin())], place);
    } else if (kind.empty()) {
      fault(place, "a check has a kind, one of " + join(kinds, ", "));
    } else {
      fault(place, unknown_name_text("kind", kind, "check", kinds));
    }
  }

  static bool are_different_texts(const json& list) {
    std::set<std::string> seen;
    return std::all_of(list.begin(), list.end(), [&](const json& item) {
      return item.is_string() && !item.get<std::string>().empty() &&
             seen.insert(item.get<std::string>()).second;
    });
  }

  // What it says.

  void read_whole(const json& document) {
    Lesson& lesson = reading_.lesson;
    lesson.title = text_of(document, "title");
    lesson.language = text_of(document, "language");
    const json& steps = document["steps"];
    for (std::size_t i = 0; i < steps.size(); ++i) {
      lesson.steps.push_back(read_step(steps[i], entry("steps", i), steps.size()));
    }
  }

  static std::string text_of(const json& object, const char* name) {
    const auto found = object.find(name);
    return found == object.end() ? "" : valid_utf8(found->get<std::string>());
  }

  LessonStep read_step(const json& object, const std::string& place, std::size_t steps) {
    LessonStep step{text_of(object, "title"), {}, read_state(object, inside(place, "state")), {}};
    if (auto text = read_prose(object["text"].get<std::string>())) {
      step.text = std::move(*text);
      check_targets(step.text, inside(place, "text"), steps);
    } else {
      fault(inside(place, "text"), text.error().sentence);
    }
    if (object.contains("check")) {
      step.check = read_check(object["check"], step.state, inside(place, "check"));
    }
    return step;
  }

  void check_targets(const std::vector<ProseBlock>& text, const std::string& place,
                     std::size_t steps) {
    for (const ProseBlock& block : text) {
      for (const ProsePiece& piece : block.pieces) {
        if (!piece.target.starts_with("#")) continue;
        const auto number = read_integer(piece.target.substr(1));
        if (*number > static_cast<std::int64_t>(steps)) {
          fault(place, "there is no step " + piece.target.substr(1) + ": the lesson has " +
                           counted(steps, "step"));
        }
      }
    }
  }

  Permalink read_state(const json& object, const std::string& place) {
    Permalink state = read_query(object["state"].get<std::string>(), *experiments().front());
    for (const std::string& note : state.notes) fault(place, note);
    if (!state.names_run && state.notes.empty())
      fault(place, "a state names an experiment: e=icl-risk&dim=5");
    const Findings findings = state.spec.experiment->find(state.spec, {});
    if (!state.page.figure.empty()) find_figure(findings, state.page.figure, place);
    return state;
  }

  const Figure* find_figure(const Findings& findings, const std::string& id,
                            const std::string& place) {
    std::vector<std::string> ids;
    for (const Figure& figure : findings.figures) {
      if (figure.id == id || id.empty()) return &figure;
      ids.push_back(figure.id);
    }
    fault(place, unknown_name_text("figure", id, "the state", ids));
    return nullptr;
  }

  LessonCheck read_check(const json& object, const Permalink& state, const std::string& place) {
    LessonCheck check;
    const std::string kind = text_of(object, "kind");
    while (lesson_checks()[static_cast<std::size_t>(check.kind)].name != kind) {
      check.kind = static_cast<Kind>(static_cast<int>(check.kind) + 1);
    }
    check.question = text_of(object, "question");
    check.hint = text_of(object, "hint");
    check.if_right = text_of(object, "if_right");
    check.if_wrong = text_of(object, "if_wrong");
    if (check.kind == Kind::kChoice) read_choices(object["choices"], check, place);
    if (check.kind == Kind::kNumber) read_number(object, state, check, place);
    if (check.kind == Kind::kOrder) {
      for (const json& item : object["items"]) {
        check.items.push_back(valid_utf8(item.get<std::string>()));
      }
    }
    if (check.kind == Kind::kSketch) {
      check.curve = text_of(object, "curve");
      find_curve(state, check.curve, inside(place, "curve"));
    }
    return check;
  }

  void read_choices(const json& list, LessonCheck& check, const std::string& place) {
    for (const json& choice : list) {
      check.choices.push_back(
          {text_of(choice, "text"), choice.value("right", false), text_of(choice, "feedback")});
    }
    if (std::none_of(check.choices.begin(), check.choices.end(),
                     [](const LessonChoice& choice) { return choice.right; })) {
      fault(inside(place, "choices"), "none of the choices is right: set \"right\": true");
    }
  }

  void read_number(const json& object, const Permalink& state, LessonCheck& check,
                   const std::string& place) {
    check.table = text_of(object, "table");
    check.column = text_of(object, "column");
    check.tolerance = object["tolerance"].get<double>();
    for (const auto& [column, cell] : object["row"].items()) {
      check.row.emplace_back(column, cell.is_string() ? valid_utf8(cell.get<std::string>())
                                                      : exact_text(cell.get<double>()));
    }
    const Result result = state.spec.experiment->find(state.spec, {}).result;
    const Table* table = result.table(check.table);
    if (table == nullptr) {
      std::vector<std::string> names;
      for (const Table& each : result.tables) names.push_back(each.name);
      fault(inside(place, "table"),
            unknown_name_text("table", check.table, state.spec.experiment->id, names));
      return;
    }
    std::vector<std::string> columns;
    for (const Column& column : table->columns) columns.push_back(column.name);
    const auto known = [&](const std::string& column, const std::string& where) {
      const bool found = table->column(column) < columns.size();
      if (!found) fault(where, unknown_name_text("column", column, check.table, columns));
      return found;
    };
    if (known(check.column, inside(place, "column")) &&
        table->columns[table->column(check.column)].type != ColumnType::kWhole &&
        table->columns[table->column(check.column)].type != ColumnType::kNumber) {
      fault(inside(place, "column"), "column must be one of numbers, not " +
                                         quoted_text(check.column) + ", which holds texts");
    }
    for (const auto& [column, cell] : check.row) known(column, inside(place, "row"));
  }

  void find_curve(const Permalink& state, const std::string& id, const std::string& place) {
    const Findings findings = state.spec.experiment->find(state.spec, {});
    const Figure* figure = find_figure(findings, state.page.figure, place);
    const auto* plot = figure == nullptr ? nullptr : std::get_if<LinePlot>(&figure->content);
    if (plot == nullptr) {
      fault(place, "the figure of the state has no curves");
      return;
    }
    std::vector<std::string> ids;
    for (const Series& series : plot->series) ids.push_back(series.id);
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) {
      fault(place, unknown_name_text("curve", id, figure->id, ids));
    }
  }

  LessonReading reading_;
};

bool is_cell(const Cell& cell, const std::string& text) {
  const auto wanted = read_real(text);
  if (wanted && !std::holds_alternative<std::string>(cell)) {
    const double found = number_in(cell);
    return std::abs(found - *wanted) <= 1e-9 * std::abs(*wanted);
  }
  return exact_text(cell) == text;
}

}  // namespace

LessonReading read_lesson(std::string_view text) {
  return Reader().read(text);
}

Expected<double> lesson_answer(const LessonCheck& check, const Result& result) {
  const Table* table = result.table(check.table);
  const std::size_t column = table == nullptr ? 0 : table->column(check.column);
  if (table == nullptr || column == table->columns.size()) {
    return Error{"the result has no column " + check.column + " in a table " + check.table};
  }
  std::vector<const Cell*> found;
  for (const std::vector<Cell>& row : table->rows) {
    const bool meant = std::all_of(check.row.begin(), check.row.end(), [&](const auto& each) {
      const std::size_t at = table->column(each.first);
      return at < row.size() && is_cell(row[at], each.second);
    });
    if (meant) found.push_back(&row[column]);
  }
  if (found.size() != 1) {
    return Error{counted(found.size(), "row") + " of " + check.table +
                 " are meant; the answer needs one"};
  }
  const double answer = number_in(*found.front());
  if (!std::isfinite(answer)) return Error{"the cell of the answer is empty"};
  return answer;
}

}  // namespace attnlab
