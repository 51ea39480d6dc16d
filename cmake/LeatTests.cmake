# leat_criterion_test(NAME sources...)  a Criterion suite of a room; skipped suites say so themselves
# leat_program_test(NAME sources...)    a plain program: exit 0 passes, 77 skips. Runs under every
#                                       sanitizer, ThreadSanitizer too
# leat_script_test(NAME command...)     a command, the same exit statuses
#
# A sanitizer's report fails a test whatever its exit status says: Criterion passes over leaks in its
# children. LEAT_TEST_DATA names the folder of real inputs; tests that want it skip without it.
find_program(LEAT_PYTHON NAMES python3 REQUIRED)
# Itself, not a wrapper that picks a version: those start in more time than many a test takes.
execute_process(COMMAND ${LEAT_PYTHON} -c "import sys; print(sys.executable)"
                OUTPUT_VARIABLE LEAT_PYTHON OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)

set(LEAT_TEST_DATA_DIR "${PROJECT_SOURCE_DIR}/../shared/data"
    CACHE PATH "Real inputs for tests; they skip where it is absent")

set(leat_test_environment
    "LEAT_TEST_DATA=${LEAT_TEST_DATA_DIR}"
    "ASAN_OPTIONS=handle_segv=0:handle_abort=0:detect_stack_use_after_return=1"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1:suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
set(leat_sanitizer_report
    "LeakSanitizer|AddressSanitizer|runtime error|WARNING: ThreadSanitizer")

# What takes longest, begun first: at the end no processor waits for one test alone. A clean clone has
# no record of ctest's own yet.
set(leat_tests_long quiet stats_explog docs.guides conformance_neon golden.contract_stages
    golden.frames golden.asof tool_endings pipeline_counts stages_streaming tool_doctor tool_draw
    golden.random_graphs install.add_subdirectory install.eject io_csv_rows golden.matrices examples)

function(leat_test_properties name)
    if(name IN_LIST leat_tests_long)
        set_tests_properties(${name} PROPERTIES COST 1)
    endif()
    set_tests_properties(${name} PROPERTIES
        ENVIRONMENT "${leat_test_environment}"
        FAIL_REGULAR_EXPRESSION "${leat_sanitizer_report}"
        SKIP_RETURN_CODE 77
        TIMEOUT 300)
endfunction()

function(leat_test_target name)
    add_executable(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE leat m)
    target_compile_definitions(${name} PRIVATE LEAT_TEST_DATA_DIR="${LEAT_TEST_DATA_DIR}")
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
endfunction()

function(leat_criterion_test name)
    leat_test_target(${name} ${ARGN})
    target_link_libraries(${name} PRIVATE PkgConfig::CRITERION)
    # What runs once is compiled longer at -O3 than it then runs shorter.
    target_compile_options(${name} PRIVATE -O1)
    if(LEAT_SANITIZE STREQUAL "thread") # Criterion's arena lies where ThreadSanitizer's shadow is
        target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/criterion_tsan_arena.c)
        target_link_options(${name} PRIVATE -rdynamic)
    endif()
    # A filter or a build that leaves no test would pass: "Tested: 0" must not.
    add_test(NAME ${name} COMMAND ${name} -j1)
    leat_test_properties(${name})
    set_tests_properties(${name} PROPERTIES
        FAIL_REGULAR_EXPRESSION "${leat_sanitizer_report}|Tested: [^0-9]*0 ")
endfunction()

function(leat_program_test name)
    leat_test_target(${name} ${ARGN})
    add_test(NAME ${name} COMMAND ${name})
    leat_test_properties(${name})
endfunction()

function(leat_script_test name)
    add_test(NAME ${name} COMMAND ${ARGN})
    leat_test_properties(${name})
endfunction()
