/* Input files for the file sources: the same ramp of samples in each format. */
#ifndef LEAT_TESTS_QUIET_INPUTS_H
#define LEAT_TESTS_QUIET_INPUTS_H

#include <stdbool.h>
#include <stdint.h>

/* Writes in.csv, in.wav, in.npy, in.raw, in.idx, in.pgm and in.hea with that many samples of one
 * channel into folder, and in.json and in.mtx with a sixteenth of them. */
bool inputs_write(const char *folder, uint64_t samples);
/* Removes the folder and everything in it. */
void inputs_remove(const char *folder);

#endif
