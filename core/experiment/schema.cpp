// Reading, checking and clamping parameter values. Every way in (text, typed value, permalink) goes
// through the same list of entries, so that all of them refuse with the same sentence.
#include "core/experiment/schema.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "core/base/text.h"
#include "core/formula/formula.h"

namespace attnlab {

bool has_items(ParameterKind kind) {
  return kind == ParameterKind::kIntegerList || kind == ParameterKind::kRealList ||
         kind == ParameterKind::kChoiceList || kind == ParameterKind::kRealTuple;
}

namespace {

bool is_whole(ParameterKind kind) {
  return kind == ParameterKind::kInteger || kind == ParameterKind::kIntegerList;
}
bool takes_numbers(ParameterKind kind) {
  return kind != ParameterKind::kChoice && kind != ParameterKind::kChoiceList &&
         kind != ParameterKind::kText;
}
bool takes_choices(ParameterKind kind) {
  return kind == ParameterKind::kChoice || kind == ParameterKind::kChoiceList ||
         kind == ParameterKind::kChoiceOrReal;
}

/// One scalar as it was given: its text, and its number if it is one (also nan and inf).
struct Entry {
  std::string text;
  std::optional<double> number;
};

Entry entry_of(std::string_view text) {
  return {std::string(trimmed(text)), read_real(trimmed(text))};
}
Entry entry_of(double number) {
  return {exact_text(number), number};
}
Entry entry_of(std::int64_t number) {
  return {exact_text(number), static_cast<double>(number)};
}
Entry entry_of(const std::string& text) {
  return entry_of(std::string_view(text));
}

std::vector<Entry> entries_of(const Parameter& parameter, std::string_view text) {
  if (!has_items(parameter.kind)) return {entry_of(text)};
  std::vector<Entry> entries;
  for (const std::string& item : split(trimmed(text), ',')) entries.push_back(entry_of(item));
  return entries;
}

bool belongs_to_entry(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

/// The part of the text that can be a number or a name: 7 of "(7).", 12 of "12<br".
std::string_view entry_in(std::string_view text) {
  while (!text.empty() && !belongs_to_entry(text.front())) text.remove_prefix(1);
  const auto end = std::find_if_not(text.begin(), text.end(), belongs_to_entry);
  text = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  while (text.ends_with('.')) text.remove_suffix(1);  // the end of a sentence
  return text;
}

/// The number at the beginning of an entry: 9 of "9isnice". Without one, the entry.
std::string_view leading_number(std::string_view entry) {
  const auto digits = [&](std::size_t at) {
    while (at < entry.size() && entry[at] >= '0' && entry[at] <= '9') ++at;
    return at;
  };
  const std::size_t whole = entry.starts_with('-') ? 1 : 0;
  std::size_t end = digits(whole);
  bool any = end > whole;
  if (end < entry.size() && entry[end] == '.') {
    const std::size_t more = digits(end + 1);
    any |= more > end + 1;
    if (more > end + 1) end = more;
  }
  if (!any) return entry;
  if (end < entry.size() && (entry[end] == 'e' || entry[end] == 'E')) {
    std::size_t power = end + 1;
    if (power < entry.size() && entry[power] == '-') ++power;
    if (digits(power) > power) end = digits(power);
  }
  return entry.substr(0, end);
}

/// A text without the end of a sentence or a bracket that a mail put after it, and without the
/// backslashes that chat programs put before a '*'.
std::string text_in(std::string_view given) {
  std::string text(given);
  std::erase(text, '\\');
  const auto closes_nothing = [&] {
    return text.back() == ')' && std::ranges::count(text, ')') > std::ranges::count(text, '(');
  };
  while (!text.empty() && (closes_nothing() ||
                           std::string_view(".,;:>\"'!?").find(text.back()) != std::string::npos)) {
    text.pop_back();
  }
  return text;
}

/// entry_in of every entry, of numbers only the number; entries that become empty are left out, and
/// the words that follow a list of numbers.
std::string entries_in(const Parameter& parameter, std::string_view text) {
  if (parameter.kind == ParameterKind::kText) return text_in(text);
  const bool numbers = parameter.choices.empty();
  std::vector<std::string> entries;
  for (const std::string& item : split(text, ',')) {
    std::string_view entry = entry_in(item);
    if (numbers) entry = leading_number(entry);
    if (!entry.empty()) entries.emplace_back(entry);
  }
  while (numbers && entries.size() > 1 && !read_real(entries.back())) entries.pop_back();
  return join(entries, ",");
}

std::vector<Entry> entries_of(const ParameterValue& value) {
  std::vector<Entry> entries;
  std::visit(
      [&](const auto& held) {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_arithmetic_v<Held> || std::is_same_v<Held, std::string>) {
          entries.push_back(entry_of(held));
        } else {
          for (const auto& item : held) entries.push_back(entry_of(item));
        }
      },
      value);
  return entries;
}

std::string choice_names(const Parameter& parameter) {
  std::vector<std::string> names;
  for (const Choice& choice : parameter.choices) names.push_back(choice.name);
  return join(names, ", ");
}

std::string range_text(const Parameter& parameter) {
  return exact_text(parameter.min) + " to " + exact_text(parameter.max);
}

bool is_text(const Parameter& parameter) {
  return parameter.kind == ParameterKind::kText;
}

std::string allowed_characters(const Parameter& parameter) {
  const std::string most = exact_text(parameter.max) + " characters";
  if (parameter.form == TextForm::kFormula) return "a formula of at most " + most;
  return exact_text(parameter.min) + " to " + most;
}

/// The sentence that refuses a text, empty when the parameter allows it.
std::string text_refusal(const Parameter& parameter, const std::string& text) {
  const auto length = static_cast<double>(text.size());
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  const bool formula = parameter.form == TextForm::kFormula;
  if (length < parameter.min || length > parameter.max || (!formula && !printable)) {
    return parameter.name + " must be " + allowed_characters(parameter) + ", not " +
           quoted_text(text);
  }
  if (!formula) return {};
  const auto read = parse_formula(text);
  return read ? std::string()
              : parameter.name + " " + quoted_text(text) + ": " + read.error().sentence;
}

/// Without blanks, which have no meaning: links and journals have none.
std::string without_blanks(std::string text) {
  std::erase_if(text, [](char c) { return c == ' ' || c == '\t'; });
  return text;
}

/// The values that one entry may have.
std::string allowed_entry(const Parameter& parameter) {
  if (is_text(parameter)) return allowed_characters(parameter);
  if (!takes_numbers(parameter.kind)) return "one of " + choice_names(parameter);
  if (parameter.kind != ParameterKind::kChoiceOrReal) return range_text(parameter);
  return "one of " + choice_names(parameter) + " or a number from " + range_text(parameter);
}

bool is_choice(const Parameter& parameter, const std::string& text) {
  return takes_choices(parameter.kind) &&
         std::any_of(parameter.choices.begin(), parameter.choices.end(),
                     [&](const Choice& choice) { return choice.name == text; });
}

bool usable_number(const Parameter& parameter, const Entry& entry) {
  return takes_numbers(parameter.kind) && entry.number && std::isfinite(*entry.number);
}

/// The sentence that refuses an entry, empty when the parameter allows it.
std::string refusal(const Parameter& parameter, const std::string& subject, const Entry& entry) {
  if (is_text(parameter)) return text_refusal(parameter, entry.text);
  if (is_choice(parameter, entry.text)) return {};
  const std::string must = subject + " must be ";
  if (!usable_number(parameter, entry)) {
    return must + allowed_entry(parameter) + ", not " + quoted_text(entry.text);
  }
  const double number = *entry.number;
  if (is_whole(parameter.kind) && number != std::round(number)) {
    return must + "a whole number, " + range_text(parameter) + ", not " + exact_text(number);
  }
  if (number >= parameter.min && number <= parameter.max) return {};
  return must + allowed_entry(parameter) + ", not " + exact_text(number);
}

/// The nearest allowed entry, or nullopt.
std::optional<Entry> clamped(const Parameter& parameter, const Entry& entry) {
  if (is_text(parameter)) {
    if (text_refusal(parameter, entry.text).empty()) return entry;
    return std::nullopt;
  }
  if (is_choice(parameter, entry.text)) return entry;
  if (!usable_number(parameter, entry)) return std::nullopt;
  const double number = is_whole(parameter.kind) ? std::round(*entry.number) : *entry.number;
  return entry_of(std::clamp(number, parameter.min, parameter.max));
}

/// The usable ones of the entries, as the parameter allows them; may be empty.
std::vector<Entry> clamped(const Parameter& parameter, const std::vector<Entry>& entries) {
  const bool tuple = parameter.kind == ParameterKind::kRealTuple;
  const std::size_t most = has_items(parameter.kind) ? parameter.max_items : 1;
  std::vector<Entry> kept;
  for (const Entry& entry : entries) {
    const std::optional<Entry> near = clamped(parameter, entry);
    if (!near && tuple) return {};
    if (near && kept.size() < most) kept.push_back(*near);
  }
  if (!tuple) return kept;
  kept.resize(kept.size() - kept.size() % parameter.group);
  if (kept.size() < parameter.min_items) kept.clear();
  return kept;
}

std::string entry_count(std::size_t count) {
  return counted(count, "entry", "entries");
}

/// The sentence that refuses a tuple's number of entries, empty when that number is allowed.
std::string tuple_refusal(const Parameter& parameter, std::size_t count) {
  if (parameter.kind != ParameterKind::kRealTuple) return {};
  if (count >= parameter.min_items && count % parameter.group == 0) return {};
  return parameter.name + " must be " + allowed_text(parameter) + ", not " + entry_count(count);
}

/// The sentence that refuses the entries, empty when the parameter allows them.
std::string refusal(const Parameter& parameter, const std::vector<Entry>& entries) {
  const bool list = has_items(parameter.kind);
  if (entries.empty()) {
    return parameter.name + " needs at least one entry: " + allowed_text(parameter);
  }
  const std::size_t most = list ? parameter.max_items : 1;
  if (entries.size() > most) {
    return parameter.name + " may have at most " + entry_count(most) + ", not " +
           exact_text(static_cast<std::int64_t>(entries.size()));
  }
  if (std::string sentence = tuple_refusal(parameter, entries.size()); !sentence.empty()) {
    return sentence;
  }
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string place =
        list ? ": entry " + exact_text(static_cast<std::int64_t>(i + 1)) : std::string();
    std::string sentence = refusal(parameter, parameter.name + place, entries[i]);
    if (!sentence.empty()) return sentence;
  }
  return {};
}

template <class T>
std::vector<T> increasing(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

/// The value of entries that the parameter allows.
ParameterValue value_of(const Parameter& parameter, const std::vector<Entry>& entries) {
  // Adding zero makes -0 a plain 0, which has one text only.
  const auto real = [](const Entry& entry) { return *entry.number + 0.0; };
  const auto whole = [](const Entry& entry) { return static_cast<std::int64_t>(*entry.number); };
  switch (parameter.kind) {
    case ParameterKind::kInteger:
      return whole(entries[0]);
    case ParameterKind::kReal:
      return real(entries[0]);
    case ParameterKind::kChoice:
      return entries[0].text;
    case ParameterKind::kText:
      return without_blanks(entries[0].text);
    case ParameterKind::kChoiceOrReal:
      if (is_choice(parameter, entries[0].text)) return entries[0].text;
      return real(entries[0]);
    case ParameterKind::kIntegerList: {
      std::vector<std::int64_t> values;
      for (const Entry& entry : entries) values.push_back(whole(entry));
      return increasing(std::move(values));
    }
    case ParameterKind::kRealList:
    case ParameterKind::kRealTuple: {
      std::vector<double> values;
      for (const Entry& entry : entries) values.push_back(real(entry));
      if (parameter.kind == ParameterKind::kRealTuple) return values;
      return increasing(std::move(values));
    }
    case ParameterKind::kChoiceList:
      break;
  }
  std::vector<std::string> values;
  for (const Choice& choice : parameter.choices) {
    const bool wanted = std::any_of(entries.begin(), entries.end(),
                                    [&](const Entry& entry) { return entry.text == choice.name; });
    if (wanted) values.push_back(choice.name);
  }
  return values;
}

std::string value_text(const ParameterValue& value) {
  std::vector<std::string> texts;
  for (const Entry& entry : entries_of(value)) texts.push_back(entry.text);
  return join(texts, ",");
}

std::size_t index_of(const Schema& schema, std::string_view name) {
  std::size_t i = 0;
  while (i < schema.parameters.size() && schema.parameters[i].name != name) ++i;
  return i;
}

/// The value as the kind that the caller asked for; anything else is a programming error.
template <class T>
const T& held(const ParameterValue& value) {
  const T* wanted = std::get_if<T>(&value);
  if (wanted == nullptr) std::abort();
  return *wanted;
}

}  // namespace

const Parameter* Schema::find(std::string_view name) const {
  const std::size_t i = index_of(*this, name);
  return i < parameters.size() ? &parameters[i] : nullptr;
}

namespace {

/// Why the schema may not have this parameter at its place; empty when it may.
std::string contradiction(const Schema& schema, const Parameter& parameter) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (parameter.name.empty()) return "a parameter has no name";
  if (schema.find(parameter.name) != &parameter) return parameter.name + " is there twice";
  if (parameter.kind < ParameterKind::kInteger || parameter.kind > ParameterKind::kText) {
    return parameter.name + " is of an unknown kind";
  }
  if (parameter.form < TextForm::kLetters || parameter.form > TextForm::kFormula) {
    return parameter.name + " is of an unknown form";
  }
  if (parameter.group == 0) return parameter.name + " has groups without entries";
  const bool exact = parameter.min >= -kExact && parameter.max <= kExact;
  if (is_whole(parameter.kind) && !exact) return parameter.name + " has too wide a range";
  return refusal(parameter, entries_of(parameter.default_value));
}

}  // namespace

Expected<void> check_schema(const Schema& schema) {
  for (const Parameter& parameter : schema.parameters) {
    std::string sentence = contradiction(schema, parameter);
    if (!sentence.empty()) return Error{std::move(sentence)};
    for (const Condition& condition : parameter.applies)
      if (schema.find(condition.parameter) == nullptr)
        return Error{parameter.name + " depends on " + quoted_text(condition.parameter) +
                     ", which is not a parameter"};
  }
  return {};
}

ParameterSet::ParameterSet(const Schema& schema) : schema_(&schema) {
  values_.reserve(schema.parameters.size());
  for (const Parameter& parameter : schema.parameters) {
    const std::vector<Entry> entries = entries_of(parameter.default_value);
    if (!refusal(parameter, entries).empty()) std::abort();  // the schema contradicts itself
    values_.push_back(value_of(parameter, entries));
  }
}

std::size_t ParameterSet::known_index(std::string_view name) const {
  const std::size_t i = index_of(*schema_, name);
  if (i == values_.size()) std::abort();
  return i;
}

const ParameterValue& ParameterSet::value(std::string_view name) const {
  return values_[known_index(name)];
}
std::int64_t ParameterSet::integer(std::string_view name) const {
  return held<std::int64_t>(value(name));
}
double ParameterSet::real(std::string_view name) const {
  return held<double>(value(name));
}
const std::string& ParameterSet::choice(std::string_view name) const {
  return held<std::string>(value(name));
}
const std::vector<std::int64_t>& ParameterSet::integers(std::string_view name) const {
  return held<std::vector<std::int64_t>>(value(name));
}
const std::vector<double>& ParameterSet::reals(std::string_view name) const {
  return held<std::vector<double>>(value(name));
}
const std::vector<std::string>& ParameterSet::choices(std::string_view name) const {
  return held<std::vector<std::string>>(value(name));
}

Expected<void> ParameterSet::set(std::string_view name, ParameterValue value) {
  const Parameter* parameter = schema_->find(name);
  if (parameter == nullptr) return unknown_parameter(*schema_, name);
  const std::vector<Entry> entries = entries_of(value);
  if (std::string sentence = refusal(*parameter, entries); !sentence.empty()) {
    return Error{std::move(sentence)};
  }
  values_[known_index(name)] = value_of(*parameter, entries);
  return {};
}

Expected<void> ParameterSet::set_text(std::string_view name, std::string_view text) {
  const Parameter* parameter = schema_->find(name);
  if (parameter == nullptr) return unknown_parameter(*schema_, name);
  const std::vector<Entry> entries = entries_of(*parameter, text);
  if (std::string sentence = refusal(*parameter, entries); !sentence.empty()) {
    return Error{std::move(sentence)};
  }
  values_[known_index(name)] = value_of(*parameter, entries);
  return {};
}

std::string ParameterSet::set_text_clamped(std::string_view name, std::string_view text) {
  const auto strict = set_text(name, text);
  if (strict) return {};
  const Parameter* parameter = schema_->find(name);
  if (parameter == nullptr) return strict.error().sentence;
  const std::string entries = entries_in(*parameter, text);
  if (entries != text && !clamped(*parameter, entries_of(*parameter, entries)).empty()) {
    const std::string more = set_text_clamped(name, entries);
    return parameter->name + ": " + quoted_text(text) + " is read as " + quoted_text(entries) +
           (more.empty() ? "" : "; " + more);
  }
  const std::vector<Entry> kept = clamped(*parameter, entries_of(*parameter, text));
  ParameterValue& value = values_[known_index(name)];
  if (!kept.empty()) value = value_of(*parameter, kept);
  return strict.error().sentence + "; " + value_text(value) + " is used instead";
}

std::string ParameterSet::text(std::string_view name) const {
  return value_text(value(name));
}

bool ParameterSet::applies(std::string_view name) const {
  const std::vector<Condition>& conditions = schema_->parameters[known_index(name)].applies;
  return std::all_of(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    const std::vector<std::string> entries = split(text(condition.parameter), ',');
    return std::find_first_of(entries.begin(), entries.end(), condition.values.begin(),
                              condition.values.end()) != entries.end();
  });
}

bool ParameterSet::is_default(std::string_view name) const {
  const std::size_t i = known_index(name);
  const Parameter& parameter = schema_->parameters[i];
  return values_[i] == value_of(parameter, entries_of(parameter.default_value));
}

std::string allowed_text(const Parameter& parameter) {
  if (!has_items(parameter.kind)) return allowed_entry(parameter);
  const auto most = static_cast<std::int64_t>(parameter.max_items);
  const std::string most_values = counted(parameter.max_items, "value");
  if (parameter.kind == ParameterKind::kRealTuple) {
    const auto least = static_cast<std::int64_t>(parameter.min_items);
    const auto group = static_cast<std::int64_t>(parameter.group);
    return (least < most ? exact_text(least) + " to " : std::string()) + most_values + " in order" +
           (group > 1 && least < most ? " (groups of " + exact_text(group) + ")" : std::string()) +
           ", each " + range_text(parameter);
  }
  if (parameter.kind == ParameterKind::kChoiceList) {
    return "up to " + exact_text(most) + " of " + choice_names(parameter);
  }
  return "up to " + most_values + ", each " + range_text(parameter);
}

std::string condition_text(const Parameter& parameter) {
  std::vector<std::string> parts;
  for (const Condition& condition : parameter.applies) {
    parts.push_back(condition.parameter + (condition.values.size() > 1 ? " has one of " : " has ") +
                    join(condition.values, ", "));
  }
  return join(parts, " and ");
}

Error unknown_parameter(const Schema& schema, std::string_view name, std::string_view owner) {
  std::vector<std::string> names;
  for (const Parameter& parameter : schema.parameters) names.push_back(parameter.name);
  return {unknown_name_text("parameter", name, owner, names)};
}

}  // namespace attnlab
