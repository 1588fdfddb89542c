#include "ingest/simulator/listing.h"
#include "common/base/check.h"
#include "common/base/hash.h"

#include <math.h>
#include <string.h>

typedef struct {
    const char *name;
    double px, vol_year, beta, pace, turnover_usd_s, spread_bps;
    int tick_exponent; //  tick is tick_units x 10^that, on every venue
    int tick_units;
    int binance_lot_exponent, bybit_lot_exponent; //  coins
    double okx_contract_coins;
    int okx_lot_exponent; //  contracts
} row_t;

// clang-format off
static const row_t ROWS[] = {
    {"BTCUSDT",  97450,  .48, 1.00, 1.00, 9000, .25,    -1, 1, -3, -3, .01,  -2},
    {"ETHUSDT",  3380,   .62, 1.15, .85,  6500, .35,    -2, 1, -3, -2, .1,   -2},
    {"SOLUSDT",  188.5,  .80, 1.35, .60,  3200, .6,  -2, 1,  0, -1, 1,    -2},
    {"XRPUSDT",  2.31,   .85, 1.10, .50,  2600, .7, -4, 1, -1,  0, 100,  -2},
    {"DOGEUSDT", .1852,  .95, 1.45, .45,  2100, .8, -5, 1,  0,  0, 1000, -2},
    {"BNBUSDT",  655.4,  .55, .80,  .35,  1500, .7,  -2, 1, -2, -2, .01,   0},
    {"FILUSDT",  4.62,   1.0, 1.40, .22,  500,  1.6,  -3, 1, -1, -1, .1,    0},
    {"NEARUSDT", 3.71,   1.0, 1.45, .22,  550,  1.5,  -3, 1,  0, -1, 10,   -1},
    {"WLDUSDT",  1.264,  1.2, 1.50, .24,  600,  1.7,  -4, 1,  0, -1, 1,     0},
    {"ADAUSDT",  .7342,  .85, 1.25, .30,  950,  1.1, -4, 1,  0,  0, 100,  -1},
    {"AVAXUSDT", 28.45,  .95, 1.40, .28,  800,  1.2, -3, 1,  0, -1, 1,    -1},
    {"LINKUSDT", 17.82,  .85, 1.30, .30,  900,  1.1, -3, 1, -2, -1, 1,    -1},
    {"LTCUSDT",  94.3,   .75, 1.10, .26,  750,  1.1, -2, 1, -3, -1, 1,    -1},
    {"DOTUSDT",  5.12,   .90, 1.30, .24,  600,  1.4,  -3, 1, -1, -1, 1,     0},
    {"SUIUSDT",  3.486,  1.1, 1.50, .40,  1500, 1.0, -4, 1, -1,  0, 1,     0},
    {"APTUSDT",  7.85,   1.0, 1.40, .22,  520,  1.5,  -3, 1, -1, -2, 1,    -1},
    {"ARBUSDT",  .5218,  1.0, 1.45, .24,  600,  1.5,  -4, 1, -1, -1, 10,   -1},
    {"OPUSDT",   1.128,  1.1, 1.50, .22,  520,  1.6,  -4, 1, -1, -1, 1,     0},
    {"INJUSDT",  14.62,  1.1, 1.45, .22,  500,  1.6,  -3, 1, -1, -1, .1,    0},
    {"AAVEUSDT", 214.8,  .95, 1.30, .26,  750,  1.3, -2, 1, -1, -2, .1,    0},
    {"UNIUSDT",  8.43,   .95, 1.30, .24,  620,  1.4,  -3, 1,  0, -1, 1,     0},
};
// clang-format on

//  A contract nobody described: price .05..20, four or five digits of price.
static row_t
row_generic (const char *name)
{
    double u = (double) (hash_text (name, 0) % 100000) / 100000.0;
    double px = 0.05 * pow (400.0, u);
    int exponent = (int) floor (log10 (px)) - 4;
    return (row_t){.name = name,
                   .px = px,
                   .vol_year = 1.1,
                   .beta = 1.3,
                   .pace = .2,
                   .turnover_usd_s = 400,
                   .spread_bps = 1.8,
                   .tick_exponent = exponent,
                   .tick_units = 1,
                   .okx_contract_coins = 1};
}

static void
spec_init (world_spec_t *self, const row_t *row, int lot_exponent, double contract_coins, double leverage_max)
{
    *self = (world_spec_t){.tick_exponent = row->tick_exponent,
                           .tick_units = row->tick_units,
                           .lot_exponent = lot_exponent,
                           .lot_units = 1,
                           .tick_px = row->tick_units * pow (10, row->tick_exponent),
                           .lot_coins = pow (10, lot_exponent) * contract_coins,
                           .contract_coins = contract_coins,
                           .leverage_max = leverage_max};
}

int
listing_init (listing_t *self, const char *name, const char *tiers_folder, error_text_t *error)
{
    static const char *const venues[] = {
        [WORLD_BINANCE] = "binance", [WORLD_BYBIT] = "bybit", [WORLD_OKX] = "okx"};
    row_t row = row_generic (name);
    for (size_t i = 0; i < COUNT_OF (ROWS); i++)
        if (strcmp (ROWS[i].name, name) == 0)
            row = ROWS[i];
    *self = (listing_t){.px = row.px,
                        .vol_year = row.vol_year,
                        .beta = row.beta,
                        .pace = row.pace,
                        .turnover_usd_s = row.turnover_usd_s,
                        .spread_bps = row.spread_bps};
    for (size_t rule = 0; rule < COUNT_OF (venues); rule++) {
        int status = tiers_load (&self->tiers[rule], tiers_folder, venues[rule], name, error);
        if (status != OK)
            return status;
    }
    double leverage_max = self->tiers[WORLD_BINANCE].rows[0].leverage_max;
    spec_init (&self->specs[WORLD_BINANCE], &row, row.binance_lot_exponent, 1, leverage_max);
    spec_init (&self->specs[WORLD_BYBIT], &row, row.bybit_lot_exponent, 1, leverage_max);
    spec_init (&self->specs[WORLD_OKX], &row, row.okx_lot_exponent, row.okx_contract_coins, leverage_max);
    return OK;
}
