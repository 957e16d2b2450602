// The desktop window: the shared front end on GLFW and OpenGL 3.3.
#pragma once

#include <string>

namespace attnlab {

/// Opens the window on a permalink text and runs until it is closed; Ctrl-C closes it, too. With an
/// empty text it opens on the state in which it was closed, the first time on the first experiment.
/// Size and theme are remembered. Returns 0, or 3 with a sentence on standard error where no window
/// can be opened.
///
/// Environment, for tests and documentation pictures:
/// ATTNLAB_SCALE=1.5             pixel ratio in place of the system's, 0.5 to 8
/// ATTNLAB_WINDOW=1280x800[@2]   size in logical pixels, and pixel ratio in place of the system's
/// ATTNLAB_THEME=light|dark      in place of the last one
/// ATTNLAB_SCREENSHOT=FILE.png   writes what the window shows once the run has ended and all
///                               motion has stopped (without a run: at once), then closes
/// ATTNLAB_SCREENSHOT_AFTER=S    takes the picture after S seconds in any case
/// A window that writes a picture does not save its size, theme and state.
int run_desktop(const std::string& query);

}  // namespace attnlab
