/* A worker that takes knobs over, rejects frames and is asked for them allocates nothing.
 * Allocations of the library and of this program are wrapped at link time (tests/faults/wraps.c).
 */
#include "hosted.h"

#include "faults/wraps.h"

#include <leat/knob.h>

#include <math.h>
#include <stdio.h>

static void heed(void *user, const struct leat_rejected *rejected)
{
    (void)rejected;
    ++*(uint64_t *)user;
}

int main(void)
{
    static const char *const values[][3] = {{"g", "db", "-6"},   {"g", "db", "380"},
                                            {"s", "by", "0.5"},  {"c", "max", "3"},
                                            {"w", "min", "-40"}, {"e", "halflife", "25"}};
    struct hosted h;
    uint64_t worker = 0, control = 0, told = 0, taken = 0;
    wraps.on = true;
    EXPECT(hosted_open(&h, HOSTED("gain db=0 name=g ! scale name=s ! clamp name=c ! "
                                  "where channel=1 name=w ! ewma halflife=9 name=e"),
                       NULL) == LEAT_OK,
           "%s", h.diag.text);
    for (uint32_t i = 0; i < 1200; i++) {
        const char *const *turn = values[i % 6];
        wraps.calls = 0;
        EXPECT(leat_engine_knob(h.engine, turn[0], turn[1], turn[2], &h.diag) == 0, "%s",
               h.diag.text);
        control += wraps.calls;
        wraps.calls = 0;
        struct leat_frame *frame = leat_inlet_claim(h.engine, h.in, NULL);
        frame->cols = 1;
        *(double *)leat_frame_row(frame, 0) = i % 3 == 0 ? NAN : 1;
        EXPECT(leat_inlet_publish(h.engine, h.in, frame), "room");
        while (leat_worker_step(h.engine, 0, 1, NULL) > 0)
            continue;
        if (leat_outlet_take(h.engine, h.out, &frame, 1, NULL) == 1) {
            leat_outlet_release(h.engine, h.out, &frame, 1);
            taken++;
        }
        (void)leat_engine_rejects(h.engine, heed, &told, NULL);
        worker += wraps.calls;
    }
    wraps.calls = 0;
    wraps.fail_at = 1;
    int status = leat_engine_knob(h.engine, "g", "db", "1", &h.diag);
    EXPECT(status == LEAT_ENOMEM && wraps.failed == 1, "%d: %s", status, h.diag.text);
    wraps.on = false;
    EXPECT(control != 0, "allocations are not seen");
    EXPECT(worker == 0, "%llu allocations", (unsigned long long)worker);
    EXPECT(taken == 800 && told + taken <= 1200, "%llu taken, %llu told",
           (unsigned long long)taken, (unsigned long long)told);
    leat_inlet_close(h.engine, h.in);
    while (leat_worker_step(h.engine, 0, 1, NULL) >= 0)
        continue;
    EXPECT(hosted_close(&h) == LEAT_OK, "%s", h.diag.text);
    printf("ok: %llu allocations on the control side, none on the worker's\n",
           (unsigned long long)control);
    return 0;
}
