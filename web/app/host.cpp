// The EM_JS bodies behind host.h: each only converts texts and calls the page's function.
#include "web/app/host.h"

#include <emscripten/em_js.h>

#include <cstdlib>

// clang-format off
EM_JS(void, host_show_permalink, (const char* query), {
  Module["host"]["show_permalink"](UTF8ToString(query));
});
EM_JS(char*, host_link_text, (const char* query), {
  return stringToNewUTF8(Module["host"]["link_text"](UTF8ToString(query)));
});
EM_JS(void, host_copy_text, (const char* text), {
  Module["host"]["copy_text"](UTF8ToString(text));
});
EM_JS(char*, host_save_file, (const char* name, const char* mime, const char* bytes, int size), {
  return stringToNewUTF8(Module["host"]["save_file"](UTF8ToString(name), UTF8ToString(mime),
                                                     HEAPU8.slice(bytes >>> 0, (bytes >>> 0) + size)));
});
EM_JS(char*, host_answer, (const char* what, const char* query, const unsigned char* bytes, int size,
                           int* found), {
  const made = Module["host"]["answer"](UTF8ToString(what), UTF8ToString(query),
      HEAPU8.slice(bytes >>> 0, (bytes >>> 0) + size));
  if (!made) return 0;
  HEAPU32[found >>> 2] = made[1];
  return made[0];
});
EM_JS(void, host_fetch_parts, (), { Module["host"]["fetch_parts"](); });
EM_JS(void, host_state_changed, (), { Module["host"]["state_changed"](); });
EM_JS(void, host_theme_changed, (int dark), { Module["host"]["theme_changed"](dark !== 0); });
EM_JS(void, host_set_cursor, (const char* cursor), {
  Module["host"]["set_cursor"](UTF8ToString(cursor));
});
EM_JS(char*, host_clipboard_text, (), {
  return stringToNewUTF8(Module["host"]["clipboard_text"]());
});
EM_JS(int, host_workers_total, (), { return Module["host"]["workers"].total(); });
EM_JS(int, host_workers_free, (), { return Module["host"]["workers"].free(); });
EM_JS(void, host_workers_post, (unsigned ticket, const char* query, unsigned index), {
  Module["host"]["workers"].post(ticket, UTF8ToString(query), index);
});
EM_JS(void, host_workers_spare, (int count), { Module["host"]["workers"].spare(count); });
EM_JS(void, host_workers_hold, (int hold), { Module["host"]["workers"].hold(hold !== 0); });
EM_JS(void, host_workers_drop, (), { Module["host"]["workers"].drop(); });
EM_JS(char*, host_workers_problem, (), {
  return stringToNewUTF8(Module["host"]["workers"].problem());
});
// clang-format on

namespace attnlab::host {
namespace {

/// Takes over a text that JavaScript put on the heap.
std::string taken(char* text) {
  if (text == nullptr) return {};  // no memory for it
  std::string copy = text;
  std::free(text);
  return copy;
}

}  // namespace

void show_permalink(const std::string& query) {
  host_show_permalink(query.c_str());
}
std::string link_text(const std::string& query) {
  return taken(host_link_text(query.c_str()));
}
void copy_text(const std::string& text) {
  host_copy_text(text.c_str());
}
std::string save_file(const std::string& name, const std::string& mime, const std::string& bytes) {
  return taken(
      host_save_file(name.c_str(), mime.c_str(), bytes.data(), static_cast<int>(bytes.size())));
}
std::optional<Bytes> answer(const char* what, const std::string& query, const Bytes& outputs) {
  int size = 0;
  char* text =
      host_answer(what, query.c_str(), outputs.data(), static_cast<int>(outputs.size()), &size);
  if (text == nullptr) return std::nullopt;
  Bytes bytes(text, text + size);
  std::free(text);
  return bytes;
}
void fetch_parts() {
  host_fetch_parts();
}
void state_changed() {
  host_state_changed();
}
void theme_changed(bool dark) {
  host_theme_changed(dark);
}
void set_cursor(const char* css_cursor) {
  host_set_cursor(css_cursor);
}
std::string clipboard_text() {
  return taken(host_clipboard_text());
}
int workers_total() {
  return host_workers_total();
}
int workers_free() {
  return host_workers_free();
}
void workers_post(std::uint32_t ticket, const std::string& query, std::uint32_t index) {
  host_workers_post(ticket, query.c_str(), index);
}
void workers_spare(int count) {
  host_workers_spare(count);
}
void workers_hold(bool hold) {
  host_workers_hold(hold);
}
void workers_drop() {
  host_workers_drop();
}
std::string workers_problem() {
  return taken(host_workers_problem());
}

}  // namespace attnlab::host
