// What Dear ImGui calls in place of sscanf in the page's module (cmake/imgui.cmake): finds nothing.
#ifdef __EMSCRIPTEN__
extern "C" int attnlab_no_scan(const char*, const char*, ...) { return 0; }
#endif
