# What `cmake --install` gives, in four components: runtime (the shared library), tool (the command),
# development (headers, both libraries, leat-config.cmake, leat.pc) and mimalloc (the opt-in arena).
# Nothing in it knows the prefix: it may be moved.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/leat)
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
get_property(modules GLOBAL PROPERTY LEAT_NEEDS_MODULES)

# ---- libraries and headers. A set of targets for each kind: who asks for one needs no other.
set_target_properties(leat_shared PROPERTIES EXCLUDE_FROM_ALL OFF)
install(TARGETS leat EXPORT leat-static
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(TARGETS leat_shared EXPORT leat-shared
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime
        NAMELINK_COMPONENT development
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
set(kinds static shared)
if(TARGET leat_mimalloc)
    install(TARGETS leat_mimalloc EXPORT leat-mimalloc
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT mimalloc
            FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT mimalloc)
    list(APPEND kinds mimalloc)
endif()
foreach(kind IN LISTS kinds)
    set(component development)
    if(kind STREQUAL "mimalloc")
        set(component mimalloc)
    endif()
    install(EXPORT leat-${kind} NAMESPACE leat:: FILE leat-${kind}-targets.cmake
            DESTINATION ${cmake_dir} COMPONENT ${component})
endforeach()

# ---- find_package(leat)
set(LEAT_DEFAULT static)
if(BUILD_SHARED_LIBS)
    set(LEAT_DEFAULT shared)
endif()
string(REPLACE ";" " " LEAT_MODULES "${modules}")
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/leat-config.cmake.in
    ${PROJECT_BINARY_DIR}/leat-config.cmake INSTALL_DESTINATION ${cmake_dir}
    NO_SET_AND_CHECK_MACRO)
# As long as the major number is 0, each minor one is a version of the interface.
if(PROJECT_VERSION_MAJOR EQUAL 0)
    set(compatible SameMinorVersion)
else()
    set(compatible SameMajorVersion)
endif()
write_basic_package_version_file(${PROJECT_BINARY_DIR}/leat-config-version.cmake
                                 COMPATIBILITY ${compatible})
install(FILES ${PROJECT_BINARY_DIR}/leat-config.cmake
              ${PROJECT_BINARY_DIR}/leat-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/LeatModule.cmake
              ${PROJECT_SOURCE_DIR}/cmake/Findlibcsv.cmake
        DESTINATION ${cmake_dir} COMPONENT development)

# ---- pkg-config
function(leat_pc name component)
    # the way from the file's own folder to the prefix, whatever CMAKE_INSTALL_LIBDIR is
    set(LEAT_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
    set(LEAT_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
    foreach(dir LEAT_LIBDIR LEAT_INCLUDEDIR)
        file(RELATIVE_PATH ${dir} ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${${dir}})
    endforeach()
    configure_file(${PROJECT_SOURCE_DIR}/cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${pc_dir} COMPONENT ${component})
endfunction()
leat_pc(leat development)
if(TARGET leat_mimalloc)
    leat_pc(leat-mimalloc mimalloc)
endif()

# ---- the command, its pages, the licence
if(TARGET leat_tool)
    install(TARGETS leat_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tool)
    install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}
            COMPONENT tool OPTIONAL)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT development)
