#include "ingest/simulator/tiers.h"
#include "common/base/check.h"

static const double OKX_TAKER_FEE = 0.0005;

typedef struct {
    double up_to_usd, mmr, leverage_max;
} row_t;

//  Rows of the venues' published brackets (BTC: snapshot of 2024-10); a rate of 0 ends a table.
// clang-format off
static const row_t TABLES[][TIERS_MAX] = {
    [TIERS_BTC] = {{50e3, .004, 125}, {600e3, .005, 100}, {3e6, .0065, 75}, {12e6, .01, 50}, {70e6, .02, 25},
                   {100e6, .025, 20}, {230e6, .05, 10}, {480e6, .10, 5}, {600e6, .125, 4}, {800e6, .15, 3},
                   {1200e6, .25, 2}, {1800e6, .5, 1}},
    [TIERS_ETH] = {{50e3, .004, 125}, {600e3, .005, 100}, {3e6, .0065, 75}, {12e6, .01, 50}, {50e6, .02, 25},
                   {65e6, .025, 20}, {150e6, .05, 10}, {320e6, .10, 5}, {400e6, .125, 4}, {530e6, .15, 3},
                   {800e6, .25, 2}, {1200e6, .5, 1}},
    [TIERS_LARGE] = {{20e3, .005, 100}, {100e3, .0065, 75}, {800e3, .01, 50}, {4e6, .02, 25}, {8e6, .025, 20},
                     {20e6, .05, 10}, {40e6, .10, 5}, {50e6, .125, 4}, {100e6, .25, 2}, {150e6, .5, 1}},
    [TIERS_MIDDLE] = {{10e3, .005, 75}, {80e3, .01, 50}, {750e3, .02, 25}, {2e6, .025, 20}, {8e6, .05, 10},
                      {16e6, .10, 5}, {20e6, .125, 4}, {40e6, .25, 2}, {60e6, .5, 1}},
    [TIERS_SMALL] = {{10e3, .0065, 75}, {50e3, .01, 50}, {250e3, .02, 25}, {500e3, .025, 20}, {2e6, .05, 10},
                     {4e6, .10, 5}, {5e6, .125, 4}, {10e6, .25, 2}, {15e6, .5, 1}},
};
// clang-format on

void
tiers_init (tiers_t *self, tiers_class_t class, world_rule_t rule)
{
    const row_t *rows = TABLES[class];
    *self = (tiers_t){.fee_inside = rule == WORLD_OKX ? OKX_TAKER_FEE : 0};
    double deduction = 0;
    for (int i = 0; i < TIERS_MAX && rows[i].mmr > 0; i++) {
        if (i > 0)
            deduction += rows[i - 1].up_to_usd * (rows[i].mmr - rows[i - 1].mmr);
        self->rows[i] = (tier_t){.up_to_usd = rows[i].up_to_usd,
                                 .mmr = rows[i].mmr,
                                 .leverage_max = rows[i].leverage_max,
                                 .deduction_usd = rule == WORLD_OKX ? 0 : deduction};
        self->count = i + 1;
    }
    CHECK (self->count > 0);
}

const tier_t *
tiers_at (const tiers_t *self, double notional_usd)
{
    int i = 0;
    while (i + 1 < self->count && notional_usd > self->rows[i].up_to_usd)
        i++;
    return &self->rows[i];
}

double
tiers_liquidation_px (const tiers_t *self, int side, double qty_coins, double entry_px, double margin_usd)
{
    const tier_t *tier = tiers_at (self, qty_coins * entry_px), *before = NULL;
    double px = 0;
    for (int round = 0; round < TIERS_MAX; round++) {
        double rate = tier->mmr + self->fee_inside;
        px = (side * qty_coins * entry_px - margin_usd - tier->deduction_usd) / (qty_coins * (side - rate));
        const tier_t *there = tiers_at (self, qty_coins * (px > 0 ? px : 0));
        if (there == tier)
            break;
        if (before && there == before) { //  rates that jump: safe below the bound, not above it
            px = (there < tier ? there : tier)->up_to_usd / qty_coins;
            break;
        }
        before = tier;
        tier = there;
    }
    return px > 0 ? px : 0;
}

double
tiers_liquidation_entry_px (const tiers_t *self, int side, double qty_coins, double entry_px,
                            double margin_usd)
{
    const tier_t *tier = tiers_at (self, qty_coins * entry_px);
    double room_usd = margin_usd - qty_coins * entry_px * tier->mmr + tier->deduction_usd;
    double px = entry_px - side * room_usd / qty_coins;
    return px > 0 ? px : 0;
}

double
tiers_bankruptcy_px (int side, double qty_coins, double entry_px, double margin_usd)
{
    double px = entry_px - side * margin_usd / qty_coins;
    return px > 0 ? px : 0;
}
