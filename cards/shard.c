#include "cards/shard.h"

#include "cards/arena.h"
#include "cards/registry.h"
#include "common/base/check.h"
#include "common/base/timebase.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ON_COUNT = ON_BAR + 1, REASON_BYTES = 64 };

typedef struct {
    shard_t *shard;
    char name[INSTRUMENT_NAME_MAX];
    void *block;
    market_t *market;
    liquidation_map_t *map; //  NULL: none
    feeds_t feeds;
    bool is_step_due;
    double *slow_raw; //  [card]: value that last entered a slow card's statistics
    reading_t readings[MODE_COUNT];
    card_reading_t *cards[MODE_COUNT];
} desk_t;

struct shard {
    arena_t arena;
    size_t cards_count;
    const card_t *cards[CARDS_MAX];
    const char *categories[CARDS_MAX];
    int carriers[CARDS_MAX];   //  index, of gates; -1
    uint16_t order[CARDS_MAX]; //  of evaluation
    uint16_t listeners[ON_COUNT][CARDS_MAX];
    size_t listeners_count[ON_COUNT];
    char catalogue[CATALOGUE_HASH_MAX];
    desk_t *desks;
    size_t desks_count;
    shard_counts_t counts;
};

//  --- set-up

static void
take_cards (shard_t *self, const card_t *const cards[], size_t count)
{
    if (cards) {
        CHECK (count <= CARDS_MAX);
        memcpy (self->cards, cards, count * sizeof *cards);
        self->cards_count = count;
    } else
        for (const card_t *card = registry_first (); card; card = registry_next (card))
            self->cards[self->cards_count++] = card;
    registry_hash (self->catalogue);
    size_t placed = 0;
    for (int is_gate = 0; is_gate < 2; is_gate++)
        for (size_t i = 0; i < self->cards_count; i++)
            if ((self->cards[i]->kind == KIND_GATE) == is_gate)
                self->order[placed++] = (uint16_t) i;
    for (size_t i = 0; i < self->cards_count; i++) {
        const card_t *card = self->cards[i];
        const category_t *category = registry_index (card) >= 0 ? registry_category (card) : NULL;
        self->categories[i] = category ? category->slug : "";
        self->carriers[i] = -1;
        for (size_t k = 0; card->carrier && k < self->cards_count; k++)
            if (strcmp (self->cards[k]->slug, card->carrier) == 0)
                self->carriers[i] = (int) k;
        for (int on = 0; card->update && on < ON_COUNT; on++)
            if (card->listens & (1u << on))
                self->listeners[on][self->listeners_count[on]++] = (uint16_t) i;
    }
}

static void
open_desk (shard_t *self, desk_t *desk, const char *name, const char *const venues[], int venues_count)
{
    desk->shard = self;
    (void) snprintf (desk->name, sizeof desk->name, "%s", name);
    desk->block = arena_new_block (&self->arena);
    desk->market = arena_market (&self->arena, desk->block);
    market_init (desk->market, venues, venues_count);
    desk->slow_raw = mem_new ((self->cards_count + 1) * sizeof *desk->slow_raw);
    for (size_t i = 0; i < self->cards_count; i++)
        desk->slow_raw[i] = NAN;
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        reading_t *reading = desk->readings + mode;
        desk->cards[mode] = mem_new ((self->cards_count + 1) * sizeof (card_reading_t));
        for (size_t i = 0; i < self->cards_count; i++) //  scoring leaves it
            (void) snprintf (desk->cards[mode][i].category, SLUG_MAX, "%s", self->categories[i]);
        reading->mode = mode;
        reading->cards = desk->cards[mode];
        reading->cards_count = self->cards_count;
        memcpy (reading->instrument, desk->name, sizeof reading->instrument);
        memcpy (reading->catalogue, self->catalogue, sizeof reading->catalogue);
    }
}

static int
open_map (shard_t *self, desk_t *desk, const char *const venues[], int venues_count, const char *tiers_folder,
          error_text_t *error)
{
    tiers_t tiers[MARKET_VENUES_MAX];
    for (int v = 0; v < venues_count; v++) {
        int status = tiers_load (&tiers[v], tiers_folder, venues[v], desk->name, error);
        if (status != OK)
            return status;
    }
    desk->map = arena_map (&self->arena, desk->block);
    liquidation_map_init (desk->map, venues_count, tiers);
    market_set_map_offset (desk->market, (size_t) ((char *) desk->map - (char *) desk->market));
    return OK;
}

shard_t *
shard_new (const universe_t *universe, uint32_t index, uint32_t shards_count, const char *const venues[],
           int venues_count, const card_t *const cards[], size_t cards_count, const char *tiers_folder,
           error_text_t *error)
{
    CHECK (index < shards_count);
    shard_t *self = mem_new (sizeof *self);
    take_cards (self, cards, cards_count);
    arena_plan (&self->arena, self->cards, self->cards_count);
    if (tiers_folder)
        arena_plan_map (&self->arena, venues_count);
    self->desks = mem_new ((universe->count + 1) * sizeof *self->desks);
    for (size_t i = 0; i < universe->count; i++) {
        if (universe_owner (universe->names[i], shards_count) != index)
            continue;
        desk_t *desk = self->desks + self->desks_count++;
        open_desk (self, desk, universe->names[i], venues, venues_count);
        if (tiers_folder && open_map (self, desk, venues, venues_count, tiers_folder, error) != OK) {
            shard_destroy (&self);
            return NULL;
        }
    }
    return self;
}

void
shard_destroy (shard_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->desks_count; i++) {
        desk_t *desk = (*self)->desks + i;
        free (desk->block);
        free (desk->slow_raw);
        for (int mode = 0; mode < MODE_COUNT; mode++)
            free (desk->cards[mode]);
    }
    free ((*self)->desks);
    free (*self);
    *self = NULL;
}

static desk_t *
desk_of (const shard_t *self, size_t instrument)
{
    CHECK (instrument < self->desks_count);
    return self->desks + instrument;
}

size_t
shard_count (const shard_t *self)
{
    return self->desks_count;
}

const char *
shard_name (const shard_t *self, size_t instrument)
{
    return desk_of (self, instrument)->name;
}

int
shard_find (const shard_t *self, const char *name)
{
    for (size_t i = 0; i < self->desks_count; i++)
        if (strcmp (self->desks[i].name, name) == 0)
            return (int) i;
    return -1;
}

const market_t *
shard_market (const shard_t *self, size_t instrument)
{
    return desk_of (self, instrument)->market;
}

feeds_t *
shard_feeds (shard_t *self, size_t instrument)
{
    return &desk_of (self, instrument)->feeds;
}

liquidation_map_t *
shard_map (shard_t *self, size_t instrument)
{
    return desk_of (self, instrument)->map;
}

//  --- events

static void
on_market (void *argument, const market_event_t *event)
{
    desk_t *desk = argument;
    shard_t *self = desk->shard;
    if (event->on == ON_GRID)
        desk->is_step_due = true;
    else if (event->on == ON_GAP && event->of.gap->kind >= 0 && event->of.gap->kind < EVENT_KIND_COUNT)
        desk->feeds.gap_ns[event->venue][event->of.gap->kind] = market_now_ns (desk->market);
    if (desk->map)
        liquidation_map_event (desk->map, desk->market, event);
    for (size_t i = 0; i < self->listeners_count[event->on]; i++) {
        size_t index = self->listeners[event->on][i];
        self->cards[index]->update (arena_card_state (&self->arena, desk->block, index), desk->market, event);
    }
}

void
shard_event (shard_t *self, size_t instrument, const event_t *event)
{
    desk_t *desk = desk_of (self, instrument);
    self->counts.events++;
    market_event (desk->market, event, &(market_listener_t){on_market, desk});
}

//  --- evaluation

static void
ask (shard_t *self, desk_t *desk, size_t index, const quality_t *quality, scoring_input_t inputs[SLOT_COUNT],
     char reasons[SLOT_COUNT][REASON_BYTES])
{
    const card_t *card = self->cards[index];
    const void *state = arena_card_state (&self->arena, desk->block, index);
    const window_t *windows = window_all ();
    for (int slot = 0; slot < SLOT_COUNT; slot++) {
        scoring_input_t *input = inputs + slot;
        *input = (scoring_input_t){.status = E_AGAIN};
        if (!scoring_wants (card, windows + slot))
            continue;
        warmth_t warmth;
        input->status = quality_warmth (quality, card, windows + slot, &warmth);
        if (input->status != OK) {
            if (scoring_primary (card, windows[slot].mode) == windows + slot) //  the one that is shown
                input->out.reason = quality_warmth_text (&warmth, reasons[slot], REASON_BYTES);
            continue;
        }
        input->status = card->value (state, desk->market, windows[slot], &input->out);
        self->counts.values++;
        bool is_finite =
            isfinite (input->out.raw) && (!input->out.has_down || isfinite (input->out.raw_down));
        if (input->status == OK && !is_finite) {
            *input = (scoring_input_t){.status = E_AGAIN, .out.reason = "value is not finite"};
            self->counts.bad_values++;
        }
    }
}

//  A slow series is one observation for as long as its value stays.
static bool
is_new_observation (desk_t *desk, const card_t *card, size_t index, const scoring_input_t inputs[SLOT_COUNT])
{
    if (card->kind != KIND_SLOW)
        return true;
    const scoring_input_t *input = inputs + scoring_primary (card, MODE_DAY)->slot;
    if (input->status != OK || input->out.raw == desk->slow_raw[index])
        return false;
    desk->slow_raw[index] = input->out.raw;
    return true;
}

static void
judge (shard_t *self, desk_t *desk, size_t index, const quality_t *quality, int64_t ts_ns)
{
    const card_t *card = self->cards[index];
    void *scoring = arena_scoring_state (&self->arena, desk->block, index);
    scoring_input_t inputs[SLOT_COUNT];
    char reasons[SLOT_COUNT][REASON_BYTES];
    ask (self, desk, index, quality, inputs, reasons);
    scoring_quality_t of_card = {0};
    quality_of_card (quality, card, &of_card);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        const scoring_input_t *primary = inputs + scoring_primary (card, (mode_id_t) mode)->slot;
        of_card.is_warm = primary->status == OK;
        int carrier = self->carriers[index];
        card_reading_t *out = desk->cards[mode] + index;
        scoring_evaluate (scoring, card, (mode_id_t) mode, ts_ns, inputs, &of_card,
                          carrier >= 0 ? desk->cards[mode] + carrier : NULL, out);
    }
    if (desk->is_step_due && is_new_observation (desk, card, index, inputs))
        scoring_step (scoring, card, ts_ns, inputs);
}

static void
fill_readings (desk_t *desk, int64_t ts_ns)
{
    double price = NAN, outcome = NAN, sigma = NAN;
    (void) market_price (desk->market, &price);
    (void) market_outcome_px (desk->market, &outcome);
    if (market_sigma_of (desk->market, 3600, &sigma) == OK)
        sigma /= 60;
    int reference = market_reference (desk->market);
    double coverage = quality_coverage_pct (desk->market, &desk->feeds, ts_ns);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        reading_t *reading = desk->readings + mode;
        reading->ts_ms = ts_ns / NS_PER_MS;
        reading->price_px = price;
        reading->outcome_px = outcome;
        reading->sigma = sigma;
        reading->coverage_pct = coverage;
        (void) snprintf (reading->reference_venue, sizeof reading->reference_venue, "%s",
                         reference >= 0 ? market_venue_name (desk->market, reference) : "");
    }
}

void
shard_evaluate (shard_t *self, size_t instrument, int64_t ts_ns)
{
    desk_t *desk = desk_of (self, instrument);
    market_advance (desk->market, ts_ns, &(market_listener_t){on_market, desk});
    quality_t quality;
    quality_measure (&quality, desk->market, &desk->feeds, ts_ns);
    for (size_t i = 0; i < self->cards_count; i++)
        judge (self, desk, self->order[i], &quality, ts_ns);
    desk->is_step_due = false;
    fill_readings (desk, ts_ns);
    self->counts.evaluations++;
}

reading_t *
shard_reading (shard_t *self, size_t instrument, mode_id_t mode)
{
    CHECK (mode < MODE_COUNT);
    return desk_of (self, instrument)->readings + mode;
}

const shard_counts_t *
shard_counts (const shard_t *self)
{
    return &self->counts;
}

size_t
shard_block_bytes (const shard_t *self)
{
    return self->arena.size_bytes;
}
