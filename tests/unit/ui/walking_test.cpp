#include "ui/walking.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/ui/live_experiment.h"
#include "tests/unit/ui/screen.h"
#include "ui/app_state.h"
#include "ui/theme.h"

namespace attnlab {
namespace {

constexpr const char* kSmall =
    "e=rf-learning-curve&dim=2&keys=2&heads=4&samples=4,8,16&test-samples=64&trials=2&auto=0";

void finish(Screen& screen, App& app) {
  for (int i = 0; i < 100000 && app.current_run() && app.current_run()->active(); ++i)
    app.poll(screen.input.now += 0.01);
  screen.frames(app, 20);
}

nlohmann::json walk_of(const App& app) {
  return nlohmann::json::parse(app.state_json())["walk"];
}

std::string sentence(const App& app) {
  return walk_of(app)["sentence"];
}

TEST_CASE("keys begin a walk, step along the curves and end it; a step is told to the page") {
  Screen screen;
  ImGui::GetIO().AddFocusEvent(true);
  SerialExecutor executor;
  int news = 0;
  Platform platform;
  platform.state_changed = [&] { ++news; };
  App app(platform, executor, {});
  app.open_query(kSmall);
  screen.frames(app, 3);
  screen.press(app, ImGuiKey_C);
  CHECK(walk_of(app).is_null());  // there is no point yet
  app.run();
  finish(screen, app);
  screen.press(app, ImGuiKey_C);
  REQUIRE_FALSE(walk_of(app).is_null());
  CHECK(sentence(app).starts_with("RFA, 1 of 3: n = 4, "));
  CHECK(sentence(app).find(" ± ") != std::string::npos);
  const std::string about = walk_of(app)["about"];
  CHECK(about.find("Across: training samples n.") != std::string::npos);
  const int told = news;
  screen.press(app, ImGuiKey_RightArrow);
  CHECK(sentence(app).starts_with("RFA, 2 of 3: n = 8, "));
  CHECK(news > told);
  screen.press(app, ImGuiKey_End);
  CHECK(sentence(app).starts_with("RFA, 3 of 3: n = 16, "));
  screen.press(app, ImGuiKey_RightArrow);
  CHECK(sentence(app).starts_with("RFA, 3 of 3: "));
  screen.press(app, ImGuiKey_Home);
  CHECK(sentence(app).starts_with("RFA, 1 of 3: "));
  screen.press(app, ImGuiKey_UpArrow);
  screen.press(app, ImGuiKey_UpArrow);
  CHECK_FALSE(sentence(app).starts_with("RFA,"));
  CHECK(app.state().view.plots["learning-curve"].read_out == sentence(app));

  // A walk that rests asks for no frame.
  screen.frames(app, 30);
  screen.input.now += 10;
  app.poll(screen.input.now);
  CHECK_FALSE(app.poll(screen.input.now += 0.1));

  screen.press(app, ImGuiKey_Escape);
  CHECK(walk_of(app).is_null());
  CHECK_FALSE(app.state().view.plots["learning-curve"].chosen);
}

TEST_CASE("a walk by actions goes the same way, and stays where it is through a new run") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query(kSmall);
  app.act("walk", "", "right");
  CHECK(walk_of(app).is_null());
  app.run();
  finish(screen, app);
  app.act("walk", "", "sideways");
  CHECK(walk_of(app).is_null());
  app.act("walk", "", "right");  // begins at the first point
  CHECK(sentence(app).starts_with("RFA, 1 of 3: "));
  app.act("walk", "", "right");
  CHECK(sentence(app).starts_with("RFA, 2 of 3: n = 8, "));
  const Figure drawn = app.take_drawing(screen.input.now);
  CHECK(drawn.walked == PointRef{walk_of(app)["series"], walk_of(app)["point"]});

  app.set_parameter("trials", "3");
  app.run();
  const std::string begun = sentence(app);
  CHECK((begun == "There is no point yet." || begun.starts_with("RFA, ")));
  finish(screen, app);
  CHECK(sentence(app).starts_with("RFA, 2 of 3: n = 8, "));

  // A hidden curve is left for one that is shown; hidden ones are not introduced.
  const auto& series = shown_figure(app.state())->lines().series;
  const std::string before = walk_of(app)["about"];
  app.state().view.plots["learning-curve"].hidden = {series[walk_of(app)["series"]].id};
  screen.frames(app, 3);
  CHECK_FALSE(sentence(app).starts_with("RFA, "));
  CHECK(walk_of(app)["about"] != before);

  app.reset();
  CHECK(sentence(app) == "There is no point yet.");
  app.act("walk", "", "");
  CHECK(walk_of(app).is_null());
}

TEST_CASE("a figure without curves says so, and cannot begin a walk") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query("e=extract-single&dim=3&auto=0&run=1");
  finish(screen, app);
  for (std::size_t i = 0; i < app.state().figures.size(); ++i) {
    app.act("figure", "", std::to_string(i));
    const bool curves = !app.state().figures[i].lines().series.empty();
    CAPTURE(app.state().figures[i].id);
    CHECK((!app.can(Action::kWalk) || curves));
    app.state().view.walking = true;
    if (!curves) CHECK(sentence(app) == "This figure has no curves.");
    screen.frames(app, 2);
    app.state().view.walking = false;
  }
}

TEST_CASE("handles get their arrow keys back after a walk") {
  Screen screen;
  ImGui::GetIO().AddFocusEvent(true);
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query("e=rf-function");
  screen.frames(app, 3);
  REQUIRE(app.can(Action::kWalk));
  const auto handle = [&] {
    const std::vector<Handle>& handles = shown_figure(app.state())->handles;
    return handles.empty() ? 0 : handles.front().x;
  };
  const double at = handle();
  screen.press(app, ImGuiKey_C);
  const std::string first = sentence(app);
  screen.press(app, ImGuiKey_RightArrow);
  CHECK(sentence(app) != first);
  CHECK(handle() == at);
  screen.press(app, ImGuiKey_Escape);
  CHECK(walk_of(app).is_null());
  bool moved = false;
  for (int i = 0; i < 90 && !moved; ++i) {
    screen.press(app, ImGuiKey_Tab);
    screen.press(app, ImGuiKey_RightArrow);
    moved = handle() != at;
  }
  CHECK(moved);
}

TEST_CASE("more contrast changes the theme, in light and dark, and back") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query(std::string(kSmall));
  const auto ground = [&](bool dark, bool contrast) {
    screen.input.dark = dark;
    screen.input.contrast = contrast;
    screen.frames(app, 2);
    CHECK(theme().dark == dark);
    CHECK(theme().contrast == contrast);
    return theme().ground;
  };
  CHECK(ground(false, true) == IM_COL32_WHITE);
  CHECK(ground(true, true) == IM_COL32_BLACK);
  CHECK(ground(true, false) != IM_COL32_BLACK);
  ground(false, false);
}

}  // namespace
}  // namespace attnlab
