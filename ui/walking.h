// Walking along the curves of the figure shown, point by point (core/picture/walk.h), for every
// shell: arrow keys of the window, keys and buttons of the page.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/picture/walk.h"

namespace attnlab {

struct AppState;

/// Null before there is one.
const Figure* shown_figure(const AppState& s);
const HiddenSeries& hidden_of(const AppState& s);

/// The figure shown has points to walk to: of a result, not guides alone.
bool can_walk(const AppState& s);
void toggle_walk(AppState& s);
/// "left", "right", "up", "down", "start" or "end".
std::optional<Direction> walk_step(std::string_view name);
/// Begins where there is no walk yet.
void walk(AppState& s, Direction step);
/// Where the reader is: at the point chosen last, or the nearest one to it while it is not there.
/// Nullopt without a walk, or while there is no point.
std::optional<WalkPlace> place_of_walk(const AppState& s);
/// The place in words, or why there is none.
std::string walk_sentence(const AppState& s);

/// The keys of a walk in this frame. No control gets them while it lasts.
void take_walk_keys(AppState& s);

}  // namespace attnlab
