#include "cards/window.h"

#include "common/base/check.h"

const int32_t window_seconds[W_COUNT] = {60, 300, 900, 3600, 14400};
const int32_t bucket_seconds[BUCKET_COUNT] = {1, 5, 60, 900};

static const bucket_id_t buckets[W_COUNT] = {BUCKET_1S, BUCKET_5S, BUCKET_60S, BUCKET_60S, BUCKET_900S};

static const window_t slots[SLOT_COUNT] = {
    {MODE_SCALP, W_1M, 60, 0, true},    {MODE_SCALP, W_5M, 300, 1, false},
    {MODE_SCALP, W_1H, 3600, 2, false}, {MODE_DAY, W_1M, 60, 3, false},
    {MODE_DAY, W_5M, 300, 4, false},    {MODE_DAY, W_1H, 3600, 5, false},
    {MODE_DAY, W_15M, 900, 6, true},    {MODE_SWING, W_1M, 60, 7, false},
    {MODE_SWING, W_5M, 300, 8, false},  {MODE_SWING, W_1H, 3600, 9, false},
    {MODE_SWING, W_4H, 14400, 10, true}};

static const int first_slot[MODE_COUNT + 1] = {0, 3, 7, SLOT_COUNT};

const window_t *
window_slots (mode_id_t mode, int *count)
{
    CHECK (mode < MODE_COUNT);
    *count = first_slot[mode + 1] - first_slot[mode];
    return slots + first_slot[mode];
}

const window_t *
window_all (void)
{
    return slots;
}

bucket_id_t
window_bucket (window_id_t id)
{
    CHECK (id < W_COUNT);
    return buckets[id];
}

span_t
window_span (window_id_t id, int32_t numerator, int32_t denominator)
{
    bucket_id_t bucket = window_bucket (id);
    CHECK (numerator > 0 && denominator > 0);
    int64_t seconds = (int64_t) window_seconds[id] * numerator / denominator;
    span_t span = {bucket, (int32_t) (seconds / bucket_seconds[bucket])};
    CHECK (span.count >= 1);
    return span;
}
