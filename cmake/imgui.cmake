# Dear ImGui with its OpenGL 3 backend (and GLFW natively), without the parts we do not use.

if(ATTNLAB_IMGUI_DIR)
  set(imgui_dir ${ATTNLAB_IMGUI_DIR})
else()
  if(DEFINED ENV{ATTNLAB_CACHE})
    set(imgui_dir $ENV{ATTNLAB_CACHE}/imgui)
  elseif(DEFINED ENV{XDG_CACHE_HOME})
    set(imgui_dir $ENV{XDG_CACHE_HOME}/attnlab/imgui)
  else()
    set(imgui_dir $ENV{HOME}/.cache/attnlab/imgui)
  endif()
  if(NOT EXISTS ${imgui_dir}/imgui.h)
    include(FetchContent)
    FetchContent_Declare(imgui GIT_REPOSITORY https://github.com/ocornut/imgui.git
      GIT_TAG v1.92.2b GIT_SHALLOW ON)
    FetchContent_MakeAvailable(imgui)
    set(imgui_dir ${imgui_SOURCE_DIR})
  endif()
endif()

add_library(imgui STATIC
  ${imgui_dir}/imgui.cpp ${imgui_dir}/imgui_draw.cpp ${imgui_dir}/imgui_tables.cpp
  ${imgui_dir}/imgui_widgets.cpp ${imgui_dir}/backends/imgui_impl_opengl3.cpp)
target_include_directories(imgui SYSTEM PUBLIC ${imgui_dir} ${imgui_dir}/backends)
# Every file that sees imgui.h must see the same switches, hence PUBLIC.
target_include_directories(imgui PUBLIC ${CMAKE_SOURCE_DIR})
target_compile_definitions(imgui PUBLIC IMGUI_USER_CONFIG="ui/imgui_config.h")
target_compile_definitions(imgui PRIVATE IMGUI_DISABLE_DEFAULT_FONT)  # ours is in attnlab_font.h
if(EMSCRIPTEN)
  target_compile_options(imgui PRIVATE -Oz)
  # It only scans integers (ui/small_scan.cpp), so the module needs no scanner of the C library.
  target_compile_definitions(imgui PRIVATE sscanf=attnlab_small_scan)
else()
  target_sources(imgui PRIVATE ${imgui_dir}/backends/imgui_impl_glfw.cpp)
  target_link_libraries(imgui PUBLIC glfw OpenGL::GL ${CMAKE_DL_LIBS})
endif()
