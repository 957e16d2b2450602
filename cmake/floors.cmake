# Floors: folders whose libraries can include only the floors that they list. A floor's headers are found
# through a folder with a link to this floor only; the include path of its users contains that folder.

# attnlab_floor_headers(FOLDER target): `target` brings the headers of FOLDER ("core/base") to its
# users.
function(attnlab_floor_headers folder target)
  set(root ${CMAKE_BINARY_DIR}/floors/${folder})
  cmake_path(GET folder PARENT_PATH parent)
  file(MAKE_DIRECTORY ${root}/${parent})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${root}/${folder} SYMBOLIC)
  target_include_directories(${target} PUBLIC ${root})
endfunction()

# attnlab_floor(FOLDER [USES FOLDER...]): the static library of all sources below FOLDER, named after
# it (attnlab_core_base for core/base).
function(attnlab_floor folder)
  cmake_parse_arguments(PARSE_ARGV 1 floor "" "" USES)
  string(REPLACE / _ target attnlab_${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp
    ${CMAKE_SOURCE_DIR}/${folder}/*.h)
  list(FILTER sources EXCLUDE REGEX /numerics/kernels/)
  add_library(${target} STATIC ${sources})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  target_compile_options(${target} PRIVATE -ffp-contract=off)
  attnlab_floor_headers(${folder} ${target})
  target_link_libraries(${target} PUBLIC attnlab_options)
  foreach(used IN LISTS floor_USES)
    string(REPLACE / _ used attnlab_${used})
    target_link_libraries(${target} PUBLIC ${used})
  endforeach()
  if(EMSCRIPTEN)
    target_compile_options(${target} PRIVATE -fno-rtti -fno-threadsafe-statics)
    # The download is what counts: only layers and numerics, where the time goes, stay fast before
    # small.
    if(NOT folder MATCHES "^core/(numerics|attention|selftest)$")
      target_compile_options(${target} PRIVATE -Oz)
    endif()
  endif()
endfunction()
