/*  ondemand - the yardstick of reading JSON: simdjson On-Demand and nothing around it
 *
 *  The whole document is walked in order: every key is seen, every text is unescaped, every number is
 *  converted, also the numbers that venues put in quotes.  Nothing is kept but a sum, so that nothing can be
 *  left out.  An adapter may skip what it does not need but owes its answers exactly, in coins and checked;
 *  this owes nothing. */

#ifndef LEADLINE_BENCH_ONDEMAND_H
#define LEADLINE_BENCH_ONDEMAND_H

#include "common/base/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ondemand ondemand_t;

ondemand_t *
ondemand_new (void);
void
ondemand_destroy (ondemand_t **self);

//  text has JSON_PADDING_BYTES behind it.  A sum over the values; NaN when the text is no JSON.
double
ondemand_walk (ondemand_t *self, slice_t text);

#ifdef __cplusplus
}
#endif

#endif
