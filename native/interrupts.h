// SIGINT (Ctrl-C) and SIGTERM: the first one stops cleanly, the second one at once.
#pragma once

namespace attnlab {

/// From now on SIGINT and SIGTERM set a flag that interrupted() shows; a second one ends the
/// program at once with exit code 130. A broken pipe becomes an ordinary write error.
void catch_interrupts();

bool interrupted();

/// Ignores the signals that a write can raise (a closed pipe, a file beyond its size limit), so
/// that the write returns an error. Commands that only print need nothing else.
void ignore_write_signals();

}  // namespace attnlab
