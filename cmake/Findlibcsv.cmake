# libcsv, which has no pkg-config file: the target libcsv::libcsv. Serves the build, and whoever links
# the installed static library (leat-config.cmake).
find_path(LEAT_CSV_INCLUDE csv.h)
find_library(LEAT_CSV_LIBRARY csv)
mark_as_advanced(LEAT_CSV_INCLUDE LEAT_CSV_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(libcsv REQUIRED_VARS LEAT_CSV_LIBRARY LEAT_CSV_INCLUDE)
if(libcsv_FOUND AND NOT TARGET libcsv::libcsv)
    add_library(libcsv::libcsv UNKNOWN IMPORTED GLOBAL)
    set_target_properties(libcsv::libcsv PROPERTIES IMPORTED_LOCATION ${LEAT_CSV_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${LEAT_CSV_INCLUDE})
endif()
