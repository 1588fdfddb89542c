/*  fault_plan - which frames of a simulated venue go wrong, how, and when
 *
 *  Why   every real venue loses, repeats, delays and breaks messages; the client's answers to that are tested
 *        against faults that are exactly known.
 *  How   rules select by venue, channel (the venue's own word) and instrument, start at a time after the
 *        start of the world, and hit a number of frames.  A rule is tried in the order of the plan; the first
 *        that applies decides.  The same plan and seed on the same frames give the same faults.
 *
 *      plan    = rule { ";" rule }
 *      rule    = venue ":" channel ":" instrument kind { word }
 *      kind    = drop duplicate reorder delay half malformed disconnect silence checksum stale absurd refuse
 *      words   = COUNT                 frames to hit: 1 is preset, "all" never ends (preset of silence
 *                                      and stale)
 *                at TIME               from then on: "20s", "500ms", "2m"; preset 0
 *                for TIME              how long a delayed frame is held (preset 2s)
 *                chance P              each frame is hit with probability P (preset 1)
 *      example: binance:depth:BTCUSDT drop 1 at 20s; okx:books:* duplicate 3 at 5s; bybit:*:* silence at 30s
 *
 *  REST answers are frames of the channel "rest" and of the channel named in the protocol ("openInterest"):
 *  refuse answers 429, drop and silence never answer, half and malformed break the body. */

#ifndef LEADLINE_FAULT_PLAN_H
#define LEADLINE_FAULT_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/slice.h"
#include "common/base/status.h"

typedef enum {
    FAULT_NONE,
    FAULT_DROP,       //  not sent
    FAULT_DUPLICATE,  //  sent twice
    FAULT_REORDER,    //  sent after the next frame of the same channel and instrument
    FAULT_DELAY,      //  sent later; others overtake it
    FAULT_HALF,       //  half of it leaves, without an end, and the connection breaks
    FAULT_MALFORMED,  //  one byte of JSON syntax is another
    FAULT_DISCONNECT, //  the connections that want it break instead
    FAULT_SILENCE,    //  acknowledged, then nothing any more
    FAULT_CHECKSUM,   //  the checksum is another
    FAULT_STALE,      //  open interest stays what it was at the first hit
    FAULT_ABSURD,     //  open interest a thousand times too large
    FAULT_REFUSE,     //  REST: 429
    FAULT_KINDS_COUNT
} fault_kind_t;

const char *
fault_kind_name (fault_kind_t kind);

typedef struct fault_plan fault_plan_t;

//  An empty plan.
fault_plan_t *
fault_plan_new (uint64_t seed);
void
fault_plan_destroy (fault_plan_t **self);

//  Add the rules of a text; times in it count from origin_ns.  All or none: E_SYNTAX or E_RANGE name the
//  rule.
int
fault_plan_add (fault_plan_t *self, slice_t text, int64_t origin_ns, error_text_t *error);

typedef struct {
    fault_kind_t kind;
    int64_t hold_ns; //  FAULT_DELAY
    int rule;        //  index of the rule that hit
} fault_t;

//  What happens to this frame at now_ns.  Counts the hit.
fault_t
fault_plan_decide (fault_plan_t *self, const char *venue, const char *channel, const char *instrument,
                   int64_t now_ns);

//  Change a text in place of sending it as it is: MALFORMED, CHECKSUM, STALE, ABSURD.  text holds *size bytes
//  in a buffer of capacity; instrument is where STALE remembers values.  Returns false when there is nothing
//  in the text to change (it is then as before and the hit is taken back).
bool
fault_plan_edit (fault_plan_t *self, fault_t fault, int instrument, char *text, size_t *size,
                 size_t capacity);

//  Bytes an edit may add.
enum { FAULT_EDIT_GROWTH_BYTES = 256 };

size_t
fault_plan_rules_count (const fault_plan_t *self);
uint64_t
fault_plan_hits_count (const fault_plan_t *self, fault_kind_t kind);

#endif
