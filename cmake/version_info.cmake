# Script: writes OUTPUT, a header with VERSION and the commit of SOURCE_DIR, if it would change.
# No time and no path goes in: the same commit gives the same bytes.
set(COMMIT unknown)
if(GIT)
  # A copy without its own .git inside another repository must not claim that one's commit.
  execute_process(
    COMMAND ${GIT} -C ${SOURCE_DIR} rev-parse --show-prefix
    OUTPUT_VARIABLE prefix
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE status)
  if(status EQUAL 0 AND prefix STREQUAL "")
    execute_process(
      COMMAND ${GIT} --no-optional-locks -C ${SOURCE_DIR} describe --always --dirty --abbrev=12 --exclude=*
      OUTPUT_VARIABLE described
      OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
      RESULT_VARIABLE status)
    if(status EQUAL 0)
      set(COMMIT ${described})
    endif()
  endif()
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/version_info.hpp.in ${OUTPUT} @ONLY)
