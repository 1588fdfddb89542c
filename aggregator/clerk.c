#include "aggregator/clerk.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MULTIPLIER_MAX 100.0

//  An operator's word on one instrument and mode, and the weights it makes of ours.
typedef struct {
    image_t image; //  as last read
    bool is_on;
    int64_t expires_ms; //  0: never
    double weights[CATEGORIES_MAX];
    uint32_t overridden;
} override_t;

//  One mode.
typedef struct {
    clerk_t *clerk;
    mode_id_t mode;
    tutor_t *tutor, *draft; //  acknowledged; under way
    ledger_t ledger;        //  acknowledged rows
    ledger_row_t *queue[CLERK_QUEUE_MAX];
    size_t queue_count;
    int64_t last_registered_ms; //  acknowledged
    int64_t last_queued_ms;
    bool is_registering, is_settling, is_writing;
    bool is_unwritten; //  the roster has changed since Redis was told
    int64_t settling_ms;
    outcome_t *outcomes;
    size_t outcomes_count;
    bool *history_due;
    override_t *overrides; //  per instrument
} desk_t;

struct clerk {
    store_redis_t *store;
    universe_t universe;
    prices_t *const *prices;
    clerk_events_t events;
    roster_t roster;
    char catalogue[CATALOGUE_HASH_MAX];
    int64_t now_ms;
    desk_t desks[MODE_COUNT];
    bool is_loaded; //  once: before that weights are the prior
    metric_t *rows_registered, *rows_settled, *rows_void, *entries_settled, *queued, *queue_dropped, *waiting;
};

static void
pump (desk_t *desk);

//  Weights as used: ours, or ours times the operator's multipliers.
static void
refresh_weights (desk_t *desk, size_t at)
{
    override_t *override = &desk->overrides[at];
    const tutor_t *tutor = desk->tutor;
    const size_t k = tutor->roster.count;
    double sum = 0;
    memcpy (override->weights, tutor->symbols[at].weights, sizeof override->weights);
    override->overridden = 0;
    if (!override->is_on)
        return;
    for (size_t i = 0; i < k; i++) {
        const char *text = image_find (&override->image, tutor->roster.names[i]);
        double multiplier = 1;
        if (text &&
            (image_number (text, &multiplier) != OK || multiplier < 0 || multiplier > MULTIPLIER_MAX)) {
            logger_write (LOG_LEVEL_WARNING, "override of %s %s: %s is \"%.40s\", not 0 to %g; taken as 1",
                          mode_info (desk->mode)->name, tutor->symbols[at].instrument, tutor->roster.names[i],
                          text, MULTIPLIER_MAX);
            multiplier = 1;
        }
        if (multiplier != 1)
            override->overridden |= UINT32_C (1) << i;
        sum += override->weights[i] *= multiplier;
    }
    for (size_t i = 0; i < k && sum > 0; i++)
        override->weights[i] /= sum;
    if (sum <= 0) { //  all at zero: that is no opinion
        memcpy (override->weights, tutor->symbols[at].weights, sizeof override->weights);
        override->overridden = 0;
    }
}

static void
refresh (desk_t *desk)
{
    for (size_t i = 0; i < desk->clerk->universe.count; i++)
        refresh_weights (desk, i);
}

static void
fit (desk_t *desk, tutor_t *tutor)
{
    tutor_fit (tutor, desk->mode == MODE_SWING ? desk->clerk->desks[MODE_DAY].tutor : NULL);
}

static bool
is_same_image (const image_t *a, const image_t *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp (image_name (a, i), image_name (b, i)) != 0 ||
            strcmp (image_value (a, i), image_value (b, i)) != 0)
            return false;
    return true;
}

static void
on_overrides (void *argument, mode_id_t mode, const char *instrument, const image_t *image)
{
    clerk_t *self = argument;
    desk_t *desk = &self->desks[mode];
    int at = tutor_find (desk->tutor, instrument);
    if (at < 0 || is_same_image (&desk->overrides[at].image, image))
        return;
    override_t *override = &desk->overrides[at];
    image_reset (&override->image);
    for (size_t i = 0; i < image->count; i++)
        image_put_text (&override->image, image_name (image, i), image_value (image, i));
    const char *expires = image_find (image, "expires");
    override->expires_ms = 0;
    if (expires && image_count (expires, &override->expires_ms) != OK) {
        logger_write (LOG_LEVEL_WARNING, "override of %s %s: expires is \"%.40s\", no time in ms; not used",
                      mode_info (mode)->name, instrument, expires);
        override->expires_ms = 1;
    }
    override->is_on = image->count > 0 && (override->expires_ms == 0 || override->expires_ms > self->now_ms);
    refresh_weights (desk, (size_t) at);
    logger_write (LOG_LEVEL_NOTICE, "override of %s %s is %s", mode_info (mode)->name, instrument,
                  override->is_on ? "on" : "off");
}

static void
end_overrides (desk_t *desk, int64_t now_ms)
{
    for (size_t i = 0; i < desk->clerk->universe.count; i++) {
        override_t *override = &desk->overrides[i];
        if (!override->is_on || override->expires_ms == 0 || override->expires_ms > now_ms)
            continue;
        override->is_on = false;
        refresh_weights (desk, i);
        logger_write (LOG_LEVEL_NOTICE, "override of %s %s has expired", mode_info (desk->mode)->name,
                      desk->clerk->universe.names[i]);
    }
}

static void
count_rows (clerk_t *self)
{
    size_t queued = 0, waiting = 0;
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        queued += self->desks[mode].queue_count;
        waiting += self->desks[mode].ledger.count;
    }
    metric_set (self->queued, (double) queued);
    metric_set (self->waiting, (double) waiting);
}

//  Put a row into the queue at its place in time; a row of that time is there once.
static void
enqueue (desk_t *desk, ledger_row_t *row)
{
    for (size_t i = 0; i < desk->queue_count; i++)
        if (desk->queue[i]->t_ms == row->t_ms) {
            ledger_row_destroy (&row);
            return;
        }
    if (desk->queue_count == CLERK_QUEUE_MAX) {
        size_t oldest = desk->is_registering ? 1 : 0; //  the first one is under way
        ledger_row_destroy (&desk->queue[oldest]);
        desk->queue_count--;
        memmove (&desk->queue[oldest], &desk->queue[oldest + 1],
                 (desk->queue_count - oldest) * sizeof (void *));
        metric_add (desk->clerk->queue_dropped, 1);
        logger_write (LOG_LEVEL_WARNING, "%s: more than %d rows wait for Redis; the oldest are given up",
                      mode_info (desk->mode)->name, CLERK_QUEUE_MAX);
    }
    size_t at = desk->queue_count++;
    for (; at > (desk->is_registering ? 1u : 0u) && desk->queue[at - 1]->t_ms > row->t_ms; at--)
        desk->queue[at] = desk->queue[at - 1];
    desk->queue[at] = row;
    if (row->t_ms > desk->last_queued_ms)
        desk->last_queued_ms = row->t_ms;
}

static ledger_row_t *
dequeue (desk_t *desk)
{
    CHECK (desk->queue_count > 0);
    ledger_row_t *row = desk->queue[0];
    desk->queue_count--;
    memmove (&desk->queue[0], &desk->queue[1], desk->queue_count * sizeof (void *));
    return row;
}

static void
on_registered (void *argument, mode_id_t mode, store_result_t result)
{
    clerk_t *self = argument;
    desk_t *desk = &self->desks[mode];
    desk->is_registering = false;
    if (result != STORE_DONE && result != STORE_KNOWN)
        return; //  it stays in the queue
    ledger_row_t *row = dequeue (desk);
    if (row->t_ms > desk->last_registered_ms)
        desk->last_registered_ms = row->t_ms;
    if (result == STORE_DONE) {
        metric_add (self->rows_registered, 1);
        (void) ledger_add (&desk->ledger, row);
    } else
        ledger_row_destroy (&row); //  registered before; if it still waits, loading has brought it
    pump (desk);
}

static void
on_settled (void *argument, mode_id_t mode, store_result_t result)
{
    clerk_t *self = argument;
    desk_t *desk = &self->desks[mode];
    desk->is_settling = false;
    if (result == STORE_DONE) {
        tutor_t *before = desk->tutor;
        desk->tutor = desk->draft;
        desk->draft = before;
        if (!roster_equal (&desk->tutor->roster, &self->roster)) { //  it changed while this was under way
            tutor_set_roster (desk->tutor, &self->roster, self->catalogue);
            fit (desk, desk->tutor);
            desk->is_unwritten = true;
        }
        (void) ledger_remove (&desk->ledger, desk->settling_ms);
        metric_add (self->rows_settled, 1);
        for (size_t i = 0; i < desk->outcomes_count; i++) {
            metric_add (isnan (desk->outcomes[i].y) ? self->rows_void : self->entries_settled, 1);
            self->events.outcome (self->events.self, &desk->outcomes[i]);
        }
        refresh (desk);
        pump (desk);
    } else if (result == STORE_KNOWN || result == STORE_STALE) {
        if (result == STORE_KNOWN)
            (void) ledger_remove (&desk->ledger, desk->settling_ms);
        store_redis_reload (self->store);
    }
}

static void
on_rewritten (void *argument, mode_id_t mode, store_result_t result)
{
    clerk_t *self = argument;
    desk_t *desk = &self->desks[mode];
    desk->is_writing = false;
    if (result != STORE_DONE)
        desk->is_unwritten = true;
    else
        pump (desk);
}

static void
settle (desk_t *desk, const ledger_row_t *row)
{
    clerk_t *self = desk->clerk;
    tutor_copy (desk->draft, desk->tutor);
    desk->outcomes = mem_grow (desk->outcomes, (row->entries_count + 1) * sizeof *desk->outcomes);
    desk->outcomes_count = row->entries_count;
    for (size_t i = 0; i < row->entries_count; i++) {
        int at = tutor_find (desk->tutor, row->entries[i].instrument);
        outcome_settle (row, &row->entries[i], desk->mode, at < 0 ? NULL : self->prices[at],
                        &desk->outcomes[i]);
    }
    tutor_settle (desk->draft, row, desk->outcomes);
    fit (desk, desk->draft);
    for (int symbol = -1; symbol < (int) self->universe.count; symbol++)
        desk->history_due[symbol + 1] = tutor_history_due (desk->draft, symbol);
    desk->settling_ms = row->t_ms;
    desk->is_settling = store_redis_settle (self->store, desk->mode, row->t_ms, desk->draft,
                                            desk->history_due, on_settled, self) == OK;
}

//  Register first, then settle; one write of a mode under way at a time.
static void
pump (desk_t *desk)
{
    clerk_t *self = desk->clerk;
    count_rows (self);
    if (store_redis_state (self->store) != STORE_READY || desk->is_registering || desk->is_settling ||
        desk->is_writing)
        return;
    if (desk->is_unwritten) {
        desk->is_writing = store_redis_write (self->store, desk->mode, desk->tutor, on_rewritten, self) == OK;
        desk->is_unwritten = !desk->is_writing;
        return;
    }
    if (desk->queue_count > 0) {
        desk->is_registering =
            store_redis_register (self->store, desk->mode, desk->queue[0], on_registered, self) == OK;
        return;
    }
    const ledger_row_t *row = ledger_due (&desk->ledger, self->now_ms);
    if (row && desk->tutor->roster.count > 0)
        settle (desk, row);
}

static void
on_state (void *argument, store_state_t state)
{
    clerk_t *self = argument;
    if (state == STORE_READY) {
        self->is_loaded = true;
        (void) store_redis_prices (self->store, self->prices); //  before the rows they settle
        for (int mode = 0; mode < MODE_COUNT; mode++)
            pump (&self->desks[mode]);
    }
}

//  Rows of ours that Redis does not know (it lost its last second) are registered again; what it knows is
//  ours.
static void
on_loaded (void *argument, const store_loaded_t *loaded)
{
    clerk_t *self = argument;
    desk_t *desk = &self->desks[loaded->mode];
    tutor_copy (desk->tutor, loaded->tutor);
    for (size_t i = 0; i < desk->ledger.count; i++) {
        ledger_row_t *row = desk->ledger.rows[i];
        if (row->t_ms > loaded->last_registered_ms)
            enqueue (desk, row);
        else
            ledger_row_destroy (&row);
    }
    desk->ledger.count = 0;
    for (size_t i = 0; i < loaded->ledger->count; i++)
        (void) ledger_add (&desk->ledger, loaded->ledger->rows[i]);
    loaded->ledger->count = 0;
    while (desk->queue_count > 0 && !desk->is_registering &&
           desk->queue[0]->t_ms <= loaded->last_registered_ms) {
        ledger_row_t *row = dequeue (desk);
        ledger_row_destroy (&row);
    }
    desk->last_registered_ms = loaded->last_registered_ms;
    if (loaded->last_registered_ms > desk->last_queued_ms)
        desk->last_queued_ms = loaded->last_registered_ms;
    if (self->roster.count > 0) {
        desk->is_unwritten = !roster_equal (&desk->tutor->roster, &self->roster);
        tutor_set_roster (desk->tutor, &self->roster, self->catalogue);
    }
    fit (desk, desk->tutor);
    refresh (desk);
    self->is_loaded = true;
}

static void
on_wiped (void *argument)
{
    clerk_t *self = argument;
    size_t rows = 0;
    int64_t known = 0;
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        rows += self->desks[mode].ledger.count;
        known += self->desks[mode].last_registered_ms + self->desks[mode].tutor->version;
    }
    if (known > 0)
        logger_write (
            LOG_LEVEL_WARNING,
            "Redis has lost its data: restoring weights of version %lld %lld %lld and %zu waiting rows "
            "from memory",
            (long long) self->desks[0].tutor->version, (long long) self->desks[1].tutor->version,
            (long long) self->desks[2].tutor->version, rows);
    else
        logger_write (LOG_LEVEL_NOTICE, "Redis holds nothing yet: starting from the prior");
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        desk_t *desk = &self->desks[mode];
        (void) store_redis_restore (self->store, desk->mode, desk->tutor, &desk->ledger,
                                    desk->last_registered_ms);
        desk->is_unwritten = false;
    }
}

static void
on_price (void *argument, const char *instrument, int64_t ts_ms, double px)
{
    clerk_t *self = argument;
    int at = universe_find (&self->universe, slice_of (instrument));
    if (at >= 0)
        (void) prices_put (self->prices[at], ts_ms, px);
}

static void
on_scale (void *argument, mode_id_t mode, const char *instrument, const image_t *image)
{
    clerk_t *self = argument;
    self->events.scale (self->events.self, mode, instrument, image);
}

static void
open_metrics (clerk_t *self, metrics_t *metrics)
{
    self->rows_registered =
        metrics_counter (metrics, "aggregator_rows_registered", "", "Ledger rows registered.");
    self->rows_settled = metrics_counter (metrics, "aggregator_rows_settled", "", "Ledger rows settled.");
    self->rows_void =
        metrics_counter (metrics, "aggregator_rows_void", "reason=\"price\"",
                         "Decisions that do not count: no price, or the instrument was absent.");
    self->entries_settled =
        metrics_counter (metrics, "aggregator_outcomes_settled", "", "Decisions with an outcome.");
    self->queued =
        metrics_gauge (metrics, "aggregator_registrations_queued", "", "Rows that wait for Redis.");
    self->queue_dropped = metrics_counter (metrics, "aggregator_registrations_dropped", "",
                                           "Rows given up because too many waited.");
    self->waiting =
        metrics_gauge (metrics, "aggregator_rows_waiting", "", "Rows registered and not yet due.");
}

clerk_t *
clerk_new (loop_t *loop, const store_options_t *options, const universe_t *universe, prices_t *const prices[],
           const clerk_events_t *events, metrics_t *metrics, error_text_t *error)
{
    clerk_t *self = mem_new (sizeof *self);
    const store_events_t store_events = {.state = on_state,
                                         .loaded = on_loaded,
                                         .price = on_price,
                                         .scale = on_scale,
                                         .overrides = on_overrides,
                                         .wiped = on_wiped,
                                         .self = self};
    self->universe = *universe;
    self->prices = prices;
    self->events = *events;
    open_metrics (self, metrics);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        desk_t *desk = &self->desks[mode];
        desk->clerk = self;
        desk->mode = (mode_id_t) mode;
        desk->tutor = tutor_new ((mode_id_t) mode, universe);
        desk->draft = tutor_new ((mode_id_t) mode, universe);
        desk->history_due = mem_new ((universe->count + 1) * sizeof *desk->history_due);
        desk->overrides = mem_new ((universe->count + 1) * sizeof *desk->overrides);
    }
    self->store = store_redis_new (loop, options, universe, &store_events, metrics, error);
    if (!self->store)
        clerk_destroy (&self);
    return self;
}

void
clerk_destroy (clerk_t **self)
{
    clerk_t *clerk = *self;
    if (!clerk)
        return;
    store_redis_destroy (&clerk->store);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        desk_t *desk = &clerk->desks[mode];
        for (size_t i = 0; i < desk->queue_count; i++)
            ledger_row_destroy (&desk->queue[i]);
        ledger_fini (&desk->ledger);
        tutor_destroy (&desk->tutor);
        tutor_destroy (&desk->draft);
        for (size_t i = 0; i < clerk->universe.count; i++)
            image_fini (&desk->overrides[i].image);
        free (desk->overrides);
        free (desk->outcomes);
        free (desk->history_due);
    }
    free (clerk);
    *self = NULL;
}

void
clerk_set_roster (clerk_t *self, const roster_t *roster, const char *catalogue)
{
    self->roster = *roster;
    snprintf (self->catalogue, sizeof self->catalogue, "%s", catalogue);
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        desk_t *desk = &self->desks[mode];
        desk->is_unwritten = desk->is_unwritten || !roster_equal (&desk->tutor->roster, roster);
        tutor_set_roster (desk->tutor, roster, catalogue);
        fit (desk, desk->tutor);
        refresh (desk);
    }
}

void
clerk_weights (const clerk_t *self, mode_id_t mode, size_t instrument, clerk_weights_t *out)
{
    const desk_t *desk = &self->desks[mode];
    CHECK (instrument < self->universe.count);
    out->weights = desk->overrides[instrument].weights;
    out->overridden = desk->overrides[instrument].overridden;
    out->version = desk->tutor->version;
    out->fit = &desk->tutor->symbols[instrument].fit;
}

bool
clerk_is_frozen (const clerk_t *self)
{
    store_state_t state = store_redis_state (self->store);
    return state == STORE_AWAY || state == STORE_FULL || !self->is_loaded;
}

store_state_t
clerk_state (const clerk_t *self)
{
    return store_redis_state (self->store);
}

int64_t
clerk_last_registered_ms (const clerk_t *self, mode_id_t mode)
{
    const desk_t *desk = &self->desks[mode];
    return desk->last_queued_ms > desk->last_registered_ms ? desk->last_queued_ms : desk->last_registered_ms;
}

void
clerk_register (clerk_t *self, mode_id_t mode, ledger_row_t *row)
{
    ledger_row_sort (row);
    enqueue (&self->desks[mode], row);
    pump (&self->desks[mode]);
}

void
clerk_advance (clerk_t *self, int64_t now_ms)
{
    if (now_ms > self->now_ms)
        self->now_ms = now_ms;
    (void) store_redis_prices (self->store, self->prices); //  before the rows they settle
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        end_overrides (&self->desks[mode], self->now_ms);
        pump (&self->desks[mode]);
    }
}

void
clerk_keep_bias (clerk_t *self, const bias_t *bias)
{
    (void) store_redis_bias (self->store, bias);
}

void
clerk_keep_map (clerk_t *self, const map_frame_t *frame)
{
    store_redis_map (self->store, frame);
}

void
clerk_keep_scale (clerk_t *self, mode_id_t mode, const char *instrument, const image_t *image)
{
    (void) store_redis_scale (self->store, mode, instrument, image);
}

const tutor_t *
clerk_tutor (const clerk_t *self, mode_id_t mode)
{
    return self->desks[mode].tutor;
}

size_t
clerk_queued (const clerk_t *self, mode_id_t mode)
{
    return self->desks[mode].queue_count;
}

size_t
clerk_waiting (const clerk_t *self, mode_id_t mode)
{
    return self->desks[mode].ledger.count;
}
