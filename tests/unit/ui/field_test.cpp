#include <cmath>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/ui/live_experiment.h"
#include "tests/unit/ui/screen.h"
#include "ui/app_state.h"
#include "ui/field_layout.h"
#include "ui/field_renderer.h"

namespace attnlab {
namespace {

/// Opens the live experiment as select_experiment does for a registered one.
void open_live(App& app) {
  const Experiment& live = test::live_experiment();
  app.state().spec = RunSpec{&live, ParameterSet(live.schema), 1};
  app.set_parameter("points", "-1,0,1,0.5");
}

std::string points(const App& app) {
  return app.state().spec.parameters.text("points");
}

/// Where a handle was drawn.
ImVec2 place_of(const App& app, std::size_t handle) {
  const Box& box = app.state().view.plots.at("distance").grabs.at(handle);
  return {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2};
}

/// Remembers which fields it was given.
struct NotingRenderer : FieldRenderer {
  std::vector<std::string> drawn;
  bool able = true;
  void begin_frame() override { drawn.clear(); }
  bool can_draw(std::string_view) override { return able; }
  void draw(ImDrawList*, const FieldDrawing& drawing) override {
    drawn.emplace_back(drawing.shader);
  }
};

TEST_CASE("a live experiment has its result at once and renews it with every parameter") {
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  REQUIRE(app.state().has_result());
  CHECK(app.status_sentence() == "2 points.");
  CHECK(app.set_parameter("points", "0,1,2,3,1,1").empty());
  CHECK(app.result().tables[0].rows.size() == 3);
  const auto state = nlohmann::json::parse(app.state_json());
  CHECK(state["live"] == true);
  CHECK(state["state"] == "finished");
  CHECK(state["changed"] == false);
  CHECK(state["tables"][0]["rows"].size() == 3);
  app.run();
  app.step();
  app.pause();
  CHECK(app.result().tables[0].rows.size() == 3);
}

TEST_CASE("a refusal of a live experiment is shown, and the next good value computes again") {
  SerialExecutor executor;
  Screen screen;
  App app({}, executor, {});
  open_live(app);
  app.set_parameter("points", "0,0,0,0,0,0,0,0");
  CHECK(app.status_sentence() == "points are too many together");
  CHECK_FALSE(app.state().has_result());
  screen.frames(app, 2);
  app.set_parameter("points", "0,0");
  CHECK(app.status_sentence() == "1 points.");
}

TEST_CASE("reset of a live experiment brings back the preset chosen last") {
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  app.select_preset("one");
  app.set_parameter("points", "2,2");
  CHECK(app.state().preset.empty());
  app.reset();
  CHECK(app.state().preset == "one");
  CHECK(points(app) == "0,0");
  CHECK(app.state().has_result());
}

TEST_CASE("a handle follows the mouse and sets its entries of the tuple only") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  screen.frames(app, 3);
  const ImVec2 from = place_of(app, 1);
  const ImVec2 other = place_of(app, 0);
  CHECK(app.grabs(from.x, from.y));
  CHECK_FALSE(app.grabs(2, 2));
  ImGuiIO& io = ImGui::GetIO();
  io.AddMousePosEvent(from.x, from.y);
  screen.frames(app, 2);
  io.AddMouseButtonEvent(0, true);
  screen.frames(app, 2);
  io.AddMousePosEvent(from.x + 40, from.y - 30);
  screen.frames(app, 2);
  io.AddMouseButtonEvent(0, false);
  screen.frames(app, 2);
  const ImVec2 to = place_of(app, 1), still = place_of(app, 0);
  CHECK(std::abs(to.x - from.x - 40) < 1.5);
  CHECK(std::abs(to.y - from.y + 30) < 1.5);
  CHECK(still.x == other.x);
  CHECK(points(app).starts_with("-1,0,"));
  CHECK(points(app).size() <= std::string("-1,0,-1.23,-1.23").size());
  io.AddMousePosEvent(from.x - 4000, from.y);  // nothing moves after the release
  const std::string released = points(app);
  screen.frames(app, 2);
  CHECK(points(app) == released);
}

TEST_CASE("the arrow keys move a focused handle") {
  Screen screen;
  ImGui::GetIO().AddFocusEvent(true);
  ImGui::GetIO().ConfigFlags |= ImGuiConfigFlags_NavEnableKeyboard;
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  screen.frames(app, 3);
  bool moved = false;
  for (int i = 0; i < 60 && !moved; ++i) {
    screen.press(app, ImGuiKey_Tab);
    screen.press(app, ImGuiKey_RightArrow);
    moved = points(app) != "-1,0,1,0.5";
  }
  REQUIRE(moved);
  const bool first = points(app) == "-0.9,0,1,0.5", second = points(app) == "-1,0,1.1,0.5";
  CHECK((first || second));
  screen.press(app, ImGuiKey_LeftArrow);
  CHECK(points(app) == "-1,0,1,0.5");
  screen.press(app, ImGuiKey_DownArrow);
  CHECK((points(app) == "-1,-0.1,1,0.5" || points(app) == "-1,0,1,0.4"));
}

TEST_CASE("a locked parameter's handles stay where they are") {
  Screen screen;
  SerialExecutor executor;
  AppOptions options;
  options.page.locked = {"points"};
  App app({}, executor, options);
  open_live(app);
  screen.frames(app, 3);
  CHECK(app.state().view.plots.at("distance").grabs.empty());
  CHECK_FALSE(app.move_handle(app.state().figures[0], 0, 2, 2).empty());
  CHECK(points(app) == "-1,0,1,0.5");
}

TEST_CASE("a shell without Dear ImGui moves handles, and is told which are locked") {
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  CHECK(app.poll(1));
  Figure figure = app.take_drawing(1);
  CHECK_FALSE(app.poll(2));  // it is drawn
  CHECK(figure.id == "distance");
  CHECK(figure.empty_text.empty());
  CHECK(figure.handles[0].parameter == "points");
  CHECK(app.move_handle(0, -1.5, 0.25).empty());
  CHECK(points(app) == "-1.5,0.25,1,0.5");
  CHECK(app.poll(3));
  app.step_handle(0, 1, 0, false);
  CHECK(points(app) == "-1.4,0.25,1,0.5");
  app.step_handle(0, 0, -1, true);
  CHECK(points(app) == "-1.4,0.24,1,0.5");
  app.step_handle(7, 1, 1, false);
  app.move_handle(7, 0, 0);
  CHECK(points(app) == "-1.4,0.24,1,0.5");
  app.state().options.page.locked = {"points"};
  figure = app.take_drawing(4);
  CHECK(figure.handles[0].parameter.empty());
}

TEST_CASE("a handle that is dragged away stops at the range of its parameter") {
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  app.move_handle(app.state().figures[0], 0, 1e9, -7);
  CHECK(points(app) == "3,-3,1,0.5");
  app.move_handle(app.state().figures[0], 0, std::nan(""), 0.1 + 0.2);
  CHECK(points(app) == "3,0.3,1,0.5");
}

TEST_CASE("fields are drawn by the shader where there is one, else by the CPU") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  open_live(app);
  const auto vertices = [&] {
    screen.frames(app, 3);
    return ImGui::GetDrawData()->TotalVtxCount;
  };
  const int by_cpu = vertices();
  NotingRenderer renderer;
  screen.input.fields = &renderer;
  const int by_shader = vertices();
  CHECK(renderer.drawn == std::vector<std::string>{"no-such-shader"});
  CHECK(by_shader < by_cpu / 2);
  renderer.able = false;
  CHECK(vertices() == by_cpu);
}

TEST_CASE("planes have equal units along both axes and stay inside their area") {
  const Box area{10, 20, 900, 620};
  for (const double aspect : {0.5, 1.0, 2.0})
    for (std::size_t count = 1; count <= 9; ++count) {
      const std::vector<Box> places = field_places(count, aspect, area, {}, 12);
      REQUIRE(places.size() == count);
      for (const Box& box : places) {
        CHECK(box.width() / box.height() == doctest::Approx(aspect).epsilon(1e-3));
        CHECK(box.x0 >= area.x0);
        CHECK(box.x1 <= area.x1 + 0.01f);
        CHECK(box.y1 <= area.y1 + 0.01f);
      }
    }
}

TEST_CASE("a coordinate keeps about a 500th of its axis") {
  CHECK(handle_decimals({-3, 3}) == 2);
  CHECK(handle_decimals({-1, 1}) == 3);
  CHECK(handle_decimals({0, 1000}) == 0);
  CHECK(handle_step(Handle(), {-3, 3}) == doctest::Approx(0.1));
  CHECK(handle_fine_step(Handle(), {-3, 3}) == doctest::Approx(0.01));
}

TEST_CASE("a handle with a grid moves from one multiple of it to the next, however it is moved") {
  const Experiment& live = test::live_experiment();
  Handle handle;
  handle.parameter = "points";
  handle.grid = 0.25;
  CHECK(handle_step(handle, {-3, 3}) == 0.25);
  CHECK(handle_fine_step(handle, {-3, 3}) == 0.25);
  const ParameterSet parameters(live.schema);
  const Range axis{-3, 3};
  CHECK(moved_text(parameters, handle, 0.88, -0.13, axis, axis) == "1,-0.25,1,0.5");
  CHECK(moved_text(parameters, handle, -0.1, 9, axis, axis) == "0,3,1,0.5");
  handle.grid = 0;
  CHECK(moved_text(parameters, handle, 0.88, -0.13, axis, axis) == "0.88,-0.13,1,0.5");
}

TEST_CASE("the step of a live experiment appends the present question, until the list is full") {
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query("e=extract-by-hand&token=0.5,1&query=1,0");
  const auto entries = [&] { return app.state().spec.parameters.reals("asked").size(); };
  CHECK(app.can(Action::kStep));
  CHECK(app.label(Action::kStep) == "Ask");
  const std::string before = app.state().spec.parameters.text("asked");
  app.act("step", "", "");
  CHECK(app.state().spec.parameters.text("asked") == before + ",0.5,1,1,0");
  CHECK(app.result().tables[0].rows.size() == 3);
  CHECK(app.query().find("asked=" + before + ",0.5,1,1,0") != std::string::npos);
  const auto state = nlohmann::json::parse(app.state_json());
  CHECK(state["actions"][0]["id"] == "step");
  CHECK(state["actions"][0]["label"] == "Ask");
  CHECK(state["actions"][0]["help"] == app.state().spec.experiment->append.help);
  for (int k = 0; k < 40; ++k) app.act(Action::kStep);
  CHECK(entries() == 64);
  CHECK_FALSE(app.can(Action::kStep));
  CHECK(app.state().spec.parameters.text("token") == "0.5,1");
  app.reset();
  CHECK(entries() == 8);
  CHECK(app.can(Action::kStep));
}

TEST_CASE("a locked list takes no step, and a live experiment without one has no such action") {
  SerialExecutor executor;
  AppOptions options;
  options.page.locked = {"asked"};
  App app({}, executor, options);
  app.load("e=extract-by-hand");
  const std::string before = app.query();
  CHECK_FALSE(app.can(Action::kStep));
  app.step();
  CHECK(app.query() == before);
  app.load("e=icl-attention");
  CHECK_FALSE(app.can(Action::kStep));
  const auto state = nlohmann::json::parse(app.state_json());
  for (const auto& action : state["actions"]) CHECK(action["id"] != "step");
}

TEST_CASE("a live experiment's step has a button and a key, in wide and narrow windows") {
  for (const float width : {1280.0f, 390.0f}) {
    CAPTURE(width);
    Screen screen(width, 1600);
    SerialExecutor executor;
    App app({}, executor, {});
    const auto asked = [&] { return app.query().find("&asked=1,0,1,0,0,1,0,1,0.5,1,1,0&"); };
    app.open_query("e=extract-by-hand&token=0.5,1");
    screen.frames(app, 3);
    screen.press(app, ImGuiKey_S);
    CHECK(asked() != std::string::npos);
    int presses = 0;
    for (float y = 20; y < 1600; y += 10) {
      app.open_query("e=extract-by-hand&token=0.5,1");
      screen.frames(app, 2);
      screen.click(app, 40, y);
      presses += asked() != std::string::npos;
    }
    CHECK(presses >= 2);
    CHECK(presses <= 6);
  }
}

TEST_CASE("a sampled field has its top row first") {
  FieldPanel field;
  field.value = [](std::span<const float>, double x, double y) { return x + 10 * y; };
  const HeatPanel panel = sampled(field, {0, 1}, {0, 1}, 2, 2);
  CHECK(panel.values == std::vector<double>{7.75, 8.25, 2.75, 3.25});
}

}  // namespace
}  // namespace attnlab
