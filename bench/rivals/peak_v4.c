#include "peak.h"

PEAK_OF(float, peak_v4_f32)
PEAK_OF(double, peak_v4_f64)
