# Compiler options of all our code. Our targets link `attnlab_options`; Dear ImGui does not.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Applied to everything that is linked together, third-party code too.
if(EMSCRIPTEN)
  set(ATTNLAB_TARGET wasm32)
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
  # Bulk memory: older than vectors in every browser. Without it memory is copied and set in loops,
  # at -Oz byte by byte, which took a third of an extraction's time.
  add_compile_options(-msimd128 -mbulk-memory -fno-exceptions)
  add_link_options(-mbulk-memory)
  add_link_options(-fno-exceptions)
else()
  string(TOLOWER "${CMAKE_SYSTEM_PROCESSOR}-${CMAKE_SYSTEM_NAME}" ATTNLAB_TARGET)
  find_program(ATTNLAB_CCACHE ccache)
  if(ATTNLAB_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${ATTNLAB_CCACHE})
  endif()
endif()
if(ATTNLAB_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")  # no NDEBUG: Eigen's own assertions stay on
  set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_compile_options(${sanitizers})
  add_link_options(${sanitizers})
endif()

add_library(attnlab_options INTERFACE)
target_include_directories(attnlab_options INTERFACE ${CMAKE_BINARY_DIR}/generated)
target_compile_options(attnlab_options INTERFACE -Wall -Wextra $<$<BOOL:${ATTNLAB_WERROR}>:-Werror>
  # False alarms of g++ 12 on std::string and std::variant (GCC bugs 105651, 105593).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized>)

# For programs, which may use every floor: all headers of the tree.
add_library(attnlab_tree INTERFACE)
target_link_libraries(attnlab_tree INTERFACE attnlab_options)
target_include_directories(attnlab_tree INTERFACE ${CMAKE_SOURCE_DIR})
