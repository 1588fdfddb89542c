/*  outcome - what the price did after a decision (methods D2)
 *
 *      y = clip ((ln P(due) - ln P(t + 2 s)) / (sigma sqrt (horizon)), -3, 3)
 *
 *  Entry    the price nearest to t + 2 s, at most 5 s away: the first one a reader of the bias could have
 *           had; exit the nearest to due.  Without one of them the entry is void, never settled with a later
 *           price. */

#ifndef LEADLINE_AGGREGATOR_OUTCOME_H
#define LEADLINE_AGGREGATOR_OUTCOME_H

#include "aggregator/ledger.h"
#include "aggregator/prices.h"

enum { OUTCOME_DELAY_MS = 2000, OUTCOME_Y_MAX = 3 };

//  y = clip ((ln exit - ln entry) / (sigma sqrt (horizon)), -3, 3)
double
outcome_y (double entry_px, double exit_px, double sigma, double horizon_s);

//  Settle one entry of a row: fills all but head of out; y is NaN and void_reason set when a price is
//  missing.
void
outcome_settle (const ledger_row_t *row, const ledger_entry_t *entry, mode_id_t mode, const prices_t *prices,
                outcome_t *out);

#endif
