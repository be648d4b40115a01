# Script: fails if an object file of kernels/isa defines a weak function without its architecture in its name.
# Such a function could be the one the linker keeps for the whole program, compiled with instructions that the
# processor may lack.  cmake -DOBJECTS=<a;b;...> -DNM=<nm> -P check_isa_symbols.cmake
set(architecture_sse2 "xsimd::sse2")
set(architecture_avx2 "xsimd::fma3<xsimd::avx2>")
set(architecture_avx512 "xsimd::avx512bw")
set(architecture_neon "xsimd::neon64")

set(offenders)
set(checked 0)
foreach(object IN LISTS OBJECTS)
  string(REGEX REPLACE "^.*/([a-z0-9]+)\\.cpp\\.o$" "\\1" isa "${object}")
  if(NOT DEFINED architecture_${isa})
    message(FATAL_ERROR "${object}: not an object file of a known instruction set")
  endif()
  execute_process(
    COMMAND ${NM} --demangle --defined-only ${object}
    OUTPUT_VARIABLE symbols
    COMMAND_ERROR_IS_FATAL ANY)
  # A list of lines would be cut at semicolons and glued at brackets.
  string(REGEX REPLACE "[][;]" "_" symbols "${symbols}")
  string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
  foreach(symbol IN LISTS symbols)
    if(NOT symbol MATCHES "^[0-9a-fA-F]+ [Ww] (.*)$")
      continue()
    endif()
    math(EXPR checked "${checked} + 1")
    string(FIND "${CMAKE_MATCH_1}" "${architecture_${isa}}" found)
    if(found EQUAL -1)
      string(APPEND offenders "\n  ${object}: ${CMAKE_MATCH_1}")
    endif()
  endforeach()
endforeach()

if(checked EQUAL 0)
  message(FATAL_ERROR "no weak functions found in ${OBJECTS}: nothing was checked")
endif()
if(offenders)
  message(FATAL_ERROR "weak functions without their architecture in their name:${offenders}")
endif()
