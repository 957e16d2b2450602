# CMake toolchain for WebAssembly: the emcc on the PATH if it is recent enough, else the one that
# cmake/prepare_toolchain.sh has prepared (./lab runs it).

if(DEFINED ENV{ATTNLAB_CACHE})
  set(attnlab_cache $ENV{ATTNLAB_CACHE})
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(attnlab_cache $ENV{XDG_CACHE_HOME}/attnlab)
else()
  set(attnlab_cache $ENV{HOME}/.cache/attnlab)
endif()

set(attnlab_emscripten ${attnlab_cache}/emscripten/usr/share/emscripten)
find_program(attnlab_emcc emcc NO_CACHE)
if(attnlab_emcc)
  file(REAL_PATH ${attnlab_emcc} attnlab_emcc)
  cmake_path(GET attnlab_emcc PARENT_PATH attnlab_emcc_dir)
  execute_process(COMMAND ${attnlab_emcc} -dumpversion OUTPUT_VARIABLE attnlab_emcc_version
    ERROR_QUIET OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND ${attnlab_emcc_dir}/em-config EMSCRIPTEN_ROOT ERROR_QUIET
    OUTPUT_VARIABLE attnlab_emcc_root OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(attnlab_emcc_version VERSION_GREATER_EQUAL 3.1.60 AND attnlab_emcc_root)
    set(attnlab_emscripten ${attnlab_emcc_root})
  endif()
endif()

if(NOT EXISTS ${attnlab_emscripten}/cmake/Modules/Platform/Emscripten.cmake)
  message(FATAL_ERROR "No emcc 3.1.60 or newer on the PATH and none prepared; "
    "run cmake/prepare_toolchain.sh wasm")
endif()
include(${attnlab_emscripten}/cmake/Modules/Platform/Emscripten.cmake)
