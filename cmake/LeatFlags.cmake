# Flags for everything that is built here, tests and benches too: one arithmetic everywhere.
#
# No contraction: gcc fuses even separate intrinsics into fma by default, and the same bits from every
# instruction set is a promise. Never -ffast-math, not even at link: it would set flush-to-zero for the
# whole process.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Names and lines, for profilers and backtraces; what variables are would take a third longer.
set(CMAKE_C_FLAGS_RELEASE "-O3 -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1")

add_compile_options(
    -ffp-contract=off
    -fno-trapping-math
    -fno-math-errno
    $<$<COMPILE_LANGUAGE:C>:-Wall$<SEMICOLON>-Wextra$<SEMICOLON>-Wpedantic$<SEMICOLON>-Wconversion$<SEMICOLON>-Wshadow>)
if(LEAT_WERROR)
    add_compile_options(-Werror)
endif()
add_compile_definitions(LEAT_CHECK=${LEAT_CHECK})
include_directories(${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)

# Every symbol is bound at load: the dynamic linker takes locks and faults when it binds late.
add_link_options(-Wl,-z,now)

if(LEAT_SANITIZE STREQUAL "address")
    set(leat_sanitizers -fsanitize=address,undefined -fno-sanitize-recover=undefined
                        -fno-omit-frame-pointer)
elseif(LEAT_SANITIZE STREQUAL "thread")
    set(leat_sanitizers -fsanitize=thread)
endif()
if(leat_sanitizers) # they see as much with less optimisation, which compiles in half the time
    list(APPEND leat_sanitizers -O1 -g1)
endif()
add_compile_options(${leat_sanitizers})
add_link_options(${leat_sanitizers})
