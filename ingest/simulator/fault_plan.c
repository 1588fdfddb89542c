#include "ingest/simulator/fault_plan.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/prng.h"
#include "common/base/timebase.h"
#include "common/wire/universe.h"

enum { WORD_MAX = 32, HELD_VALUES_MAX = 6, HELD_TEXT_MAX = 40 };

static const char *const kind_names[FAULT_KINDS_COUNT] = {
    [FAULT_NONE] = "none",           [FAULT_DROP] = "drop",
    [FAULT_DUPLICATE] = "duplicate", [FAULT_REORDER] = "reorder",
    [FAULT_DELAY] = "delay",         [FAULT_HALF] = "half",
    [FAULT_MALFORMED] = "malformed", [FAULT_DISCONNECT] = "disconnect",
    [FAULT_SILENCE] = "silence",     [FAULT_CHECKSUM] = "checksum",
    [FAULT_STALE] = "stale",         [FAULT_ABSURD] = "absurd",
    [FAULT_REFUSE] = "refuse",
};

//  Keys under which the venues say open interest.
static const char *const interest_keys[] = {"\"openInterest\":\"", "\"openInterestValue\":\"", "\"oi\":\"",
                                            "\"oiCcy\":\"", "\"oiUsd\":\""};

typedef struct {
    char values[COUNT_OF (interest_keys)][HELD_TEXT_MAX];
} held_t;

typedef struct {
    char venue[WORD_MAX], channel[WORD_MAX], instrument[WORD_MAX];
    fault_kind_t kind;
    int64_t left_count; //  < 0: for ever
    int64_t from_ns, hold_ns;
    double chance;
    held_t *held; //  STALE: one per instrument, made at the first hit
} rule_t;

struct fault_plan {
    rule_t *rules;
    size_t count;
    prng_t prng;
    uint64_t hits[FAULT_KINDS_COUNT];
};

const char *
fault_kind_name (fault_kind_t kind)
{
    return kind_names[kind];
}

fault_plan_t *
fault_plan_new (uint64_t seed)
{
    fault_plan_t *self = mem_new (sizeof *self);
    prng_fork (&self->prng, seed, "fault_plan", 0);
    return self;
}

void
fault_plan_destroy (fault_plan_t **self)
{
    if (!*self)
        return;
    for (size_t i = 0; i < (*self)->count; i++)
        free ((*self)->rules[i].held);
    free ((*self)->rules);
    free (*self);
    *self = NULL;
}

static slice_t
strip (slice_t text)
{
    while (text.size && strchr (" \t\r\n", text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size && strchr (" \t\r\n", text.data[text.size - 1]))
        text.size--;
    return text;
}

static slice_t
next_word (slice_t *rest)
{
    *rest = strip (*rest);
    return slice_cut (rest, ' ');
}

static int
parse_time (slice_t word, int64_t *out)
{
    char text[WORD_MAX];
    if (slice_copy (word, text, sizeof text) != OK || !text[0])
        return E_SYNTAX;
    char *end;
    double value = strtod (text, &end);
    double unit = !strcmp (end, "ms") ? 1e6 : !strcmp (end, "s") ? 1e9 : !strcmp (end, "m") ? 60e9 : 0;
    if (end == text || unit == 0 || !(value >= 0) || value * unit > 1e18)
        return E_SYNTAX;
    *out = (int64_t) (value * unit);
    return OK;
}

//  The words after the kind.
static int
parse_words (rule_t *rule, slice_t rest, int64_t origin_ns)
{
    while (strip (rest).size) {
        slice_t word = next_word (&rest);
        char text[WORD_MAX], *end;
        if (slice_copy (word, text, sizeof text) != OK)
            return E_SYNTAX;
        int64_t time_ns;
        if (!strcmp (text, "all"))
            rule->left_count = -1;
        else if (!strcmp (text, "at") || !strcmp (text, "for")) {
            if (parse_time (next_word (&rest), &time_ns) != OK)
                return E_SYNTAX;
            if (text[0] == 'a')
                rule->from_ns = origin_ns + time_ns;
            else
                rule->hold_ns = time_ns;
        } else if (!strcmp (text, "chance")) {
            word = next_word (&rest);
            if (!word.size || slice_copy (word, text, sizeof text) != OK)
                return E_SYNTAX;
            rule->chance = strtod (text, &end);
            if (*end)
                return E_SYNTAX;
            if (!(rule->chance > 0 && rule->chance <= 1))
                return E_RANGE;
        } else {
            rule->left_count = strtoll (text, &end, 10);
            if (*end)
                return E_SYNTAX;
            if (rule->left_count < 1 || rule->left_count > 1000000000)
                return E_RANGE;
        }
    }
    return OK;
}

static int
parse_rule (rule_t *rule, slice_t text, int64_t origin_ns)
{
    *rule = (rule_t){.left_count = 1, .from_ns = origin_ns, .hold_ns = 2 * NS_PER_S, .chance = 1};
    slice_t rest = text;
    slice_t where = next_word (&rest);
    slice_t venue = slice_cut (&where, ':'), channel = slice_cut (&where, ':');
    if (!venue.size || !channel.size || slice_copy (venue, rule->venue, WORD_MAX) != OK ||
        slice_copy (channel, rule->channel, WORD_MAX) != OK)
        return E_SYNTAX;
    if (!where.size)
        where = slice_of ("*");
    if (slice_copy (where, rule->instrument, WORD_MAX) != OK || strchr (rule->instrument, ':'))
        return E_SYNTAX;
    slice_t kind = next_word (&rest);
    for (int i = FAULT_DROP; i < FAULT_KINDS_COUNT; i++)
        if (slice_is (kind, kind_names[i]))
            rule->kind = (fault_kind_t) i;
    if (rule->kind == FAULT_NONE)
        return E_SYNTAX;
    if (rule->kind == FAULT_SILENCE || rule->kind == FAULT_STALE)
        rule->left_count = -1;
    return parse_words (rule, rest, origin_ns);
}

int
fault_plan_add (fault_plan_t *self, slice_t text, int64_t origin_ns, error_text_t *error)
{
    size_t before = self->count;
    slice_t rest = text;
    while (rest.size) {
        slice_t one = strip (slice_cut (&rest, ';'));
        if (!one.size)
            continue;
        self->rules = mem_grow (self->rules, (self->count + 1) * sizeof *self->rules);
        int status = parse_rule (&self->rules[self->count], one, origin_ns);
        if (status != OK) {
            self->count = before;
            return error_set (error, status, "fault rule '%.*s' %s", (int) (one.size < 120 ? one.size : 120),
                              one.data,
                              status == E_RANGE ? "has a number out of bounds"
                                                : "is not venue:channel:instrument kind words");
        }
        self->count++;
    }
    return OK;
}

static bool
matches (const char *pattern, const char *text)
{
    return !strcmp (pattern, "*") || !strcmp (pattern, text);
}

fault_t
fault_plan_decide (fault_plan_t *self, const char *venue, const char *channel, const char *instrument,
                   int64_t now_ns)
{
    for (size_t i = 0; i < self->count; i++) {
        rule_t *rule = &self->rules[i];
        if (rule->left_count == 0 || now_ns < rule->from_ns || !matches (rule->venue, venue) ||
            !matches (rule->channel, channel) || !matches (rule->instrument, instrument))
            continue;
        if (rule->chance < 1 && prng_uniform (&self->prng) >= rule->chance)
            continue;
        if (rule->left_count > 0)
            rule->left_count--;
        self->hits[rule->kind]++;
        return (fault_t){.kind = rule->kind, .hold_ns = rule->hold_ns, .rule = (int) i};
    }
    return (fault_t){.kind = FAULT_NONE, .rule = -1};
}

static char *
find_text (char *text, size_t size, const char *key)
{
    return memmem (text, size, key, strlen (key));
}

static bool
edit_malformed (fault_plan_t *self, char *text, size_t size)
{
    //  Commas, colons and brackets only: a changed digit would still be JSON.
    size_t marks = 0;
    for (size_t i = 0; i < size; i++)
        marks += text[i] == ':' || text[i] == ',' || text[i] == '}' || text[i] == ']';
    if (!marks)
        return false;
    size_t chosen = (size_t) prng_below (&self->prng, marks);
    for (size_t i = 0; i < size; i++)
        if ((text[i] == ':' || text[i] == ',' || text[i] == '}' || text[i] == ']') && chosen-- == 0) {
            text[i] = '{';
            break;
        }
    return true;
}

static bool
edit_checksum (char *text, size_t size)
{
    char *at = find_text (text, size, "\"checksum\":");
    if (!at)
        return false;
    at += strlen ("\"checksum\":");
    if (*at == '-')
        at++;
    while (at + 1 < text + size && at[1] >= '0' && at[1] <= '9')
        at++;
    *at = *at == '9' ? '0' : (char) (*at + 1);
    return true;
}

//  Put value in place of the quoted number at `at` (length `old`).
static bool
replace (char *text, size_t *size, size_t capacity, char *at, size_t old, slice_t value)
{
    if (*size - old + value.size > capacity)
        return false;
    memmove (at + value.size, at + old, (size_t) (text + *size - (at + old)));
    memcpy (at, value.data, value.size);
    *size = *size - old + value.size;
    return true;
}

static bool
edit_interest (rule_t *rule, int instrument, char *text, size_t *size, size_t capacity)
{
    bool is_changed = false;
    if (rule->kind == FAULT_STALE && !rule->held)
        rule->held = mem_new (UNIVERSE_MAX * sizeof *rule->held);
    for (size_t i = 0; i < COUNT_OF (interest_keys); i++) {
        char *at = find_text (text, *size, interest_keys[i]);
        if (!at)
            continue;
        at += strlen (interest_keys[i]);
        char *end = memchr (at, '"', (size_t) (text + *size - at));
        if (!end || end == at || end - at >= HELD_TEXT_MAX - 4)
            continue;
        size_t old = (size_t) (end - at);
        char value[HELD_TEXT_MAX];
        if (rule->kind == FAULT_ABSURD) {
            char *point = memchr (at, '.', old);
            size_t whole = point ? (size_t) (point - at) : old;
            memcpy (value, at, whole);
            memcpy (value + whole, "000", 3);
            memcpy (value + whole + 3, at + whole, old - whole);
            is_changed |= replace (text, size, capacity, at, old, (slice_t){value, old + 3});
        } else {
            char *held = rule->held[instrument].values[i];
            if (!held[0]) {
                memcpy (held, at, old);
                held[old] = '\0';
            }
            is_changed |= replace (text, size, capacity, at, old, slice_of (held));
        }
    }
    return is_changed;
}

bool
fault_plan_edit (fault_plan_t *self, fault_t fault, int instrument, char *text, size_t *size, size_t capacity)
{
    CHECK (fault.rule >= 0 && (size_t) fault.rule < self->count);
    rule_t *rule = &self->rules[fault.rule];
    bool is_changed = false;
    switch (fault.kind) {
    case FAULT_MALFORMED:
        is_changed = edit_malformed (self, text, *size);
        break;
    case FAULT_CHECKSUM:
        is_changed = edit_checksum (text, *size);
        break;
    case FAULT_STALE:
    case FAULT_ABSURD:
        is_changed = edit_interest (rule, instrument < 0 ? 0 : instrument, text, size, capacity);
        break;
    default:
        break;
    }
    if (!is_changed) {
        if (rule->left_count >= 0)
            rule->left_count++;
        self->hits[fault.kind]--;
    }
    return is_changed;
}

size_t
fault_plan_rules_count (const fault_plan_t *self)
{
    return self->count;
}

uint64_t
fault_plan_hits_count (const fault_plan_t *self, fault_kind_t kind)
{
    return self->hits[kind];
}
