// The contract between the shared front end and its shell (browser page, desktop window, test): the
// functions of the shell, and its input for each frame.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/codecs/codecs.h"
#include "core/findings/findings.h"

namespace attnlab {

/// Any of these may be empty: the front end then leaves out the button or the feature.
struct Platform {
  /// The state changed; `query` is its permalink text (web: location hash). At most once a frame.
  std::function<void(const std::string& query)> show_permalink;
  std::function<void(const std::string& text)> copy_text;
  /// Offers or writes a file. Returns the sentence to show ("saved as ..."), empty: a plain one.
  std::function<std::string(const std::string& file_name, const std::string& mime,
                            const std::string& bytes)>
      save_file;
  /// The bytes of a format that is not made from the result alone (SaveFormat::of_result); without
  /// it those formats are not offered.
  std::function<std::string(const SaveFormat& format)> make_file;
  /// The absolute link of a permalink text, for "Copy link".
  std::function<std::string(const std::string& query)> link_text;
  /// The embed code of a permalink text, for "Copy embed code".
  std::function<std::string(const std::string& query)> embed_text;
  /// Run state, progress, result or parameters changed: a page refreshes its accessible twin from
  /// App::state_json(). At most a few times per second during a run.
  std::function<void()> state_changed;
  /// The user switched the theme inside the lab: the shell follows with its own colours.
  std::function<void(bool dark)> theme_changed;
  /// Experiment::find, details and plan for experiments whose functions are not in this program:
  /// the page's own module asks the workers' module. Nullopt while that is loading; then
  /// App::parts_arrived follows.
  std::function<std::optional<Findings>(const RunSpec&, std::span<const JobOutput>)> findings;
  std::function<std::optional<std::vector<Table>>(const RunSpec&, std::span<const JobOutput>)>
      details;
  std::function<std::optional<Expected<Plan>>(const RunSpec&)> plan;
  /// Loads that module, if it is not loading already: an experiment is asked for that is not whole.
  std::function<void()> fetch_parts;
};

class FieldRenderer;  // ui/field_renderer.h

struct FrameInput {
  float width = 0, height = 0;  ///< logical pixels
  float pixel_ratio = 1;        ///< device pixels per logical pixel
  double now = 0;               ///< seconds, any origin, the same as for App::poll
  bool touch = false;           ///< the last pointer was a finger: 44-pixel targets
  bool reduced_motion = false;
  bool paper = false;     ///< in light colours, whatever theme the reader has
  bool dark = false;      ///< theme the shell wants; followed until the user switches it in the lab
  bool contrast = false;  ///< the reader asks for more of it
  FieldRenderer* fields = nullptr;  ///< draws fields by shader; null: the CPU draws them
};

struct AppOptions {
  PageSettings page = {};  ///< until an address says something else
  bool show_text = false;  ///< the experiment's text as a folding panel (desktop; pages have HTML)
  BuildInfo build = {};    ///< for saved files
  double memory_limit_bytes = 0;  ///< refuse runs whose largest job needs more; 0: no limit
};

}  // namespace attnlab
