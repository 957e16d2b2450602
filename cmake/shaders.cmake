# The GLSL texts of shaders/ as the header attnlab_shaders.h, made again when one of them changes.
file(GLOB shader_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/shaders/*.glsl)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${shader_files})
set(ATTNLAB_SHADERS "")
foreach(shader_file IN LISTS shader_files)
  cmake_path(GET shader_file STEM shader_name)
  file(READ ${shader_file} shader_text)
  string(REGEX REPLACE "(^|\n) *//[^\n]*" "" shader_text "${shader_text}")  # comments are removed
  string(APPEND ATTNLAB_SHADERS "    {\"${shader_name}\", R\"glsl(${shader_text})glsl\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${ATTNLAB_GENERATED_DIR}/attnlab_shaders.h @ONLY CONTENT
"// Made from shaders/*.glsl by cmake/shaders.cmake.
#pragma once

namespace attnlab {

struct ShaderText {
  const char* name;  ///< of shaders/NAME.glsl
  const char* text;
};

inline constexpr ShaderText kShaderTexts[] = {
@ATTNLAB_SHADERS@};

}  // namespace attnlab
")
