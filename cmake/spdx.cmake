# The SPDX 2.3 file of a build: the libraries of its programs, with versions found on this machine and licences. Written
# while configuring.

# version_in(VARIABLE FILE REGEX): what the regular expression's group finds in the file.
function(attnlab_version_in variable file regex)
  file(STRINGS ${file} lines REGEX "${regex}")
  if(NOT "${lines}" MATCHES "${regex}")
    message(FATAL_ERROR "No version in ${file}")
  endif()
  set(${variable} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()

# Adds one package to the list `spdx_packages` and what relates it to `spdx_relations`.
macro(attnlab_spdx_package name version licence home relation)
  string(REGEX REPLACE "[^A-Za-z0-9.-]" "-" spdx_id "${name}")
  string(APPEND spdx_packages ",
    {\"name\": \"${name}\", \"SPDXID\": \"SPDXRef-${spdx_id}\", \"versionInfo\": \"${version}\",
     \"downloadLocation\": \"${home}\", \"filesAnalyzed\": false,
     \"licenseConcluded\": \"${licence}\", \"licenseDeclared\": \"${licence}\", \"copyrightText\": \"NOASSERTION\"}")
  string(APPEND spdx_relations ",
    {\"spdxElementId\": \"SPDXRef-attention-lab\", \"relationshipType\": \"${relation}\",
     \"relatedSpdxElement\": \"SPDXRef-${spdx_id}\"}")
endmacro()

function(attnlab_find_header variable header)
  find_file(${variable} ${header} PATHS /usr/include /usr/local/include PATH_SUFFIXES eigen3
    NO_CACHE NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  set(${variable} ${${variable}} PARENT_SCOPE)
endfunction()

function(attnlab_write_spdx output)
  attnlab_version_in(spdx_own ${PROJECT_SOURCE_DIR}/LICENSE "^([A-Z]+) License$")
  attnlab_version_in(spdx_copyright ${PROJECT_SOURCE_DIR}/LICENSE "^(Copyright .*)$")
  set(spdx_packages "")
  set(spdx_relations "")

  attnlab_find_header(json nlohmann/json.hpp)
  get_filename_component(json_folder ${json} DIRECTORY)
  if(EXISTS ${json_folder}/detail/abi_macros.hpp)
    set(json ${json_folder}/detail/abi_macros.hpp)
  endif()
  foreach(part MAJOR MINOR PATCH)
    attnlab_version_in(json_${part} ${json} "#define NLOHMANN_JSON_VERSION_${part} ([0-9]+)")
  endforeach()
  attnlab_spdx_package(nlohmann-json ${json_MAJOR}.${json_MINOR}.${json_PATCH} MIT
    https://github.com/nlohmann/json STATIC_LINK)

  if(ATTNLAB_UI)
    attnlab_version_in(imgui ${imgui_dir}/imgui.h "#define IMGUI_VERSION +\"([^\"]+)\"")
    attnlab_spdx_package(Dear-ImGui ${imgui} MIT https://github.com/ocornut/imgui STATIC_LINK)
    foreach(font REGULAR FALLBACK_REGULAR)
      execute_process(COMMAND ${ATTNLAB_PYTHON} -c "import sys; from fontTools.ttLib import TTFont
print(TTFont(sys.argv[1])['name'].getDebugName(5).split(';')[0].removeprefix('Version ').strip())"
        ${ATTNLAB_FONT_${font}} OUTPUT_VARIABLE font_${font} OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY)
    endforeach()
    attnlab_spdx_package(Inter-subset "${font_REGULAR}" OFL-1.1 https://rsms.me/inter CONTAINS)
    attnlab_spdx_package(DejaVu-Sans-subset "${font_FALLBACK_REGULAR}" Bitstream-Vera
      https://dejavu-fonts.github.io CONTAINS)
  endif()

  if(EMSCRIPTEN)
    attnlab_spdx_package(Emscripten ${EMSCRIPTEN_VERSION} MIT https://emscripten.org STATIC_LINK)
    attnlab_spdx_package(musl "of Emscripten ${EMSCRIPTEN_VERSION}" MIT https://musl.libc.org STATIC_LINK)
    attnlab_spdx_package(LLVM-libcxx "of Emscripten ${EMSCRIPTEN_VERSION}"
      "Apache-2.0 WITH LLVM-exception" https://libcxx.llvm.org STATIC_LINK)
  else()
    # Only the peer of `attnlab bench` (native/bench/eigen_peer.cpp) uses it.
    attnlab_find_header(eigen Eigen/src/Core/util/Macros.h)
    foreach(part WORLD MAJOR MINOR)
      attnlab_version_in(eigen_${part} ${eigen} "#define EIGEN_${part}_VERSION ([0-9]+)")
    endforeach()
    attnlab_spdx_package(Eigen ${eigen_WORLD}.${eigen_MAJOR}.${eigen_MINOR} MPL-2.0
      https://eigen.tuxfamily.org STATIC_LINK)
    if(ATTNLAB_UI)
      attnlab_spdx_package(GLFW ${glfw3_VERSION} Zlib https://www.glfw.org DYNAMIC_LINK)
      attnlab_spdx_package(libpng ${PNG_VERSION_STRING} libpng-2.0 http://www.libpng.org DYNAMIC_LINK)
    endif()
    if(MPI_CXX_FOUND)
      attnlab_spdx_package(MPI "standard ${MPI_CXX_VERSION}" NOASSERTION https://www.mpi-forum.org DYNAMIC_LINK)
    endif()
  endif()

  # The same sources give the same bytes, so the file contains no build time.
  set(date ${ATTNLAB_SOURCE_DATE}T00:00:00Z)
  string(SHA256 contents "${PROJECT_VERSION}${ATTNLAB_TARGET}${spdx_packages}${date}")
  file(CONFIGURE OUTPUT ${output} CONTENT [[{
  "spdxVersion": "SPDX-2.3",
  "dataLicense": "CC0-1.0",
  "SPDXID": "SPDXRef-DOCUMENT",
  "name": "attention-lab-@PROJECT_VERSION@-@ATTNLAB_TARGET@",
  "documentNamespace": "https://spdx.org/spdxdocs/attention-lab-@PROJECT_VERSION@-@contents@",
  "creationInfo": {"created": "@date@", "creators": ["Tool: cmake-@CMAKE_VERSION@"]},
  "packages": [
    {"name": "Attention Lab", "SPDXID": "SPDXRef-attention-lab", "versionInfo": "@PROJECT_VERSION@",
     "downloadLocation": "NOASSERTION", "filesAnalyzed": false,
     "licenseConcluded": "@spdx_own@", "licenseDeclared": "@spdx_own@", "copyrightText": "@spdx_copyright@"}@spdx_packages@
  ],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-attention-lab"}@spdx_relations@
  ]
}
]] @ONLY NEWLINE_STYLE UNIX)
endfunction()

attnlab_write_spdx(${CMAKE_BINARY_DIR}/attention-lab.spdx.json)
