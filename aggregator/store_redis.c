#include "aggregator/store_redis.h"
#include "aggregator/store_private.h"
#include "aggregator/store_scripts.h"
#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TICK_MS = 500, OVERRIDE_TICKS = 4, FULL_TICKS = 4, STANDBY_TICKS = 60, PRICES_AT_ONCE = 600 };

static void
words_reset (words_t *self)
{
    self->size = self->count = 0;
}

static void
words_add (words_t *self, const char *text)
{
    size_t size = strlen (text) + 1;
    if (self->size + size > self->capacity) {
        self->capacity = (self->size + size) * 2 + 4096;
        self->text = mem_grow (self->text, self->capacity);
    }
    if (self->count == self->at_capacity) {
        self->at_capacity = self->at_capacity * 2 + 256;
        self->at = mem_grow (self->at, self->at_capacity * sizeof *self->at);
    }
    memcpy (self->text + self->size, text, size);
    self->at[self->count++] = self->size;
    self->size += size;
}

static void
words_add_count (words_t *self, int64_t value)
{
    char text[32];
    snprintf (text, sizeof text, "%lld", (long long) value);
    words_add (self, text);
}

static void
add_key (store_redis_t *self, store_key_t key, mode_id_t mode, const char *instrument, int64_t t_ms)
{
    char text[STORE_KEY_MAX];
    store_key (self->prefix, key, mode, instrument, t_ms, text);
    words_add (&self->keys, text);
}

static void
add_fields (store_redis_t *self, const image_t *image)
{
    for (size_t i = 0; i < image->count; i++) {
        words_add (&self->args, image_name (image, i));
        words_add (&self->args, image_value (image, i));
    }
}

//  One op of RUN_OPS with the fields of an image; an empty image is no op.
static void
add_op (store_redis_t *self, const char *op, store_key_t key, mode_id_t mode, const char *instrument,
        int64_t t_ms, const image_t *image)
{
    if (image->count == 0)
        return;
    add_key (self, key, mode, instrument, t_ms);
    words_add (&self->args, op);
    words_add_count (&self->args, (int64_t) image->count * 2);
    add_fields (self, image);
}

static void
begin (store_redis_t *self)
{
    words_reset (&self->keys);
    words_reset (&self->args);
}

//  Keys, then arguments, as redis_link wants them.
static int
send_script (store_redis_t *self, script_id_t script, redis_fn *fn, void *fn_self)
{
    size_t count = self->keys.count + self->args.count;
    if (count > self->argv_capacity) {
        self->argv_capacity = count * 2;
        self->argv = mem_grow (self->argv, self->argv_capacity * sizeof *self->argv);
    }
    for (size_t i = 0; i < self->keys.count; i++)
        self->argv[i] = self->keys.text + self->keys.at[i];
    for (size_t i = 0; i < self->args.count; i++)
        self->argv[self->keys.count + i] = self->args.text + self->args.at[i];
    return redis_link_eval (self->link, self->scripts[script], fn, fn_self, (int) self->keys.count,
                            (int) count, self->argv, NULL);
}

void
store_enter (store_redis_t *self, store_state_t state)
{
    static const char *const texts[] = {
        [STORE_AWAY] = "Redis is away: weights are frozen, rows wait in memory",
        [STORE_ASKING] = NULL,
        [STORE_STANDBY] = "standby: another aggregator registers and settles",
        [STORE_FULL] = "Redis is full (maxmemory): weights are frozen, rows wait in memory, nothing is lost",
        [STORE_READY] = "Redis is ready: rows are registered and settled"};
    if (self->state == state || self->is_closing)
        return;
    self->state = state;
    self->full_ticks = 0;
    metric_set (self->metrics.ready, state == STORE_READY);
    metric_set (self->metrics.standby, state == STORE_STANDBY);
    if (state == STORE_STANDBY)
        logger_write (LOG_LEVEL_NOTICE, "%s: %s", texts[state], self->other);
    else if (texts[state])
        logger_write (state == STORE_READY ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, "%s", texts[state]);
    if (self->events.state)
        self->events.state (self->events.self, state);
}

static void
ask (store_redis_t *self);

//  The holder is a process of this machine that is no more: its lease need not run out.
static bool
is_dead_neighbour (const store_redis_t *self, const char *owner)
{
    const char *colon = strchr (owner, ':');
    if (!colon || strncmp (owner, self->owner, (size_t) (colon - owner) + 1) != 0)
        return false;
    long pid = strtol (colon + 1, NULL, 10);
    return pid > 0 && kill ((pid_t) pid, 0) != 0 && errno == ESRCH;
}

static void
release (store_redis_t *self, const char *owner)
{
    begin (self);
    for (int mode = 0; mode < MODE_COUNT; mode++)
        add_key (self, KEY_LEASE, (mode_id_t) mode, NULL, 0);
    words_add (&self->args, owner);
    (void) send_script (self, SCRIPT_RELEASE, NULL, NULL);
}

static void
stand_by (store_redis_t *self, const char *owner)
{
    snprintf (self->other, sizeof self->other, "%s", owner);
    self->is_holder = false;
    if (is_dead_neighbour (self, owner)) {
        release (self, owner);
        ask (self);
        return;
    }
    bool was_standby = self->state == STORE_STANDBY;
    store_enter (self, STORE_STANDBY);
    if (!was_standby || self->ticks - self->standby_ticks >= STANDBY_TICKS) {
        self->standby_ticks = self->ticks;
        store_load (self);
    }
}

static void
on_lease (void *argument, const redis_value_t *value)
{
    store_redis_t *self = argument;
    self->is_asking = false;
    if (!value || self->is_closing)
        return;
    if (value->kind == REDIS_VALUE_ERROR) {
        self->is_holder = false;
        if (strstr (value->text, "OOM")) {
            metric_add (self->metrics.full, 1);
            store_enter (self, STORE_FULL);
        } else
            logger_write (LOG_LEVEL_WARNING, "redis refuses the lease: %.200s", value->text);
        return;
    }
    if (value->kind != REDIS_VALUE_LIST || value->count != 5)
        return;
    if (value->items[0].number != 1) {
        stand_by (self, value->items[1].text);
        return;
    }
    for (int mode = 0; mode < MODE_COUNT; mode++) {
        const redis_value_t *fence = &value->items[1 + mode];
        snprintf (self->fences[mode], STORE_FENCE_MAX, "%s", fence->text);
    }
    self->is_holder = true;
    if (value->items[4].size == 0) {
        metric_add (self->metrics.wiped, 1);
        memset (self->price_done_ms, 0, sizeof self->price_done_ms);
        store_enter (self, STORE_ASKING);
        self->events.wiped (self->events.self);
    } else if (self->state != STORE_READY && self->state != STORE_FULL)
        store_load (self);
}

static void
ask (store_redis_t *self)
{
    if (self->is_asking || !redis_link_is_up (self->link))
        return;
    begin (self);
    for (int mode = 0; mode < MODE_COUNT; mode++)
        add_key (self, KEY_LEASE, (mode_id_t) mode, NULL, 0);
    for (int mode = 0; mode < MODE_COUNT; mode++)
        add_key (self, KEY_FENCE, (mode_id_t) mode, NULL, 0);
    add_key (self, KEY_EPOCH, MODE_SCALP, NULL, 0);
    words_add (&self->args, self->owner);
    words_add_count (&self->args, self->lease_ms);
    for (int mode = 0; mode < MODE_COUNT; mode++)
        words_add (&self->args, self->fences[mode][0] ? self->fences[mode] : "0");
    self->is_asking = send_script (self, SCRIPT_LEASE, on_lease, self) == OK;
}

void
store_load_done (store_redis_t *self, bool is_complete)
{
    if (!is_complete || self->is_closing)
        return; //  the link is lost, or is about to be
    if (self->is_holder)
        store_enter (self, STORE_READY);
}

void
store_redis_reload (store_redis_t *self)
{
    if (self->state != STORE_READY)
        return;
    store_enter (self, STORE_ASKING);
    store_load (self);
}

static void
on_up (void *argument)
{
    store_redis_t *self = argument;
    store_enter (self, STORE_ASKING);
    ask (self);
}

static void
on_down (void *argument)
{
    store_redis_t *self = argument;
    self->is_asking = self->is_pricing = self->is_holder = false;
    store_enter (self, STORE_AWAY);
}

static void
on_tick (void *argument)
{
    store_redis_t *self = argument;
    self->ticks++;
    if (!redis_link_is_up (self->link))
        return;
    if (self->ticks % (int) (self->lease_ms / 3 / TICK_MS) == 0 ||
        (self->state == STORE_ASKING && !self->is_loading))
        ask (self);
    if (self->state == STORE_FULL && ++self->full_ticks >= FULL_TICKS) {
        self->full_ticks = 0;
        if (self->is_holder) {
            self->state = STORE_ASKING; //  said again only if it is still full
            store_load (self);
        } else
            ask (self);
    }
    store_map_flush (self);
    if (self->state == STORE_READY && self->ticks % OVERRIDE_TICKS == 0)
        store_load_overrides (self);
}

static void
open_metrics (store_redis_t *self, metrics_t *metrics)
{
    const struct {
        metric_t **to;
        const char *name, *about;
    } rows[] = {
        {&self->metrics.registered, "aggregator_redis_registered", "Ledger rows written."},
        {&self->metrics.settled, "aggregator_redis_settled", "Ledger rows taken out with what they taught."},
        {&self->metrics.known, "aggregator_redis_known", "Rows that had been registered or settled before."},
        {&self->metrics.stale, "aggregator_redis_stale", "Settlements of a state that had moved on."},
        {&self->metrics.fenced, "aggregator_redis_fenced", "Writes refused because another holds the lease."},
        {&self->metrics.full, "aggregator_redis_full", "Writes Redis had no room for; they are repeated."},
        {&self->metrics.lost, "aggregator_redis_unanswered", "Writes without an answer; they are repeated."},
        {&self->metrics.refused, "aggregator_redis_refused", "Writes answered with an error."},
        {&self->metrics.wiped, "aggregator_redis_wiped", "Times Redis held no state of ours."},
        {&self->metrics.restored, "aggregator_redis_restored", "Modes restored from memory."},
        {&self->metrics.loads, "aggregator_redis_loads", "Times everything was read."},
        {&self->metrics.bad_fields, "aggregator_redis_bad_fields",
         "Hashes in Redis that could not be read whole."},
        {&self->metrics.prices, "aggregator_redis_prices", "Prices written."},
        {&self->metrics.maps, "aggregator_redis_maps", "Liquidation maps written, in short."},
        {&self->metrics.maps_skipped, "aggregator_redis_maps_skipped",
         "Maps that were not written before a newer one came."},
    };
    for (size_t i = 0; i < COUNT_OF (rows); i++)
        *rows[i].to = metrics_counter (metrics, rows[i].name, "", rows[i].about);
    self->metrics.ready =
        metrics_gauge (metrics, "aggregator_redis_ready", "", "1 while rows are registered.");
    self->metrics.standby = metrics_gauge (metrics, "aggregator_redis_standby", "",
                                           "1 while another aggregator holds the lease.");
}

store_redis_t *
store_redis_new (loop_t *loop, const store_options_t *options, const universe_t *universe,
                 const store_events_t *events, metrics_t *metrics, error_text_t *error)
{
    static const char *const sources[SCRIPT_COUNT] = {[SCRIPT_LEASE] = store_script_lease,
                                                      [SCRIPT_RELEASE] = store_script_release,
                                                      [SCRIPT_REGISTER] = store_script_register,
                                                      [SCRIPT_SETTLE] = store_script_settle,
                                                      [SCRIPT_RESTORE] = store_script_restore,
                                                      [SCRIPT_PRICES] = store_script_prices,
                                                      [SCRIPT_MAP] = store_script_map};
    store_redis_t *self = mem_new (sizeof *self);
    const redis_events_t link_events = {.up = on_up, .down = on_down, .self = self};
    self->loop = loop;
    self->universe = *universe;
    self->events = *events;
    CHECK (options->lease_ms >= 3 * TICK_MS);
    self->lease_ms = options->lease_ms;
    snprintf (self->prefix, sizeof self->prefix, "%s", options->prefix);
    snprintf (self->owner, sizeof self->owner, "%s", options->owner);
    self->link = redis_link_new (loop, options->endpoint, &link_events, metrics, error);
    if (!self->link) {
        free (self);
        return NULL;
    }
    open_metrics (self, metrics);
    for (int i = 0; i < SCRIPT_COUNT; i++)
        self->scripts[i] = redis_link_script (self->link, sources[i]);
    self->timer = loop_every (loop, TICK_MS * NS_PER_MS, on_tick, self);
    return self;
}

void
store_redis_destroy (store_redis_t **self)
{
    store_redis_t *store = *self;
    if (!store)
        return;
    store->is_closing = true;
    loop_cancel (&store->timer);
    redis_link_destroy (&store->link);
    store_map_fini (store);
    free (store->keys.text);
    free (store->keys.at);
    free (store->args.text);
    free (store->args.at);
    free (store->argv);
    free (store);
    *self = NULL;
}

store_state_t
store_redis_state (const store_redis_t *self)
{
    return self->state;
}

//  A write under way.
typedef struct {
    store_redis_t *store;
    mode_id_t mode;
    script_id_t script;
    bool is_last; //  of a restore
    store_done_fn *fn;
    void *fn_self;
} request_t;

static store_result_t
result_of (store_redis_t *self, const redis_value_t *value)
{
    static const struct {
        const char *word;
        store_result_t result;
    } words[] = {{"done", STORE_DONE},
                 {"known", STORE_KNOWN},
                 {"stale", STORE_STALE},
                 {"fenced", STORE_FENCED},
                 {"wiped", STORE_WIPED}};
    if (!value)
        return STORE_LOST;
    if (value->kind == REDIS_VALUE_TEXT)
        for (size_t i = 0; i < COUNT_OF (words); i++)
            if (strcmp (value->text, words[i].word) == 0)
                return words[i].result;
    if (value->kind == REDIS_VALUE_ERROR && strstr (value->text, "OOM"))
        return STORE_NO_ROOM;
    if (!self->is_closing)
        logger_write (LOG_LEVEL_WARNING, "redis refuses a write: %.200s",
                      value->kind == REDIS_VALUE_ERROR ? value->text : "strange answer");
    return STORE_REFUSED;
}

//  Count it, and what it means for our own state.
static void
take_result (store_redis_t *self, const request_t *request, store_result_t result)
{
    metric_t *counters[] = {
        [STORE_DONE] = request->script == SCRIPT_REGISTER ? self->metrics.registered
                       : request->script == SCRIPT_SETTLE ? self->metrics.settled
                                                          : self->metrics.restored,
        [STORE_KNOWN] = self->metrics.known,
        [STORE_STALE] = self->metrics.stale,
        [STORE_FENCED] = self->metrics.fenced,
        [STORE_WIPED] = NULL, //  counted when the lease is asked for
        [STORE_NO_ROOM] = self->metrics.full,
        [STORE_LOST] = self->metrics.lost,
        [STORE_REFUSED] = self->metrics.refused,
    };
    if (counters[result])
        metric_add (counters[result], 1);
    if (result == STORE_NO_ROOM)
        store_enter (self, STORE_FULL);
    else if (result == STORE_FENCED || result == STORE_WIPED) {
        self->is_holder = false;
        store_enter (self, STORE_ASKING);
        ask (self);
    }
}

static void
on_written (void *argument, const redis_value_t *value)
{
    request_t *request = argument;
    store_redis_t *self = request->store;
    if (!self->is_closing) {
        store_result_t result = result_of (self, value);
        take_result (self, request, result);
        if (request->fn)
            request->fn (request->fn_self, request->mode, result);
        if (request->script == SCRIPT_RESTORE && request->is_last && result == STORE_DONE && self->is_holder)
            store_enter (self, STORE_READY);
    }
    free (request);
}

static int
write_script (store_redis_t *self, script_id_t script, mode_id_t mode, bool is_last, store_done_fn *fn,
              void *fn_self)
{
    request_t *request = mem_new (sizeof *request);
    *request = (request_t){self, mode, script, is_last, fn, fn_self};
    int status = send_script (self, script, on_written, request);
    if (status != OK)
        free (request);
    return status;
}

int
store_redis_register (store_redis_t *self, mode_id_t mode, const ledger_row_t *row, store_done_fn *fn,
                      void *fn_self)
{
    if (self->state != STORE_READY)
        return E_CLOSED;
    image_t image = {0};
    ledger_row_save (row, &image);
    begin (self);
    add_key (self, KEY_EPOCH, mode, NULL, 0);
    add_key (self, KEY_FENCE, mode, NULL, 0);
    add_key (self, KEY_LAST_REGISTERED, mode, NULL, 0);
    add_key (self, KEY_DUE, mode, NULL, 0);
    add_key (self, KEY_ROW, mode, NULL, row->t_ms);
    words_add (&self->args, self->fences[mode]);
    words_add_count (&self->args, row->t_ms);
    words_add_count (&self->args, row->due_ms);
    add_fields (self, &image);
    image_fini (&image);
    return write_script (self, SCRIPT_REGISTER, mode, false, fn, fn_self);
}

//  Everything of a mode but its history, as OPS.  is_whole: fields of categories that are gone go too.
static void
add_state (store_redis_t *self, mode_id_t mode, const tutor_t *tutor, bool is_whole)
{
    static const struct {
        tutor_part_t part;
        store_key_t key;
        const char *op;
    } parts[] = {{TUTOR_LEARNER, KEY_LEARNER, "set"},         {TUTOR_BOA, KEY_BOA, "set"},
                 {TUTOR_CALIBRATION, KEY_CALIBRATION, "set"}, {TUTOR_META, KEY_META, "set"},
                 {TUTOR_BETA, KEY_BETA, "replace"},           {TUTOR_WEIGHTS, KEY_WEIGHTS, "replace"}};
    image_t image = {0};
    for (int symbol = -1; symbol < (int) tutor->symbols_count; symbol++)
        for (size_t i = 0; i < COUNT_OF (parts); i++) {
            image_reset (&image);
            tutor_save (tutor, symbol, parts[i].part, &image);
            add_op (self, is_whole ? "replace" : parts[i].op, parts[i].key, mode,
                    symbol < 0 ? NULL : tutor->symbols[symbol].instrument, 0, &image);
        }
    image_fini (&image);
}

static void
add_history (store_redis_t *self, mode_id_t mode, const tutor_t *tutor, const bool history_due[])
{
    image_t image = {0};
    for (int symbol = -1; symbol < (int) tutor->symbols_count; symbol++) {
        if (!history_due[symbol + 1])
            continue;
        image_reset (&image);
        image_put_count (&image, "version", tutor->version);
        image_put_count (&image, "ts", tutor->as_of_ms);
        tutor_save (tutor, symbol, TUTOR_WEIGHTS, &image);
        add_op (self, "stream", KEY_HISTORY, mode, symbol < 0 ? NULL : tutor->symbols[symbol].instrument, 0,
                &image);
    }
    image_fini (&image);
}

int
store_redis_settle (store_redis_t *self, mode_id_t mode, int64_t t_ms, const tutor_t *tutor,
                    const bool history_due[], store_done_fn *fn, void *fn_self)
{
    if (self->state != STORE_READY)
        return E_CLOSED;
    begin (self);
    add_key (self, KEY_EPOCH, mode, NULL, 0);
    add_key (self, KEY_FENCE, mode, NULL, 0);
    add_key (self, KEY_META, mode, NULL, 0);
    add_key (self, KEY_DUE, mode, NULL, 0);
    add_key (self, KEY_ROW, mode, NULL, t_ms);
    words_add (&self->args, self->fences[mode]);
    words_add_count (&self->args, tutor->previous_version);
    words_add_count (&self->args, t_ms);
    add_state (self, mode, tutor, false);
    add_history (self, mode, tutor, history_due);
    return write_script (self, SCRIPT_SETTLE, mode, false, fn, fn_self);
}

static void
begin_restore (store_redis_t *self, mode_id_t mode, const tutor_t *tutor)
{
    begin (self);
    add_key (self, KEY_FENCE, mode, NULL, 0);
    words_add (&self->args, self->fences[mode]);
    add_state (self, mode, tutor, true);
}

static void
add_text (store_redis_t *self, store_key_t key, mode_id_t mode, const char *text)
{
    add_key (self, key, mode, NULL, 0);
    words_add (&self->args, "text");
    words_add (&self->args, "1");
    words_add (&self->args, text);
}

int
store_redis_restore (store_redis_t *self, mode_id_t mode, const tutor_t *tutor, const ledger_t *ledger,
                     int64_t last_registered_ms)
{
    bool is_last = mode == MODE_COUNT - 1;
    image_t image = {0}, scores = {0};
    char t[32], due[32];
    begin_restore (self, mode, tutor);
    for (size_t i = 0; i < ledger->count; i++) {
        image_reset (&image);
        ledger_row_save (ledger->rows[i], &image);
        add_op (self, "replace", KEY_ROW, mode, NULL, ledger->rows[i]->t_ms, &image);
        snprintf (t, sizeof t, "%lld", (long long) ledger->rows[i]->t_ms);
        snprintf (due, sizeof due, "%lld", (long long) ledger->rows[i]->due_ms);
        image_put_text (&scores, due, t);
    }
    add_op (self, "score", KEY_DUE, mode, NULL, 0, &scores);
    image_fini (&image);
    image_fini (&scores);
    snprintf (t, sizeof t, "%lld", (long long) last_registered_ms);
    if (last_registered_ms > 0)
        add_text (self, KEY_LAST_REGISTERED, mode, t);
    if (is_last) {
        add_text (self, KEY_README, mode, store_readme);
        add_text (self, KEY_EPOCH, mode, self->owner);
    }
    return write_script (self, SCRIPT_RESTORE, mode, is_last, NULL, NULL);
}

int
store_redis_write (store_redis_t *self, mode_id_t mode, const tutor_t *tutor, store_done_fn *fn,
                   void *fn_self)
{
    if (self->state != STORE_READY)
        return E_CLOSED;
    begin_restore (self, mode, tutor);
    return write_script (self, SCRIPT_RESTORE, mode, false, fn, fn_self);
}

//  HSET key with the fields of an image; nobody waits for the answer.
static int
set_hash (store_redis_t *self, store_key_t key, mode_id_t mode, const char *instrument, const image_t *image)
{
    if (self->state != STORE_READY)
        return E_CLOSED;
    const char *argv[2 + 2 * (2 * CATEGORIES_MAX + 16)];
    char text[STORE_KEY_MAX];
    store_key (self->prefix, key, mode, instrument, 0, text);
    CHECK (2 + 2 * image->count <= COUNT_OF (argv));
    argv[0] = "HSET";
    argv[1] = text;
    for (size_t i = 0; i < image->count; i++) {
        argv[2 + 2 * i] = image_name (image, i);
        argv[3 + 2 * i] = image_value (image, i);
    }
    return redis_link_send (self->link, NULL, NULL, (int) (2 + 2 * image->count), argv, NULL);
}

int
store_redis_scale (store_redis_t *self, mode_id_t mode, const char *instrument, const image_t *image)
{
    return set_hash (self, KEY_SCALE, mode, instrument, image);
}

int
store_redis_bias (store_redis_t *self, const bias_t *bias)
{
    image_t image = {0};
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"bias", bias->bias},
                   {"z", bias->z},
                   {"confidence_pct", bias->confidence_pct},
                   {"evidence_pct", bias->evidence_pct},
                   {"agreement_pct", bias->agreement_pct},
                   {"price_px", bias->price_px}};
    image_put_count (&image, "ts", bias->ts_ms);
    for (size_t i = 0; i < COUNT_OF (numbers); i++)
        if (isfinite (numbers[i].value))
            image_put_number (&image, numbers[i].name, numbers[i].value);
    image_put_text (&image, "state", state_names[bias->state]);
    image_put_text (&image, "conflicted", bias->is_conflicted ? "true" : "false");
    image_put_count (&image, "weights_version", bias->weights_version);
    int status = set_hash (self, KEY_BIAS, (mode_id_t) bias->mode, bias->instrument, &image);
    image_fini (&image);
    return status;
}

static void
on_prices (void *argument, const redis_value_t *value)
{
    store_redis_t *self = argument;
    self->is_pricing = false;
    if (self->is_closing)
        return;
    store_result_t result = result_of (self, value);
    if (result == STORE_DONE)
        memcpy (self->price_done_ms, self->price_sent_ms, sizeof self->price_done_ms);
    else if (result == STORE_NO_ROOM) {
        metric_add (self->metrics.full, 1);
        store_enter (self, STORE_FULL);
    }
}

int
store_redis_prices (store_redis_t *self, prices_t *const prices[])
{
    if (self->state != STORE_READY)
        return E_CLOSED;
    if (self->is_pricing)
        return E_AGAIN;
    image_t image = {0};
    size_t written = 0;
    begin (self);
    memcpy (self->price_sent_ms, self->price_done_ms, sizeof self->price_sent_ms);
    for (size_t i = 0; i < self->universe.count; i++) {
        double px;
        int64_t ts_ms;
        image_reset (&image);
        while (image.count < PRICES_AT_ONCE &&
               prices_next (prices[i], self->price_sent_ms[i], &ts_ms, &px) == OK) {
            char id[32];
            snprintf (id, sizeof id, "%lld", (long long) ts_ms);
            image_put_number (&image, id, px);
            self->price_sent_ms[i] = ts_ms;
        }
        if (image.count == 0)
            continue;
        add_key (self, KEY_PRICE, MODE_SCALP, self->universe.names[i], 0);
        words_add_count (&self->args, (int64_t) image.count);
        add_fields (self, &image);
        written += image.count;
    }
    image_fini (&image);
    if (written == 0)
        return OK;
    int status = send_script (self, SCRIPT_PRICES, on_prices, self);
    self->is_pricing = status == OK;
    if (status == OK)
        metric_add (self->metrics.prices, (double) written);
    return status;
}
