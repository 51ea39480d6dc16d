# leat_library(rooms...): the library, both kinds from one compilation.
#
#   leat          the archive; leat::leat_static
#   leat_shared   leat::leat_shared; built where somebody links it, or installs
#   leat::leat    the one of both that BUILD_SHARED_LIBS says
function(leat_library)
    set(objects "")
    foreach(room IN LISTS ARGN)
        list(APPEND objects $<TARGET_OBJECTS:leat_${room}>)
    endforeach()
    add_library(leat STATIC ${objects})
    add_library(leat_shared SHARED ${objects})
    add_library(leat::leat_static ALIAS leat)
    add_library(leat::leat_shared ALIAS leat_shared)
    if(BUILD_SHARED_LIBS)
        add_library(leat::leat ALIAS leat_shared)
    else()
        add_library(leat::leat ALIAS leat)
    endif()

    get_property(needs GLOBAL PROPERTY LEAT_NEEDS_TARGETS)
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/leat/*.h)
    list(FILTER headers EXCLUDE REGEX "/mimalloc\\.h$") # of a component of its own
    foreach(library leat leat_shared)
        target_sources(${library} PUBLIC FILE_SET HEADERS
                       BASE_DIRS ${PROJECT_SOURCE_DIR}/include FILES ${headers})
        target_compile_definitions(${library} PUBLIC LEAT_CHECK=${LEAT_CHECK})
        # of libm only fma, where the instruction set has none
        target_link_libraries(${library} PRIVATE ${needs} Threads::Threads m)
        set_target_properties(${library} PROPERTIES LINKER_LANGUAGE C)
    endforeach()
    set_target_properties(leat PROPERTIES EXPORT_NAME leat_static)
    set_target_properties(leat_shared PROPERTIES OUTPUT_NAME leat VERSION ${PROJECT_VERSION}
                          SOVERSION ${LEAT_ABI} EXCLUDE_FROM_ALL ON)

    # A linker cannot hide what an archive's members call each other by: names of the library's own
    # outside leat_ get that prefix, so that none meets a name of the host's.
    set(script ${PROJECT_SOURCE_DIR}/cmake/LeatPrefix.cmake)
    set_target_properties(leat PROPERTIES LINK_DEPENDS ${script})
    add_custom_command(TARGET leat POST_BUILD VERBATIM COMMENT ""
        COMMAND ${CMAKE_COMMAND} -D ARCHIVE=$<TARGET_FILE:leat> -D NM=${CMAKE_NM}
                -D OBJCOPY=${CMAKE_OBJCOPY} -P ${script})
endfunction()
