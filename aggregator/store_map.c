#include "aggregator/store_map.h"
#include "aggregator/store_private.h"
#include "common/base/check.h"
#include "common/base/logger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ARGUMENTS_MAX = 2 + 2 + 2 * STORE_MAP_CLUSTERS + 2 * (2 + 2 * 8), PRICE_DIGITS = 6 };

//  What people call the groups of leverage.
static const char *const group_names[MAP_GROUPS] = {"5x", "10x", "25x", "50x", "100x"};

//  Six digits, at least one of them behind the point.
static void
format_price (double px, char out[32])
{
    int before = px >= 1 ? (int) floor (log10 (px)) + 1 : px > 0 ? (int) ceil (log10 (px)) : 1;
    int decimals = PRICE_DIGITS - before;
    (void) snprintf (out, 32, "%.*f", decimals < 1 ? 1 : decimals > 12 ? 12 : decimals, px);
}

static const char *
group_of (const map_cluster_t *cluster)
{
    size_t best = 0;
    for (size_t g = 1; g < cluster->groups_count && g < MAP_GROUPS; g++)
        if (cluster->groups_usd[g] > cluster->groups_usd[best])
            best = g;
    return cluster->groups_count > 0 ? group_names[best] : "";
}

static void
put_usd (image_t *image, const char *name, double usd)
{
    char text[32];
    (void) snprintf (text, sizeof text, "%.0f", usd);
    image_put_text (image, name, text);
}

void
store_map_summarise (const map_frame_t *frame, image_t *top, image_t *cumulative)
{
    char name[32], value[64];
    image_reset (top);
    image_reset (cumulative);
    for (size_t i = 0; i < frame->clusters_count && top->count < STORE_MAP_CLUSTERS; i++) {
        const map_cluster_t *cluster = &frame->clusters[i];
        format_price ((cluster->low_px + cluster->high_px) / 2, name);
        if (image_find (top, name))
            continue; //  the same price again: the larger one stands
        const char *group = group_of (cluster);
        (void) snprintf (value, sizeof value, "%.0f %s%s%s", cluster->usd, map_side_names[cluster->side],
                         group[0] ? " " : "", group);
        image_put_text (top, name, value);
    }
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < frame->cumulative_count && i < 8; i++) {
            const map_cumulative_t *part = &frame->cumulative[i];
            (void) snprintf (name, sizeof name, "%s:%g", map_side_names[side], part->distance_pct);
            put_usd (cumulative, name, side == MAP_SIDE_LONG ? part->long_usd : part->short_usd);
        }
    image_put_count (cumulative, "ts_ms", frame->ts_ms);
    format_price (frame->mark_px, name);
    image_put_text (cumulative, "mark_px", name);
}

static void
on_map_written (void *argument, const redis_value_t *value)
{
    store_map_t *map = argument;
    store_redis_t *self = map->store;
    map->is_out = false;
    if (self->is_closing)
        return;
    if (value && value->kind == REDIS_VALUE_TEXT && strcmp (value->text, "done") == 0) {
        metric_add (self->metrics.maps, 1);
        map->written_ms = map->sent_ms;
        return;
    }
    map->is_waiting = true; //  again, or a newer one
    if (!value)
        return;
    const char *text = value->kind == REDIS_VALUE_ERROR ? value->text : "strange answer";
    metric_add (strstr (text, "OOM") ? self->metrics.full : self->metrics.refused, 1);
    if (strstr (text, "OOM"))
        store_enter (self, STORE_FULL);
    else
        logger_write (LOG_LEVEL_WARNING, "redis refuses a map: %.200s", text);
}

static int
add_hash (const char *argv[], int argc, char count[16], const image_t *image)
{
    (void) snprintf (count, 16, "%zu", image->count * 2);
    argv[argc++] = count;
    for (size_t i = 0; i < image->count; i++) {
        argv[argc++] = image_name (image, i);
        argv[argc++] = image_value (image, i);
    }
    return argc;
}

static void
send_map (store_redis_t *self, size_t instrument)
{
    store_map_t *map = &self->maps[instrument];
    const char *argv[ARGUMENTS_MAX], *name = self->universe.names[instrument];
    char keys[2][STORE_KEY_MAX], counts[2][16];
    store_key (self->prefix, KEY_MAP_TOP, MODE_SCALP, name, 0, keys[0]);
    store_key (self->prefix, KEY_MAP_CUMULATIVE, MODE_SCALP, name, 0, keys[1]);
    argv[0] = keys[0];
    argv[1] = keys[1];
    CHECK (4 + 2 * (map->top.count + map->cumulative.count) <= COUNT_OF (argv));
    int argc = add_hash (argv, 2, counts[0], &map->top);
    argc = add_hash (argv, argc, counts[1], &map->cumulative);
    map->store = self;
    map->sent_ms = map->ts_ms;
    map->is_out = redis_link_eval (self->link, self->scripts[SCRIPT_MAP], on_map_written, map, 2, argc, argv,
                                   NULL) == OK;
    map->is_waiting = !map->is_out;
}

void
store_map_flush (store_redis_t *self)
{
    for (size_t i = 0; i < self->universe.count && self->state == STORE_READY; i++)
        if (self->maps[i].is_waiting && !self->maps[i].is_out)
            send_map (self, i);
}

void
store_redis_map (store_redis_t *self, const map_frame_t *frame)
{
    int at = universe_find (&self->universe, slice_of (frame->instrument));
    if (at < 0 || frame->model != MAP_MODEL_FULL || frame->is_reconstructed)
        return;
    store_map_t *map = &self->maps[at];
    const int64_t last_ms = map->is_out ? map->sent_ms : map->written_ms;
    //  Time that has gone back is that of another market: a new one begins.
    if (last_ms > 0 && frame->ts_ms >= last_ms && frame->ts_ms - last_ms < STORE_MAP_MS)
        return;
    if (map->is_waiting)
        metric_add (self->metrics.maps_skipped, 1);
    map->ts_ms = frame->ts_ms;
    store_map_summarise (frame, &map->top, &map->cumulative);
    map->is_waiting = true;
    if (self->state == STORE_READY && !map->is_out)
        send_map (self, (size_t) at);
}

void
store_map_fini (store_redis_t *self)
{
    for (size_t i = 0; i < self->universe.count; i++) {
        image_fini (&self->maps[i].top);
        image_fini (&self->maps[i].cumulative);
    }
}
