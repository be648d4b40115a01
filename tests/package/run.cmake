# Script: installs BUILD_DIR below WORK_DIR, builds the outside project against it and runs it; then configures the same
# project with SOURCE_DIR as a subproject.
function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(consumer "${SOURCE_DIR}/tests/package")
set(options -G ${GENERATOR} -DCMAKE_BUILD_TYPE=${BUILD_TYPE} -DCMAKE_C_COMPILER=${C_COMPILER}
            -DCMAKE_CXX_COMPILER=${CXX_COMPILER} "-DCMAKE_C_FLAGS=${C_FLAGS}" "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}")
file(REMOVE_RECURSE "${WORK_DIR}")
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} -S "${consumer}" -B "${WORK_DIR}/installed" ${options} "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/installed")
run("${WORK_DIR}/installed/use_cpp")
run("${WORK_DIR}/installed/use_c")
run(${CMAKE_COMMAND} -S "${consumer}" -B "${WORK_DIR}/subproject" ${options} "-DDCRNN_SUBPROJECT=${SOURCE_DIR}")
