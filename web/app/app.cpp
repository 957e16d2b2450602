// What the page calls: the App, its canvas and its worker pool behind plain C functions.
//
// Contract, JavaScript to C++ (the other direction is web/app/host.h). Texts are UTF-8; returned
// texts are valid until the next call. Times are seconds of performance.now().
//   app_opening(bytes, size)           the data of the opening (core/codecs/opening.h), before all
//       other calls; returns the sentence why it was refused, or an empty one
//   app_open(query, search, memory)    starts the app at an address: its hash and its search part
//   app_canvas()                       opens the canvas, once; 1, or 0 without WebGL 2
//   app_size(width, height, ratio)     logical pixels, and device pixels per logical pixel
//   app_theme(dark, reduced_motion, contrast)   the settings of the reader's system
//   app_paper(paper)                   1: draws in light colours, for a print
//   app_poll(now)                      moves jobs along; 1: a redraw is needed
//   app_wait()                         seconds until app_poll has something to do without news
//   app_thrifty(thrifty)               1: drafts wait until the hand rests
//   app_frame(now)                     draws; 1: another frame should follow at once
//   app_drawing(now), app_drawing_size()   the figure as bytes, for compute_draw (web/compute)
//   app_move_handle(handle, x, y)      of the figure, to values of its axes; returns a sentence
//   app_step_handle(handle, right, up, fine)   as arrow keys do; returns a sentence
//   app_wanted_height()                logical pixels for a narrow lab; 0: any height will do
//   app_grabs(x, y)                    1: a finger here moves a handle of the figure, not the page
//   app_context(lost)                  the WebGL context was lost (1) or came back (0)
//   app_pointer/wheel/key/text/focus   input events (web/app/canvas.h)
//   app_wants_text()                   1 while a text field is edited
//   app_wants_escape()                 1 while Escape closes something inside the lab
//   app_job_news(ticket, kind, fraction, bytes, size)   from a worker (web/app/worker_pool.h)
//   app_open_query(query, search)      another address was opened
//   app_load(text)                     a state was sent (message, file, undo): locks stay
//   app_adopt()                        the precomputed run; 1 when it was taken over
//   app_parts_arrived(faces, size)     host.answer can answer now; the faces are the bytes of
//       compute_faces. Returns the sentence why they were refused, or an empty one
//   app_waits_for_parts()              1 when something was asked for before
//   app_journal()                      the run's finished jobs
//   app_kept_journal(i)                finished jobs of the i-th kept result; empty after the last
//   app_figure()                       which of the run's figures is shown
//   app_act(action, name, value)       the page's own controls (App::act); returns the sentence to
//       show, often empty
//   app_state(), app_experiments()     JSON of ui/app.h, and of core/codecs/codecs.h with contract
//   app_schematic(width)               SVG of the experiment's layer (core/picture/schematic.h)
//   app_dark()                         1: the theme in use is dark
// Kinds of news and pointers and bits of modifiers have the numbers of core/codecs/contract.h.
#include <emscripten/emscripten.h>

#include <memory>
#include <string>
#include <string_view>

#include "attnlab_build_info.h"
#include "core/catalogue/field_functions.h"
#include "core/experiment/faces.h"
#include "core/picture/schematic.h"
#include "imgui.h"
#include "ui/app.h"
#include "ui/app_state.h"
#include "web/app/canvas.h"
#include "web/app/host.h"
#include "web/app/opening.h"
#include "web/app/worker_pool.h"
#include "web/out_of_memory.h"

namespace attnlab {
namespace {

struct Page {
  explicit Page(double memory_bytes) : pool(memory_bytes) {}
  WorkerPoolExecutor pool;
  Canvas canvas;
  std::unique_ptr<App> app;
  FrameInput input;
  std::string text;  ///< the last returned text
  Bytes drawing;     ///< the last returned figure
};

/// One page, one app, for as long as the tab lives.
std::unique_ptr<Page>& page() {
  static std::unique_ptr<Page> instance;
  return instance;
}

std::optional<Findings> findings(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const std::string query = full_query_text(spec);
  const Bytes given = encode_outputs(outputs);
  std::optional<Bytes> bytes = opening::findings(query, given);
  if (!bytes) bytes = host::answer("findings", query, given);
  if (!bytes) return std::nullopt;
  Expected<Findings> read = decode_findings(*bytes, field_function);
  if (!read) return std::nullopt;
  return *std::move(read);
}

std::optional<std::vector<Table>> details(const RunSpec& spec, std::span<const JobOutput> outputs) {
  const std::optional<Bytes> bytes =
      host::answer("details", full_query_text(spec), encode_outputs(outputs));
  if (!bytes) return std::nullopt;
  Expected<Findings> read = decode_findings(*bytes, field_function);
  if (!read) return std::nullopt;
  return std::move(read->result.tables);
}

std::optional<Expected<Plan>> plan(const RunSpec& spec) {
  const std::string query = full_query_text(spec);
  std::optional<Bytes> bytes = opening::plan(query);
  if (!bytes) bytes = host::answer("plan", query, {});
  if (!bytes) return std::nullopt;
  return decode_plan(*bytes);
}

Platform platform() {
  Platform platform;
  platform.show_permalink = host::show_permalink;
  platform.copy_text = host::copy_text;
  platform.save_file = host::save_file;
  platform.link_text = host::link_text;
  platform.state_changed = host::state_changed;
  platform.theme_changed = host::theme_changed;
  platform.findings = findings;
  platform.details = details;
  platform.plan = plan;
  platform.fetch_parts = host::fetch_parts;
  return platform;
}

const char* returned(std::string text) {
  page()->text = std::move(text);
  return page()->text.c_str();
}

/// The sentence why not, which stays; empty when all is well.
const char* refusal(const Expected<void>& done) {
  static std::string sentence;
  sentence = done ? std::string() : done.error().sentence;
  return sentence.c_str();
}

}  // namespace
}  // namespace attnlab

using namespace attnlab;

extern "C" {

EMSCRIPTEN_KEEPALIVE const char* app_opening(const std::uint8_t* bytes, std::size_t size) {
  return refusal(opening::open({bytes, size}));
}

EMSCRIPTEN_KEEPALIVE void app_open(const char* query, const char* search, double memory_bytes) {
  page() = std::make_unique<Page>(memory_bytes);
  AppOptions options;
  options.build = {kVersion, kTarget, "simd128"};
  options.memory_limit_bytes = memory_bytes;
  page()->app = std::make_unique<App>(platform(), page()->pool, options);
  page()->app->open_query(query, search);
}

EMSCRIPTEN_KEEPALIVE int app_canvas() {
  return page()->canvas.open();
}

EMSCRIPTEN_KEEPALIVE void app_size(float width, float height, float ratio) {
  page()->input.width = width;
  page()->input.height = height;
  page()->input.pixel_ratio = ratio;
}

EMSCRIPTEN_KEEPALIVE void app_theme(int dark, int reduced_motion, int contrast) {
  page()->input.dark = dark != 0;
  page()->input.reduced_motion = reduced_motion != 0;
  page()->input.contrast = contrast != 0;
}

EMSCRIPTEN_KEEPALIVE void app_paper(int paper) {
  page()->input.paper = paper != 0;
}

EMSCRIPTEN_KEEPALIVE int app_poll(double now) {
  return page()->app->poll(now);
}

EMSCRIPTEN_KEEPALIVE double app_wait() {
  return page()->app->wait();
}

EMSCRIPTEN_KEEPALIVE void app_thrifty(int thrifty) {
  page()->app->set_thrifty(thrifty != 0);
}

EMSCRIPTEN_KEEPALIVE int app_frame(double now) {
  page()->input.now = now;
  return page()->canvas.draw(*page()->app, page()->input);
}

EMSCRIPTEN_KEEPALIVE const std::uint8_t* app_drawing(double now) {
  page()->drawing = encode_figure(page()->app->take_drawing(now));
  return page()->drawing.data();
}
EMSCRIPTEN_KEEPALIVE std::size_t app_drawing_size() {
  return page()->drawing.size();
}
EMSCRIPTEN_KEEPALIVE const char* app_move_handle(unsigned handle, double x, double y) {
  return returned(page()->app->move_handle(handle, x, y));
}
EMSCRIPTEN_KEEPALIVE const char* app_step_handle(unsigned handle, int right, int up, int fine) {
  return returned(page()->app->step_handle(handle, right, up, fine != 0));
}

EMSCRIPTEN_KEEPALIVE float app_wanted_height() {
  return page()->app->wanted_height();
}
EMSCRIPTEN_KEEPALIVE void app_context(int lost) {
  page()->canvas.context(lost != 0);
}

EMSCRIPTEN_KEEPALIVE void app_pointer(int kind, float x, float y, int button, int touch) {
  const auto what = static_cast<PointerKind>(kind);
  // Controls grow for a finger when it is lifted: what it presses must not move away under it.
  const bool pressing = what == PointerKind::kDown || (touch && what == PointerKind::kMove);
  if (!pressing) page()->input.touch = touch != 0;
  page()->canvas.pointer(what, x, y, button, touch != 0);
}

EMSCRIPTEN_KEEPALIVE int app_grabs(float x, float y) {
  return page()->app->grabs(x, y);
}

EMSCRIPTEN_KEEPALIVE int app_wheel(float x, float y) {
  return page()->canvas.wheel(x, y);
}

EMSCRIPTEN_KEEPALIVE int app_key(const char* name, int down, int modifiers) {
  return page()->canvas.key(name, down != 0, modifiers);
}

EMSCRIPTEN_KEEPALIVE void app_text(const char* utf8) {
  page()->canvas.text(utf8);
}
EMSCRIPTEN_KEEPALIVE void app_focus(int focused) {
  page()->canvas.focus(focused != 0);
}
EMSCRIPTEN_KEEPALIVE int app_wants_text() {
  return page()->canvas.wants_text();
}
EMSCRIPTEN_KEEPALIVE int app_wants_escape() {
  return page()->app->state().view.walking || page()->canvas.wants_escape();
}

EMSCRIPTEN_KEEPALIVE void app_job_news(std::uint32_t ticket, int kind, double fraction,
                                       const std::uint8_t* bytes, std::size_t size) {
  page()->pool.receive(ticket, static_cast<JobNews>(kind), fraction, Bytes(bytes, bytes + size));
}

EMSCRIPTEN_KEEPALIVE void app_open_query(const char* query, const char* search) {
  page()->app->open_query(query, search);
}

EMSCRIPTEN_KEEPALIVE void app_load(const char* query) {
  page()->app->load(query);
}
EMSCRIPTEN_KEEPALIVE int app_adopt() {
  return page()->app->adopt(opening::journal());
}
EMSCRIPTEN_KEEPALIVE const char* app_parts_arrived(const std::uint8_t* faces, std::size_t size) {
  const Expected<void> complete = opening::complete({faces, size});
  if (complete && page()) page()->app->parts_arrived();
  return refusal(complete);
}
EMSCRIPTEN_KEEPALIVE int app_waits_for_parts() {
  return page()->app->waits_for_parts();
}
EMSCRIPTEN_KEEPALIVE const char* app_journal() {
  return returned(page()->app->journal());
}
EMSCRIPTEN_KEEPALIVE const char* app_kept_journal(unsigned index) {
  const std::vector<KeptResult>& kept = page()->app->state().kept;
  return index < kept.size() ? kept[index].journal.c_str() : "";
}
EMSCRIPTEN_KEEPALIVE int app_figure() {
  return static_cast<int>(page()->app->state().view.figure);
}
EMSCRIPTEN_KEEPALIVE const char* app_act(const char* action, const char* name, const char* value) {
  return returned(page()->app->act(action, name, value));
}

EMSCRIPTEN_KEEPALIVE const char* app_state() {
  return returned(page()->app->state_json());
}
EMSCRIPTEN_KEEPALIVE const char* app_experiments() {
  return returned(experiments_json());
}

EMSCRIPTEN_KEEPALIVE const char* app_schematic(float width) {
  return returned(schematic_svg(page()->app->state().spec.experiment->layer, width));
}

EMSCRIPTEN_KEEPALIVE int app_dark() {
  const AppState& state = page()->app->state();
  return state.theme_chosen ? state.dark : page()->input.dark;
}

}  // extern "C"
