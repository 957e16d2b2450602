# Libraries as imported targets, with the same names natively and for the web.

# Header-only packages of the build machine, for the web build: a folder of links to just these,
# because /usr/include as a whole belongs to another target.
function(attnlab_link_headers target header folder)
  find_path(${target}_root ${header} PATH_SUFFIXES eigen3 PATHS /usr/include /usr/local/include
    NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/headers/${folder})
  file(CREATE_LINK ${${target}_root}/${folder} ${CMAKE_BINARY_DIR}/headers/${folder}/${folder}
    SYMBOLIC)
  add_library(${target} INTERFACE IMPORTED GLOBAL)
  target_include_directories(${target} INTERFACE ${CMAKE_BINARY_DIR}/headers/${folder})
endfunction()

if(EMSCRIPTEN)
  attnlab_link_headers(Eigen3::Eigen Eigen/Core Eigen)
  attnlab_link_headers(doctest::doctest doctest/doctest.h doctest)
  attnlab_link_headers(nlohmann_json::nlohmann_json nlohmann/json.hpp nlohmann)
else()
  find_package(Eigen3 REQUIRED NO_MODULE)
  find_package(doctest REQUIRED)
  find_package(nlohmann_json REQUIRED)
  find_package(Threads REQUIRED)
  if(NOT ATTNLAB_SANITIZE)
    find_package(MPI COMPONENTS CXX)
  endif()
  if(ATTNLAB_UI)
    find_package(glfw3 REQUIRED)
    find_package(PNG REQUIRED)
    set(OpenGL_GL_PREFERENCE LEGACY)
    find_package(OpenGL REQUIRED)
  endif()
endif()

if(ATTNLAB_UI)
  include(imgui)
  include(font)
endif()
