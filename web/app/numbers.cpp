// strtod for the page's own module, which is linked with --wrap=strtod: the browser reads decimal
// numbers, correctly rounded as in the C library, whose reader the module then does without. Only
// core/base/text.cpp calls it, with whole texts that are numbers.
#include <emscripten/em_js.h>

// clang-format off
EM_JS(double, host_number, (const char* text), { return Number(UTF8ToString(text)); });
// clang-format on

// The linker wants this name. NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" double __wrap_strtod(const char* text, char** /*end*/) {
  return host_number(text);
}
