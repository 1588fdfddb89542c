/*  accounts - who holds what on one venue and instrument, exact to the last unit
 *
 *  Why   money that appears or vanishes by rounding hides real bugs: all of it is whole numbers here, so
 *        conservation is an equality and not a tolerance.
 *  What  net accounts (makers, depth, fund...: one signed position, never liquidated) and positions of the
 *        crowd, each with money of its own, opened out of and closed into the crowd's common wallet.
 *        An isolated position is backed by its margin.  A cross one has besides a spare balance that backs it
 *        as well: profit and funding go there, margin for more lots is taken from it, and it may turn negative
 *        when losses have eaten into the margin.
 *  Not   a cross account with several positions: what it holds elsewhere does not back it here.
 *  Unit  money is thousandths of (tick x lot).  A holding keeps cost = sum of signed lots x price, so the
 *        unrealised profit at any mark is lots x mark - cost, and its total over all is -(sum of costs).
 *  Rule  wallets + fund + fees + unrealised = deposits
 *        sum of longs = sum of shorts = open interest */

#ifndef LEADLINE_ACCOUNTS_H
#define LEADLINE_ACCOUNTS_H

#include <stdbool.h>
#include <stdint.h>

enum { MONEY_UNIT = 1000 };

enum {
    ACCOUNT_FUND,
    ACCOUNT_CROWD, //  free money of everybody with leverage; holds no position itself
    ACCOUNT_ARBITRAGE,
    ACCOUNT_INFORMED,
    ACCOUNT_MAKER, //  the first of ACCOUNT_MAKERS
    ACCOUNT_MAKERS = 6,
    ACCOUNT_DEPTH = ACCOUNT_MAKER + ACCOUNT_MAKERS, //  the first of ACCOUNT_DEPTHS
    ACCOUNT_DEPTHS = 6,
    ACCOUNT_COUNT = ACCOUNT_DEPTH + ACCOUNT_DEPTHS
};

typedef struct {
    int64_t lots; //  signed
    int64_t cost; //  signed, ticks x lots
} holding_t;

typedef struct {
    holding_t holding;
    int64_t wallet;
} account_t;

typedef struct {
    holding_t holding;     //  0 lots: free
    int64_t margin, spare; //  spare: of a cross position only
    int64_t opened_ns;
    float leverage;                                               //  as chosen: margin is cost / leverage
    int32_t liquidation_px_ticks, stop_px_ticks, target_px_ticks; //  0: none
    bool is_cross;
    int8_t holder; //  what kind of agent (crowd)
} position_t;

typedef struct {
    int64_t close_ns;
    int32_t low_px_ticks, high_px_ticks;
    bool is_stale;
} watch_t;

typedef struct {
    account_t net[ACCOUNT_COUNT];
    position_t *positions;
    //  What the risk scan reads, apart from the rest so that it stays in the cache: the mark at or below
    //  which, at or above which, and the time from which something must be done.  And the same of each block of
    //  slots, so that a scan where nothing happens looks at few numbers.
    int32_t *low_px_ticks, *high_px_ticks;
    int64_t *close_ns;
    watch_t *blocks;
    int32_t *free_slots;
    int32_t positions_max, positions_count, slots_end, free_count; //  slots in use are below slots_end
    //  running totals
    int64_t deposits, wallets, fees, cost; //  wallets: margins and spares too, without the fund's
    int64_t long_lots, short_lots;
} accounts_t;

//  The fund begins with nothing, every other account with deposit_each.
void
accounts_init (accounts_t *self, int32_t positions_max, int64_t deposit_each);
void
accounts_fini (accounts_t *self);

//  Buy (+) or sell (-) lots at a price.  Returns the profit realised, to be added to the holder's money.
int64_t
accounts_trade (accounts_t *self, holding_t *holding, int64_t signed_lots, int64_t px_ticks);

//  Money from outside.
void
accounts_deposit (accounts_t *self, int account, int64_t money);

//  Add to (or take from) a wallet; the fund's counts on its own.
void
accounts_credit (accounts_t *self, int account, int64_t money);

//  Add to a position's margin (it may turn negative for a moment inside a closing), or to its spare balance.
void
accounts_credit_margin (accounts_t *self, int32_t slot, int64_t money);
void
accounts_credit_spare (accounts_t *self, int32_t slot, int64_t money);

//  Profit, loss or funding: into the margin of an isolated position, the spare balance of a cross one.
void
accounts_credit_profit (accounts_t *self, int32_t slot, int64_t money);

//  All that backs a position, without its unrealised profit.
int64_t
accounts_backing (const position_t *position);

//  Move money between a wallet and the exchange's fees.
void
accounts_pay_fee (accounts_t *self, int account, int64_t money);

//  Value at entry over the margin that backs it; INFINITY when nothing does.
double
accounts_leverage (const position_t *position);

//  When the risk scan has to look at a position; INT32_MIN, INT32_MAX, INT64_MAX: never.
void
accounts_watch (accounts_t *self, int32_t slot, int32_t low_px_ticks, int32_t high_px_ticks);
void
accounts_watch_time (accounts_t *self, int32_t slot, int64_t close_ns);

//  The first slot from `from` on that is due at a mark and a time; -1: none.
int32_t
accounts_due (accounts_t *self, int32_t from, int32_t mark_px_ticks, int64_t now_ns);

//  A free slot for a position, or -1 when the pool is full.
int32_t
accounts_open (accounts_t *self);

//  Give an empty slot back; what is left of its backing goes to the given account.
void
accounts_close (accounts_t *self, int32_t slot, int to_account);

//  Aborts when money or positions do not add up: running totals only, a few additions.
void
accounts_check (const accounts_t *self);

//  The totals once more, from every account and position.
void
accounts_audit (const accounts_t *self, accounts_t *totals);

#endif
