/*  sampler - a look at outside input that is not as it should be: counted by others, shown now and then
 *
 *  At most one line in SAMPLER_EVERY_NS, with the first SAMPLER_BYTES of the text, what cannot be printed as
 *  '?'. */

#ifndef LEADLINE_SAMPLER_H
#define LEADLINE_SAMPLER_H

#include "common/base/slice.h"
#include "common/base/timebase.h"

#define SAMPLER_EVERY_NS (10 * NS_PER_S)
enum { SAMPLER_BYTES = 120 };

typedef struct {
    int64_t shown_ns; //  0: never
} sampler_t;

//  where: "binance public"; what: "cannot be read"; why: the reason, or "".
void
sampler_show (sampler_t *self, const char *where, const char *what, const char *why, slice_t text);

#endif
