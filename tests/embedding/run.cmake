# Script: installs BUILD_DIR below WORK_DIR, builds the outside project against it and runs its programs; then configures
# the same project with SOURCE_DIR as a subproject.
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
run(${CMAKE_COMMAND} ${project} -B "${WORK_DIR}/subproject" "-DDCRNN_SUBPROJECT=${SOURCE_DIR}")
