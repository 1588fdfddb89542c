#include "tests/support/map_world.h"

#include "tests/support/expect.h"

#include "common/base/check.h"

static const char *const VENUES[MAP_WORLD_VENUES] = {"binance", "bybit"};

tiers_t
map_world_tiers (const char *venue)
{
    tiers_t tiers;
    error_text_t error = {{0}};
    if (tiers_load (&tiers, "deploy/tiers", venue, "BTCUSDT", &error) != OK)
        fail_msg ("%s", error.text);
    return tiers;
}

static void
on_market (void *self, const market_event_t *event)
{
    map_world_t *world = self;
    liquidation_map_event (world->map, world->market, event);
}

map_world_t
map_world_new (void)
{
    map_world_t self = {.size = market_size () + liquidation_map_size (MAP_WORLD_VENUES),
                        .now_ns = MAP_WORLD_START_NS};
    self.market = mem_new (self.size);
    self.map = (liquidation_map_t *) (void *) ((char *) self.market + market_size ());
    tiers_t tiers[MAP_WORLD_VENUES];
    for (int venue = 0; venue < MAP_WORLD_VENUES; venue++)
        tiers[venue] = map_world_tiers (VENUES[venue]);
    market_init (self.market, VENUES, MAP_WORLD_VENUES);
    market_set_map_offset (self.market, market_size ());
    liquidation_map_init (self.map, MAP_WORLD_VENUES, tiers);
    return self;
}

void
map_world_close (map_world_t *self)
{
    free (self->market);
    self->market = NULL;
}

void
map_world_tell (map_world_t *self, event_kind_t kind, int venue, const void *record)
{
    event_t event = {.kind = kind, .venue = (uint16_t) venue, .ts_recv_ns = self->now_ns, .of.any = record};
    market_event (self->market, &event, &(market_listener_t){on_market, self});
}

static void
tell_trades (map_world_t *self, prng_t *prng, int venue, double px)
{
    for (int i = 0; i < 3; i++) {
        trade_t trade = {.ts_event_ns = self->now_ns,
                         .qty_coins = .02 + .2 * prng_uniform (prng),
                         .side = prng_below (prng, 2) ? 1 : -1};
        (void) decimal_from_double (floor (px * 10) / 10, &trade.price);
        trade.notional_usd = trade.qty_coins * px;
        map_world_tell (self, EVENT_TRADE, venue, &trade);
    }
}

void
map_world_second (map_world_t *self, prng_t *prng, double px, double oi)
{
    for (int venue = 0; venue < MAP_WORLD_VENUES; venue++) {
        if (self->is_gone[venue])
            continue;
        quote_t quote = {.ts_event_ns = self->now_ns, .bid_qty_coins = 1, .ask_qty_coins = 1};
        (void) decimal_from_double (floor (px * 10) / 10 - .1, &quote.bid_px);
        (void) decimal_from_double (floor (px * 10) / 10 + .1, &quote.ask_px);
        map_world_tell (self, EVENT_QUOTE, venue, &quote);
        mark_t mark = {self->now_ns, px};
        map_world_tell (self, EVENT_MARK, venue, &mark);
        tell_trades (self, prng, venue, px);
        open_interest_t reading = {.ts_event_ns = self->now_ns, .oi_coins = oi};
        if (!self->has_no_oi[venue])
            map_world_tell (self, EVENT_OPEN_INTEREST, venue, &reading);
    }
    self->now_ns += NS_PER_S;
    market_advance (self->market, self->now_ns, &(market_listener_t){on_market, self});
}

double
map_world_live (map_world_t *self, prng_t *prng, int seconds, double px)
{
    for (int i = 0; i < seconds; i++) {
        px *= exp (.0004 * prng_normal (prng));
        map_world_second (self, prng, px, 1000 + i * .01);
    }
    return px;
}
