// Requests to the front end from the page around a frame, the address, controls and files: lines
// with an action and its arguments. The state stays JSON that names a run inside the schema, and
// locked parameters keep their values until another address is opened.
#include <map>

#include <nlohmann/json.hpp>

#include "core/base/text.h"
#include "core/catalogue/catalogue.h"
#include "tests/fuzz/fuzz.h"
#include "ui/app.h"

using namespace attnlab;

namespace {

/// One line; true when it opened an address.
bool act(App& app, std::string_view line) {
  const std::size_t space = std::min(line.find(' '), line.size());
  const std::string_view words = line.substr(std::min(space + 1, line.size()));
  const std::size_t middle = std::min(words.find('='), words.size());
  const std::string_view action = line.substr(0, space);
  if (action == "open") {
    app.open_query(words);
    return true;
  }
  if (action == "load") {
    app.load(words);
  } else if (action == "adopt") {
    app.adopt(words);
  } else if (action == "set") {
    app.act("parameter", words.substr(0, middle), words.substr(std::min(middle + 1, words.size())));
  } else {
    app.act(action, {}, words);
  }
  return false;
}

/// Values of locked parameters, each as it was first seen. (An experiment that does not allow the
/// value of another one takes the nearest.)
class Locks {
 public:
  void check(const App& app, bool opened) {
    const Permalink now = read_query(app.query(), *experiments().front());
    if (opened) {
      page_ = now.page;
      seen_.clear();
    }
    ATTNLAB_MUST(now.page == page_);
    for (const std::string& name : page_.locked) {
      if (name == "seed") {
        must_be(name, exact_text(static_cast<std::int64_t>(now.spec.seed)));
      } else if (name == "experiment") {
        must_be(name, now.spec.experiment->id);
      } else if (now.spec.experiment->schema.find(name) != nullptr) {
        must_be(now.spec.experiment->id + "/" + name, now.spec.parameters.text(name));
      }
    }
  }

 private:
  void must_be(const std::string& name, const std::string& value) {
    ATTNLAB_MUST(seen_.try_emplace(name, value).first->second == value);
  }
  PageSettings page_;
  std::map<std::string, std::string> seen_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SerialExecutor executor;
  App app({}, executor, {});
  Locks locks;
  int lines = 0;
  for (const std::string& line : split(fuzz::text_of(data, size), '\n')) {
    if (++lines > 8) break;
    const bool opened = act(app, line);
    locks.check(app, opened);
  }
  ATTNLAB_MUST(read_query(app.query(), *experiments().front()).notes.empty());
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
