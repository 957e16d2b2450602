// Ctrl-C and its relatives: ask once to stop cleanly, ask twice to stop at once.
#pragma once

namespace attnlab {

/// From now on SIGINT and SIGTERM set a flag that interrupted() shows; a second one ends the
/// program at once with exit code 130. A broken pipe becomes an ordinary write error.
void catch_interrupts();

bool interrupted();

/// Ignores what a write may raise (a reader that is gone, a file as large as the quota allows), so
/// that the write says so: all that commands need that print and are done.
void ignore_write_signals();

}  // namespace attnlab
