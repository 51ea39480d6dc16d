# leat_relacy_test(NAME model.cpp): a model of the library's own concurrent code under Relacy, which
# replaces <leat/atomic.h> and schedules the threads itself: so without sanitizers, and by g++ alone,
# which lets Relacy's types end a struct as a flexible array.
find_path(LEAT_RELACY_DIR relacy/relacy.hpp)
find_program(LEAT_GXX NAMES g++-12 g++)

function(leat_relacy_test name model)
    if(NOT LEAT_RELACY_DIR OR NOT LEAT_GXX)
        message(STATUS "${name}: no Relacy (package relacy-dev) or no g++, the model is not tested")
        return()
    endif()
    set(program ${CMAKE_CURRENT_BINARY_DIR}/${name}.model)
    set(source ${CMAKE_CURRENT_SOURCE_DIR}/${model})
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/relacy/*.h
         ${PROJECT_SOURCE_DIR}/src/pool/*.h ${PROJECT_SOURCE_DIR}/include/leat/*.h)
    add_custom_command(OUTPUT ${program}
        COMMAND ${LEAT_GXX} -std=c++17 -O1 -fpermissive -w -DLEAT_CHECK=${LEAT_CHECK}
                "-DLEAT_ATOMIC_HEADER=\"leat_atomic_relacy.h\"" -I ${PROJECT_SOURCE_DIR}/include
                -I ${PROJECT_SOURCE_DIR}/src -I ${PROJECT_SOURCE_DIR}/tests/relacy
                -idirafter ${LEAT_RELACY_DIR} ${source} -o ${program} -pthread
        DEPENDS ${source} ${headers} VERBATIM)
    add_custom_target(${name} ALL DEPENDS ${program})
    add_test(NAME ${name} COMMAND ${program})
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()
