// Parts of the program that may not be there yet: on the page, another module plans and finds for
// experiments whose code is not in this one. What is asked for meanwhile waits, in its order.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/codecs/codecs.h"
#include "core/findings/findings.h"

namespace attnlab {

class App;
struct AppState;

inline constexpr std::string_view kLoading = "This part of the lab is loading.";

/// The experiment's findings and plan, from here or from another module; nullopt while that is
/// loading.
std::optional<Findings> find(AppState& s, const RunSpec& spec,
                             std::span<const JobOutput> outputs = {});
std::optional<Expected<Plan>> plan(AppState& s, const RunSpec& spec);
/// The run's result with the tables that only files have (whole_result), from what the views show;
/// without those tables where the other module cannot give them.
Result result_for_file(const AppState& s);

/// The figures shown meanwhile.
std::vector<Figure> waiting_figures(const Experiment& experiment);

/// Whether an address contains something that cannot be read or shown without the other
/// experiments.
bool needs_parts(const AppState& s, const Permalink& link);

/// Keeps a request that needs parts which are not there, or that follows one that waits: true. Then
/// App::parts_arrived makes it. `about` is the experiment that is asked for.
bool postponed(AppState& s, bool needs_parts, const Experiment& about,
               std::function<void(App&)> request);
/// The same for a request whose answer is not shown: the figures stay.
bool postponed_file(AppState& s, std::function<void(App&)> request);

}  // namespace attnlab
