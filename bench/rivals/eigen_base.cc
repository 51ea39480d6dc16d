// Eigen for the instruction set base.
#define EIGEN_SET base
#include "eigen_functions.h"
