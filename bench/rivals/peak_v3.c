#include "peak.h"

PEAK_OF(float, peak_v3_f32)
PEAK_OF(double, peak_v3_f64)
