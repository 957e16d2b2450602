#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/ui/screen.h"
#include "ui/app_state.h"

namespace attnlab {
namespace {

constexpr const char* kSmall =
    "e=rf-learning-curve&dim=2&keys=2&heads=4&samples=4,8,16&test-samples=64&trials=2&"
    "auto=0";

/// A shell that records the calls of the front end.
struct Shell {
  std::vector<std::string> links, copied, saved_names, saved;
  int news = 0;
  SerialExecutor executor;

  Platform platform() {
    Platform p;
    p.show_permalink = [this](const std::string& query) { links.push_back(query); };
    p.copy_text = [this](const std::string& text) { copied.push_back(text); };
    p.link_text = [](const std::string& query) { return "page#" + query; };
    p.save_file = [this](const std::string& name, const std::string&, const std::string& bytes) {
      saved_names.push_back(name);
      saved.push_back(bytes);
      return std::string();
    };
    p.state_changed = [this] { ++news; };
    return p;
  }
};

void finish(App& app, double& now) {
  for (int i = 0; i < 100000 && app.current_run() && app.current_run()->active(); ++i)
    app.poll(now += 0.01);
  app.poll(now += 1);
}

nlohmann::json state_of(const App& app) {
  return nlohmann::json::parse(app.state_json());
}

TEST_CASE("a permalink runs to a result that state, table and files agree on") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  double now = 0;
  app.open_query(std::string(kSmall) + "&run=1");
  REQUIRE(app.current_run());
  CHECK(state_of(app)["state"] == "running");
  finish(app, now);
  const nlohmann::json state = state_of(app);
  CHECK(state["state"] == "finished");
  CHECK(state["fraction"] == 1);
  CHECK(state["params"]["samples"] == "4,8,16");
  CHECK(state["tables"][0]["name"] == "test_error");
  CHECK(state["tables"][0]["rows"].size() == app.result().tables[0].rows.size());
  CHECK(std::string(state["status"]).rfind("Finished", 0) == 0);
  app.save("csv");
  REQUIRE(shell.saved.size() == 1);
  CHECK(shell.saved_names[0] == file_stem(app.state().spec) + ".csv");
  CHECK(state["file"] == file_stem(app.state().spec));
  CHECK(shell.saved[0] == table_csv(app.result().tables[0]));
  app.save("json");
  const nlohmann::json document = nlohmann::json::parse(shell.saved.back());
  CHECK(document["experiment"] == "rf-learning-curve");
  CHECK(document["tables"].size() == state["tables"].size() + 1);
  CHECK(document["tables"]["trials"]["rows"].size() > app.result().tables[0].rows.size());
  app.copy_link();
  CHECK(shell.copied.back() == "page#" + app.query());
}

TEST_CASE(
    "a drawing says what to do until there are points, and that they are of other parameters") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  double now = 0;
  app.open_query(kSmall);
  CHECK(app.take_drawing(now).empty_text == app.state().figures[0].empty_text);
  app.run();
  CHECK(app.take_drawing(now).empty_text.rfind("Computing", 0) == 0);
  finish(app, now);
  CHECK(app.take_drawing(now).empty_text.empty());
  app.set_parameter("dim", "3");
  CHECK(app.take_drawing(now).empty_text == "Parameters changed: press Run");
  app.act("figure", "", "0");
  app.act("figure", "", "99");
  CHECK(app.state().view.figure == 0);
  CHECK(state_of(app)["figures"].size() == app.state().figures.size());
}

TEST_CASE("the query of an app opens the same app") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query(std::string(kSmall) + "&seed=9&lock=dim&ui=min");
  App other(shell.platform(), shell.executor, {});
  other.open_query(app.query());
  CHECK(other.query() == app.query());
  CHECK(other.state().spec == app.state().spec);
  CHECK(other.state().locked("dim"));
  CHECK(other.state().page().minimal);
}

TEST_CASE("page keys alone leave the newcomer's preset in place") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  const std::string preset = app.state().preset;
  app.open_query("?embed=1&theme=dark");
  CHECK(app.state().preset == preset);
  CHECK(app.theme_dark());
  CHECK(app.state().page().embed);
}

TEST_CASE("a value out of range is clamped and says so where it was entered") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  const std::string note = app.set_parameter("dim", "100000");
  CHECK_FALSE(note.empty());
  CHECK(app.state().parameter_notes["dim"] == note);
  CHECK(app.set_parameter("dim", "8").empty());
  CHECK_FALSE(app.set_parameter("no-such-thing", "8").empty());
  CHECK_FALSE(app.set_seed("-1").empty());
  CHECK_FALSE(app.set_seed("nan").empty());
  CHECK(app.set_seed("5").empty());
  CHECK(app.state().spec.seed == 5);
}

TEST_CASE("a locked parameter cannot be changed by an action or a preset") {
  Shell shell;
  AppOptions options;
  options.page.locked = {"dim", "seed"};
  App app(shell.platform(), shell.executor, options);
  app.open_query("e=rf-learning-curve&dim=4&seed=3&lock=dim,seed");
  CHECK_FALSE(app.set_parameter("dim", "8").empty());
  CHECK_FALSE(app.set_seed("8").empty());
  for (const Preset& preset : app.state().spec.experiment->presets) app.select_preset(preset.name);
  CHECK(app.state().spec.parameters.integer("dim") == 4);
  CHECK(app.state().spec.seed == 3);
}

TEST_CASE("what is locked keeps its value through every experiment and back") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query("e=rf-learning-curve&dim=4&trials=3&seed=3&lock=trials,seed");
  const auto locked_at = [&] { return app.state().spec.parameters.text("trials"); };
  app.load("e=extract-single&trials=9&seed=4");
  REQUIRE(app.state().spec.experiment->id == "extract-single");
  app.load("e=rf-learning-curve&trials=9&seed=4");
  CHECK(locked_at() == "3");
  app.select_experiment("extract-single");
  app.select_experiment("rf-learning-curve");
  CHECK(locked_at() == "3");
  app.load("trials=9");
  CHECK(locked_at() == "3");
  CHECK(app.state().spec.seed == 3);
  app.open_query("e=rf-learning-curve&trials=5&lock=trials");  // the page's own address may
  CHECK(locked_at() == "5");
}

TEST_CASE("a link shows the figure that was shown, and one of another name is complained about") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query("e=icl-risk&auto=0");
  const std::string plain = app.query();
  REQUIRE(app.state().figures.size() == 4);
  for (std::size_t i = 0; i < app.state().figures.size(); ++i) {
    app.act("figure", "", std::to_string(i));
    App other(shell.platform(), shell.executor, {});
    other.open_query(app.query());
    CHECK(other.state().view.figure == i);
    CHECK(other.state().notes.empty());
    CHECK(other.query() == app.query());
    other.load(plain);  // an undo
    CHECK(other.state().view.figure == 0);
  }
  app.set_parameter("examples", "5,10");
  CHECK(app.state().view.figure == 3);
  CHECK(app.query().find("&figure=all") != std::string::npos);
  app.select_experiment("extract-single");
  CHECK(app.state().view.figure == 0);
  CHECK(app.query().find("figure") == std::string::npos);

  app.open_query("e=rf-learning-curve&target=mean-power,maximum&figure=all");
  CHECK(app.state().view.figure == 3);
  app.set_parameter("target", "maximum");  // of one target there is one figure
  CHECK(app.state().view.figure == 0);
  CHECK(app.state().notes.empty());
  CHECK(app.query().find("figure") == std::string::npos);

  app.open_query("e=icl-risk&figure=rsik");
  CHECK(app.state().view.figure == 0);
  REQUIRE(app.state().notes.size() == 1);
  CHECK(app.state().notes[0] ==
        "unknown figure \"rsik\" for icl-risk; did you mean \"risk\"? It has: risk, scaled-risk, "
        "ratio, all.");
  CHECK(app.query().find("figure") == std::string::npos);
}

/// Unknown keys, more than are read of a link.
std::string many_keys(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "&zz" + std::to_string(i) + "=1";
  return text;
}

TEST_CASE(
    "a message, link or file of 300 keys changes nothing that is locked, and keeps the lock") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query("e=rf-learning-curve&trials=3&seed=3&lock=trials,seed,experiment&ui=min");
  const PageSettings page = app.state().page();
  for (const std::string& text :
       {"e=rf-learning-curve&trials=9&seed=9" + many_keys(300), many_keys(254) + "&trials=9&seed=9",
        "e=extract-single&trials=9&seed=9&lock=&ui=full" + many_keys(300)}) {
    app.load(text);
    CHECK(app.state().spec.experiment->id == "rf-learning-curve");
    CHECK(app.state().spec.parameters.text("trials") == "3");
    CHECK(app.state().spec.seed == 3);
    CHECK(app.state().page() == page);
    CHECK(app.query().ends_with("&ui=min&lock=trials,seed,experiment"));
  }
}

TEST_CASE("a lock in the search part of an address holds against a hash of 300 keys") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query("e=rf-learning-curve&trials=3" + many_keys(300), "?embed=1&lock=trials");
  CHECK(app.state().locked("trials"));
  CHECK(app.state().page().embed);
  app.load("trials=9");
  CHECK(app.state().spec.parameters.text("trials") == "3");
}

TEST_CASE("a state of another experiment than the locked one is left out, with a note") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query("e=rf-learning-curve&dim=4&lock=experiment");
  const RunSpec before = app.state().spec;
  app.load("e=extract-single&dim=9&seed=5");
  CHECK(app.state().spec == before);
  CHECK(app.state().notes ==
        std::vector<std::string>{
            "experiment is fixed on this page; a state of extract-single is left out."});
  app.load("e=rf-learning-curve&dim=9");
  CHECK(app.state().spec.parameters.integer("dim") == 9);
}

TEST_CASE("a copied link is for other places: it keeps the lock and leaves the frame out") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.open_query("e=rf-learning-curve&lock=dim&ui=min", "?embed=1&fit=1");
  CHECK(app.query().ends_with("&embed=1&fit=1&ui=min&lock=dim"));
  app.copy_link();
  CHECK(shell.copied.back() == "page#e=rf-learning-curve&seed=1&ui=min&lock=dim");
}

TEST_CASE("an action does something exactly when its button says so") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  double now = 0;
  app.open_query(kSmall);
  const auto enabled = [&] {
    std::string ids;
    const nlohmann::json state = state_of(app);
    for (const nlohmann::json& action : state["actions"]) {
      if (action["enabled"]) ids += (ids.empty() ? "" : " ") + action["id"].get<std::string>();
    }
    return ids;
  };
  CHECK(enabled() == "run step table copy-link");
  app.act(Action::kPause);
  app.act(Action::kReset);
  CHECK(app.current_run() == nullptr);
  app.act("run", "", "");
  CHECK(enabled() == "pause step reset table copy-link");
  const Run* run = app.current_run();
  const std::size_t done = run->jobs_done();
  app.act(Action::kRun);  // does not restart
  CHECK(app.current_run()->active());
  CHECK(app.current_run()->jobs_done() == done);
  app.act(Action::kPause);
  CHECK(app.label(Action::kRun) == "Continue");
  app.act(Action::kRun);
  finish(app, now);
  CHECK(enabled() == "run step reset keep table walk copy-link");
  app.act(Action::kKeep);
  CHECK(enabled() == "run step reset forget table walk copy-link");
}

TEST_CASE("a parameter that cannot run leaves no action but the way back") {
  Shell shell;
  AppOptions options;
  options.memory_limit_bytes = 1000;
  App app(shell.platform(), shell.executor, options);
  CHECK_FALSE(app.can(Action::kRun));
  CHECK_FALSE(app.can(Action::kStep));
}

TEST_CASE("a saved file has the type of its format") {
  Shell shell;
  Platform platform = shell.platform();
  std::vector<std::string> types;
  platform.save_file = [&](const std::string&, const std::string& mime, const std::string&) {
    types.push_back(mime);
    return std::string();
  };
  platform.make_file = [](const SaveFormat& format) { return std::string(format.id); };
  App app(std::move(platform), shell.executor, {});
  double now = 0;
  app.open_query(std::string(kSmall) + "&run=1");
  finish(app, now);
  for (const SaveFormat& format : save_formats()) {
    CHECK(app.save(format.id) ==
          "Saved as " + file_stem(app.state().spec) + "." + std::string(format.extension) + ".");
  }
  CHECK(types == std::vector<std::string>{"text/csv", "application/json", "image/svg+xml",
                                          "image/png", "application/x-bibtex", "image/svg+xml"});
  CHECK(app.save("gif") == "There is no format named \"gif\".");
}

TEST_CASE("changing a parameter holds the run and keeps its result until the next run") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  double now = 0;
  app.open_query(std::string(kSmall) + "&run=1");
  finish(app, now);
  const std::size_t rows = app.result().tables[0].rows.size();
  app.set_parameter("heads", "5");
  CHECK(state_of(app)["changed"] == true);
  CHECK(app.result().tables[0].rows.size() == rows);
  CHECK(app.status_sentence() == "Parameters changed: press Run for a new result.");
  app.set_parameter("heads", "4");
  CHECK(state_of(app)["changed"] == false);
  app.set_parameter("heads", "5");
  app.run();
  CHECK_FALSE(app.state().has_result());
  finish(app, now);
  CHECK(app.current_run()->spec().parameters.integer("heads") == 5);
}

TEST_CASE("pause, step and reset do what their buttons say") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  double now = 0;
  app.open_query(kSmall);
  app.step();
  finish(app, now);
  CHECK(app.current_run()->jobs_done() == 1);
  CHECK(app.current_run()->state() == Run::State::kPaused);
  app.run();
  app.pause();
  CHECK_FALSE(app.current_run()->active());
  app.run();
  finish(app, now);
  CHECK(app.current_run()->state() == Run::State::kFinished);
  app.reset();
  CHECK(app.current_run() == nullptr);
  CHECK(app.result().tables.empty());
}

TEST_CASE("a run that needs more memory than there is says so and does not start") {
  Shell shell;
  AppOptions options;
  options.memory_limit_bytes = 1000;
  App app(shell.platform(), shell.executor, options);
  app.run();
  CHECK(app.current_run() == nullptr);
  CHECK_FALSE(app.state().plan_error.empty());
  CHECK(app.status_sentence() == app.state().plan_error);
}

TEST_CASE("a parameter is marked by its name, anything else marks nothing") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  app.act("mark", "", "heads");
  CHECK(state_of(app)["marked"] == "heads");
  app.act("mark", "", "headz");
  CHECK(state_of(app)["marked"] == "");
}

TEST_CASE("without a change there is no redraw and no news to the page") {
  Shell shell;
  Screen screen;
  AppOptions options;
  options.page.automatic = false;
  App app(shell.platform(), shell.executor, options);
  screen.frames(app, 5);
  double now = screen.input.now + 10;
  app.poll(now);
  const int news = shell.news;
  const std::size_t links = shell.links.size();
  for (int i = 0; i < 100; ++i) CHECK_FALSE(app.poll(now += 0.1));
  CHECK(shell.news == news);
  CHECK(shell.links.size() == links);
  app.set_seed("77");
  CHECK(app.poll(now += 1));
  CHECK(shell.news == news + 1);
  CHECK(shell.links.size() == links + 1);
}

TEST_CASE("unknown names leave a note and change nothing") {
  Shell shell;
  App app(shell.platform(), shell.executor, {});
  double now = 0;
  app.open_query(std::string(kSmall) + "&seed=5&lock=dim");
  app.poll(++now);
  const std::string query = app.query();
  const RunSpec before = app.state().spec;
  const auto unchanged = [&](std::size_t notes) {
    app.poll(++now);
    CHECK(app.state().spec == before);
    CHECK(app.query() == query);
    CHECK(app.current_run() == nullptr);
    CHECK(shell.saved.empty());
    CHECK(state_of(app)["notes"].size() == notes);
  };
  app.select_experiment("no-such-experiment");
  unchanged(1);
  app.select_preset("no-such-preset");
  unchanged(2);
  app.act("no-such-action", "", "");
  unchanged(3);
  CHECK_FALSE(app.act("parameter", "no-such-parameter", "1").empty());
  CHECK_FALSE(app.act("save", "", "no-such-format").empty());
  unchanged(3);
  app.load("bogus=1");
  unchanged(2);  // nothing is understood, and this parameter does not exist
}

}  // namespace
}  // namespace attnlab
