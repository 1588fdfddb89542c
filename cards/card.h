/*  card - the contract of a signal
 *
 *  One card = one value function (and, where it remembers something, a state block and an update function)
 *  plus one row in its category's table plus one vector block.  The author writes the raw value only:
 *  normalising, votes, agreement, states, phases and age are in scoring.c, once.
 *
 *  In a card: no clock, no allocation, no log, no static variable, no pointer in the state.  Time is
 *  market_now_ns, memory is the state block (zeroed at first).  `value` only reads: same state and market,
 *  same answer, however often it is asked.
 *
 *  Silence   return E_AGAIN (not enough yet), E_ABSENT (no such feed) or E_STALE, with out->reason (static
 *            text) when there is something to say; an exact 0 from a condition is OK with raw 0 and is no
 *            vote. */

#ifndef LEADLINE_CARD_H
#define LEADLINE_CARD_H

#include <stddef.h>
#include <stdint.h>

#include "cards/market.h"

typedef enum { KIND_FLOW, KIND_LEVEL, KIND_GATE, KIND_SLOW } card_kind_t;

typedef enum {
    WINDOWS_EACH,    //  [W]: votes 1m 5m 1h and the mode's primary
    WINDOWS_FROM_5M, //  [W>=5m]: no 1m vote; scalp's primary becomes 5m
    WINDOWS_PRIMARY, //  [P]: one value per mode
    WINDOWS_ONE,     //  [X]: one value for all modes (asked once a mode, with that mode's primary window)
    WINDOWS_SLOW     //  [S]: as [X], not normalised
} card_windows_t;

typedef enum { ORDER_PLAIN, ORDER_GATE, ORDER_PREVIOUS } card_order_t;

typedef struct {
    double raw;         //  value of the formula at the window; of a gate: m in [-1, 1]; of slow: z
    const char *reason; //  static text for a silence, or NULL
    bool is_hold;       //  raw is a fading hold: enters the statistics once per trigger, with trigger_value
    uint32_t triggers_count;
    double trigger_value;
    bool has_down;   //  of a gate that asks which way its carrier points: raw is m while it points up,
    double raw_down; //  this while it points down
} card_out_t;

typedef struct {
    double windows;    //  multiples of the window
    int64_t seconds;   //  and at least this; max of both
    bool can_backfill; //  REST history counts
} warmup_t;

typedef struct {
    uint16_t id; //  permanent: the number in the catalogue
    const char *slug;
    const char *name;
    card_kind_t kind;
    int8_t sign;         //  +1, -1; 0: inside the formula (counts as +1)
    const char *carrier; //  slug, of a gate; else NULL
    card_windows_t windows;
    double half_life_s; //  override of the normaliser's half-life; 0: the mode's
    warmup_t warmup;
    uint32_t inputs;   //  input_t bits whose age, health and history count
    double update_s;   //  expected interval, for age
    uint32_t version;  //  of the formula: a change restarts its statistics
    size_t state_size; //  bytes, zeroed; 0 for a pure function
    uint32_t listens;  //  bits 1u << market_on_t that update wants
    void (*update) (void *state, const market_t *market, const market_event_t *event); //  may be NULL
    int (*value) (const void *state, const market_t *market, window_t window, card_out_t *out);
    const char *formula, *source; //  shown in CATALOG.md
} card_t;

//  A category: its cards.  The one external symbol of cards/categories/<slug>.c is <slug>_cards.
typedef struct {
    const char *slug; //  "order_flow"
    const char *name; //  "Order Flow"
    const card_t *cards;
    size_t count;
} category_t;

#endif
