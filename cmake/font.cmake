# `attnlab_font`: the header attnlab_font.h with the fonts of the front end.

find_program(ATTNLAB_PYTHON python3 PATHS /usr/bin NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH)
find_program(ATTNLAB_PYTHON python3 NO_CMAKE_FIND_ROOT_PATH REQUIRED)
execute_process(COMMAND ${ATTNLAB_PYTHON} -c "import fontTools" RESULT_VARIABLE no_fonttools
  ERROR_QUIET)
if(no_fonttools)
  message(FATAL_ERROR "${ATTNLAB_PYTHON} has no fontTools (Debian package python3-fonttools)")
endif()

function(attnlab_find_font variable name)
  find_file(${variable} ${name} PATHS /usr/share/fonts/opentype/inter
    /usr/share/fonts/truetype/dejavu NO_CMAKE_FIND_ROOT_PATH REQUIRED)
endfunction()
attnlab_find_font(ATTNLAB_FONT_REGULAR Inter-Regular.otf)
attnlab_find_font(ATTNLAB_FONT_BOLD Inter-SemiBold.otf)
attnlab_find_font(ATTNLAB_FONT_FALLBACK_REGULAR DejaVuSans.ttf)
attnlab_find_font(ATTNLAB_FONT_FALLBACK_BOLD DejaVuSans-Bold.ttf)

set(font_header ${CMAKE_BINARY_DIR}/generated/attnlab_font.h)
add_custom_command(OUTPUT ${font_header}
  COMMAND ${ATTNLAB_PYTHON} ${CMAKE_SOURCE_DIR}/cmake/make_font.py
    --regular ${ATTNLAB_FONT_REGULAR} --bold ${ATTNLAB_FONT_BOLD}
    --fallback-regular ${ATTNLAB_FONT_FALLBACK_REGULAR}
    --fallback-bold ${ATTNLAB_FONT_FALLBACK_BOLD} --output ${font_header}
  DEPENDS ${CMAKE_SOURCE_DIR}/cmake/make_font.py VERBATIM)
add_custom_target(attnlab_font DEPENDS ${font_header})
