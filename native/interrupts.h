// Ctrl-C and its relatives: ask once to stop cleanly, ask twice to stop at once.
#pragma once

namespace attnlab {

/// From now on SIGINT and SIGTERM set a flag that interrupted() shows; a second one ends the
/// program at once with exit code 130. A broken pipe becomes an ordinary write error.
void catch_interrupts();

bool interrupted();

/// Ignores SIGPIPE only: for commands that print and are done.
void ignore_broken_pipes();

}  // namespace attnlab
