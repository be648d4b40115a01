# Faults planted in copies of the layers' headers, one per copy: gradcheck must find and name each.
#
# They stand in the test of the kind they belong to, tests/model/test_<kind>.cpp, as
#
#   // Planted in model/layers/<kind>.hpp:
#   //   fault  <what is wrong>
#   //   -      <text that stands there exactly once>
#   //   +      <what stands there instead>
#   //   finds  <tensor> with <keys of a config, as an object, in place of those of faults/fault_config.hpp>
#
# Only model/walk.cpp instantiates layers: per fault it is compiled once more, the faulty header first on its include
# path, and linked with the objects of everything else.

get_target_property(fault_objects dcrnn_train DCRNN_OBJECTS)
list(REMOVE_ITEM fault_objects dcrnn_model)
add_library(dcrnn_find_fault OBJECT model/faults/find_fault.cpp)
dcrnn_compile(dcrnn_find_fault)
target_compile_definitions(dcrnn_find_fault PRIVATE DCRNN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
target_link_libraries(dcrnn_find_fault PRIVATE nlohmann_json::nlohmann_json)

# Each is a compilation of its own. One in DCRNN_FAULT_SHARE is made, drawn by the commit.
set(DCRNN_FAULT_SHARE 1 CACHE STRING "Which share of the planted faults in layers is tried: one in so many")
execute_process(COMMAND git rev-parse HEAD WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE fault_seed
                ERROR_QUIET)

function(plant_in_layer header words original faulty tensor changes)
  # A name of its own for every fault: where a header is new on an include path, nothing is built anew.
  string(MD5 hash "${header} ${original} ${faulty}")
  string(SUBSTRING "${hash}" 0 8 hash)
  set(name "layer_fault_${hash}")
  file(READ "${PROJECT_SOURCE_DIR}/${header}" text)
  string(FIND "${text}" "${original}" first)
  string(FIND "${text}" "${original}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "fault \"${words}\": \"${original}\" must stand in ${header} exactly once")
  endif()
  string(REPLACE "${original}" "${faulty}" text "${text}")
  string(MD5 drawn "${hash} ${fault_seed}")
  string(SUBSTRING "${drawn}" 0 4 drawn)
  math(EXPR drawn "0x${drawn} % ${DCRNN_FAULT_SHARE}")
  if(NOT drawn EQUAL 0)
    return()
  endif()
  file(CONFIGURE OUTPUT "${fault_root}/${name}/${header}" CONTENT "${text}" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${header}")

  add_executable(${name} "${PROJECT_SOURCE_DIR}/model/walk.cpp")
  dcrnn_compile(${name})
  target_include_directories(${name} BEFORE PRIVATE "${fault_root}/${name}")
  target_compile_options(${name} PRIVATE -O0)
  target_link_libraries(
    ${name} PRIVATE dcrnn_find_fault ${fault_objects}
                    $<FILTER:$<TARGET_OBJECTS:dcrnn_model>,EXCLUDE,walk\\.cpp> ZLIB::ZLIB nlohmann_json::nlohmann_json)
  get_filename_component(kind "${header}" NAME_WE)
  add_test(NAME "fault in ${kind}: ${words}" COMMAND ${name} "${changes}" "${tensor}")
  set(layer_fault_list "${layer_fault_list}DCRNN_LAYER_FAULT(R\"changes(${changes})changes\")\n" PARENT_SCOPE)
endfunction()

file(GLOB fault_tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/model/test_*.cpp")
foreach(test IN LISTS fault_tests)
  file(READ "${test}" rest)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${test}")
  # Line by line, and not as a list: code has semicolons and brackets.
  while(rest MATCHES "^([^\n]*)\n(.*)$")
    set(line "${CMAKE_MATCH_1}")
    set(rest "${CMAKE_MATCH_2}")
    if(line MATCHES "^// Planted in (model/layers/[a-z0-9_]+\\.hpp):$")
      set(header "${CMAKE_MATCH_1}")
    elseif(line MATCHES "^//   fault  (.+)$")
      set(words "${CMAKE_MATCH_1}")
    elseif(line MATCHES "^//   -      (.+)$")
      set(original "${CMAKE_MATCH_1}")
    elseif(line MATCHES "^//   \\+      (.+)$")
      set(faulty "${CMAKE_MATCH_1}")
    elseif(line MATCHES "^//   finds  ([^ ]+) with ({.*})$")
      plant_in_layer("${header}" "${words}" "${original}" "${faulty}" "${CMAKE_MATCH_1}" "${CMAKE_MATCH_2}")
    endif()
  endwhile()
endforeach()
