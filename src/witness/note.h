/* How interposer, hooks and trap tell the witness of the calling thread. Private to the room. */
#ifndef LEAT_WITNESS_NOTE_H
#define LEAT_WITNESS_NOTE_H

#include "witness/witness.h"

/* Counts one offence of the calling thread, if it is armed and in no declared wait. Needs no
 * memory, lock or system call; may run in a signal handler. */
void leat_witness_note(enum leat_witness_kind kind, const char *call, const void *caller,
                       long number);

/* interpose.c or hooks.c: begins to listen; true for the kinds that this build can tell. */
void leat_witness_listen(void);
bool leat_witness_hears(enum leat_witness_kind kind);

#endif
