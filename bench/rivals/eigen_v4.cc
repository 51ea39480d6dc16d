// Eigen for the instruction set v4.
#define EIGEN_SET v4
#include "eigen_functions.h"
