#include "cards/quality.h"

#include "common/base/timebase.h"
#include "common/wire/result.h"

#include <math.h>
#include <stdio.h>

#define RESYNC_NS (5 * NS_PER_S)
#define GAP_NS    (60 * NS_PER_S)

enum {
    BIT_QUOTE,
    BIT_TRADE,
    BIT_BOOK,
    BIT_MARK,
    BIT_OI,
    BIT_FUNDING,
    BIT_BARS,
    BIT_SPOT,
    BIT_DATED,
    BIT_LIQUIDATION,
    BIT_SERIES,
    BIT_FULL_DEPTH,
    BIT_ALL_VENUES,
    BIT_RATIO
};

//  Row by input bit.  kind -1: no event carries such a feed.
static const struct {
    int kind;
    double silence_s; //  longer means it has stopped
    double update_s;  //  how often it comes
    const char *waiting, *absent, *stopped;
} rows[MARKET_INPUTS] = {
    {EVENT_QUOTE, 10, 1, "waiting for quotes", "no quote feed", "quotes have stopped"},
    {EVENT_TRADE, 10, 1, "waiting for trades", "no trade feed", "trades have stopped"},
    {EVENT_BOOK, 10, 1, "waiting for the book", "no book feed", "book is broken or silent"},
    {EVENT_MARK, 15, 3, "waiting for marks", "no mark feed", "marks have stopped"},
    {EVENT_OPEN_INTEREST, 60, 10, "waiting for open interest", "no open interest",
     "open interest has stopped"},
    {EVENT_FUNDING, 600, 60, "waiting for funding", "no funding feed", "funding has stopped"},
    {EVENT_QUOTE, 10, 1, "waiting for prices", "no price history", "prices have stopped"},
    {-1, 0, 1, "no spot feed", "no spot feed", "no spot feed"},
    {-1, 0, 1, "no dated futures", "no dated futures", "no dated futures"},
    {EVENT_LIQUIDATION, 10, 1, "waiting for trades", "no liquidation feed", "liquidations have stopped"},
    {-1, 0, 1, "no outside series", "no outside series", "no outside series"},
    {EVENT_BOOK, 10, 1, "no book reaches 100 bp", "no book feed", "no book reaches 100 bp"},
    {-1, 0, 0, "", "", ""},
    {EVENT_RATIO, 900, 300, "waiting for account ratios", "no account ratios", "account ratios have stopped"},
};

static bool
is_expected (const feeds_t *feeds, int venue, int bit)
{
    if (rows[bit].kind < 0)
        return false;
    int status = feeds->feeds[venue][rows[bit].kind].status;
    //  quotes can come from the book
    if (status == HEALTH_ABSENT && rows[bit].kind == EVENT_QUOTE)
        status = feeds->feeds[venue][EVENT_BOOK].status;
    return status != HEALTH_ABSENT;
}

static bool
is_event_channel (int bit)
{
    return bit == BIT_TRADE || bit == BIT_LIQUIDATION;
}

//  Receive time that an input's age counts from; 0 never heard.
static int64_t
heard_ns (const market_t *market, int venue, int bit)
{
    int64_t since_ns, last_ns, quote_ns;
    market_heard (market, venue, (input_t) (1 << bit), &since_ns, &last_ns);
    if (is_event_channel (bit) && last_ns) {
        market_heard (market, venue, INPUT_QUOTE, &since_ns, &quote_ns);
        last_ns = quote_ns > last_ns ? quote_ns : last_ns;
    }
    return last_ns;
}

static double
book_factor (const book_replica_t *book, int64_t ts_ns)
{
    if (book->state != BOOK_SYNCED)
        return 0;
    return book->gaps_count > 0 && ts_ns - book->synced_ns < RESYNC_NS ? 0.5 : 1;
}

static double
presence (const market_t *market, const feeds_t *feeds, int venue, int bit, int64_t ts_ns)
{
    int kind = rows[bit].kind;
    if (kind < 0 || feeds->is_down[venue])
        return 0;
    int64_t last_ns = heard_ns (market, venue, bit);
    int status = feeds->feeds[venue][kind].status;
    bool is_ok = status == HEALTH_OK && (last_ns || is_event_channel (bit));
    if (status != HEALTH_OK && status != HEALTH_UNKNOWN && status != HEALTH_ABSENT)
        return 0;
    if (!is_ok && (!last_ns || (double) (ts_ns - last_ns) > rows[bit].silence_s * 1e9))
        return 0;
    double factor = 1;
    if (kind == EVENT_BOOK)
        factor = book_factor (market_book (market, venue), ts_ns);
    else if (feeds->gap_ns[venue][kind] && ts_ns - feeds->gap_ns[venue][kind] < GAP_NS)
        factor = 0.5;
    if (bit == BIT_LIQUIDATION && feeds->feeds[venue][kind].coverage == COVERAGE_SAMPLED)
        factor *= 0.5;
    return factor;
}

static void
measure_input (input_quality_t *out, const market_t *market, const feeds_t *feeds, int bit, bool is_all,
               int64_t ts_ns)
{
    *out = (input_quality_t){.age_s = NAN, .history_s = -1, .history_backfilled_s = -1};
    int reference = market_reference (market);
    double wanted = 0, present = 0, plain_wanted = 0, plain_present = 0;
    for (int venue = 0; venue < market_venues_count (market); venue++) {
        int64_t since_ns, last_ns;
        market_heard (market, venue, (input_t) (1 << bit), &since_ns, &last_ns);
        double history_s = since_ns ? (double) (ts_ns - since_ns) / 1e9 : -1;
        out->history_s = history_s > out->history_s ? history_s : out->history_s;
        bool is_wanted = is_expected (feeds, venue, bit);
        out->is_expected = out->is_expected || is_wanted;
        if (!is_wanted || (!is_all && reference >= 0 && venue != reference))
            continue;
        double weight = market_weight (market, venue), factor = presence (market, feeds, venue, bit, ts_ns);
        wanted += weight;
        present += weight * factor;
        plain_wanted++;
        plain_present += factor;
        int64_t heard = heard_ns (market, venue, bit);
        double age_s = heard ? fmax (0, (double) (ts_ns - heard) / 1e9) : NAN;
        out->age_s = fmin (out->age_s, age_s); //  of numbers, NaN gives way
    }
    out->share = wanted > 0 ? present / wanted : plain_wanted > 0 ? plain_present / plain_wanted : 0;
    int64_t from_ns = market_history_ns (market, (input_t) (1 << (bit == BIT_QUOTE ? BIT_BARS : bit)));
    out->history_backfilled_s = out->history_s;
    if (from_ns && out->history_s >= 0)
        out->history_backfilled_s = fmax (out->history_s, (double) (ts_ns - from_ns) / 1e9);
}

void
quality_measure (quality_t *self, const market_t *market, const feeds_t *feeds, int64_t ts_ns)
{
    self->ts_ns = ts_ns;
    for (int is_all = 0; is_all < 2; is_all++)
        for (int bit = 0; bit < BIT_ALL_VENUES; bit++)
            measure_input (&self->inputs[is_all][bit], market, feeds, bit, is_all, ts_ns);
}

void
quality_of_card (const quality_t *self, const card_t *card, scoring_quality_t *out)
{
    const input_quality_t *inputs = self->inputs[(card->inputs & INPUT_ALL_VENUES) != 0];
    out->f_src = 1;
    out->age_s = 0;
    out->update_s = card->update_s;
    out->reason = NULL;
    for (int bit = 0; bit < BIT_ALL_VENUES; bit++) {
        if (!(card->inputs & (1u << bit)))
            continue;
        const input_quality_t *input = inputs + bit;
        if (input->share < out->f_src) {
            out->f_src = input->share;
            out->reason = input->share > 0 ? NULL : input->is_expected ? rows[bit].stopped : rows[bit].absent;
        }
        out->age_s = isnan (input->age_s) || isnan (out->age_s) ? NAN : fmax (out->age_s, input->age_s);
        out->update_s = fmax (out->update_s, rows[bit].update_s);
    }
}

//  A pure function of prices or funding needs nothing but what the market's long rings hold.
static bool
counts_history (const card_t *card, const window_t *window)
{
    bool is_pure = !card->update && card->state_size == 0;
    bool is_of_rings = (card->inputs & ~(uint32_t) (INPUT_QUOTE | INPUT_BARS | INPUT_FUNDING)) == 0;
    return card->warmup.can_backfill || (is_pure && is_of_rings && window_bucket (window->id) >= BUCKET_60S);
}

int
quality_warmth (const quality_t *self, const card_t *card, const window_t *window, warmth_t *out)
{
    const input_quality_t *inputs = self->inputs[(card->inputs & INPUT_ALL_VENUES) != 0];
    double needed_s = fmax (card->warmup.windows * window->seconds, (double) card->warmup.seconds);
    double have_s = INFINITY;
    bool is_history_counted = counts_history (card, window);
    for (int bit = 0; bit < BIT_ALL_VENUES; bit++) {
        if (!(card->inputs & (1u << bit)))
            continue;
        const input_quality_t *input = inputs + bit;
        if (!input->is_expected) {
            out->reason = rows[bit].absent;
            return E_ABSENT;
        }
        double history_s = is_history_counted ? input->history_backfilled_s : input->history_s;
        if (history_s < 0) {
            out->reason = rows[bit].waiting;
            return E_AGAIN;
        }
        have_s = fmin (have_s, history_s);
    }
    if (have_s >= needed_s)
        return OK;
    *out = (warmth_t){NULL, have_s, needed_s};
    return E_AGAIN;
}

const char *
quality_warmth_text (const warmth_t *warmth, char *text, size_t size)
{
    if (warmth->reason)
        return warmth->reason;
    (void) snprintf (text, size, "warming up, %lld s of %lld s", (long long) warmth->have_s,
                     (long long) warmth->needed_s);
    return text;
}

double
quality_coverage_pct (const market_t *market, const feeds_t *feeds, int64_t ts_ns)
{
    static const int bits[] = {BIT_QUOTE, BIT_TRADE,   BIT_BOOK,       BIT_MARK,
                               BIT_OI,    BIT_FUNDING, BIT_LIQUIDATION};
    int expected = 0, present = 0;
    for (int venue = 0; venue < market_venues_count (market); venue++)
        for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
            if (is_expected (feeds, venue, bits[i])) {
                expected++;
                present += presence (market, feeds, venue, bits[i], ts_ns) > 0;
            }
    return expected ? 100.0 * present / expected : 0;
}
