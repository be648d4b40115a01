# The libraries `dcrnn` (dcrnn::dcrnn), made of the objects of all rooms, and `dcrnn_synth` (dcrnn::synth), the synthetic
# log, for those who want it; and their installation.
include(CMakePackageConfigHelpers)

get_target_property(objects dcrnn_api DCRNN_OBJECTS)
set(contents)
foreach(room IN LISTS objects)
  list(APPEND contents $<TARGET_OBJECTS:${room}>)
endforeach()

add_library(dcrnn ${contents})
add_library(dcrnn::dcrnn ALIAS dcrnn)
set_target_properties(dcrnn PROPERTIES LINKER_LANGUAGE CXX VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
target_compile_features(dcrnn PUBLIC cxx_std_20)
target_include_directories(dcrnn PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                                        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_definitions(dcrnn PUBLIC $<$<NOT:$<BOOL:${BUILD_SHARED_LIBS}>>:DCRNN_STATIC>)
target_link_libraries(dcrnn PRIVATE ${DCRNN_DECOMPRESSORS} Threads::Threads)
if(DCRNN_OPENMP)
  target_link_libraries(dcrnn PRIVATE OpenMP::OpenMP_CXX)
endif()

# Limits what a shared library shows to what is meant to be seen.
function(dcrnn_limit_exports target)
  if(UNIX AND NOT APPLE)
    target_link_options(${target} PRIVATE "LINKER:--version-script=${PROJECT_SOURCE_DIR}/cmake/exports.map")
    set_target_properties(${target} PROPERTIES LINK_DEPENDS "${PROJECT_SOURCE_DIR}/cmake/exports.map")
  endif()
endfunction()

# A shared library shows nothing of core, so the synthetic log brings its own.
set(synth_contents $<TARGET_OBJECTS:dcrnn_synth_objects>)
if(BUILD_SHARED_LIBS)
  list(APPEND synth_contents $<TARGET_OBJECTS:dcrnn_core>)
endif()
add_library(dcrnn_synth ${synth_contents})
add_library(dcrnn::synth ALIAS dcrnn_synth)
set_target_properties(dcrnn_synth PROPERTIES LINKER_LANGUAGE CXX EXPORT_NAME synth VERSION ${PROJECT_VERSION}
                                             SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(dcrnn_synth PUBLIC dcrnn PRIVATE Threads::Threads)
if(DCRNN_OPENMP)
  target_link_libraries(dcrnn_synth PRIVATE OpenMP::OpenMP_CXX)
endif()

if(BUILD_SHARED_LIBS)
  # Linked with -ffast-math, a library flushes denormals to zero in every program that loads it.
  target_link_options(dcrnn PRIVATE -fno-fast-math)
  target_link_options(dcrnn_synth PRIVATE -fno-fast-math)
  dcrnn_limit_exports(dcrnn)
  dcrnn_limit_exports(dcrnn_synth)
endif()

if(DCRNN_INSTALL)
  # What a C++ compiler links by itself, for projects without C++. gcc finds its own OpenMP by name.
  set(DCRNN_CXX_RUNTIME stdc++)
  if("c++" IN_LIST CMAKE_CXX_IMPLICIT_LINK_LIBRARIES)
    set(DCRNN_CXX_RUNTIME c++ c++abi)
  endif()
  set(DCRNN_OPENMP_RUNTIME)
  if(DCRNN_OPENMP)
    set(DCRNN_OPENMP_RUNTIME ${OpenMP_CXX_LIBRARIES})
    if("gomp" IN_LIST OpenMP_CXX_LIB_NAMES)
      set(DCRNN_OPENMP_RUNTIME gomp)
    endif()
  endif()
  set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/dcrnn")
  install(TARGETS dcrnn dcrnn_synth EXPORT dcrnn-targets)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/dcrnn" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT dcrnn-targets NAMESPACE dcrnn:: DESTINATION "${package_dir}")
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/dcrnn-config.cmake.in"
                                "${PROJECT_BINARY_DIR}/dcrnn-config.cmake" INSTALL_DESTINATION "${package_dir}")
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/dcrnn-config-version.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/dcrnn-config.cmake" "${PROJECT_BINARY_DIR}/dcrnn-config-version.cmake"
                "${PROJECT_SOURCE_DIR}/cmake/DcrnnZstd.cmake"
          DESTINATION "${package_dir}")
  install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
endif()
