# Script: installs BUILD_DIR below WORK_DIR, builds the outside projects against it and runs their programs; then
# configures the first with SOURCE_DIR as a subproject.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
set(project
    -S "${SOURCE_DIR}/tests/embedding"
    -G ${GENERATOR}
    -DCMAKE_BUILD_TYPE=${BUILD_TYPE}
    -DCMAKE_C_COMPILER=${C_COMPILER}
    -DCMAKE_CXX_COMPILER=${CXX_COMPILER}
    "-DCMAKE_C_FLAGS=${C_FLAGS}"
    "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}"
    "-DEXAMPLES=${SOURCE_DIR}/examples")
run(${CMAKE_COMMAND} ${project} -B "${WORK_DIR}/build" "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build")
run("${WORK_DIR}/build/train_in_memory")
run("${WORK_DIR}/build/score" "${WORK_DIR}/score.model")
run("${WORK_DIR}/build/score_cells" "${WORK_DIR}/score.model" user=1 word=x|y)
foreach(guest forks rounds_upward no_exceptions fast_math)
  run("${WORK_DIR}/build/${guest}")
endforeach()
if(NOT C_FLAGS MATCHES "-fsanitize")  # sanitizers need address space of their own
  run("${WORK_DIR}/build/thread_limit")
endif()
run("${WORK_DIR}/build/unloads" "${WORK_DIR}/build/libplugin.so")
if(EXISTS "${WORK_DIR}/build/nested_openmp")
  run("${WORK_DIR}/build/nested_openmp")
endif()

run(${CMAKE_COMMAND} -S "${SOURCE_DIR}/tests/embedding/c_only" -B "${WORK_DIR}/c_only" -G ${GENERATOR}
    -DCMAKE_C_COMPILER=${C_COMPILER} "-DCMAKE_C_FLAGS=${C_FLAGS}" "-DEXAMPLES=${SOURCE_DIR}/examples"
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/c_only")
run("${WORK_DIR}/c_only/score" "${WORK_DIR}/c_only.model")

run(${CMAKE_COMMAND} ${project} -B "${WORK_DIR}/subproject" "-DDCRNN_SUBPROJECT=${SOURCE_DIR}"
    "-DCMAKE_CXX_FLAGS=${CXX_FLAGS} -ffast-math")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/subproject" --target flags_of_library)
