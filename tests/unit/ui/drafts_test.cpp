// Drafts in the front end: what a change starts, what is shown meanwhile, and what a draft never
// does.
#include <algorithm>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "core/picture/heat_layout.h"
#include "tests/unit/ui/screen.h"
#include "ui/app_state.h"
#include "ui/run_flow.h"

namespace attnlab {
namespace {

constexpr const char* kMedium =
    "e=rf-learning-curve&models=rfa,rfmlp&dim=8&keys=8&heads=200&samples=16,32,64,128&"
    "test-samples=512&trials=3";

/// Like a pool of two: many steps between two looks.
struct TwoWorkers : SerialExecutor {
  void poll(Run& run) override {
    for (int step = 0; step < steps && run.active(); ++step) SerialExecutor::poll(run);
  }
  int steps = 400;
  unsigned concurrency() const override { return 2; }
};

struct Lab {
  TwoWorkers executor;
  App app{Platform{}, executor, {}};
  double now = 0;

  /// Polls for so many seconds of the app's clock.
  void pass(double seconds) {
    for (const double end = now + seconds; now < end;) app.poll(now += 0.01);
  }
  void settle() {
    for (int i = 0; i < 100000 && app.busy(); ++i) app.poll(now += 0.01);
    app.poll(now += 1);
  }
  nlohmann::json state() const { return nlohmann::json::parse(app.state_json()); }
  bool shows(Presence presence) {
    const auto& figures = app.state().figures;
    return std::any_of(figures.begin(), figures.end(), [&](const Figure& figure) {
      const auto& series = figure.lines().series;
      return std::any_of(series.begin(), series.end(), [&](const Series& one) {
        return one.role == SeriesRole::kMeasured && one.presence == presence && !one.points.empty();
      });
    });
  }
};

TEST_CASE("a change is answered by a draft and then by the whole run") {
  Lab lab;
  lab.app.open_query(kMedium);
  CHECK(lab.app.busy());
  while (!lab.shows(Presence::kDraft) && lab.now < 0.45) {
    lab.pass(0.01);
  }
  REQUIRE(lab.shows(Presence::kDraft));
  CHECK(lab.app.current_run() == nullptr);
  CHECK(lab.state()["state"] == "ready");
  CHECK(std::string(lab.state()["draft"]).find("of") != std::string::npos);
  CHECK(std::string(lab.state()["status"]).rfind("Draft: ", 0) == 0);
  lab.settle();
  CHECK(lab.state()["state"] == "finished");
  CHECK(lab.state()["draft"] == "");
  CHECK_FALSE(lab.shows(Presence::kDraft));
  CHECK_FALSE(lab.shows(Presence::kBehind));

  Lab by_hand;  // without drafts, by Run
  by_hand.app.open_query(std::string(kMedium) + "&auto=0&run=1");
  by_hand.settle();
  CHECK(lab.state()["tables"] == by_hand.state()["tables"]);
  CHECK(lab.state()["claims"] == by_hand.state()["claims"]);
}

TEST_CASE("a hand that never rests sees drafts, one after the other") {
  Lab lab;
  lab.app.open_query(kMedium);
  lab.settle();
  lab.executor.steps = 40;  // a draft takes longer than the hand between two changes
  int shown = 0, heads = 200;
  double last_found = -1;
  int found = 0;              // drafts that got a picture
  std::int64_t followed = 0;  // drafts begun for new values
  std::int64_t last = 0;
  for (int i = 0; i < 200; ++i) {
    lab.app.set_parameter("heads", std::to_string(++heads));
    lab.pass(0.02);
    CHECK(lab.app.current_run() == nullptr);
    const std::vector<Figure>& figures = lab.app.state().figures;
    if (std::any_of(figures.begin(), figures.end(), has_results)) ++shown;
    if (lab.app.state().drafts.found_at > last_found) ++found;
    last_found = lab.app.state().drafts.found_at;
    if (lab.app.state().drafts.draft) {
      const std::int64_t now = lab.app.state().drafts.whole->parameters.integer("heads");
      if (now != last) ++followed;
      last = now;
    }
  }
  CHECK(shown == 200);  // never an empty picture
  CHECK(found >= 10);
  CHECK(followed >= 10);  // drafts follow the hand, at least every third of a second
  lab.settle();
  CHECK(lab.app.state().run->spec().parameters.integer("heads") == heads);
}

TEST_CASE("a run that is short enough for the hand is no draft: nothing is said to be missing") {
  Lab lab;
  lab.app.open_query("e=rf-learning-curve&models=rfa&dim=2&keys=2&heads=4&samples=4,8&trials=2");
  while (lab.app.busy()) {
    lab.pass(0.01);
    CHECK(lab.state()["draft"] == "");
    CHECK_FALSE(lab.shows(Presence::kDraft));
    CHECK(std::string(lab.state()["status"]).find("Draft: ") == std::string::npos);
    REQUIRE(lab.now < 100);
  }
  CHECK(lab.state()["state"] == "finished");
}

TEST_CASE("a draft judges nothing and cannot be saved or kept") {
  Lab lab;
  lab.app.open_query(kMedium);
  while (!lab.shows(Presence::kDraft) && lab.now < 0.45) lab.pass(0.01);
  const nlohmann::json state = lab.state();
  CHECK(state["tables"].empty());
  for (const nlohmann::json& claim : state["claims"]) CHECK(claim["status"] == "undecided");
  CHECK_FALSE(lab.app.can(Action::kKeep));
  CHECK(lab.app.export_text("csv").empty());
  CHECK(lab.app.save("json").rfind("There is no result", 0) == 0);
  CHECK(lab.app.journal().empty());
}

TEST_CASE("a finished result comes back with its parameters and its experiment") {
  Lab lab;
  lab.app.open_query(kMedium);
  lab.settle();
  const nlohmann::json tables = lab.state()["tables"];
  lab.app.set_parameter("heads", "50");
  CHECK(lab.shows(Presence::kBehind));  // the step before stays in sight
  lab.pass(0.1);
  lab.app.set_parameter("heads", "200");
  CHECK(lab.state()["state"] == "finished");
  CHECK_FALSE(lab.app.busy());
  CHECK(lab.state()["tables"] == tables);
  lab.app.select_experiment("extract-single");
  lab.settle();
  lab.app.select_experiment("rf-learning-curve");
  CHECK(lab.state()["state"] == "finished");
  CHECK(lab.state()["tables"] == tables);
}

TEST_CASE("of many finished results the oldest that is remembered comes back, too") {
  Lab lab;
  constexpr int kRemembered = 12;
  lab.app.open_query("e=rf-learning-curve&models=rfa&dim=2&keys=2&heads=4&samples=4,8&trials=2");
  const auto run_seed = [&](int seed) {
    lab.app.set_seed(std::to_string(seed));
    lab.settle();
    return lab.state();
  };
  const nlohmann::json first = run_seed(1);
  for (int seed = 2; seed <= kRemembered + 1; ++seed) run_seed(seed);
  lab.app.set_seed("1");  // the list is full, and this is its oldest
  CHECK_FALSE(lab.app.busy());
  CHECK(lab.state()["tables"] == first["tables"]);
  lab.app.set_seed(std::to_string(kRemembered + 1));
  CHECK_FALSE(lab.app.busy());
}

TEST_CASE("drafts can be switched off, and labs in other pages wait for a touch") {
  Lab off;
  off.app.open_query(std::string(kMedium) + "&auto=0");
  off.pass(2);
  CHECK_FALSE(off.app.busy());
  CHECK(off.app.query().find("auto=0") != std::string::npos);
  off.app.set_parameter("heads", "50");
  off.pass(2);
  CHECK(off.app.state().drafts.figures.empty());
  CHECK(off.app.current_run() == nullptr);

  Lab embedded;
  embedded.app.open_query(std::string(kMedium) + "&embed=1");
  embedded.pass(2);
  CHECK(embedded.app.current_run() == nullptr);
  embedded.app.set_parameter("heads", "50");
  embedded.settle();
  CHECK(embedded.state()["state"] == "finished");
}

TEST_CASE("where computing is dear, a draft waits until the hand rests") {
  Lab lab;
  lab.app.open_query(kMedium);
  lab.settle();
  lab.app.set_thrifty(true);
  for (int i = 0; i < 20; ++i) {
    lab.app.set_parameter("heads", std::to_string(100 + i));
    lab.pass(0.05);
    CHECK_FALSE(lab.app.state().drafts.computing());
  }
  lab.settle();
  CHECK(lab.state()["state"] == "finished");
}

TEST_CASE("Run begins the whole run at once; Reset leaves nothing that computes") {
  Lab lab;
  lab.app.open_query(kMedium);
  lab.pass(0.02);
  lab.app.run();
  REQUIRE(lab.app.current_run() != nullptr);
  CHECK(lab.app.current_run()->active());
  CHECK_FALSE(lab.app.state().drafts.computing());
  lab.app.reset();
  CHECK_FALSE(lab.app.busy());
  lab.pass(2);
  CHECK(lab.app.current_run() == nullptr);
}

TEST_CASE("parameters that cannot run start no draft, and say why") {
  Lab lab;
  lab.app.open_query("e=extract-low-rank&dim=4&rank=8");
  if (!lab.app.state().plan_error.empty()) {
    lab.pass(2);
    CHECK_FALSE(lab.app.busy());
  }
  lab.app.open_query("e=extract-black-box&box=own");  // an outside box is never asked by itself
  lab.pass(2);
  CHECK_FALSE(lab.app.busy());
}

}  // namespace
}  // namespace attnlab
