// Permalinks: a run as a query string. Reading is lenient, because links are typed, cut and mangled
// (link_text.h).
#include <algorithm>
#include <cctype>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/codecs/link_text.h"
#include "core/experiment/seed.h"

namespace attnlab {
namespace {

constexpr std::size_t kMaxNotes = 20;
constexpr std::string_view kHex = "0123456789ABCDEF";

bool stays_plain(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
         c == ',';
}

std::string encoded(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (stays_plain(c)) {
      safe += c;
    } else {
      safe += '%';
      safe += kHex[byte >> 4];
      safe += kHex[byte & 15];
    }
  }
  return safe;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

const std::string* find(const Pairs& pairs, std::string_view key) {
  for (const auto& pair : pairs) {
    if (pair.first == key) return &pair.second;
  }
  return nullptr;
}

bool lenient_switch(std::string_view key, std::string_view text, std::vector<std::string>& notes) {
  if (text == "0" || text == "false") return false;
  if (text == "1" || text == "true" || text.empty()) return true;
  notes.push_back(std::string(key) + " must be 0 or 1, not " + quoted_text(text) +
                  "; 0 is used instead");
  return false;
}

const Experiment& lenient_experiment(const Pairs& pairs, const Experiment& default_experiment,
                                     std::vector<std::string>& notes) {
  const std::string* id = find(pairs, "e");
  if (id == nullptr || *id == default_experiment.id) return default_experiment;
  if (const Experiment* named = find_experiment(*id)) return *named;
  notes.push_back("there is no experiment " + quoted_text(*id) + "; " + default_experiment.id +
                  " is used instead");
  return default_experiment;
}

/// Drops what a mail or a chat added to the values of all keys that are not parameters.
void keep_names(Pairs& pairs, std::vector<std::string>& notes) {
  for (auto& [key, value] : pairs) {
    if (find_address_key(key) == nullptr) continue;
    value = without_plus(std::move(value));
    if (key == "seed") continue;
    std::string names = names_in(value);
    if (names == value) continue;
    notes.push_back(key + ": " + quoted_text(value) + " is read as " + quoted_text(names));
    value = std::move(names);
  }
}

bool is_list_of_numbers(const Parameter& parameter) {
  return parameter.kind == ParameterKind::kIntegerList ||
         parameter.kind == ParameterKind::kRealList || parameter.kind == ParameterKind::kRealTuple;
}

/// A '+' means something in texts alone, and a blank in lists of numbers alone.
void read_blanks(Pairs& pairs, const Schema& schema, std::vector<std::string>& notes) {
  for (auto& [key, value] : pairs) {
    const Parameter* parameter = schema.find(key);
    if (parameter != nullptr && parameter->kind == ParameterKind::kText) {
      std::erase(value, ' ');
    } else if (parameter != nullptr && is_list_of_numbers(*parameter)) {
      std::string list = with_commas(value);
      if (list != without_plus(value))
        notes.push_back(key + ": " + quoted_text(value) + " is read as " + quoted_text(list));
      value = std::move(list);
    } else {
      value = without_plus(std::move(value));
    }
  }
}

void apply_preset(const std::string& name, Permalink& link) {
  const auto parameters = preset_parameters(*link.spec.experiment, name);
  if (parameters) {
    link.spec.parameters = *parameters;
  } else {
    link.notes.push_back(link.spec.experiment->id + " has no preset " + quoted_text(name) +
                         "; it is left out");
  }
}

std::string unknown_key_note(const std::string& key, const Experiment& experiment) {
  std::vector<std::string> names;
  for (const Parameter& parameter : experiment.schema.parameters) names.push_back(parameter.name);
  const std::string meant = closest(key, names);
  return experiment.id + " has no parameter " + quoted_text(key) + "; it is left out" +
         (meant.empty() ? std::string() : " (did you mean \"" + meant + "\"?)");
}

void note(Permalink& link, std::string sentence) {
  if (!sentence.empty()) link.notes.push_back(std::move(sentence));
}

void keep_few(std::vector<std::string>& notes) {
  if (notes.size() <= kMaxNotes) return;
  const std::size_t more = notes.size() - (kMaxNotes - 1);
  notes.resize(kMaxNotes - 1);
  notes.push_back("and " + counted(more, "more note") + " like these");
}

void say_not_understood(std::string_view query, const Pairs& pairs, Permalink& link) {
  const bool words_only =
      std::all_of(pairs.begin(), pairs.end(), [](const auto& pair) { return pair.second.empty(); });
  if (words_only) link.notes.clear();  // the sentence below says it all
  link.notes.insert(link.notes.begin(),
                    "nothing of the link " + quoted_text(query) + " is understood; it is left out");
}

std::string printed_query(const RunSpec& spec, bool with_defaults) {
  std::string query = "e=" + encoded(spec.experiment->id);
  for (const Parameter& parameter : spec.experiment->schema.parameters) {
    const std::string& name = parameter.name;
    if (!with_defaults && (spec.parameters.is_default(name) || !spec.parameters.applies(name)))
      continue;
    query += "&" + encoded(parameter.name) + "=" + encoded(spec.parameters.text(parameter.name));
  }
  return query + "&seed=" + exact_text(static_cast<std::int64_t>(spec.seed));
}

}  // namespace

Permalink read_query(std::string_view query, const Experiment& default_experiment) {
  Pairs pairs = link_pairs(query);
  std::vector<std::string> notes;
  keep_names(pairs, notes);
  const Experiment& experiment = lenient_experiment(pairs, default_experiment, notes);
  read_blanks(pairs, experiment.schema, notes);
  Permalink link{.spec = RunSpec{&experiment, ParameterSet(experiment.schema), kDefaultSeed},
                 .page = {},
                 .notes = notes};
  if (const std::string* preset = find(pairs, "preset")) apply_preset(*preset, link);
  bool understood = false;
  for (const auto& [key, value] : pairs) {
    const AddressKey* known = find_address_key(key);
    understood |= known != nullptr || experiment.schema.find(key) != nullptr;
    if (known != nullptr && known->read != nullptr) {
      note(link, known->read(link.page, value));
      continue;
    }
    const bool parameter = known == nullptr && experiment.schema.find(key) != nullptr;
    link.names_run |= parameter || (known != nullptr && key != "run");
    if (key == "seed") {
      note(link, set_seed_clamped(link.spec.seed, value));
    } else if (key == "run") {
      link.run = lenient_switch(key, value, link.notes);
    } else if (parameter) {
      note(link, link.spec.parameters.set_text_clamped(key, value));
    } else if (known == nullptr) {
      link.notes.push_back(unknown_key_note(key, experiment));
    }
  }
  if (!understood && !trimmed(query).empty()) say_not_understood(query, pairs, link);
  keep_few(link.notes);
  return link;
}

void read_page_settings(std::string_view query, Permalink& link) {
  Pairs pairs = link_pairs(query);
  keep_names(pairs, link.notes);
  for (const auto& [key, value] : pairs) {
    const AddressKey* known = find_address_key(key);
    if (known != nullptr && known->read != nullptr) note(link, known->read(link.page, value));
  }
  keep_few(link.notes);
}

std::string page_text(const PageSettings& page) {
  std::vector<std::string> items;
  for (const AddressKey& key : address_keys()) {
    const std::string value = key.text ? key.text(page) : std::string();
    if (!value.empty()) items.push_back(std::string(key.name) + "=" + encoded(value));
  }
  return join(items, "&");
}

std::string query_text(const RunSpec& spec) {
  return printed_query(spec, false);
}

std::string full_query_text(const RunSpec& spec) {
  return printed_query(spec, true);
}

std::string file_stem(const RunSpec& spec) {
  constexpr std::size_t kMost = 120;
  constexpr std::string_view kMore = "_more";
  const std::string seed = "_seed-" + exact_text(static_cast<std::int64_t>(spec.seed));
  std::string stem = spec.experiment->id;
  const std::size_t room = kMost - seed.size() - kMore.size();
  bool more = false;
  for (const Parameter& parameter : spec.parameters.schema().parameters) {
    if (spec.parameters.is_default(parameter.name) || !spec.parameters.applies(parameter.name))
      continue;
    std::string part = "_" + parameter.name + "-" + spec.parameters.text(parameter.name);
    for (char& c : part)
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '_') c = '-';
    if (stem.size() + part.size() > room)
      more = true;
    else
      stem += part;
  }
  if (more) stem += kMore;
  return stem + seed;
}

}  // namespace attnlab
