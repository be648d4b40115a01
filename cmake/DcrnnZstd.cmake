# dcrnn::zstd, if libzstd is there. Serves the build and, installed, whoever links the static library.
find_path(ZSTD_INCLUDE_DIR zstd.h)
find_library(ZSTD_LIBRARY zstd)
mark_as_advanced(ZSTD_INCLUDE_DIR ZSTD_LIBRARY)
if(ZSTD_INCLUDE_DIR AND ZSTD_LIBRARY AND NOT TARGET dcrnn::zstd)
  add_library(dcrnn::zstd UNKNOWN IMPORTED)
  set_target_properties(dcrnn::zstd PROPERTIES IMPORTED_LOCATION "${ZSTD_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                                                   "${ZSTD_INCLUDE_DIR}")
endif()
