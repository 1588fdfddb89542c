//  Every card of the registry: its row against the catalogue, its values against tests/oracle, event by
//  event.
//
//  Vectors: tests/vectors/cards/<category>.vec, made by tests/oracle/vectors.py.  A card without a block
//  fails, and so does a block without a card.  ONLY=<slug> in the environment runs one card.

#include "tests/support/expect.h"

#include <glob.h>

#include "cards/liquidation_map.h"
#include "cards/market_feed.h"
#include "cards/registry.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/timebase.h"
#include "tests/support/tape.h"

enum { BLOCKS_MOST = 256, ROWS_MOST = 1024, LINE_MOST = 512, GUARD = 64, GUARD_BYTE = 0xa5, SHOWN_MOST = 8 };

typedef struct {
    int32_t at_s;
    const window_t *window;
    bool has_value, has_down;
    double up, down;
} row_t;

typedef struct {
    char slug[64], tape[256];
    double tolerance;
    row_t *rows;
    int rows_count;
} block_t;

static block_t blocks[BLOCKS_MOST];
static int blocks_count;

//  --- reading

static const window_t *
window_named (const char *mode, const char *name)
{
    static const char *const names[W_COUNT] = {"1m", "5m", "15m", "1h", "4h"};
    for (int i = 0; i < SLOT_COUNT; i++) {
        const window_t *window = &window_all ()[i];
        if (strcmp (mode_info (window->mode)->name, mode) == 0 && strcmp (names[window->id], name) == 0)
            return window;
    }
    return NULL;
}

static void
read_row (block_t *block, const char *line, const char *path)
{
    char mode[16], name[16], value[80];
    row_t row = {0};
    if (sscanf (line, "value %d %15s %15s %79s", &row.at_s, mode, name, value) != 4)
        fail_msg ("%s: %s", path, line);
    row.window = window_named (mode, name);
    if (!row.window || block->rows_count == ROWS_MOST)
        fail_msg ("%s: %s", path, line);
    row.has_value = strcmp (value, "-") != 0;
    if (row.has_value) {
        char *end;
        row.up = strtod (value, &end);
        row.has_down = *end == '/';
        if (row.has_down)
            row.down = strtod (end + 1, &end);
        if (*end)
            fail_msg ("%s: %s", path, line);
    }
    block->rows[block->rows_count++] = row;
}

static void
read_vectors (const char *path)
{
    FILE *file = fopen (path, "r");
    assert_non_null (file);
    char line[LINE_MOST];
    block_t *block = NULL;
    while (fgets (line, sizeof line, file)) {
        line[strcspn (line, "\n")] = 0;
        if (strncmp (line, "card ", 5) == 0) {
            assert_true (blocks_count < BLOCKS_MOST);
            block = &blocks[blocks_count++];
            block->rows = mem_new (ROWS_MOST * sizeof *block->rows);
            snprintf (block->slug, sizeof block->slug, "%.63s", line + 5);
        } else if (line[0] && line[0] != '#' && !block) {
            fail_msg ("%s: no card before: %s", path, line);
        } else if (strncmp (line, "tape ", 5) == 0) {
            snprintf (block->tape, sizeof block->tape, "%.255s", line + 5);
        } else if (strncmp (line, "tolerance ", 10) == 0) {
            block->tolerance = strtod (line + 10, NULL);
        } else if (strncmp (line, "value ", 6) == 0) {
            read_row (block, line, path);
        } else if (line[0] && line[0] != '#') {
            fail_msg ("%s: %s", path, line);
        }
    }
    fclose (file);
}

static int
read_all (void **unused)
{
    (void) unused;
    glob_t found;
    assert_int_equal (glob ("tests/vectors/cards/*.vec", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        read_vectors (found.gl_pathv[i]);
    globfree (&found);
    return blocks_count > 0 ? 0 : -1;
}

static const block_t *
block_of (const char *slug)
{
    for (int i = 0; i < blocks_count; i++)
        if (strcmp (blocks[i].slug, slug) == 0)
            return &blocks[i];
    return NULL;
}

//  --- rows against the catalogue

static void
expect_row (const card_t *card, const char *category, const char *kind, const char *sign, const char *windows)
{
    static const char *const kinds[] = {"flow", "level", "gate", "slow"};
    static const char *const spans[] = {"W", "W-from-5m", "P", "X", "S"};
    assert_string_equal (registry_category (card)->slug, category);
    assert_string_equal (kinds[card->kind], kind);
    assert_string_equal (spans[card->windows], windows);
    if (strncmp (sign, "g:", 2) == 0) {
        assert_int_equal (card->kind, KIND_GATE);
        assert_string_equal (card->carrier, sign + 2);
    } else {
        assert_null (card->carrier);
        assert_int_equal (card->sign, strcmp (sign, "+") == 0 ? 1 : strcmp (sign, "-") == 0 ? -1 : 0);
    }
}

static void
test_rows_are_the_catalogues (void **unused)
{
    (void) unused;
    bool is_found[CARDS_MAX] = {false};
    size_t cards_count = 0, found_count = 0;
    FILE *file = fopen ("tests/vectors/cards/catalogue.txt", "r");
    assert_non_null (file);
    char line[LINE_MOST];
    while (fgets (line, sizeof line, file)) {
        int id;
        char category[40], slug[64], kind[16], sign[64], windows[16];
        if (sscanf (line, "%d %39s %63s %15s %63s %15s", &id, category, slug, kind, sign, windows) != 6)
            continue;
        cards_count++;
        const card_t *card = registry_find (slug);
        if (!card)
            continue;
        assert_int_equal (card->id, id);
        assert_false (is_found[registry_index (card)]);
        is_found[registry_index (card)] = true;
        found_count++;
        expect_row (card, category, kind, sign, windows);
    }
    fclose (file);
    assert_int_equal (cards_count, 173);
    assert_true (found_count > 0);
    assert_int_equal (found_count, registry_count ());
}

static void
test_rows_are_complete (void **unused)
{
    (void) unused;
    for (const card_t *card = registry_first (); card; card = registry_next (card)) {
        assert_true (card->name && card->name[0] && card->formula && card->source && card->value);
        assert_true (card->version >= 1 && card->inputs != 0 && card->update_s > 0);
        assert_true (card->warmup.windows > 0 || card->warmup.seconds > 0);
        assert_true ((card->update != NULL) == (card->listens != 0));
        assert_true (card->update == NULL || card->state_size > 0);
    }
}

static void
test_every_card_has_a_block_and_every_block_a_card (void **unused)
{
    (void) unused;
    int missing = 0;
    for (const card_t *card = registry_first (); card; card = registry_next (card)) {
        const block_t *block = block_of (card->slug);
        if (!block || block->rows_count == 0) {
            print_error ("no vectors for %s\n", card->slug);
            missing++;
        }
    }
    for (int i = 0; i < blocks_count; i++)
        if (!registry_find (blocks[i].slug)) {
            print_error ("vectors for a card that is not there: %s\n", blocks[i].slug);
            missing++;
        }
    assert_int_equal (missing, 0);
}

//  --- values

typedef struct {
    const card_t *card;
    const block_t *block;
    uint8_t *memory; //  guard, state, guard
    uint8_t *away;
    card_out_t answers[ROWS_MOST];
    int statuses[ROWS_MOST];
    int next_row, wrong_count;
    int64_t events_count, copy_due;
    int copy_step;
} actor_t;

typedef struct {
    market_t *market;
    liquidation_map_t *map; //  behind the market; NULL: no actor looks at it
    actor_t *actors;
    int actors_count;
    bool is_copying;
} stage_t;

static const int copy_steps[] = {1, 2, 3, 7, 100};

static uint8_t *
state_of (const actor_t *actor)
{
    return actor->memory + GUARD;
}

//  The state block is taken away, its place spoilt, and brought back.
static void
move_away_and_back (actor_t *actor)
{
    size_t size = actor->card->state_size;
    memcpy (actor->away, state_of (actor), size);
    memset (state_of (actor), 0x5a, size);
    memcpy (state_of (actor), actor->away, size);
}

static void
on_market (void *self, const market_event_t *event)
{
    stage_t *stage = self;
    if (stage->map)
        liquidation_map_event (stage->map, stage->market, event);
    for (int i = 0; i < stage->actors_count; i++) {
        actor_t *actor = &stage->actors[i];
        if (!(actor->card->listens & (1u << event->on)))
            continue;
        actor->card->update (state_of (actor), stage->market, event);
        if (stage->is_copying && ++actor->events_count >= actor->copy_due) {
            move_away_and_back (actor);
            actor->copy_due += copy_steps[actor->copy_step++ % (int) COUNT_OF (copy_steps)];
        }
    }
}

static void
expect_sound (const actor_t *actor, int status, const card_out_t *out)
{
    if (status != OK) {
        assert_true (status == E_AGAIN || status == E_ABSENT || status == E_STALE);
        return;
    }
    if (!isfinite (out->raw) || (out->has_down && !isfinite (out->raw_down)))
        fail_msg ("%s: value is not finite", actor->card->slug);
    if (actor->card->kind == KIND_GATE)
        assert_true (fabs (out->raw) <= 1 && (!out->has_down || fabs (out->raw_down) <= 1));
    if (out->is_hold)
        assert_true (isfinite (out->trigger_value));
}

//  Ask twice: the same answer, and an unchanged state.
static int
ask (const actor_t *actor, const market_t *market, const window_t *window, card_out_t *out)
{
    size_t size = actor->card->state_size;
    card_out_t again = {0};
    *out = again;
    if (size)
        memcpy (actor->away, state_of (actor), size);
    int status = actor->card->value (state_of (actor), market, *window, out);
    int second = actor->card->value (state_of (actor), market, *window, &again);
    assert_int_equal (status, second);
    assert_memory_equal (&out->raw, &again.raw, sizeof out->raw);
    if (size)
        assert_memory_equal (actor->away, state_of (actor), size);
    expect_sound (actor, status, out);
    return status;
}

static bool
is_close (double actual, double expected, double tolerance)
{
    return fabs (actual - expected) <= tolerance * fmax (1, fabs (expected));
}

static void
compare (actor_t *actor, const row_t *row, int status, const card_out_t *out)
{
    bool is_right = row->has_value == (status == OK);
    if (is_right && row->has_value)
        is_right = is_close (out->raw, row->up, actor->block->tolerance) && row->has_down == out->has_down &&
                   (!row->has_down || is_close (out->raw_down, row->down, actor->block->tolerance));
    if (is_right)
        return;
    if (actor->wrong_count++ < SHOWN_MOST)
        print_error ("%s at %d %s %ds: %s %.12g/%.12g, expected %s %.12g/%.12g\n", actor->card->slug,
                     row->at_s, mode_info (row->window->mode)->name, row->window->seconds,
                     status_name (status), out->raw, out->raw_down, row->has_value ? "OK" : "none", row->up,
                     row->down);
}

static void
ask_rows (stage_t *stage, int32_t at_s)
{
    for (int i = 0; i < stage->actors_count; i++) {
        actor_t *actor = &stage->actors[i];
        for (; actor->next_row < actor->block->rows_count; actor->next_row++) {
            const row_t *row = &actor->block->rows[actor->next_row];
            card_out_t *out = &actor->answers[actor->next_row];
            if (row->at_s != at_s)
                break;
            int status = ask (actor, stage->market, row->window, out);
            actor->statuses[actor->next_row] = status;
            if (!stage->is_copying)
                compare (actor, row, status, out);
        }
        //  What no vector asks must be sound, too.
        for (int slot = 0; at_s % 300 == 0 && slot < SLOT_COUNT; slot++) {
            card_out_t out;
            (void) ask (actor, stage->market, &window_all ()[slot], &out);
        }
    }
}

//  Seconds of the rows that are still to be asked; 0 none.
static int32_t
next_due (const stage_t *stage)
{
    int32_t next_s = 0;
    for (int i = 0; i < stage->actors_count; i++) {
        const actor_t *actor = &stage->actors[i];
        if (actor->next_row < actor->block->rows_count &&
            (!next_s || actor->block->rows[actor->next_row].at_s < next_s))
            next_s = actor->block->rows[actor->next_row].at_s;
    }
    return next_s;
}

//  The maintenance tiers of tests/oracle/liquidation_map.py.
static void
add_map (stage_t *stage, size_t offset, int venues_count)
{
    static const char text[] = "table *\n5000 .004 125\n20000 .005 100\n100000 .0065 75\n1000000000 .01 50\n";
    tiers_t tiers[TAPE_VENUES_MAX];
    error_text_t error;
    for (int v = 0; v < venues_count; v++)
        assert_int_equal (tiers_parse (&tiers[v], slice_of (text), "BTCUSDT", &error), OK);
    stage->map = (liquidation_map_t *) (void *) ((char *) stage->market + offset);
    liquidation_map_init (stage->map, venues_count, tiers);
    market_set_map_offset (stage->market, offset);
}

static void
open_market (stage_t *stage, int venues_count)
{
    size_t offset = (market_size () + GUARD - 1) / GUARD * GUARD;
    stage->market = mem_new (offset + liquidation_map_size (venues_count));
    stage->map = NULL;
    market_init (stage->market, tape_venues, venues_count);
    for (int i = 0; i < stage->actors_count && !stage->map; i++)
        if (strcmp (registry_category (stage->actors[i].card)->slug, "liquidation") == 0)
            add_map (stage, offset, venues_count);
}

static void
play (stage_t *stage, const char *parameters)
{
    tape_t *tape = tape_new (parameters);
    open_market (stage, tape_venues_count (tape));
    market_listener_t listener = {on_market, stage};
    event_t event;
    int32_t at_s = 0;
    while (tape_next (tape, &event)) {
        int64_t second_ns;
        while ((second_ns = tape_start_ns (tape) + (at_s + 1) * NS_PER_S) < event.ts_recv_ns) {
            at_s++;
            if (next_due (stage) != at_s && at_s % 300 != 0)
                continue;
            market_advance (stage->market, second_ns, &listener);
            ask_rows (stage, at_s);
        }
        market_event (stage->market, &event, &listener);
    }
    //  Rows after the last event.
    while (next_due (stage) > at_s) {
        at_s = next_due (stage);
        market_advance (stage->market, tape_start_ns (tape) + at_s * NS_PER_S, &listener);
        ask_rows (stage, at_s);
    }
    tape_destroy (&tape);
    free (stage->market);
}

static void
take_actors (stage_t *stage, const char *tape, bool is_copying)
{
    const char *only = getenv ("ONLY");
    *stage = (stage_t){.actors = mem_new (BLOCKS_MOST * sizeof (actor_t)), .is_copying = is_copying};
    for (int i = 0; i < blocks_count; i++) {
        const card_t *card = registry_find (blocks[i].slug);
        if (!card || strcmp (blocks[i].tape, tape) != 0 || (only && strcmp (only, card->slug) != 0))
            continue;
        actor_t *actor = &stage->actors[stage->actors_count++];
        *actor = (actor_t){.card = card, .block = &blocks[i], .copy_due = 1};
        actor->memory = mem_new (card->state_size + 2 * GUARD);
        actor->away = mem_new (card->state_size + 1);
        memset (actor->memory, GUARD_BYTE, GUARD);
        memset (actor->memory + GUARD + card->state_size, GUARD_BYTE, GUARD);
    }
}

static int
finish_actors (stage_t *stage, stage_t *other)
{
    int wrong = 0;
    for (int i = 0; i < stage->actors_count; i++) {
        actor_t *actor = &stage->actors[i], *twin = &other->actors[i];
        size_t size = actor->card->state_size;
        assert_int_equal (actor->next_row, actor->block->rows_count);
        for (size_t k = 0; k < GUARD; k++) {
            assert_int_equal (actor->memory[k], GUARD_BYTE);
            assert_int_equal (actor->memory[GUARD + size + k], GUARD_BYTE);
        }
        if (size)
            assert_memory_equal (state_of (actor), state_of (twin), size);
        for (int k = 0; k < actor->block->rows_count; k++) {
            assert_int_equal (actor->statuses[k], twin->statuses[k]);
            assert_memory_equal (&actor->answers[k].raw, &twin->answers[k].raw, sizeof (double));
        }
        wrong += actor->wrong_count;
        if (actor->wrong_count)
            print_error ("%s: %d of %d values wrong\n", actor->card->slug, actor->wrong_count,
                         actor->block->rows_count);
    }
    return wrong;
}

static void
free_actors (stage_t *stage)
{
    for (int i = 0; i < stage->actors_count; i++) {
        free (stage->actors[i].memory);
        free (stage->actors[i].away);
    }
    free (stage->actors);
}

static void
test_values_are_the_oracles_however_the_state_travels (void **unused)
{
    (void) unused;
    int wrong = 0, played = 0;
    for (int i = 0; i < blocks_count; i++) {
        bool is_first = true;
        for (int k = 0; k < i; k++)
            is_first &= strcmp (blocks[k].tape, blocks[i].tape) != 0;
        if (!is_first)
            continue;
        stage_t plain, copying;
        take_actors (&plain, blocks[i].tape, false);
        take_actors (&copying, blocks[i].tape, true);
        if (plain.actors_count > 0) {
            play (&plain, blocks[i].tape);
            play (&copying, blocks[i].tape);
            wrong += finish_actors (&plain, &copying);
        }
        played += plain.actors_count;
        free_actors (&plain);
        free_actors (&copying);
    }
    assert_true (played > 0);
    assert_int_equal (wrong, 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rows_are_the_catalogues),
        cmocka_unit_test (test_rows_are_complete),
        cmocka_unit_test (test_every_card_has_a_block_and_every_block_a_card),
        cmocka_unit_test (test_values_are_the_oracles_however_the_state_travels),
    };
    return cmocka_run_group_tests (tests, read_all, NULL);
}
