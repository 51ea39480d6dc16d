# leat_module(OUT MODULE)
#
# The target of a pkg-config module that the library stands on, in OUT; empty when the module is not
# to be had. Serves the build, and whoever links the installed static library (leat-config.cmake).
function(leat_module out module)
    string(MAKE_C_IDENTIFIER "LEAT_${module}" prefix)
    string(TOUPPER ${prefix} prefix)
    set(${out} "" PARENT_SCOPE)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(${prefix}_FOUND)
        set(${out} PkgConfig::${prefix} PARENT_SCOPE)
    endif()
endfunction()
