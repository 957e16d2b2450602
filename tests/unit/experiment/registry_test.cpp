#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/experiment/faces.h"
#include "core/experiment/run.h"

using namespace attnlab;

namespace {

/// Names that are flags, permalink keys and JSON keys at once.
bool is_plain_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

bool is_whole(const Parameter& parameter) {
  return parameter.kind == ParameterKind::kInteger || parameter.kind == ParameterKind::kIntegerList;
}

}  // namespace

TEST_CASE("every experiment is found by its id, and no id is given twice") {
  std::set<std::string> ids;
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    CHECK(is_plain_name(experiment->id));
    CHECK(ids.insert(experiment->id).second);
    CHECK(find_experiment(experiment->id) == experiment);
  }
  CHECK(find_experiment("no-such-thing") == nullptr);
  const std::string sentence = experiment_named("no-such-thing").error().sentence;
  CHECK(sentence.starts_with("unknown experiment \"no-such-thing\"; there are: "));
}

TEST_CASE("every registered parameter is named once, described, and consistent with its range") {
  // Flags of `attnlab run`, and the keys of an address that are not parameters.
  std::set<std::string> reserved = {"out",    "format",  "json",   "help",  "quiet",
                                    "resume", "threads", "memory", "figure"};
  for (const AddressKey& key : address_keys()) reserved.insert(std::string(key.name));
  for (const Experiment* experiment : experiments()) {
    std::set<std::string> names = reserved;
    for (const Parameter& parameter : experiment->schema.parameters) {
      CAPTURE(parameter.name);
      CHECK(is_plain_name(parameter.name));
      CHECK(names.insert(parameter.name).second);
      CHECK_FALSE(parameter.label.empty());
      CHECK_FALSE(parameter.help.empty());
      CHECK(parameter.max_items >= 1);
      CHECK(parameter.min <= parameter.max);
      CHECK(std::max(std::abs(parameter.min), std::abs(parameter.max)) <= 0x1p53);
      if (is_whole(parameter)) CHECK(parameter.min == std::round(parameter.min));
      if (is_whole(parameter)) CHECK(parameter.max == std::round(parameter.max));
      if (parameter.logarithmic) CHECK(parameter.min > 0);
      for (const double value : parameter.suggested) {
        CHECK((value >= parameter.min && value <= parameter.max));
      }
      const bool examples = parameter.kind == ParameterKind::kText;
      CHECK_FALSE((examples && parameter.choices.empty()));
      for (const Choice& choice : parameter.choices)
        CHECK((examples || is_plain_name(choice.name)));
    }
  }
}

TEST_CASE("every step that appends fits its parameters, and others are refused with a sentence") {
  std::size_t appending = 0;
  for (const Experiment* experiment : experiments()) {
    CHECK(check_appending(*experiment));
    appending += !experiment->append.label.empty();
  }
  CHECK(appending > 0);
  const Experiment good = *find_experiment("extract-by-hand");
  const auto refused = [&](auto change) {
    Experiment bad = good;
    change(bad);
    const auto checked = check_appending(bad);
    CHECK_FALSE(decode_faces(encode_faces(std::vector<const Experiment*>{&bad})));
    return checked ? std::string() : checked.error().sentence;
  };
  CHECK(refused([](Experiment& bad) { bad.append.into = "none"; }) ==
        "extract-by-hand appends to \"none\", which is no tuple");
  CHECK(
      refused([](Experiment& bad) { bad.append.from = {"asked"}; }) ==
      "extract-by-hand appends \"asked\", which is no tuple of fixed length in the range of asked");
  CHECK(refused([](Experiment& bad) { bad.append.from = {"token"}; }) ==
        "extract-by-hand appends 2 entries to asked, whose groups have 4");
  CHECK(refused([](Experiment& bad) { bad.append.from.clear(); }) ==
        "extract-by-hand appends 0 entries to asked, whose groups have 4");
  CHECK(refused([](Experiment& bad) { bad.live = false; }) ==
        "extract-by-hand has a step to append, but is not live");
}

TEST_CASE("every preset can be planned, and its link leads back to it") {
  for (const Experiment* experiment : experiments()) {
    REQUIRE_FALSE(experiment->presets.empty());
    for (const Preset& preset : experiment->presets) {
      CAPTURE(preset.name);
      CHECK(is_plain_name(preset.name));
      CHECK_FALSE(preset.text.empty());
      const auto parameters = preset_parameters(*experiment, preset.name);
      REQUIRE(parameters);
      const RunSpec spec{experiment, *parameters, 7};
      CHECK(experiment->plan(spec));
      const Permalink link = read_query(query_text(spec), *experiments()[0]);
      CHECK(link.notes.empty());
      CHECK(link.spec == spec);
    }
  }
}

TEST_CASE("every experiment finds its tables and figures without any output") {
  for (const Experiment* experiment : experiments()) {
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    const Result result = experiment->find(spec, {}).result;
    CHECK_FALSE(result.tables.empty());
    CHECK_FALSE(experiment->find(spec, {}).figures.empty());
  }
}

TEST_CASE("every experiment leaves out outputs that do not decode and says so") {
  for (const Experiment* experiment : experiments()) {
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    if (experiment->live) continue;  // it has no outputs
    const std::vector<JobOutput> damaged = {{0, {1, 2, 3}, true}, {4000000000u, {}, true}};
    CHECK_FALSE(experiment->find(spec, damaged).result.notes.empty());
  }
}
