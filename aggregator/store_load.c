//  The reading half of store_redis: everything of a mode in one pipeline of commands, in order.
//
//  The names of the categories come first (the pool's weights), because the other hashes are read by them;
//  then the state, then the rows that are due, and for each of them the few seconds of prices it will be
//  settled with.

#include "aggregator/store_private.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

//  One mode being read.
typedef struct {
    store_redis_t *store;
    mode_id_t mode;
    tutor_t *tutor;
    ledger_t ledger;
    int64_t last_registered_ms;
    size_t pending;
    bool has_failed;
} load_t;

typedef enum {
    PART_ROSTER,
    PART_STATE,
    PART_LAST,
    PART_DUE,
    PART_ROW,
    PART_SCALE,
    PART_PRICE,
    PART_LAST_PRICE
} part_kind_t;

//  One answer that is awaited.
typedef struct {
    load_t *load;
    part_kind_t kind;
    tutor_part_t part;
    int symbol; //  -1: the pool
    int64_t t_ms;
} part_t;

void
store_image (const redis_value_t *value, image_t *out)
{
    image_reset (out);
    for (size_t i = 0; value->kind == REDIS_VALUE_LIST && i + 1 < value->count; i += 2)
        if (value->items[i].kind == REDIS_VALUE_TEXT && value->items[i + 1].kind == REDIS_VALUE_TEXT)
            image_put_text (out, value->items[i].text, value->items[i + 1].text);
}

static void
on_part (void *argument, const redis_value_t *value);

static void
want (load_t *load, part_t part, int argc, const char *argv[])
{
    part_t *kept = mem_new (sizeof *kept);
    *kept = part;
    kept->load = load;
    load->pending++;
    if (redis_link_send (load->store->link, on_part, kept, argc, argv, NULL) != OK) {
        load->pending--;
        load->has_failed = true;
        free (kept);
    }
}

static void
want_key (load_t *load, const char *command, store_key_t key, part_t part)
{
    char text[STORE_KEY_MAX];
    const char *instrument = part.symbol < 0 ? NULL : load->store->universe.names[part.symbol];
    store_key (load->store->prefix, key, load->mode, instrument, part.t_ms, text);
    const char *argv[] = {command, text};
    want (load, part, 2, argv);
}

static void
say_bad (store_redis_t *self, const error_text_t *error)
{
    metric_add (self->metrics.bad_fields, 1);
    logger_write (LOG_LEVEL_WARNING, "in redis: %s; what can be read of it is used", error->text);
}

static void
take_roster (load_t *load, const image_t *image)
{
    roster_t roster = {0};
    for (size_t i = 0; i < image->count; i++)
        if (roster_add (&roster, image_name (image, i)) != OK)
            logger_write (LOG_LEVEL_WARNING, "in redis: more than %d categories", CATEGORIES_MAX);
    tutor_set_roster (load->tutor, &roster, "");
}

//  The prices around decision and due time of a row, for each instrument in it.
static void
want_prices (load_t *load, const ledger_row_t *row)
{
    const int64_t centres[] = {row->t_ms + OUTCOME_DELAY_MS, row->due_ms};
    for (size_t e = 0; e < row->entries_count; e++) {
        int symbol = universe_find (&load->store->universe, slice_of (row->entries[e].instrument));
        for (size_t i = 0; symbol >= 0 && i < COUNT_OF (centres); i++) {
            char key[STORE_KEY_MAX], from[32], to[32];
            store_key (load->store->prefix, KEY_PRICE, load->mode, row->entries[e].instrument, 0, key);
            snprintf (from, sizeof from, "%lld", (long long) (centres[i] - PRICES_NEAR_MS));
            snprintf (to, sizeof to, "%lld", (long long) (centres[i] + PRICES_NEAR_MS));
            const char *argv[] = {"XRANGE", key, from, to};
            want (load, (part_t){.kind = PART_PRICE, .symbol = symbol}, 4, argv);
        }
    }
}

static void
take_row (load_t *load, int64_t t_ms, const image_t *image)
{
    error_text_t error;
    ledger_row_t *row = ledger_row_load (t_ms, image, &error);
    if (!row) {
        say_bad (load->store, &error);
        return;
    }
    want_prices (load, row);
    (void) ledger_add (&load->ledger, row);
}

static void
take_prices (const load_t *load, int symbol, const redis_value_t *value)
{
    //  [[id, ["px", text]], ...]
    for (size_t i = 0; value->kind == REDIS_VALUE_LIST && i < value->count; i++) {
        const redis_value_t *entry = &value->items[i];
        double px;
        if (entry->kind != REDIS_VALUE_LIST || entry->count != 2 || entry->items[1].count != 2)
            continue;
        if (image_number (entry->items[1].items[1].text, &px) == OK)
            load->store->events.price (load->store->events.self, load->store->universe.names[symbol],
                                       strtoll (entry->items[0].text, NULL, 10), px);
    }
}

//  What Redis has of the prices, which may be less than it once acknowledged.
static void
want_last_price (load_t *load, int symbol)
{
    char key[STORE_KEY_MAX];
    store_key (load->store->prefix, KEY_PRICE, load->mode, load->store->universe.names[symbol], 0, key);
    const char *argv[] = {"XREVRANGE", key, "+", "-", "COUNT", "1"};
    want (load, (part_t){.kind = PART_LAST_PRICE, .symbol = symbol}, 6, argv);
}

static void
take_last_price (const load_t *load, int symbol, const redis_value_t *value)
{
    bool has_one = value->kind == REDIS_VALUE_LIST && value->count == 1 &&
                   value->items[0].kind == REDIS_VALUE_LIST && value->items[0].count == 2;
    load->store->price_done_ms[symbol] = has_one ? strtoll (value->items[0].items[0].text, NULL, 10) : 0;
}

static void
take_part (load_t *load, const part_t *part, const redis_value_t *value)
{
    image_t image = {0};
    error_text_t error;
    store_redis_t *self = load->store;
    store_image (value, &image);
    switch (part->kind) {
    case PART_ROSTER:
        take_roster (load, &image);
        break;
    case PART_STATE:
        if (tutor_load (load->tutor, part->symbol, part->part, &image, &error) != OK)
            say_bad (self, &error);
        break;
    case PART_LAST:
        if (value->kind == REDIS_VALUE_TEXT && image_count (value->text, &load->last_registered_ms) != OK)
            say_bad (self, &(error_text_t){"last_registered is no number"});
        break;
    case PART_DUE:
        for (size_t i = 0; value->kind == REDIS_VALUE_LIST && i < value->count; i++)
            want_key (
                load, "HGETALL", KEY_ROW,
                (part_t){.kind = PART_ROW, .symbol = -1, .t_ms = strtoll (value->items[i].text, NULL, 10)});
        break;
    case PART_ROW:
        take_row (load, part->t_ms, &image);
        break;
    case PART_SCALE:
        if (image.count > 0)
            self->events.scale (self->events.self, load->mode, self->universe.names[part->symbol], &image);
        break;
    case PART_PRICE:
        take_prices (load, part->symbol, value);
        break;
    case PART_LAST_PRICE:
        take_last_price (load, part->symbol, value);
        break;
    }
    image_fini (&image);
}

static void
finish (load_t *load)
{
    store_redis_t *self = load->store;
    bool has_failed = load->has_failed;
    if (!has_failed && !self->is_closing) {
        store_loaded_t loaded = {load->mode, load->tutor, &load->ledger, load->last_registered_ms};
        self->events.loaded (self->events.self, &loaded);
    }
    ledger_fini (&load->ledger);
    tutor_destroy (&load->tutor);
    free (load);
    self->load_pending -= has_failed ? 0 : 1;
    if (has_failed)
        self->is_loading = false;
    if (self->is_loading && self->load_pending == 0) {
        self->is_loading = false;
        store_load_done (self, true);
    }
}

static void
on_part (void *argument, const redis_value_t *value)
{
    part_t *part = argument;
    load_t *load = part->load;
    if (!value)
        load->has_failed = true;
    else if (value->kind == REDIS_VALUE_ERROR && !load->store->is_closing) {
        error_text_t error;
        error_set (&error, E_SYNTAX, "%s: %.150s", mode_info (load->mode)->name, value->text);
        say_bad (load->store, &error);
    } else if (!load->store->is_closing && !load->has_failed)
        take_part (load, part, value);
    free (part);
    if (--load->pending == 0)
        finish (load);
}

static void
load_mode (store_redis_t *self, mode_id_t mode)
{
    static const struct {
        tutor_part_t part;
        store_key_t key;
    } parts[] = {{TUTOR_META, KEY_META},
                 {TUTOR_LEARNER, KEY_LEARNER},
                 {TUTOR_BOA, KEY_BOA},
                 {TUTOR_CALIBRATION, KEY_CALIBRATION}};
    load_t *load = mem_new (sizeof *load);
    load->store = self;
    load->mode = mode;
    load->tutor = tutor_new (mode, &self->universe);
    load->pending = 1; //  until all have been sent
    want_key (load, "HGETALL", KEY_WEIGHTS, (part_t){.kind = PART_ROSTER, .symbol = -1});
    for (int symbol = -1; symbol < (int) self->universe.count; symbol++)
        for (size_t i = 0; i < COUNT_OF (parts); i++) {
            bool is_of_pool = parts[i].part == TUTOR_META;
            if (symbol < 0 ? parts[i].part != TUTOR_CALIBRATION : !is_of_pool)
                want_key (load, "HGETALL", parts[i].key,
                          (part_t){.kind = PART_STATE, .part = parts[i].part, .symbol = symbol});
        }
    for (int symbol = 0; symbol < (int) self->universe.count; symbol++)
        want_key (load, "HGETALL", KEY_SCALE, (part_t){.kind = PART_SCALE, .symbol = symbol});
    for (int symbol = 0; mode == MODE_SCALP && symbol < (int) self->universe.count; symbol++)
        want_last_price (load, symbol);
    want_key (load, "GET", KEY_LAST_REGISTERED, (part_t){.kind = PART_LAST, .symbol = -1});
    char key[STORE_KEY_MAX];
    store_key (self->prefix, KEY_DUE, mode, NULL, 0, key);
    const char *argv[] = {"ZRANGE", key, "0", "-1"};
    want (load, (part_t){.kind = PART_DUE, .symbol = -1}, 4, argv);
    if (--load->pending == 0)
        finish (load);
}

void
store_load (store_redis_t *self)
{
    if (self->is_loading)
        return;
    self->is_loading = true;
    self->load_pending = MODE_COUNT;
    metric_add (self->metrics.loads, 1);
    for (int mode = 0; mode < MODE_COUNT && self->is_loading; mode++)
        load_mode (self, (mode_id_t) mode);
}

typedef struct {
    store_redis_t *store;
    mode_id_t mode;
    size_t symbol;
} override_t;

static void
on_override (void *argument, const redis_value_t *value)
{
    override_t *override = argument;
    store_redis_t *self = override->store;
    if (value && value->kind != REDIS_VALUE_ERROR && !self->is_closing) {
        image_t image = {0};
        store_image (value, &image);
        self->events.overrides (self->events.self, override->mode, self->universe.names[override->symbol],
                                &image);
        image_fini (&image);
    }
    free (override);
}

void
store_load_overrides (store_redis_t *self)
{
    for (int mode = 0; mode < MODE_COUNT; mode++)
        for (size_t i = 0; i < self->universe.count; i++) {
            char key[STORE_KEY_MAX];
            store_key (self->prefix, KEY_OVERRIDE, (mode_id_t) mode, self->universe.names[i], 0, key);
            const char *argv[] = {"HGETALL", key};
            override_t *override = mem_new (sizeof *override);
            *override = (override_t){self, (mode_id_t) mode, i};
            if (redis_link_send (self->link, on_override, override, 2, argv, NULL) != OK)
                free (override);
        }
}
