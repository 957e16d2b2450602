#include "native/bench/bench_drafts.h"

#if ATTNLAB_HAS_UI

#include <algorithm>
#include <chrono>
#include <thread>

#include "core/catalogue/catalogue.h"
#include "core/findings/row_table.h"
#include "native/ranks.h"
#include "native/thread_pool.h"
#include "ui/app.h"
#include "ui/app_state.h"

namespace attnlab {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct Waits {
  std::string experiment;
  double first = 0, longest_first = 0, whole = 0;  ///< milliseconds
  std::string reduced;                             ///< what the last first draft was short of
};

/// Polls as the window does, until `done`; milliseconds since `start`.
template <class Done>
double wait_until(App& app, double start, Done done) {
  while (!done()) {
    app.poll(now_s());
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return 1000 * (now_s() - start);
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

Waits waits_of(const Experiment& experiment, int changes) {
  ThreadPool pool(default_threads());
  App app({}, pool, {});
  const auto settled = [&] { return !app.busy(); };
  app.poll(now_s());
  app.open_query("e=" + experiment.id);
  wait_until(app, now_s(), settled);
  std::vector<double> first, whole;
  Waits waits;
  waits.experiment = experiment.id;
  for (int i = 0; i < changes; ++i) {
    app.set_seed(std::to_string(1000 + i));
    const double start = now_s();
    first.push_back(wait_until(app, start, [&] {
      const DraftState& drafts = app.state().drafts;
      return settled() || (!drafts.figures.empty() && drafts.found_at > start);
    }));
    waits.reduced = app.state().drafts.reduced;
    whole.push_back(wait_until(app, start, settled));
  }
  waits.first = median(first);
  waits.longest_first = *std::max_element(first.begin(), first.end());
  waits.whole = median(whole);
  return waits;
}

}  // namespace

Table bench_drafts(int changes) {
  std::vector<Waits> rows;
  for (const Experiment* experiment : experiments()) {
    const RunSpec spec{experiment, ParameterSet(experiment->schema)};
    const Expected<Plan> plan = experiment->plan(spec);
    if (!experiment->live && plan && plan->outside.empty())
      rows.push_back(waits_of(*experiment, changes));
  }
  return RowTable<Waits>{"drafts",
                         "",
                         {column<&Waits::experiment>("experiment", "experiment"),
                          column<&Waits::first>("first_ms", "first draft, ms"),
                          column<&Waits::longest_first>("longest_first_ms", "longest, ms"),
                          column<&Waits::whole>("whole_ms", "whole run, ms"),
                          column<&Waits::reduced>("reduced", "the draft is short of")}}
      .of(rows);
}

}  // namespace attnlab

#else

namespace attnlab {
Table bench_drafts(int) {
  return {};
}
}  // namespace attnlab

#endif
