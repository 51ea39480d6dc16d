# leat_kernel_matrix(ROOM variant.c)
#
# Compiles src/ROOM/variant.c once for each (instruction set, kind) of the target architecture and
# adds the objects to the target leat_ROOM. Each compilation sees
#     LEAT_REAL      32 or 64
#     LEAT_ISA       the enum leat_isa of the set
#     LEAT_TABLE     the name of the one constant that it exports, leat_ROOM_<set>_<kind>
# and one width of the vocabulary. A file ROOM_matrix.inc lists the tables, TABLE(name) a line, for
# the room's own look-up. A set is an entry here, not an #ifdef there.
#
# leat_kernel_variant(OUT ROOM variant.c SET HEADER ISA) writes the two sources of one set and
# appends them to the list OUT: tests use it for sets that the library does not ship.

find_path(LEAT_SIMDE_DIR simde/x86/avx512.h REQUIRED)

set(LEAT_FLAGS_base "")
set(LEAT_FLAGS_v3 -mavx2 -mfma)
set(LEAT_FLAGS_v4 -mavx2 -mfma -mavx512f -mavx512bw -mavx512dq -mavx512vl)

function(leat_kernel_variant out room variant set header isa)
    set(made "")
    foreach(width 32 64)
        set(table leat_${room}_${set}_f${width})
        set(file ${CMAKE_CURRENT_BINARY_DIR}/${table}.c)
        file(CONFIGURE OUTPUT ${file} CONTENT
"#define LEAT_REAL @width@
#define LEAT_ISA @isa@
#define LEAT_TABLE @table@
#include \"simd/@header@\"
#include \"@room@/@variant@\"
" @ONLY)
        list(APPEND made ${file})
    endforeach()
    # Kernels know no threads, so ThreadSanitizer does not watch inside of them, which would take ten
    # times as long: what hands rows from thread to thread also hands headers, and those it sees. Other
    # sanitizers watch the same text at 128 and 256 bits; at 512 it takes them minutes to compile.
    set(flags ${LEAT_FLAGS_${set}})
    if(LEAT_SANITIZE STREQUAL "thread" OR (LEAT_SANITIZE STREQUAL "address" AND set STREQUAL "v4"))
        list(APPEND flags -fno-sanitize=all)
    endif()
    set_source_files_properties(${made} PROPERTIES COMPILE_OPTIONS "${flags}")
    set(${out} ${${out}} ${made} PARENT_SCOPE)
endfunction()

function(leat_kernel_matrix room variant)
    set(sources "")
    leat_kernel_variant(sources ${room} ${variant} base v128.h LEAT_ISA_BASE)
    set(sets base)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        leat_kernel_variant(sources ${room} ${variant} v3 v256.h LEAT_ISA_V3)
        leat_kernel_variant(sources ${room} ${variant} v4 v512_native.h LEAT_ISA_V4)
        list(APPEND sets v3 v4)
    endif()
    set(list "")
    foreach(set ${sets})
        string(APPEND list "TABLE(leat_${room}_${set}_f32)\nTABLE(leat_${room}_${set}_f64)\n")
    endforeach()
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${room}_matrix.inc CONTENT "${list}")
    target_sources(leat_${room} PRIVATE ${sources})
    target_include_directories(leat_${room} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}
                               ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
    target_include_directories(leat_${room} SYSTEM PRIVATE ${LEAT_SIMDE_DIR})
endfunction()

# leat_kernels_unwatched(ROOM): of its unrolled loops the checks of undefined behaviour make what takes
# minutes to compile, so that build goes without them. AddressSanitizer sees what they read and write, by
# calls: in line its checks take clang as long as all the rest.
function(leat_kernels_unwatched room)
    if(LEAT_SANITIZE STREQUAL "address")
        set(options -O1 -fno-sanitize=undefined)
        if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
            list(APPEND options -mllvm -asan-instrumentation-with-call-threshold=0)
        endif()
        get_target_property(kernels leat_${room} SOURCES)
        list(FILTER kernels INCLUDE REGEX "/leat_${room}_[^/]*$")
        set_property(SOURCE ${kernels} APPEND PROPERTY COMPILE_OPTIONS ${options})
    endif()
endfunction()
