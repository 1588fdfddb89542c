#include "aggregator/outcome.h"
#include "common/base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

double
outcome_y (double entry_px, double exit_px, double sigma, double horizon_s)
{
    double y = (log (exit_px) - log (entry_px)) / (sigma * sqrt (horizon_s));
    return fmin (fmax (y, -OUTCOME_Y_MAX), OUTCOME_Y_MAX);
}

void
outcome_settle (const ledger_row_t *row, const ledger_entry_t *entry, mode_id_t mode, const prices_t *prices,
                outcome_t *out)
{
    memset (out, 0, sizeof *out);
    snprintf (out->instrument, sizeof out->instrument, "%s", entry->instrument);
    out->mode = (int32_t) mode;
    out->ts_ms = row->t_ms;
    out->due_ms = row->due_ms;
    out->z = entry->z;
    out->bias = entry->bias;
    out->confidence_pct = isnan (entry->claim_pct) ? 50 : entry->claim_pct;
    out->entry_px = out->exit_px = out->y = NAN;
    if (!prices || prices_near (prices, row->t_ms + OUTCOME_DELAY_MS, &out->entry_px) != OK)
        snprintf (out->void_reason, sizeof out->void_reason, "no price within 5 s of the decision");
    else if (prices_near (prices, row->due_ms, &out->exit_px) != OK)
        snprintf (out->void_reason, sizeof out->void_reason, "no price within 5 s of the due time");
    else
        out->y = outcome_y (out->entry_px, out->exit_px, entry->sigma, (double) mode_info (mode)->horizon_s);
}
