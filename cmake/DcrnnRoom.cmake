# A room is one folder, compiled as one OBJECT library `dcrnn_<room>`; the library, the tests and the benchmarks
# link the objects.

# What every file of the project is compiled with.
add_library(dcrnn_flags INTERFACE)
target_compile_features(dcrnn_flags INTERFACE cxx_std_20)
# A project that adds this one may compile with -ffast-math, where a check for NaN is always false and sums take any
# order. What comes last holds. (Not -fno-unsafe-math-optimizations: clang++ 14 takes it for strict exceptions, and no loop is
# vectorized.)
target_compile_options(dcrnn_flags INTERFACE -fno-fast-math -fno-associative-math -fno-reciprocal-math -fno-finite-math-only
                                             -fsigned-zeros)
target_compile_options(
  dcrnn_flags INTERFACE -ffp-contract=off -Wall -Wextra -Wconversion -Wshadow $<$<BOOL:${DCRNN_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Wrong about operator+ of std::string: GCC bug 105651.
  target_compile_options(dcrnn_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-fsanitize")
  # Wrong about std::regex under the address sanitizer: GCC bug 105562.
  target_compile_options(dcrnn_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-maybe-uninitialized>)
endif()
target_include_directories(dcrnn_flags INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
target_compile_definitions(dcrnn_flags INTERFACE $<$<NOT:$<BOOL:${BUILD_SHARED_LIBS}>>:DCRNN_STATIC>)
target_link_libraries(dcrnn_flags INTERFACE Threads::Threads $<$<BOOL:${DCRNN_OPENMP}>:OpenMP::OpenMP_CXX>)

# dcrnn_room(<room> [ROOMS <room>...] [LIBRARIES <target>...] [INCLUDES <dir>...] [EXCLUDE <regex>])
#
# Compiles the .cpp files of the current folder. ROOMS are the rooms it uses directly, LIBRARIES its outside
# libraries. Its property DCRNN_OBJECTS lists its own objects' target and those of all rooms below it.
function(dcrnn_room room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "EXCLUDE" "ROOMS;LIBRARIES;INCLUDES")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "*.cpp")
  if(arg_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${arg_EXCLUDE}")
  endif()
  add_library(dcrnn_${room} OBJECT ${sources})
  dcrnn_compile(dcrnn_${room})
  target_link_libraries(dcrnn_${room} PRIVATE ${arg_LIBRARIES})
  target_include_directories(dcrnn_${room} SYSTEM PRIVATE ${arg_INCLUDES})
  set(objects dcrnn_${room})
  foreach(below IN LISTS arg_ROOMS)
    get_target_property(below_objects dcrnn_${below} DCRNN_OBJECTS)
    list(APPEND objects ${below_objects})
  endforeach()
  list(REMOVE_DUPLICATES objects)
  set_target_properties(dcrnn_${room} PROPERTIES DCRNN_OBJECTS "${objects}")
endfunction()

# The flags of every target of ours.
function(dcrnn_compile target)
  set_target_properties(
    ${target}
    PROPERTIES C_STANDARD 99 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
               POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${target} PRIVATE dcrnn_flags)
endfunction()
