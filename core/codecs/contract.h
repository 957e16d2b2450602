// The contract between core, its shells and the pages around them, described once: keys of an
// address, actions, kinds of files, messages, and the numbers that JavaScript and C++ exchange.
// `attnlab list --json` prints it, web/*.js works from it, docs/embed/README.md is checked against
// it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnlab {

// --- Addresses --------------------------------------------------------------------------------

/// Settings in an address that concern the page, not the run.
struct PageSettings {
  enum class Theme { kAuto, kLight, kDark };
  bool embed = false;               ///< inside another page: without header and text
  bool fit = false;                 ///< as high as the frame, which has a height of its own
  bool minimal = false;             ///< figure, run bar and the main controls that are not locked
  bool automatic = true;            ///< changes are answered at once by drafts, without Run
  bool svg = false;                 ///< the figure is an SVG in the page, also where WebGL 2 draws
  Theme theme = Theme::kAuto;       ///< kAuto: what the reader's system says
  std::string figure = {};          ///< id of the figure shown; empty: the first
  std::vector<std::string> locked;  ///< names that the reader cannot change, each once
  bool operator==(const PageSettings&) const = default;
};

/// A key of an address that is not a parameter of an experiment.
struct AddressKey {
  std::string_view name;     ///< "lock"
  std::string_view allowed;  ///< "names of parameters, experiment, preset, seed; with commas"
  std::string_view meaning;  ///< one line
  /// Takes over a value; returns the sentence on what was left out, empty if nothing was. Null for
  /// keys of the run (e, preset, seed, run), which read_query treats itself.
  std::string (*read)(PageSettings& page, std::string_view value) = nullptr;
  /// The value as text, empty at the default; `read` of it gives the same settings.
  std::string (*text)(const PageSettings& page) = nullptr;
};
std::span<const AddressKey> address_keys();
/// Null for anything else.
const AddressKey* find_address_key(std::string_view name);

// --- What a reader can do ---------------------------------------------------------------------

enum class Action { kRun, kPause, kStep, kReset, kKeep, kForget, kTable, kWalk, kCopyLink };

struct ActionText {
  Action action;
  std::string_view id;     ///< "copy-link"
  std::string_view label;  ///< "Copy link"
  std::string_view help;   ///< one line
  std::string_view key;    ///< letter on the keyboard, or empty
  std::string_view when;   ///< when it does something (App::can decides)
  bool message = false;    ///< the page around a frame may ask for it
};
std::span<const ActionText> actions();
const ActionText& text_of(Action action);

struct SaveFormat {
  std::string_view id;     ///< "bibtex"
  std::string_view label;  ///< "BibTeX"
  std::string_view help;   ///< what the file holds
  std::string_view mime;
  std::string_view extension;  ///< without the dot
  bool of_result =
      false;  ///< made from the result alone; the others need a picture or the citation
};
std::span<const SaveFormat> save_formats();
/// Null for an unknown id.
const SaveFormat* find_save_format(std::string_view id);

// --- Messages between a frame and the page around it ------------------------------------------

struct MessageType {
  std::string_view type;     ///< "load"
  bool to_frame;             ///< from the page around the frame; else to it
  std::string_view members;  ///< "query, or experiment, parameters, seed"
  std::string_view meaning;
};
std::span<const MessageType> message_types();

// --- Numbers that JavaScript hands to C++ -----------------------------------------------------

/// News of a job in a worker.
enum class JobNews : int { kProgress, kPartial, kDone, kFailed, kLost };
/// Events of a pointer.
enum class PointerKind : int { kMove, kDown, kUp, kLeave };
/// Modifier keys that are held with another key, as bits.
enum class KeyModifier : int { kCtrl = 1, kShift = 2, kAlt = 4, kMeta = 8 };

/// All of it: {"keys":[...],"actions":[...],"formats":[...],"messages":[...],"news":{name:number},
/// "pointer":{...},"modifiers":{...},"seed": a parameter as experiment_json prints it}.
std::string contract_json();

}  // namespace attnlab
