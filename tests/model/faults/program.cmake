# The program with one planted fault, for scripts/fault.sh: DCRNN_FAULT is its number.
#
# Its header comes first on the include path of the two files that see it; these take the place of the library's own.

set(fault_folder "${PROJECT_BINARY_DIR}/fault/${DCRNN_FAULT}")
execute_process(COMMAND ${Python3_EXECUTABLE} -B "${PROJECT_SOURCE_DIR}/scripts/plant.py" ${DCRNN_FAULT} "${fault_folder}"
                COMMAND_ERROR_IS_FATAL ANY)
add_executable(dcrnn_fault EXCLUDE_FROM_ALL "${PROJECT_SOURCE_DIR}/model/walk.cpp"
                           "${PROJECT_SOURCE_DIR}/kernels/dispatch.cpp" $<TARGET_OBJECTS:dcrnn_app>)
set_target_properties(dcrnn_fault PROPERTIES OUTPUT_NAME dcrnn RUNTIME_OUTPUT_DIRECTORY "${fault_folder}")
dcrnn_compile(dcrnn_fault)
target_include_directories(dcrnn_fault BEFORE PRIVATE "${fault_folder}")
target_compile_options(dcrnn_fault PRIVATE -O1)
get_target_property(program_libraries dcrnn_app LINK_LIBRARIES)
target_link_libraries(dcrnn_fault PRIVATE ${program_libraries})
