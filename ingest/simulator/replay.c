#include "ingest/simulator/replay.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/logger.h"
#include "common/base/timebase.h"
#include "ingest/simulator/recording.h"

#define QUIET_NS     (500 * NS_PER_MS) //  after the last subscription
#define HOLD_MOST_NS (30 * NS_PER_S)   //  for a snapshot nobody asks for

typedef struct {
    text_buffer_t body; //  last snapshot passed
    int64_t left_count; //  still to come in the recording
    bool is_offered;    //  not taken yet
} snapshot_t;

struct replay {
    replay_options_t options;
    recording_t *recording;
    gateway_t *gateway;
    snapshot_t snapshots[UNIVERSE_MAX];
    bool has_channel[FEED_CHANNELS_MAX]; //  in the recording
    int depth_channel;                   //  whose wants make a snapshot necessary; -1 none
    text_buffer_t frame;
    recording_entry_t entry; //  read, not done
    bool has_entry, is_running, is_done;
    int held_listing; //  the stream waits for this snapshot to be taken; -1 no
    int64_t held_from_ns, first_recv_ns, mono_start_ns, subscribed_at_ns;
    uint64_t wants_seen;
    uint64_t sent_count, unwanted_count, other_count;
};

//  Decimals a number has.
static int
decimals_of (slice_t number)
{
    const char *point = memchr (number.data, '.', number.size);
    return point ? (int) (number.data + number.size - point - 1) : 0;
}

static void
note (int *exponent, slice_t number)
{
    int decimals = decimals_of (number);
    if (number.size && decimals <= 18 && -decimals < *exponent)
        *exponent = -decimals;
}

//  The digits of prices and quantities: levels ["1.5","20" and the trades' keys.
static void
note_digits (gateway_listing_t *listing, slice_t text)
{
    static const char *const px_keys[] = {"\"p\":\"", "\"px\":\""}, *const qty_keys[] = {
                                                                        "\"q\":\"", "\"v\":\"", "\"sz\":\""};
    const char *at = text.data, *end = text.data + text.size;
    while ((at = memmem (at, (size_t) (end - at), "[\"", 2))) {
        slice_t rest = {at + 2, (size_t) (end - at - 2)};
        slice_t px = slice_cut (&rest, '"');
        at = px.data;
        if (rest.size < 2 || rest.data[0] != ',' || rest.data[1] != '"')
            continue;
        rest = (slice_t){rest.data + 2, rest.size - 2};
        note (&listing->px_exponent, px);
        note (&listing->qty_exponent, slice_cut (&rest, '"'));
    }
    for (size_t i = 0; i < COUNT_OF (px_keys) + COUNT_OF (qty_keys); i++) {
        bool is_px = i < COUNT_OF (px_keys);
        const char *key = is_px ? px_keys[i] : qty_keys[i - COUNT_OF (px_keys)];
        at = memmem (text.data, text.size, key, strlen (key));
        if (!at)
            continue;
        slice_t rest = {at + strlen (key), (size_t) (end - at) - strlen (key)};
        note (is_px ? &listing->px_exponent : &listing->qty_exponent, slice_cut (&rest, '"'));
    }
}

//  Coins in a contract of OKX, as its list of instruments says.
static double
contract_coins_of (const protocol_t *protocol, const char *base)
{
    static const struct {
        const char *base;
        double coins;
    } known[] = {{"BTC", 0.01}, {"ETH", 0.1},  {"XRP", 100}, {"DOGE", 1000}, {"ADA", 100}, {"SOL", 1},
                 {"LTC", 1},    {"BNB", 0.01}, {"FIL", 0.1}, {"NEAR", 10},   {"AVAX", 1},  {"LINK", 1},
                 {"DOT", 1},    {"SUI", 1},    {"APT", 1},   {"ARB", 10},    {"OP", 1},    {"INJ", 0.1},
                 {"AAVE", 0.1}, {"UNI", 1},    {"WLD", 1}};
    if (strcmp (protocol->name, "okx"))
        return 1;
    for (size_t i = 0; i < COUNT_OF (known); i++)
        if (!strcmp (known[i].base, base))
            return known[i].coins;
    return 1;
}

//  Index of a contract, listed when it is new; -1: not a USDT perpetual.
static int
list_contract (replay_t *self, slice_t contract)
{
    int listing = gateway_find (self->gateway, contract);
    char base[GATEWAY_NAME_MAX];
    if (listing >= 0 || !self->options.protocol->name_base (contract, base, sizeof base))
        return listing;
    return gateway_list (self->gateway, base, 0, 0, contract_coins_of (self->options.protocol, base));
}

//  First reading: contracts, digits, how many snapshots.
static int
survey (replay_t *self, error_text_t *error)
{
    const protocol_t *protocol = self->options.protocol;
    recording_entry_t entry;
    int status, channel;
    slice_t contract;
    int64_t unnamed_count = 0; //  snapshots in a recording of one instrument may not say whose they are
    while ((status = recording_next (self->recording, &entry, error)) == OK) {
        if (!self->first_recv_ns)
            self->first_recv_ns = entry.recv_ns;
        bool is_snapshot = entry.kind == RECORDING_HTTP && protocol->is_snapshot (entry.url, &contract);
        if (!is_snapshot &&
            (entry.kind != RECORDING_IN || !protocol->classify (entry.message, &channel, &contract)))
            continue;
        if (is_snapshot && !contract.size) {
            unnamed_count++;
            continue;
        }
        int listing = list_contract (self, contract);
        if (listing < 0)
            continue;
        self->snapshots[listing].left_count += is_snapshot;
        if (!is_snapshot)
            self->has_channel[channel] = true;
        note_digits (&self->gateway->listings[listing], entry.message);
    }
    if (status != E_CLOSED)
        return status;
    if (self->gateway->listings_count == 0)
        return error_set (error, E_CONFIG, "no market data of %s in recording %s", protocol->name,
                          self->options.path);
    if (self->gateway->listings_count == 1)
        self->snapshots[0].left_count += unnamed_count;
    return recording_rewind (self->recording);
}

static int
take_snapshot (void *argument, int listing, text_buffer_t *body)
{
    replay_t *self = argument;
    snapshot_t *snapshot = &self->snapshots[listing];
    if (!snapshot->is_offered && snapshot->left_count > 0)
        return E_AGAIN;
    if (!snapshot->body.size)
        return E_ABSENT;
    snapshot->is_offered = false;
    text_add_slice (body, (slice_t){snapshot->body.data, snapshot->body.size});
    return OK;
}

replay_t *
replay_new (const replay_options_t *options, error_text_t *error)
{
    recording_t *recording = recording_open (options->path, error);
    if (!recording)
        return NULL;
    replay_t *self = mem_new (sizeof *self);
    self->options = *options;
    self->recording = recording;
    self->held_listing = self->depth_channel = -1;
    for (int i = 0; options->protocol->channels[i]; i++)
        if (!strcmp (options->protocol->channels[i], "depth"))
            self->depth_channel = i;
    self->gateway = gateway_new_recorded (
        options->protocol, (archive_t){.self = self, .snapshot = take_snapshot}, options->feed);
    if (survey (self, error) != OK) {
        replay_destroy (&self);
        return NULL;
    }
    self->gateway->now_ns = self->first_recv_ns;
    logger_write (LOG_LEVEL_INFO, "the recording has %d instruments of %s", self->gateway->listings_count,
                  options->protocol->name);
    return self;
}

void
replay_destroy (replay_t **self)
{
    if (!*self)
        return;
    for (int i = 0; i < UNIVERSE_MAX; i++)
        text_fini (&(*self)->snapshots[i].body);
    gateway_destroy (&(*self)->gateway);
    recording_close (&(*self)->recording);
    text_fini (&(*self)->frame);
    free (*self);
    *self = NULL;
}

gateway_t *
replay_gateway (replay_t *self)
{
    return self->gateway;
}

bool
replay_is_done (const replay_t *self)
{
    return self->is_done;
}

//  Enough clients, and no new subscription for a while: they ask in several frames, on several sockets.
static bool
is_ready (replay_t *self, int64_t mono_ns)
{
    uint64_t wants = feed_wants_changed_count (self->gateway->feed);
    if (wants != self->wants_seen) {
        self->wants_seen = wants;
        self->subscribed_at_ns = mono_ns;
    }
    if (feed_subscribed_count (self->gateway->feed) < self->options.clients_least ||
        mono_ns - self->subscribed_at_ns < QUIET_NS)
        return false;
    self->is_running = true;
    self->mono_start_ns = mono_ns;
    logger_write (LOG_LEVEL_INFO, "recording begins");
    return true;
}

//  May the stream go on?
static bool
is_free (replay_t *self, int64_t mono_ns)
{
    if (self->held_listing >= 0) {
        bool is_late = mono_ns - self->held_from_ns > HOLD_MOST_NS;
        if (self->snapshots[self->held_listing].is_offered && !is_late)
            return false;
        if (is_late)
            logger_write (LOG_LEVEL_NOTICE, "recording: nobody asked for the snapshot of %s",
                          self->gateway->names[self->held_listing]);
        self->held_listing = -1;
    }
    return self->options.speed > 0 || feed_may_go_on (self->gateway->feed, self->gateway->now_ns);
}

static void
pass_message (replay_t *self)
{
    const protocol_t *protocol = self->options.protocol;
    int channel;
    slice_t contract;
    if (!protocol->classify (self->entry.message, &channel, &contract)) {
        self->other_count++;
        return;
    }
    int listing = gateway_find (self->gateway, contract);
    int to = channel; //  whose clients get it
    if (listing >= 0 && !feed_wanted (self->gateway->feed, channel, listing) && protocol->stands_for &&
        protocol->stands_for[channel] >= 0 && !self->has_channel[protocol->stands_for[channel]])
        to = protocol->stands_for[channel];
    if (listing < 0 || !feed_wanted (self->gateway->feed, to, listing)) {
        self->unwanted_count++;
        return;
    }
    size_t wrap_size;
    protocol->respell (self->gateway, channel, listing, self->entry.message, &self->frame, &wrap_size);
    feed_publish (self->gateway->feed, NULL, to, listing, self->gateway->now_ns,
                  (slice_t){self->frame.data, self->frame.size}, wrap_size);
    self->gateway->trades_count += to == 0;
    self->sent_count++;
}

static void
pass_snapshot (replay_t *self, int64_t mono_ns)
{
    slice_t contract;
    if (!self->options.protocol->is_snapshot (self->entry.url, &contract))
        return;
    bool is_unnamed = !contract.size && self->gateway->listings_count == 1;
    int listing = is_unnamed ? 0 : gateway_find (self->gateway, contract);
    if (listing < 0)
        return;
    snapshot_t *snapshot = &self->snapshots[listing];
    text_reset (&snapshot->body);
    text_add_slice (&snapshot->body, self->entry.message);
    snapshot->left_count--;
    snapshot->is_offered = true;
    if (self->depth_channel >= 0 && feed_wanted (self->gateway->feed, self->depth_channel, listing)) {
        self->held_listing = listing;
        self->held_from_ns = mono_ns;
    }
}

static void
finish (replay_t *self)
{
    self->is_done = true;
    logger_write (LOG_LEVEL_NOTICE,
                  "recording done %llu messages (%llu not subscribed, %llu not market data)",
                  (unsigned long long) self->sent_count, (unsigned long long) self->unwanted_count,
                  (unsigned long long) self->other_count);
}

void
replay_turn (replay_t *self, int64_t mono_ns, int64_t work_ns)
{
    gateway_tick (self->gateway, self->gateway->now_ns);
    if (self->is_done || (!self->is_running && !is_ready (self, mono_ns)))
        return;
    for (int64_t now_ns = mono_ns; now_ns - mono_ns < work_ns; now_ns = timebase_mono_ns ()) {
        if (!is_free (self, now_ns))
            return;
        error_text_t error;
        int status = self->has_entry ? OK : recording_next (self->recording, &self->entry, &error);
        if (status != OK) {
            if (status != E_CLOSED)
                logger_write (LOG_LEVEL_ERROR, "%s", error.text);
            finish (self);
            return;
        }
        self->has_entry = true;
        double recorded_ns = (double) (self->entry.recv_ns - self->first_recv_ns);
        if (self->options.speed > 0 &&
            recorded_ns > (double) (now_ns - self->mono_start_ns) * self->options.speed)
            return;
        self->has_entry = false;
        if (self->entry.recv_ns > self->gateway->now_ns)
            self->gateway->now_ns = self->entry.recv_ns;
        if (self->entry.kind == RECORDING_IN)
            pass_message (self);
        else if (self->entry.kind == RECORDING_HTTP)
            pass_snapshot (self, now_ns);
    }
}
