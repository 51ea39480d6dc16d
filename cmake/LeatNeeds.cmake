# leat_needs(ROOM [MODULES pkg-config modules...] [PACKAGES package::target...])
#
# What a room links of other libraries, written once, in its own list: the library links it, leat.pc
# and leat-config.cmake name it to who links the static library.
include(LeatModule)

function(leat_needs room)
    cmake_parse_arguments(NEEDS "" "" "MODULES;PACKAGES" ${ARGN})
    set(targets ${NEEDS_PACKAGES})
    foreach(module IN LISTS NEEDS_MODULES)
        leat_module(target ${module})
        if(NOT target)
            message(FATAL_ERROR "src/${room} needs ${module}, which pkg-config does not know; "
                                "`./dev build` installs what is missing")
        endif()
        list(APPEND targets ${target})
    endforeach()
    target_link_libraries(leat_${room} PRIVATE ${targets})
    set_property(GLOBAL APPEND PROPERTY LEAT_NEEDS_MODULES ${NEEDS_MODULES})
    set_property(GLOBAL APPEND PROPERTY LEAT_NEEDS_TARGETS ${targets})
endfunction()
