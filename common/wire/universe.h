/*  universe - the configured list of instruments, and which shard owns which
 *
 *  Its hash travels in every beat: processes with different lists refuse to work together. */

#ifndef LEADLINE_UNIVERSE_H
#define LEADLINE_UNIVERSE_H

#include <stdint.h>

#include "common/base/slice.h"
#include "common/base/status.h"

enum { INSTRUMENT_NAME_MAX = 24, UNIVERSE_MAX = 256 };

typedef struct {
    char names[UNIVERSE_MAX][INSTRUMENT_NAME_MAX]; //  "BTCUSDT", in the order of the configuration
    size_t count;
    uint64_t hash; //  of the names, whatever their order
} universe_t;

//  Parse a list separated by spaces or commas.  A name is 2..23 of [A-Z0-9].  Errors name the entry:
//  E_SYNTAX bad name, E_RANGE too many, E_CONFIG twice or empty list.
int
universe_parse (universe_t *self, slice_t list, error_text_t *error);

//  Index of a name, or -1.
int
universe_find (const universe_t *self, slice_t name);

//  The shard (0..shards-1) that owns a name: rendezvous hash (Thaler, Ravishankar 1998), so that a change
//  of the number of shards moves only the names it must.
uint32_t
universe_owner (const char *name, uint32_t shards);

#endif
