// Replaces sscanf for Dear ImGui in the page's module (cmake/imgui.cmake), which reads "%d" from
// the version names of WebGL and GLSL. Its other use, saved window settings, is switched off in the
// lab.
#ifdef __EMSCRIPTEN__
#include <cstdarg>

extern "C" int attnlab_small_scan(const char* text, const char* format, ...) {
  va_list places;
  va_start(places, format);
  int found = 0;
  while (*format != 0) {
    if (format[0] != '%') {
      if (*format++ != *text++) break;
      continue;
    }
    if (format[1] != 'd' || *text < '0' || *text > '9') break;
    int number = 0;
    for (; *text >= '0' && *text <= '9'; ++text) number = 10 * number + (*text - '0');
    *va_arg(places, int*) = number;
    ++found;
    format += 2;
  }
  va_end(places);
  return found;
}
#endif
