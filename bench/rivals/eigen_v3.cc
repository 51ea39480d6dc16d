// Eigen for the instruction set v3.
#define EIGEN_SET v3
#include "eigen_functions.h"
