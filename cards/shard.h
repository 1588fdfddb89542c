/*  shard - the instruments one process owns: their markets, their cards, their readings
 *
 *  The worker feeds it events in order and asks for an evaluation at T; tests and replay do the same.
 *
 *      shard_event ... shard_event -> shard_evaluate (T) -> shard_reading (mode) for each mode
 *
 *  Evaluation  time moves to T; each card is asked once per slot it has, plain cards first, then gates with
 *              their carrier's reading of this very evaluation.  When a 10 s grid point was passed, the same
 *              values then go into the statistics, after they were judged: a reading never measures itself.
 *              Slow cards' statistics step when their value has changed.
 *  A card that answers OK with a number that is not finite is silenced and counted.
 *  Not         no sockets, no clocks. */

#ifndef LEADLINE_SHARD_H
#define LEADLINE_SHARD_H

#include "cards/liquidation_map.h"
#include "cards/market_feed.h"
#include "cards/quality.h"
#include "common/wire/result.h"

typedef struct shard shard_t;

//  index 0..shards_count-1.  Owns the instruments of the universe that universe_owner gives it; venues are
//  copied. cards[cards_count] are kept (static tables); NULL: the registry's.  tiers_folder: of <venue>.tsv,
//  for the liquidation maps; NULL: none are kept.  NULL with a text when a venue's tiers cannot be had.
shard_t *
shard_new (const universe_t *universe, uint32_t index, uint32_t shards_count, const char *const venues[],
           int venues_count, const card_t *const cards[], size_t cards_count, const char *tiers_folder,
           error_text_t *error);
void
shard_destroy (shard_t **self);

//  Own instruments, 0..count-1.
size_t
shard_count (const shard_t *self);
const char *
shard_name (const shard_t *self, size_t instrument);
int
shard_find (const shard_t *self, const char *name); //  -1: not ours
const market_t *
shard_market (const shard_t *self, size_t instrument);
feeds_t *
shard_feeds (shard_t *self, size_t instrument);

//  event->venue indexes venues; event->instrument is not read.
void
shard_event (shard_t *self, size_t instrument, const event_t *event);

void
shard_evaluate (shard_t *self, size_t instrument, int64_t ts_ns);

//  The last evaluation's; cards_count cards.  ts_ms is 0 before the first.
reading_t *
shard_reading (shard_t *self, size_t instrument, mode_id_t mode);

//  NULL where none is kept.
liquidation_map_t *
shard_map (shard_t *self, size_t instrument);

typedef struct {
    uint64_t events, evaluations, values, bad_values;
} shard_counts_t;

const shard_counts_t *
shard_counts (const shard_t *self);

size_t
shard_block_bytes (const shard_t *self);

#endif
