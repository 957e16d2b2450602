#include "core/codecs/contract.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "core/codecs/codecs.h"
#include "core/experiment/seed.h"

namespace attnlab {
namespace {

std::string must_be(std::string_view key, std::string_view allowed, std::string_view value) {
  return std::string(key) + " must be " + std::string(allowed) + ", not " + quoted_text(value) +
         "; it is left out";
}

/// Takes the index of `value` among `names`; an empty value is the second one ("?embed").
template <class T, std::size_t n>
std::string read_one_of(T& target, std::string_view key, std::string_view value,
                        const std::array<std::string_view, n>& names) {
  const auto found = std::find(names.begin(), names.end(), value);
  if (found == names.end() && !(value.empty() && n == 2)) {
    return must_be(key, join({names.begin(), names.end()}, " or "), value);
  }
  target = static_cast<T>(value.empty() ? 1 : found - names.begin());
  return {};
}

constexpr std::array<std::string_view, 2> kSwitch = {"0", "1"}, kLooks = {"full", "min"},
                                          kDrawings = {"auto", "svg"};
constexpr std::array<std::string_view, 3> kThemes = {"auto", "light", "dark"};

std::string switch_text(bool on) {
  return on ? "1" : "";
}

std::set<std::string, std::less<>> lockable_names() {
  std::set<std::string, std::less<>> names = {"experiment", "preset", "seed", "auto"};
  for (const Experiment* experiment : experiments()) {
    for (const Parameter& parameter : experiment->schema.parameters) names.insert(parameter.name);
  }
  return names;
}

std::string read_lock(PageSettings& page, std::string_view value) {
  const std::set<std::string, std::less<>> lockable = lockable_names();
  std::string unknown;
  page.locked.clear();
  for (const std::string& item : split(value, ',')) {
    std::string name(trimmed(item));
    if (name.empty() || std::count(page.locked.begin(), page.locked.end(), name) > 0) continue;
    if (lockable.contains(name)) {
      page.locked.push_back(std::move(name));
    } else if (unknown.empty()) {
      const std::string meant = closest(name, {lockable.begin(), lockable.end()});
      unknown = "lock names " + quoted_text(name) + ", which no experiment has; it is left out" +
                (meant.empty() ? std::string() : " (did you mean \"" + meant + "\"?)");
    }
  }
  return unknown;
}

/// Which figures there are depends on the run: the lab says when there is none of this name.
std::string read_figure(PageSettings& page, std::string_view value) {
  constexpr std::size_t kLongest = 100;
  if (value.size() > kLongest) {
    return "figure is longer than " + std::to_string(kLongest) + " letters and left out";
  }
  page.figure = value;
  return {};
}

const AddressKey kAddressKeys[] = {
    {.name = "e", .allowed = "id of an experiment", .meaning = "the experiment"},
    {.name = "preset", .allowed = "name of a preset", .meaning = "where the parameters start from"},
    {.name = "seed", .allowed = "a seed", .meaning = "names the random numbers"},
    {.name = "run", .allowed = "0 or 1", .meaning = "1: start at once"},
    {.name = "embed",
     .allowed = "0 or 1",
     .meaning = "1: inside another page, without header and text",
     .read =
         [](PageSettings& page, std::string_view value) {
           return read_one_of(page.embed, "embed", value, kSwitch);
         },
     .text = [](const PageSettings& page) { return switch_text(page.embed); }},
    {.name = "fit",
     .allowed = "0 or 1",
     .meaning = "1: as high as its frame, which has a height of its own",
     .read = [](PageSettings& page,
                std::string_view value) { return read_one_of(page.fit, "fit", value, kSwitch); },
     .text = [](const PageSettings& page) { return switch_text(page.fit); }},
    {.name = "ui",
     .allowed = "full or min",
     .meaning = "min: figure, run bar and main parameters that are not locked",
     .read = [](PageSettings& page,
                std::string_view value) { return read_one_of(page.minimal, "ui", value, kLooks); },
     .text = [](const PageSettings& page) { return std::string(page.minimal ? "min" : ""); }},
    {.name = "draw",
     .allowed = "auto or svg",
     .meaning = "svg: the figure is made of page elements, which print, zoom and are read aloud; "
                "auto: only where WebGL 2 is missing",
     .read = [](PageSettings& page,
                std::string_view value) { return read_one_of(page.svg, "draw", value, kDrawings); },
     .text = [](const PageSettings& page) { return std::string(page.svg ? "svg" : ""); }},
    {.name = "figure",
     .allowed = "name of a figure, or all",
     .meaning = "which figure is shown; all: several together",
     .read = read_figure,
     .text = [](const PageSettings& page) { return page.figure; }},
    {.name = "lock",
     .allowed = "names of parameters, experiment, preset, seed, auto",
     .meaning = "what the reader must not change",
     .read = read_lock,
     .text = [](const PageSettings& page) { return join(page.locked, ","); }},
    {.name = "auto",
     .allowed = "0 or 1",
     .meaning = "0: computes only after Run; 1: a change is answered at once, first by a draft",
     .read =
         [](PageSettings& page, std::string_view value) {
           return read_one_of(page.automatic, "auto", value, kSwitch);
         },
     .text = [](const PageSettings& page) { return std::string(page.automatic ? "" : "0"); }},
    {.name = "theme",
     .allowed = "auto, light or dark",
     .meaning = "colours; auto: as the reader's system has them",
     .read =
         [](PageSettings& page, std::string_view value) {
           return read_one_of(page.theme, "theme", value, kThemes);
         },
     .text =
         [](const PageSettings& page) {
           return page.theme == PageSettings::Theme::kAuto
                      ? std::string()
                      : std::string(kThemes[static_cast<std::size_t>(page.theme)]);
         }},
};

constexpr ActionText kActions[] = {
    {.action = Action::kRun,
     .id = "run",
     .label = "Run",
     .help = "Start the computation, or continue a paused one",
     .key = "R",
     .when = "no job runs and the parameters can be run",
     .message = true},
    {.action = Action::kPause,
     .id = "pause",
     .label = "Pause",
     .help = "Pause the computation; Run continues it",
     .key = "",
     .when = "jobs run",
     .message = true},
    {.action = Action::kStep,
     .id = "step",
     .label = "Step",
     .help = "One more job, then pause. Of a live figure: its own step, as Ask",
     .key = "S",
     .when = "the parameters can be run, or a live figure has a step of its own",
     .message = true},
    {.action = Action::kReset,
     .id = "reset",
     .label = "Reset",
     .help = "Forget the result; parameters stay. Of a live figure: back to the preset chosen last",
     .key = "",
     .when = "there is a run, or a live figure has values of its own",
     .message = true},
    {.action = Action::kKeep,
     .id = "keep",
     .label = "Keep",
     .help = "Keep this result: the next one is shown next to it",
     .key = "K",
     .when = "the result is finished and not kept already"},
    {.action = Action::kForget,
     .id = "forget",
     .label = "Forget kept",
     .help = "Show the newest result alone",
     .key = "",
     .when = "results are kept"},
    {.action = Action::kTable,
     .id = "table",
     .label = "Table",
     .help = "The numbers behind the figure",
     .key = "T",
     .when = "always"},
    {.action = Action::kWalk,
     .id = "walk",
     .label = "Walk the curves",
     .help = "Walk the curves from point to point with the arrow keys; Escape ends it",
     .key = "C",
     .when = "the figure has curves with points"},
    {.action = Action::kCopyLink,
     .id = "copy-link",
     .label = "Copy link",
     .help = "A link to these parameters and this seed",
     .key = "",
     .when = "there is a clipboard"},
};

constexpr SaveFormat kSaveFormats[] = {
    {"csv", "CSV", "the main table", "text/csv", "csv", true},
    {"json", "JSON", "parameters, tables, claims", "application/json", "json", true},
    {"svg", "SVG", "the figure", "image/svg+xml", "svg"},
    {"png", "PNG", "the figure as pixels", "image/png", "png"},
    {"bibtex", "BibTeX", "the paper and this run", "application/x-bibtex", "bib"},
    {"slide", "Slide", "the figure for a talk: 16:9, large type, no guides", "image/svg+xml",
     "slide.svg"},
};

constexpr MessageType kMessages[] = {
    {"load", true, "query; or experiment, parameters, seed", "sets what is not locked"},
    {"run", true, "", "as the button"},
    {"pause", true, "", "as the button"},
    {"step", true, "", "as the button"},
    {"reset", true, "", "as the button"},
    {"get", true, "id", "asks for the state"},
    {"ready", false, "", "messages are heard from now on"},
    {"height", false, "height", "how high the frame wants to be, in pixels"},
    {"state", false, "state, id", "parameters or run changed, or the answer to get"},
    {"progress", false, "fraction", "how far the run is, at most five times a second"},
    {"result", false, "state", "a run has finished"},
    {"error", false, "error", "why these parameters cannot be run, or why a run failed"},
};

struct NamedNumber {
  std::string_view name;
  int number;
};

constexpr NamedNumber kNews[] = {{"progress", static_cast<int>(JobNews::kProgress)},
                                 {"partial", static_cast<int>(JobNews::kPartial)},
                                 {"done", static_cast<int>(JobNews::kDone)},
                                 {"failed", static_cast<int>(JobNews::kFailed)},
                                 {"lost", static_cast<int>(JobNews::kLost)}};
constexpr NamedNumber kPointer[] = {{"move", static_cast<int>(PointerKind::kMove)},
                                    {"down", static_cast<int>(PointerKind::kDown)},
                                    {"up", static_cast<int>(PointerKind::kUp)},
                                    {"leave", static_cast<int>(PointerKind::kLeave)}};
constexpr NamedNumber kModifiers[] = {{"ctrl", static_cast<int>(KeyModifier::kCtrl)},
                                      {"shift", static_cast<int>(KeyModifier::kShift)},
                                      {"alt", static_cast<int>(KeyModifier::kAlt)},
                                      {"meta", static_cast<int>(KeyModifier::kMeta)}};

// --- JSON -------------------------------------------------------------------------------------

struct Member {
  std::string_view name;
  std::string json;
};

std::string object_json(std::initializer_list<Member> members) {
  std::vector<std::string> texts;
  for (const Member& member : members)
    texts.push_back(json_quoted(member.name) + ":" + member.json);
  return "{" + join(texts, ",") + "}";
}

template <class Items, class Print>
std::string list_json(const Items& items, const Print& print) {
  std::vector<std::string> texts;
  for (const auto& item : items) texts.push_back("\n   " + print(item));
  return "[" + join(texts, ",") + "]";
}

std::string truth(bool value) {
  return value ? "true" : "false";
}

std::string numbers_json(std::span<const NamedNumber> names) {
  std::vector<std::string> texts;
  for (const auto& [name, number] : names) {
    texts.push_back(json_quoted(name) + ":" + exact_text(std::int64_t{number}));
  }
  return "{" + join(texts, ",") + "}";
}

std::string key_json(const AddressKey& key) {
  return object_json({{"name", json_quoted(key.name)},
                      {"allowed", json_quoted(key.allowed)},
                      {"meaning", json_quoted(key.meaning)},
                      {"page", truth(key.read != nullptr)}});
}

std::string action_json(const ActionText& action) {
  return object_json({{"id", json_quoted(action.id)},
                      {"label", json_quoted(action.label)},
                      {"help", json_quoted(action.help)},
                      {"key", json_quoted(action.key)},
                      {"when", json_quoted(action.when)},
                      {"message", truth(action.message)}});
}

std::string format_json(const SaveFormat& format) {
  return object_json({{"id", json_quoted(format.id)},
                      {"label", json_quoted(format.label)},
                      {"help", json_quoted(format.help)},
                      {"mime", json_quoted(format.mime)},
                      {"extension", json_quoted(format.extension)},
                      {"of_result", truth(format.of_result)}});
}

std::string message_json(const MessageType& message) {
  return object_json({{"type", json_quoted(message.type)},
                      {"to_frame", truth(message.to_frame)},
                      {"members", json_quoted(message.members)},
                      {"meaning", json_quoted(message.meaning)}});
}

template <class Items, class Wanted>
auto found(const Items& items, const Wanted& wanted) -> decltype(std::data(items)) {
  const auto at = std::find_if(std::begin(items), std::end(items), wanted);
  return at == std::end(items) ? nullptr : &*at;
}

}  // namespace

std::span<const AddressKey> address_keys() {
  return kAddressKeys;
}
const AddressKey* find_address_key(std::string_view name) {
  return found(kAddressKeys, [&](const AddressKey& key) { return key.name == name; });
}

std::span<const ActionText> actions() {
  return kActions;
}
const ActionText& text_of(Action action) {
  return *found(kActions, [&](const ActionText& text) { return text.action == action; });
}

std::span<const SaveFormat> save_formats() {
  return kSaveFormats;
}
const SaveFormat* find_save_format(std::string_view id) {
  return found(kSaveFormats, [&](const SaveFormat& format) { return format.id == id; });
}

std::span<const MessageType> message_types() {
  return kMessages;
}

std::string contract_json() {
  return object_json({{"keys", list_json(address_keys(), key_json)},
                      {"actions", list_json(actions(), action_json)},
                      {"formats", list_json(save_formats(), format_json)},
                      {"messages", list_json(message_types(), message_json)},
                      {"news", numbers_json(kNews)},
                      {"pointer", numbers_json(kPointer)},
                      {"modifiers", numbers_json(kModifiers)},
                      {"seed", parameter_json(seed_parameter())}});
}

}  // namespace attnlab
