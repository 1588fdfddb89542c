#include "ingest/simulator/accounts.h"
#include "common/base/check.h"

#include <math.h>
#include <stdlib.h>

__extension__ typedef __int128 wide_t;

enum { BLOCK_SLOTS = 64 };

void
accounts_init (accounts_t *self, int32_t positions_max, int64_t deposit_each)
{
    *self = (accounts_t){.positions_max = positions_max};
    size_t n = (size_t) positions_max;
    self->positions = mem_new (n * sizeof *self->positions);
    self->low_px_ticks = mem_new (n * sizeof *self->low_px_ticks);
    self->high_px_ticks = mem_new (n * sizeof *self->high_px_ticks);
    self->close_ns = mem_new (n * sizeof *self->close_ns);
    self->blocks = mem_new ((n / BLOCK_SLOTS + 1) * sizeof *self->blocks);
    self->free_slots = mem_new (n * sizeof *self->free_slots);
    for (int i = 0; i < ACCOUNT_COUNT; i++)
        if (i != ACCOUNT_FUND)
            accounts_deposit (self, i, deposit_each);
}

void
accounts_fini (accounts_t *self)
{
    free (self->positions);
    free (self->low_px_ticks);
    free (self->high_px_ticks);
    free (self->close_ns);
    free (self->blocks);
    free (self->free_slots);
    *self = (accounts_t){0};
}

static int64_t
magnitude (int64_t x)
{
    return x < 0 ? -x : x;
}

int64_t
accounts_trade (accounts_t *self, holding_t *holding, int64_t signed_lots, int64_t px_ticks)
{
    int64_t before = holding->lots, cost_before = holding->cost, realised = 0;
    bool is_closing = (before > 0 && signed_lots < 0) || (before < 0 && signed_lots > 0);
    int64_t closing = 0;
    if (is_closing) {
        closing = magnitude (signed_lots) < magnitude (before) ? signed_lots : -before;
        //  the share of the cost that leaves, rounded; the rounding stays inside the holding
        int64_t leaving = (int64_t) ((wide_t) holding->cost * magnitude (closing) / magnitude (before));
        realised = (-closing * px_ticks - leaving) * MONEY_UNIT;
        holding->cost -= leaving;
        holding->lots += closing;
    }
    int64_t opening = signed_lots - closing;
    holding->cost += opening * px_ticks;
    holding->lots += opening;

    self->cost += holding->cost - cost_before;
    self->long_lots += (holding->lots > 0 ? holding->lots : 0) - (before > 0 ? before : 0);
    self->short_lots += (holding->lots < 0 ? -holding->lots : 0) - (before < 0 ? -before : 0);
    return realised;
}

void
accounts_deposit (accounts_t *self, int account, int64_t money)
{
    self->deposits += money;
    accounts_credit (self, account, money);
}

void
accounts_credit (accounts_t *self, int account, int64_t money)
{
    self->net[account].wallet += money;
    if (account != ACCOUNT_FUND)
        self->wallets += money;
}

void
accounts_credit_margin (accounts_t *self, int32_t slot, int64_t money)
{
    self->positions[slot].margin += money;
    self->wallets += money;
}

void
accounts_credit_spare (accounts_t *self, int32_t slot, int64_t money)
{
    CHECK (self->positions[slot].is_cross);
    self->positions[slot].spare += money;
    self->wallets += money;
}

void
accounts_credit_profit (accounts_t *self, int32_t slot, int64_t money)
{
    if (self->positions[slot].is_cross)
        accounts_credit_spare (self, slot, money);
    else
        accounts_credit_margin (self, slot, money);
}

int64_t
accounts_backing (const position_t *position)
{
    return position->margin + position->spare;
}

void
accounts_pay_fee (accounts_t *self, int account, int64_t money)
{
    accounts_credit (self, account, -money);
    self->fees += money;
}

double
accounts_leverage (const position_t *position)
{
    double cost = fabs ((double) position->holding.cost) * MONEY_UNIT;
    int64_t backing = accounts_backing (position);
    return backing > 0 ? cost / (double) backing : INFINITY;
}

void
accounts_watch (accounts_t *self, int32_t slot, int32_t low_px_ticks, int32_t high_px_ticks)
{
    self->low_px_ticks[slot] = low_px_ticks;
    self->high_px_ticks[slot] = high_px_ticks;
    self->blocks[slot / BLOCK_SLOTS].is_stale = true;
}

void
accounts_watch_time (accounts_t *self, int32_t slot, int64_t close_ns)
{
    self->close_ns[slot] = close_ns;
    self->blocks[slot / BLOCK_SLOTS].is_stale = true;
}

static void
block_refresh (accounts_t *self, int32_t block)
{
    watch_t watch = {.close_ns = INT64_MAX, .low_px_ticks = INT32_MIN, .high_px_ticks = INT32_MAX};
    for (int32_t i = block * BLOCK_SLOTS; i < self->slots_end && i < (block + 1) * BLOCK_SLOTS; i++) {
        if (self->close_ns[i] < watch.close_ns)
            watch.close_ns = self->close_ns[i];
        if (self->low_px_ticks[i] > watch.low_px_ticks)
            watch.low_px_ticks = self->low_px_ticks[i];
        if (self->high_px_ticks[i] < watch.high_px_ticks)
            watch.high_px_ticks = self->high_px_ticks[i];
    }
    self->blocks[block] = watch;
}

int32_t
accounts_due (accounts_t *self, int32_t from, int32_t mark_px_ticks, int64_t now_ns)
{
    for (int32_t i = from; i < self->slots_end; i++) {
        if (i == from || i % BLOCK_SLOTS == 0) {
            watch_t *block = &self->blocks[i / BLOCK_SLOTS];
            if (block->is_stale)
                block_refresh (self, i / BLOCK_SLOTS);
            if (mark_px_ticks > block->low_px_ticks && mark_px_ticks < block->high_px_ticks &&
                now_ns < block->close_ns) {
                i |= BLOCK_SLOTS - 1;
                continue;
            }
        }
        if (mark_px_ticks <= self->low_px_ticks[i] || mark_px_ticks >= self->high_px_ticks[i] ||
            now_ns >= self->close_ns[i])
            return i;
    }
    return -1;
}

int32_t
accounts_open (accounts_t *self)
{
    int32_t slot = -1;
    if (self->free_count > 0)
        slot = self->free_slots[--self->free_count];
    else if (self->slots_end < self->positions_max)
        slot = self->slots_end++;
    if (slot < 0)
        return -1;
    self->positions_count++;
    self->positions[slot] = (position_t){0};
    accounts_watch (self, slot, INT32_MIN, INT32_MAX);
    accounts_watch_time (self, slot, INT64_MAX);
    return slot;
}

void
accounts_close (accounts_t *self, int32_t slot, int to_account)
{
    position_t *position = &self->positions[slot];
    CHECK (position->holding.lots == 0 && position->holding.cost == 0);
    int64_t left = accounts_backing (position);
    accounts_credit_margin (self, slot, -position->margin);
    if (position->is_cross)
        accounts_credit_spare (self, slot, -position->spare);
    accounts_credit (self, to_account, left);
    accounts_watch (self, slot, INT32_MIN, INT32_MAX);
    accounts_watch_time (self, slot, INT64_MAX);
    self->free_slots[self->free_count++] = slot;
    self->positions_count--;
}

void
accounts_check (const accounts_t *self)
{
    int64_t unrealised = -self->cost * MONEY_UNIT;
    CHECK (self->wallets + self->net[ACCOUNT_FUND].wallet + self->fees + unrealised == self->deposits);
    CHECK (self->long_lots == self->short_lots);
}

static void
audit_holding (accounts_t *totals, const holding_t *holding)
{
    totals->cost += holding->cost;
    if (holding->lots > 0)
        totals->long_lots += holding->lots;
    else
        totals->short_lots -= holding->lots;
}

void
accounts_audit (const accounts_t *self, accounts_t *totals)
{
    *totals = (accounts_t){.deposits = self->deposits, .fees = self->fees};
    totals->net[ACCOUNT_FUND].wallet = self->net[ACCOUNT_FUND].wallet;
    for (int i = 0; i < ACCOUNT_COUNT; i++) {
        if (i != ACCOUNT_FUND)
            totals->wallets += self->net[i].wallet;
        audit_holding (totals, &self->net[i].holding);
    }
    for (int32_t i = 0; i < self->slots_end; i++) {
        totals->wallets += accounts_backing (&self->positions[i]);
        audit_holding (totals, &self->positions[i].holding);
        totals->positions_count += self->positions[i].holding.lots != 0;
    }
}
