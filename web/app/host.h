// What the app module asks of the page: thin C++ faces of the functions in `Module.host`.
//
// The contract between web/app/*.cpp and web/page.js, canvas.js and workers.js is this file (C++ to
// JavaScript) and the extern "C" functions of web/app/app.cpp (JavaScript to C++). docs/web.md
// shows both in one table. Texts are UTF-8; nothing here blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/base/bytes.h"

namespace attnlab::host {

// Page.
void show_permalink(const std::string& query);    ///< put into the location's hash
std::string link_text(const std::string& query);  ///< absolute link of a permalink
void copy_text(const std::string& text);          ///< to the clipboard
std::string save_file(const std::string& name, const std::string& mime, const std::string& bytes);
void state_changed();  ///< the accessible twin is out of date
void theme_changed(bool dark);
/// The answer of the workers' module to compute_findings, compute_details or compute_plan (`what`);
/// nullopt while it is loading.
std::optional<Bytes> answer(const char* what, const std::string& query, const Bytes& outputs);
void fetch_parts();  ///< loads that module, if it is not loading already

// Canvas.
void set_cursor(const char* css_cursor);
std::string clipboard_text();  ///< what the last paste event brought

// Workers. A ticket names one job handed to one worker; news comes back through app_job_news.
int workers_total();  ///< workers the pool means to have, at least 1
int workers_free();   ///< ready and without a job
void workers_post(std::uint32_t ticket, const std::string& query, std::uint32_t index);
void workers_spare(int count);  ///< number of free workers that may help others
void workers_hold(bool hold);   ///< true: stop between two steps; false: continue
void workers_drop();            ///< forget every job in flight
std::string workers_problem();  ///< why no worker can ever run; empty: none

}  // namespace attnlab::host
