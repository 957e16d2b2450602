#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

#include "core/catalogue/catalogue.h"
#include "core/picture/together.h"
#include "tests/unit/ui/screen.h"
#include "ui/app_state.h"
#include "ui/text_draw.h"

namespace attnlab {
namespace {

constexpr const char* kSmall =
    "e=rf-learning-curve&dim=2&keys=2&heads=4&samples=4,8,16&test-samples=64&trials=2&auto=0";

/// Not `std::string(kSmall) + more`: GCC 12 moves that sum from the short buffer, which it knows to
/// be too short for these letters, and warns of a copy that never happens.
std::string small_and(const char* more) {
  std::string query = kSmall;
  query += more;
  return query;
}

void finish(Screen& screen, App& app) {
  for (int i = 0; i < 100000 && app.current_run() && app.current_run()->active(); ++i)
    app.poll(screen.input.now += 0.01);
  screen.frames(app, 20);
}

/// What the newest frame may show: windows inside the screen's width, none of which hides content
/// to its right (content may reach into the margin; tables scroll), and finite vertices.
void check_frame(const Screen& screen) {
  for (const ImGuiWindow* window : ImGui::GetCurrentContext()->Windows) {
    if (!window->WasActive || (window->Flags & ImGuiWindowFlags_Tooltip)) continue;
    INFO(std::string(window->Name));
    CHECK(window->Pos.x >= -0.5f);
    CHECK(window->Pos.x + window->Size.x <= screen.input.width + 0.5f);
    if (window->Flags & ImGuiWindowFlags_HorizontalScrollbar) continue;
    CHECK(window->ScrollMax.x <= std::max(2.0f, window->WindowPadding.x));
  }
  const ImDrawData* drawn = ImGui::GetDrawData();
  CHECK(drawn->TotalVtxCount > 0);
  bool finite = true;
  for (const ImDrawList* list : drawn->CmdLists) {
    for (const ImDrawVert& vertex : list->VtxBuffer)
      finite = finite && std::isfinite(vertex.pos.x) && std::isfinite(vertex.pos.y);
  }
  CHECK(finite);
}

/// Works like the serial executor until it is told to fail.
class FragileExecutor : public SerialExecutor {
 public:
  void poll(Run& run) override {
    if (!fails) return SerialExecutor::poll(run);
    if (const std::optional<std::uint32_t> index = run.take())
      run.fail(*index, {"the test wanted this job to fail"});
  }
  bool fails = false;
};

struct Lab {
  Lab(float width, float ratio, bool dark) : screen(width, width < 700 ? 844 : 800) {
    screen.input.pixel_ratio = ratio;
    app.set_theme_dark(dark);
  }
  Screen screen;
  FragileExecutor executor;
  App app{{}, executor, {.show_text = true}};
};

/// The states of one lab, one after the other: the action that leads to a state, and the state that
/// the lab then reports.
struct Stage {
  const char* name;
  void (*enter)(Lab& lab);
  const char* state;
};
const Stage kStages[] = {
    {"ready", [](Lab& lab) { lab.app.open_query(kSmall); }, "ready"},
    {"running", [](Lab& lab) { lab.app.run(); }, "running"},
    {"paused", [](Lab& lab) { lab.app.pause(); }, "paused"},
    {"finished",
     [](Lab& lab) {
       lab.app.run();
       finish(lab.screen, lab.app);
     },
     "finished"},
    {"kept, with its table and all parameters",
     [](Lab& lab) {
       lab.app.keep();
       lab.app.state().view.table_open = lab.app.state().view.more_open = true;
       lab.app.state().view.presets_open = true;
     },
     "finished"},
    {"changed, with a note", [](Lab& lab) { lab.app.set_parameter("dim", "7000"); }, "finished"},
    {"refused", [](Lab& lab) { lab.app.set_parameter("dim", "1"); }, "finished"},
    {"failed",
     [](Lab& lab) {
       lab.executor.fails = true;
       lab.app.set_parameter("dim", "2");
       lab.app.set_parameter("trials", "3");
       lab.app.run();
       finish(lab.screen, lab.app);
     },
     "failed"},
};

TEST_CASE("every size, theme and state builds frames without leaving the screen's width") {
  for (const float width : {320.0f, 390.0f, 759.0f, 760.0f, 1024.0f, 1280.0f, 1920.0f})
    for (const float ratio : {1.0f, 2.0f})
      for (const bool dark : {false, true}) {
        Lab lab(width, ratio, dark);
        for (const Stage& stage : kStages) {
          INFO(width << " wide, ratio " << ratio << (dark ? ", dark, " : ", light, ")
                     << stage.name);
          stage.enter(lab);
          lab.screen.frames(lab.app, 3);
          const std::string state = "\"state\":\"" + std::string(stage.state) + "\"";
          CHECK(lab.app.state_json().find(state) != std::string::npos);
          CHECK(lab.app.state().plan_error.empty() == (stage.name != std::string_view("refused")));
          check_frame(lab.screen);
        }
      }
}

TEST_CASE("no experiment has an item that reaches into the margin of a narrow lab") {
  for (const Experiment* experiment : experiments())
    for (const float width : {320.0f, 390.0f}) {
      Screen screen(width, 5000);
      SerialExecutor executor;
      App app({}, executor, {});
      app.open_query("e=" + experiment->id);
      app.state().view.more_open = true;
      screen.frames(app, 3);
      for (const ImGuiWindow* window : ImGui::GetCurrentContext()->Windows) {
        INFO(experiment->id << ", " << std::string(window->Name));
        CHECK(window->ScrollMax.x <=
              2);  // by which the button of a curve's label is wider than its text
      }
    }
}

TEST_CASE("all figures together: nothing sticks out, and a name in the legend hides its curves") {
  for (const float width : {390.0f, 1280.0f}) {
    Screen screen(width, width < 700 ? 844 : 800);
    SerialExecutor executor;
    App app({}, executor, {});
    app.open_query(small_and("&target=mean-power,maximum&run=1"));
    finish(screen, app);
    AppState& s = app.state();
    REQUIRE(s.figures.size() == 4);
    app.act("figure", "", "3");
    screen.frames(app, 3);
    check_frame(screen);
    PlotState& plot = s.view.plots[kTogether];
    REQUIRE(plot.parts.size() == 2);
    for (float y = 60; y < 500 && plot.hidden.empty(); y += 8)
      for (float x = 20; x < width - 20 && plot.hidden.empty() && s.view.figure == 3; x += 20)
        screen.click(app, x, y);
    REQUIRE(plot.hidden.size() == 1);
    screen.frame(app);
    for (const PlotState& part : plot.parts) {
      REQUIRE(part.hidden.size() == 1);
      CHECK(part.hidden[0].starts_with("rfa/"));
    }
  }
}

TEST_CASE("a telephone shows the first control below a line plot without scrolling") {
  for (const Experiment* experiment : experiments()) {
    CAPTURE(experiment->id);
    Screen screen(390, 800);  // 844 without the page's own line
    screen.input.touch = true;
    SerialExecutor executor;
    App app({}, executor, {});
    app.open_query("auto=0&e=" + experiment->id);
    screen.frames(app, 3);
    const AppState& s = app.state();
    if (s.figures.empty() || !std::holds_alternative<LinePlot>(s.figures[0].content)) continue;
    float first = 0;
    for (float y = 300; y < 800 && s.view.pointed.empty(); y += 4) {
      screen.move(app, 60, y);
      first = y;
    }
    REQUIRE_FALSE(s.view.pointed.empty());
    CHECK(s.spec.experiment->schema.find(s.view.pointed)->primary);
    CHECK(first < 800 - 44);
  }
}

TEST_CASE("a narrow lab that is as tall as it wants to be stays so, and scrolls nothing") {
  for (const Experiment* experiment : experiments())
    for (const float width : {320.0f, 390.0f}) {
      CAPTURE(experiment->id);
      CAPTURE(width);
      Screen screen(width, 600);
      SerialExecutor executor;
      App app({}, executor, {});
      app.open_query("auto=0&e=" + experiment->id);
      for (int turn = 0; turn < 20; ++turn) {
        screen.frames(app, 2);
        screen.input.height = std::ceil(app.wanted_height());
      }
      const float height = screen.input.height;
      CHECK(height > 600);
      for (int turn = 0; turn < 5; ++turn) {
        screen.frame(app);
        CHECK(std::ceil(app.wanted_height()) == height);
      }
      for (const ImGuiWindow* window : ImGui::GetCurrentContext()->Windows)
        if (window->WasActive) CHECK(window->ScrollMax.y <= 0);
      // A window that is not as tall as its content looks the same in every frame, too.
      for (float less = 1; less < 24; ++less) {
        CAPTURE(less);
        screen.input.height = height - less;
        screen.frames(app, 4);
        const float wanted = app.wanted_height();
        screen.frame(app);
        CHECK(app.wanted_height() == wanted);
      }
    }
}

TEST_CASE("the picture of an empty plot starts the run") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query(kSmall);
  screen.frames(app, 3);
  screen.click(app, 480, 330);
  REQUIRE(app.current_run());
  finish(screen, app);
  CHECK(app.current_run()->state() == Run::State::kFinished);
}

TEST_CASE("keys run, pause, step and show the table, but not while a text is typed") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query(small_and("&trials=50"));
  screen.frames(app, 3);
  screen.press(app, ImGuiKey_Space);
  REQUIRE(app.current_run());
  CHECK(app.current_run()->active());
  screen.press(app, ImGuiKey_Space);
  CHECK(app.current_run()->state() == Run::State::kPaused);
  screen.press(app, ImGuiKey_R);
  CHECK(app.current_run()->active());
  screen.press(app, ImGuiKey_T);
  CHECK(app.state().view.table_open);
  ImGui::GetIO().AddKeyEvent(ImGuiMod_Ctrl, true);
  screen.press(app, ImGuiKey_T);
  ImGui::GetIO().AddKeyEvent(ImGuiMod_Ctrl, false);
  CHECK(app.state().view.table_open);
}

TEST_CASE("pointing at a control marks it, and leaving it does not") {
  SerialExecutor executor;
  App app({}, executor, {});
  Screen screen(1280, 1200);
  screen.frames(app, 3);
  const auto marked = [&](float y) {
    screen.move(app, 1150, y);
    return app.state().view.marked;
  };
  std::set<std::string> seen;
  for (float y = 60; y < 800; y += 10) seen.insert(marked(y));
  CHECK(seen.contains("target"));
  CHECK(seen.contains("heads"));
  screen.move(app, 600, 300);
  CHECK(app.state().view.marked.empty());
}

TEST_CASE("the mouse reads out a point and a press on a label hides its series") {
  Screen screen;
  SerialExecutor executor;
  App app({}, executor, {});
  app.open_query(small_and("&run=1"));
  finish(screen, app);
  PlotState& plot = app.state().view.plots["learning-curve"];
  std::string read_out;
  for (float y = 100; y < 600 && read_out.empty(); y += 12)
    for (float x = 40; x < 900 && read_out.empty(); x += 12) {
      screen.move(app, x, y);
      read_out = plot.read_out;
    }
  CHECK(read_out.find(" at training samples n = ") != std::string::npos);
  for (float x = 820; x < 960 && plot.hidden.empty(); x += 20)
    for (float y = 60; y < 600 && plot.hidden.empty(); y += 8) screen.click(app, x, y);
  CHECK(plot.hidden.size() == 1);
}

TEST_CASE("presses anywhere never leave the schema or the lab without an answer") {
  for (const float width : {390.0f, 1280.0f}) {
    Screen screen(width, 800);
    screen.input.touch = width < 400;
    SerialExecutor executor;
    App app({}, executor, {});
    app.open_query(kSmall);
    app.state().view.more_open = true;
    for (float y = 10; y < 800; y += 44)
      for (float x = 10; x < width; x += 52) {
        screen.click(app, x, y);
        app.pause();
      }
    CHECK_FALSE(app.status_sentence().empty());
    for (const Parameter& parameter : app.state().spec.experiment->schema.parameters) {
      ParameterSet copy = app.state().spec.parameters;
      CHECK(copy.set_text(parameter.name, copy.text(parameter.name)));
    }
  }
}

TEST_CASE("a plot is reached with Tab and its points are read out with the arrow keys") {
  Screen screen(600, 500);
  ImGui::GetIO().AddFocusEvent(true);
  Figure figure;
  figure.x.label = "n";
  Series series;
  series.id = series.label = "RFA";
  series.points = {{1, 0.5, 0.1, 3}, {2, 0.25, 0.1, 3}};
  figure.draw_lines().series = {series};
  PlotState state;
  const auto press = [&](ImGuiKey key) {
    for (const bool down : {true, false}) {
      ImGui::GetIO().AddKeyEvent(key, down);
      for (int i = 0; i < 2; ++i)
        screen.build([&] {
          ImGui::SetNextWindowSize(ImVec2(560, 460));
          ImGui::Begin("window");
          plot("plot", figure, state, {}, ImVec2(500, 400));
          ImGui::End();
        });
    }
  };
  press(ImGuiKey_Tab);  // enters the window
  press(ImGuiKey_Tab);  // shows the focus
  press(ImGuiKey_RightArrow);
  CHECK(state.read_out.rfind("RFA: 0.50", 0) == 0);
  press(ImGuiKey_RightArrow);
  CHECK(state.read_out.rfind("RFA: 0.25", 0) == 0);
}

TEST_CASE("text wraps at blanks only and a longer word is cut") {
  Screen screen;
  screen.build([] {
    const std::string text = "interval 3.51 to 4.32, supercalifragilistic end";
    for (float width = 20; width < 400; width += 7) {
      std::string joined;
      for (const std::string_view line : wrapped_lines(text, false, 15, width)) {
        CHECK(text_size(line, false, 15).x <= std::max(width, 20.0f));
        joined += line;
        CHECK((line.empty() || line.back() != '.' || width < 50));
      }
      std::string plain = text;
      std::erase(plain, ' ');
      std::erase(joined, ' ');
      CHECK(joined == plain);
    }
    CHECK(wrapped_lines("", false, 15, 100).size() == 1);
    CHECK(wrapped_lines("a\nb", false, 15, 0).size() == 2);
  });
}

}  // namespace
}  // namespace attnlab
