#include "ingest/simulator/gateway.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/check.h"
#include "common/base/timebase.h"
#include "ingest/simulator/binance_protocol.h"
#include "ingest/simulator/bybit_protocol.h"
#include "ingest/simulator/okx_protocol.h"

enum { HISTORY_MOST = 1500 };

const protocol_t *const protocols[] = {&binance_protocol, &bybit_protocol, &okx_protocol, NULL};

const protocol_t *
protocol_find (const char *name)
{
    for (const protocol_t *const *row = protocols; *row; row++)
        if (!strcmp ((*row)->name, name))
            return *row;
    return NULL;
}

static gateway_t *
make (const protocol_t *protocol, const feed_options_t *feed)
{
    gateway_t *self = mem_new (sizeof *self);
    self->protocol = protocol;
    feed_options_t options = *feed;
    options.venue = protocol->name;
    options.channels = protocol->channels;
    options.instruments = self->names;
    self->feed = feed_new (&options);
    self->json = json_document_new ();
    self->state = mem_new (protocol->state_size);
    return self;
}

static gateway_listing_t *
add_listing (gateway_t *self, const char *base)
{
    gateway_listing_t *listing = &self->listings[self->listings_count];
    *listing = (gateway_listing_t){.px_units = 1, .qty_units = 1, .contract_coins = 1, .leverage_max = 100};
    (void) slice_copy (slice_of (base), listing->base, sizeof listing->base);
    (void) snprintf (listing->name, sizeof listing->name, "%.27sUSDT", base);
    self->protocol->name_contract (base, listing->contract, sizeof listing->contract);
    self->names[self->listings_count++] = listing->name;
    return listing;
}

gateway_t *
gateway_new (const protocol_t *protocol, world_t *world, int venue, const universe_t *universe,
             const feed_options_t *feed)
{
    gateway_t *self = make (protocol, feed);
    self->world = world;
    self->venue = venue;
    for (size_t i = 0; i < universe->count; i++) {
        const world_spec_t *spec = world_spec (world, venue, (int) i);
        slice_t name = slice_of (universe->names[i]);
        if (name.size > 4 && !strcmp (universe->names[i] + name.size - 4, "USDT"))
            name.size -= 4;
        char base[GATEWAY_NAME_MAX];
        (void) slice_copy (name, base, sizeof base);
        gateway_listing_t *listing = add_listing (self, base);
        (void) slice_copy (slice_of (universe->names[i]), listing->name, sizeof listing->name);
        listing->px_units = spec->tick_units;
        listing->px_exponent = (int) spec->tick_exponent;
        listing->qty_units = spec->lot_units;
        listing->qty_exponent = (int) spec->lot_exponent;
        listing->contract_coins = spec->contract_coins > 0 ? spec->contract_coins : 1;
        if (spec->leverage_max > 0)
            listing->leverage_max = spec->leverage_max;
    }
    protocol->start (self);
    return self;
}

gateway_t *
gateway_new_recorded (const protocol_t *protocol, archive_t archive, const feed_options_t *feed)
{
    gateway_t *self = make (protocol, feed);
    self->archive = archive;
    protocol->start (self);
    return self;
}

void
gateway_destroy (gateway_t **self)
{
    if (!*self)
        return;
    (*self)->protocol->stop (*self);
    feed_destroy (&(*self)->feed);
    text_fini (&(*self)->frame);
    json_document_destroy (&(*self)->json);
    free ((*self)->state);
    free (*self);
    *self = NULL;
}

int
gateway_list (gateway_t *self, const char *base, int px_exponent, int qty_exponent, double contract_coins)
{
    if (self->listings_count == UNIVERSE_MAX)
        return -1;
    gateway_listing_t *listing = add_listing (self, base);
    listing->px_exponent = px_exponent;
    listing->qty_exponent = qty_exponent;
    listing->contract_coins = contract_coins;
    return self->listings_count - 1;
}

int
gateway_find (const gateway_t *self, slice_t contract)
{
    for (int i = 0; i < self->listings_count; i++)
        if (strlen (self->listings[i].contract) == contract.size &&
            !strncasecmp (self->listings[i].contract, contract.data, contract.size))
            return i;
    return -1;
}

void
gateway_tick (gateway_t *self, int64_t now_ns)
{
    self->now_ns = now_ns;
    if (self->world)
        self->protocol->tick (self, now_ns);
    feed_tick (self->feed, now_ns);
}

slice_t
query_text (const query_t *query, const char *key)
{
    slice_t rest = query->arguments;
    while (rest.size) {
        slice_t value = slice_cut (&rest, '&');
        slice_t name = slice_cut (&value, '=');
        if (slice_is (name, key))
            return value;
    }
    return (slice_t){"", 0};
}

int64_t
query_i64 (const query_t *query, const char *key, int64_t preset)
{
    char text[24], *end;
    slice_t value = query_text (query, key);
    if (!value.size || slice_copy (value, text, sizeof text) != OK)
        return preset;
    long long number = strtoll (text, &end, 10);
    return *end ? preset : number;
}

bool
gateway_allow (gateway_t *self, const query_t *query, int64_t weight, int64_t most, int window_s)
{
    if (query->mono_ns - self->window_from_ns >= window_s * NS_PER_S) {
        self->window_from_ns = query->mono_ns;
        self->window_weight = 0;
    }
    self->window_weight += weight;
    if (self->window_weight <= most)
        return true;
    self->refused_count++;
    return false;
}

int64_t
gateway_ms (int64_t ts_ns)
{
    return ts_ns / NS_PER_MS;
}

static void
add_level (text_buffer_t *out, const gateway_listing_t *listing, const world_level_t *level,
           numeral_form_t form, const char *rest)
{
    char text[2 * NUMERAL_TEXT_MAX + 8];
    size_t size = 0;
    text[size++] = '[';
    text[size++] = '"';
    size += numeral_write (text + size, level->px_ticks * listing->px_units, listing->px_exponent, form);
    memcpy (text + size, "\",\"", 3);
    size += 3;
    size += level->qty_lots ? numeral_write (text + size, level->qty_lots * listing->qty_units,
                                             listing->qty_exponent, form)
                            : numeral_write (text + size, 0, 0, form);
    text[size++] = '"';
    text_add_slice (out, (slice_t){text, size});
    text_add_slice (out, slice_of (level->qty_lots || !*rest ? rest : ",\"0\",\"0\""));
    text_add_slice (out, slice_of ("]"));
}

void
gateway_add_levels (text_buffer_t *out, const gateway_listing_t *listing, const world_level_t levels[],
                    int count, numeral_form_t form, const char *rest)
{
    text_add_slice (out, slice_of ("["));
    for (int i = 0; i < count; i++) {
        if (i)
            text_add_slice (out, slice_of (","));
        add_level (out, listing, &levels[i], form, rest);
    }
    text_add_slice (out, slice_of ("]"));
}

void
gateway_add_px (text_buffer_t *out, const gateway_listing_t *listing, int64_t ticks, numeral_form_t form)
{
    numeral_add_quoted (out, ticks * listing->px_units, listing->px_exponent, form);
}

void
gateway_add_qty (text_buffer_t *out, const gateway_listing_t *listing, int64_t lots, numeral_form_t form)
{
    numeral_add_quoted (out, lots * listing->qty_units, listing->qty_exponent, form);
}

static int
decimals_of (int exponent)
{
    return exponent < 0 ? -exponent : 0;
}

void
gateway_add_px_f64 (text_buffer_t *out, const gateway_listing_t *listing, double px, int more,
                    numeral_form_t form)
{
    numeral_add_quoted_f64 (out, px, decimals_of (listing->px_exponent) + more, form);
}

void
gateway_add_coins (text_buffer_t *out, const gateway_listing_t *listing, double coins, numeral_form_t form)
{
    numeral_add_quoted_f64 (out, coins / listing->contract_coins, decimals_of (listing->qty_exponent), form);
}

double
gateway_lot_coins (const gateway_listing_t *listing)
{
    return (double) listing->qty_units * pow (10, listing->qty_exponent) * listing->contract_coins;
}

static double
tier_bound (const gateway_t *self, int listing, double up_to, bool is_in_coins)
{
    bool is_by_coins = world_tiers (self->world, self->venue, listing)->is_by_coins;
    world_ticker_t ticker;
    world_ticker (self->world, self->venue, listing, &ticker);
    if (is_by_coins == is_in_coins)
        return up_to;
    return is_in_coins ? up_to / ticker.mark_px : up_to * ticker.mark_px;
}

double
gateway_tier_coins (const gateway_t *self, int listing, double up_to)
{
    return tier_bound (self, listing, up_to, true);
}

double
gateway_tier_usd (const gateway_t *self, int listing, double up_to)
{
    return tier_bound (self, listing, up_to, false);
}

int
gateway_ratio (const gateway_t *self, int listing, world_ratio_t *out, int64_t *ts_ns)
{
    *ts_ns = self->now_ns - self->now_ns % (300 * NS_PER_S);
    return self->world ? world_ratio (self->world, self->venue, listing, out) : E_AGAIN;
}

int32_t
gateway_interval_s (slice_t text)
{
    static const struct {
        const char *text;
        int32_t seconds;
    } known[] = {{"1m", 60},   {"1", 60},    {"5m", 300},    {"5", 300},    {"5min", 300},
                 {"15m", 900}, {"15", 900},  {"15min", 900}, {"30m", 1800}, {"30min", 1800},
                 {"1h", 3600}, {"60", 3600}, {"1H", 3600}};
    for (size_t i = 0; i < COUNT_OF (known); i++)
        if (slice_is (text, known[i].text))
            return known[i].seconds;
    return 0;
}

void
gateway_add_bars (gateway_t *self, int listing, int32_t interval_s, span_t span, bar_fn *row)
{
    static world_kline_t bars[HISTORY_MOST];
    if (!self->world)
        return;
    int64_t interval_ns = interval_s * NS_PER_S;
    if (span.most > HISTORY_MOST)
        span.most = HISTORY_MOST;
    if (span.is_from_start && span.to_ns > span.from_ns + span.most * interval_ns)
        span.to_ns = span.from_ns + span.most * interval_ns;
    int count = world_klines (self->world, self->venue, listing, interval_s, span.to_ns, bars, span.most);
    int first = 0;
    while (first < count && bars[first].start_ns < span.from_ns)
        first++;
    for (int i = first; i < count; i++) {
        const world_kline_t *bar = &bars[span.is_newest_first ? count - 1 - (i - first) : i];
        if (i > first)
            text_add_slice (&self->frame, slice_of (","));
        row (&self->frame, &self->listings[listing], bar, bar->start_ns + interval_ns <= self->now_ns);
    }
}

//  Close of the last bar that started before a time; bars are oldest first.
static double
price_at (const world_kline_t bars[], int count, int64_t ts_ns)
{
    int low = 0, high = count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (bars[middle].start_ns < ts_ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? bars[low - 1].close_px : count > 0 ? bars[0].open_px : 0;
}

int64_t
gateway_add_points (gateway_t *self, int listing, history_t kind, int32_t interval_s, span_t span,
                    point_fn *row)
{
    static world_point_t points[12 * HISTORY_MOST];
    static world_kline_t bars[HISTORY_MOST];
    if (!self->world)
        return 0;
    bool is_interest = kind == HISTORY_INTEREST;
    int room = is_interest ? (int) COUNT_OF (points) : HISTORY_MOST;
    int found = is_interest
                    ? world_oi_history (self->world, self->venue, listing, span.to_ns, points, room)
                    : world_funding_history (self->world, self->venue, listing, span.to_ns, points, room);
    int count = 0;
    for (int i = 0; i < found; i++) {
        bool is_on_beat = !is_interest || interval_s <= 300 || points[i].ts_ns % (interval_s * NS_PER_S) == 0;
        if (points[i].ts_ns >= span.from_ns && is_on_beat)
            points[count++] = points[i];
    }
    int first = count > span.most && !span.is_from_start ? count - span.most : 0;
    int last = count > span.most && span.is_from_start ? span.most : count;
    int bars_count = is_interest
                         ? world_klines (self->world, self->venue, listing, interval_s >= 900 ? 900 : 300,
                                         span.to_ns, bars, HISTORY_MOST)
                         : 0;
    for (int i = first; i < last; i++) {
        const world_point_t *point = &points[span.is_newest_first ? last - 1 - (i - first) : i];
        if (i > first)
            text_add_slice (&self->frame, slice_of (","));
        row (&self->frame, &self->listings[listing], point, price_at (bars, bars_count, point->ts_ns));
    }
    return first < last ? points[first].ts_ns : 0;
}
