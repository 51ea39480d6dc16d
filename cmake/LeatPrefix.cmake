# cmake -D ARCHIVE=libleat.a -D NM=nm -D OBJCOPY=objcopy -P LeatPrefix.cmake
#
# Every global name that the archive defines outside leat_ becomes leat_internal_<name>, in all its
# members. Debug information keeps the names of the source. Names that begin with an underscore are
# the compiler's (sanitizers leave some).
execute_process(COMMAND ${NM} -g --defined-only -P ${ARCHIVE} OUTPUT_VARIABLE lines
                ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "\n[A-Za-z][A-Za-z0-9_]* [A-Z] " names "\n${lines}")
list(FILTER names EXCLUDE REGEX "^\nleat_")
list(REMOVE_DUPLICATES names)
set(pairs "")
foreach(name IN LISTS names)
    string(REGEX REPLACE "^\n([A-Za-z0-9_]*) . $" "\\1 leat_internal_\\1\n" pair "${name}")
    string(APPEND pairs "${pair}")
endforeach()
file(WRITE ${ARCHIVE}.names "${pairs}")
execute_process(COMMAND ${OBJCOPY} --redefine-syms=${ARCHIVE}.names ${ARCHIVE}
                COMMAND_ERROR_IS_FATAL ANY)
