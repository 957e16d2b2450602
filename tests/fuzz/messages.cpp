// What the page around a frame, its address, its controls and its files may ask of the front end:
// lines of an action and its words. The state stays JSON that names a run inside the schema.
#include <nlohmann/json.hpp>

#include "core/catalogue/catalogue.h"
#include "core/base/text.h"
#include "tests/fuzz/fuzz.h"
#include "ui/app.h"

using namespace attnlab;

namespace {

void act(App& app, std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view words = line.substr(std::min(space + 1, line.size()));
  const std::size_t middle = std::min(words.find('='), words.size());
  const std::string_view name = words.substr(0, middle);
  const std::string_view value = words.substr(std::min(middle + 1, words.size()));
  const std::string_view action = line.substr(0, space);
  if (action == "open") app.open_query(words);
  if (action == "load") app.load(words);
  if (action == "set") app.set_parameter(name, value);
  if (action == "seed") app.set_seed(words);
  if (action == "experiment") app.select_experiment(words);
  if (action == "preset") app.select_preset(words);
  if (action == "adopt") app.adopt(words);
  if (action == "save") app.save(words);
  if (action == "run") app.run();
  if (action == "pause") app.pause();
  if (action == "step") app.step();
  if (action == "reset") app.reset();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SerialExecutor executor;
  App app({}, executor, {});
  int lines = 0;
  for (const std::string& line : split(fuzz::text_of(data, size), '\n')) {
    if (++lines > 8) break;
    act(app, line);
  }
  const std::string text = app.state_json();
  ATTNLAB_MUST(valid_utf8(text) == text);
  const nlohmann::json state = nlohmann::json::parse(text, nullptr, false);
  ATTNLAB_MUST(state.is_object());
  const Experiment* experiment = find_experiment(state["experiment"].get<std::string>());
  ATTNLAB_MUST(experiment != nullptr);
  ParameterSet parameters(experiment->schema);
  for (const auto& [name, value] : state["params"].items()) {
    ATTNLAB_MUST(parameters.set_text(name, value.get<std::string>()));
  }
  return 0;
}
