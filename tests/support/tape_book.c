#include "tests/support/tape_private.h"

#include <string.h>

#include "common/base/check.h"

//  --- book: side 0 bids, 1 asks; "depth of a tick" is its distance from the centre

static void
set_level (venue_t *venue, int side, int64_t tick, int64_t qty)
{
    tick_level_t *levels = venue->levels[side];
    int at = 0;
    while (at < venue->counts[side] && (side ? levels[at].tick < tick : levels[at].tick > tick))
        at++;
    size_t after = (size_t) (venue->counts[side] - at);
    bool is_there = after > 0 && levels[at].tick == tick;
    if (is_there && qty == 0) {
        memmove (&levels[at], &levels[at + 1], (after - 1) * sizeof *levels);
        venue->counts[side]--;
    } else if (is_there) {
        levels[at].qty = qty;
    } else if (qty > 0) {
        CHECK (venue->counts[side] < LEVELS_MOST);
        memmove (&levels[at + 1], &levels[at], after * sizeof *levels);
        levels[at] = (tick_level_t){tick, qty};
        venue->counts[side]++;
    }
}

static void
change_level (tape_t *self, venue_t *venue, size_t counts[2], int side, int64_t tick, int64_t qty)
{
    set_level (venue, side, tick, qty);
    CHECK (counts[side] < LEVELS_MOST);
    self->sides[side][counts[side]++] = (level_t){tape_price_of (tick), (double) qty / 1000};
}

static void
change_book (tape_t *self, int v, int64_t centre, size_t counts[2])
{
    int s = tape_stream_of (v, BOOK);
    int64_t step = self->p.book_step;
    venue_t *venue = &self->venues[v];
    for (int side = 0; side < 2; side++) {
        int64_t sign = side ? 1 : -1;
        while (venue->counts[side] > 0 && (venue->levels[side][0].tick - centre) * sign <= 0)
            change_level (self, venue, counts, side, venue->levels[side][0].tick, 0);
    }
    int64_t changes = 1 + tape_below (self, s, 6);
    for (int64_t i = 0; i < changes; i++) {
        int side = (int) tape_below (self, s, 2);
        int64_t reach = tape_below (self, s, 4) == 0 ? self->p.depth : 10;
        int64_t off = 1 + tape_below (self, s, reach);
        int64_t qty = tape_below (self, s, 4) == 0 ? 0 : 1 + tape_below (self, s, 3000);
        change_level (self, venue, counts, side, centre + (side ? off : -off) * step, qty);
    }
    for (int side = 0; side < 2; side++) {
        int64_t sign = side ? 1 : -1;
        while (venue->counts[side] > 0) {
            int64_t last = venue->levels[side][venue->counts[side] - 1].tick;
            if ((last - centre) * sign <= 2 * self->p.depth * step)
                break;
            change_level (self, venue, counts, side, last, 0);
        }
        if (venue->counts[side] < 5)
            for (int64_t off = 1; off <= 10; off++)
                change_level (self, venue, counts, side, centre + sign * off * step,
                              1 + tape_below (self, s, 2000));
    }
}

static void
first_book (tape_t *self, int v, int64_t centre)
{
    int s = tape_stream_of (v, BOOK);
    venue_t *venue = &self->venues[v];
    venue->counts[0] = venue->counts[1] = 0;
    for (int64_t off = 1; off <= self->p.depth; off++)
        for (int side = 0; side < 2; side++) {
            int64_t qty = 1 + tape_below (self, s, 2000);
            if (tape_below (self, s, 4) > 0)
                set_level (venue, side, centre + (side ? off : -off) * self->p.book_step, qty);
        }
}

static int64_t
centre_of (const tape_t *self, int v)
{
    return (self->price + tape_offset_ticks[v]) / self->p.book_step * self->p.book_step;
}

static void
queue_book (tape_t *self, int v, int64_t ts_ns, bool is_snapshot, const size_t counts[2])
{
    tape_queue (self, EVENT_BOOK, v, ts_ns)->record.book = (book_t){.ts_event_ns = ts_ns,
                                                                    .is_snapshot = is_snapshot,
                                                                    .bids = self->sides[0],
                                                                    .asks = self->sides[1],
                                                                    .bids_count = counts[0],
                                                                    .asks_count = counts[1]};
}

void
tape_book_step (tape_t *self, int v, int64_t ts_ns)
{
    int s = tape_stream_of (v, BOOK);
    venue_t *venue = &self->venues[v];
    if (venue->has_book && self->p.gap_every > 0 && tape_below (self, s, self->p.gap_every) == 0) {
        gap_t *gap = &tape_queue (self, EVENT_GAP, v, ts_ns)->record.gap;
        *gap = (gap_t){.ts_event_ns = ts_ns, .kind = EVENT_BOOK, .lost_count = -1};
        venue->has_book = false;
        return;
    }
    int64_t centre = centre_of (self, v);
    bool is_snapshot = !venue->has_book;
    size_t counts[2] = {0, 0};
    if (is_snapshot) {
        first_book (self, v, centre);
        venue->has_book = true;
        for (int side = 0; side < 2; side++)
            for (int i = 0; i < venue->counts[side]; i++)
                self->sides[side][counts[side]++] = (level_t){tape_price_of (venue->levels[side][i].tick),
                                                              (double) venue->levels[side][i].qty / 1000};
    } else {
        change_book (self, v, centre, counts);
    }
    queue_book (self, v, ts_ns, is_snapshot, counts);
}

//  --- what traders do to the book: parents through several levels, spoofs, walls

static int64_t
quantity_at (const venue_t *venue, int side, int64_t tick)
{
    for (int i = 0; i < venue->counts[side]; i++)
        if (venue->levels[side][i].tick == tick)
            return venue->levels[side][i].qty;
    return 0;
}

static void
show_eaten (tape_t *self, int v, int64_t ts_ns)
{
    venue_t *venue = &self->venues[v];
    size_t counts[2] = {0, 0};
    for (int i = 0; i < venue->eaten_count; i++) {
        const touched_t *eaten = &venue->eaten[i];
        int64_t there = quantity_at (venue, eaten->side, eaten->tick);
        if (there > 0)
            change_level (self, venue, counts, eaten->side, eaten->tick,
                          there > eaten->qty ? there - eaten->qty : 0);
    }
    venue->eaten_count = 0;
    if (venue->has_book && counts[0] + counts[1] > 0)
        queue_book (self, v, ts_ns, false, counts);
}

//  A parent order; the book shows it in a step of its own, a little later.
static void
hit_step (tape_t *self, int v, int s, int64_t ts_ns)
{
    venue_t *venue = &self->venues[v];
    if (venue->eaten_count > 0) {
        show_eaten (self, v, ts_ns);
        return;
    }
    int side = (int) tape_below (self, s, 2);
    int64_t most = 1 + tape_below (self, s, EATEN_MOST);
    if (!venue->has_book)
        return;
    int count = venue->counts[side] < most ? venue->counts[side] : (int) most;
    for (int i = 0; i < count; i++) {
        touched_t *eaten = &venue->eaten[venue->eaten_count++];
        *eaten = (touched_t){side, venue->levels[side][i].tick, venue->levels[side][i].qty};
        if (i == count - 1)
            eaten->qty = 1 + tape_below (self, s, eaten->qty);
        venue->volume += eaten->qty;
        tape_queue_trade (self, v, ts_ns, side ? 1 : -1, eaten->tick, eaten->qty);
    }
}

//  A large level comes, or the one that stands goes.
static void
stand_step (tape_t *self, int v, int s, int64_t ts_ns, touched_t *stands, int64_t reach, int64_t qty)
{
    venue_t *venue = &self->venues[v];
    size_t counts[2] = {0, 0};
    if (stands->qty > 0) {
        if (venue->has_book && quantity_at (venue, stands->side, stands->tick) > 0) {
            change_level (self, venue, counts, stands->side, stands->tick, 0);
            queue_book (self, v, ts_ns, false, counts);
        }
        stands->qty = 0;
        return;
    }
    int side = (int) tape_below (self, s, 2);
    int64_t off = 1 + tape_below (self, s, reach);
    qty += tape_below (self, s, qty);
    int64_t tick = centre_of (self, v) + (side ? off : -off) * self->p.book_step;
    const tick_level_t *other = venue->levels[1 - side];
    if (!venue->has_book || venue->counts[1 - side] == 0 ||
        (side ? tick <= other->tick : tick >= other->tick))
        return;
    change_level (self, venue, counts, side, tick, qty);
    queue_book (self, v, ts_ns, false, counts);
    *stands = (touched_t){side, tick, qty};
}

void
tape_trader_step (tape_t *self, int s, int64_t ts_ns)
{
    int v = (s - HITS) % TAPE_VENUES_MAX;
    venue_t *venue = &self->venues[v];
    int64_t least_ms = 1, span_ms = 2 * tape_trader_mean (self, s) - 1;
    if (s < SPOOFS) {
        hit_step (self, v, s, ts_ns);
        if (venue->eaten_count > 0)
            span_ms = 150;
    } else if (s < WALLS) {
        stand_step (self, v, s, ts_ns, &venue->spoof, 20, 8000);
        if (venue->spoof.qty > 0) {
            least_ms = 300;
            span_ms = 2400;
        }
    } else {
        stand_step (self, v, s, ts_ns, &venue->wall, self->p.depth, 60000);
        if (venue->wall.qty > 0) {
            least_ms = 10000;
            span_ms = 80000;
        }
    }
    self->next_ms[s] += least_ms + tape_below (self, s, span_ms);
}
