# leat_relacy_test(NAME model.cpp): the model as it is, and twice with an order weakened, which it
# must find. Built without sanitizers: Relacy schedules its threads itself.
function(leat_relacy_test name model)
    foreach(plant none acquire release)
        set(target ${name}_${plant})
        add_executable(${target} ${model})
        target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/relacy)
        target_compile_definitions(${target} PRIVATE
            LEAT_ATOMIC_HEADER="leat_atomic_relacy.h")
        target_compile_options(${target} PRIVATE -fpermissive -w)
        if(NOT plant STREQUAL none)
            string(TOUPPER ${plant} upper)
            target_compile_definitions(${target} PRIVATE PLANTED PLANT_${upper})
        endif()
        add_test(NAME ${name}.${plant} COMMAND ${target})
        set_tests_properties(${name}.${plant} PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
    endforeach()
endfunction()
