// The same program in C++.
#include "pipeline.c"
