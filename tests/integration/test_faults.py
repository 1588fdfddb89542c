#!/usr/bin/env python3
"""The whole pipeline when something breaks: processes, Redis, messages, feeds, subscribers.

Times printed are wall time as a subscriber saw it.  SEED=n repeats the random part of a run.
"""
import collections
import os
import random
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from ledger import Ledger, is_sum  # noqa: E402
from pipeline import PATIENCE, Pipeline, Subscriber, free_port, main, wait_until  # noqa: E402

MODES = ("scalp", "day", "swing")
EVENT_CLOCK = ("pipeline/clock=event",)


def wall_ms():
    return int(time.time() * 1000)


def say(text):
    print("     " + text, flush=True)


class Biases(Subscriber):
    """Newest bias of every instrument and mode, whoever publishes them."""

    def __init__(self, p, endpoint=None, topic="v1.bias."):
        super().__init__(endpoint or p.topics, topic)
        self.wanted = {(instrument, mode) for instrument in p.instruments for mode in MODES}
        self.newest = {}

    def poll(self, most=100000):
        new = super().poll(most)
        for _, bias in new:
            self.newest[bias["instrument"], bias["mode"]] = bias
        return new

    def all_after(self, ts_ms):
        self.poll()
        return all(key in self.newest and self.newest[key]["ts_ms"] > ts_ms for key in self.wanted)

    def longest_step_ms(self, since_ms):
        """The longest time between two evaluations of one instrument and mode."""
        last, longest = {}, 0
        for topic, bias in self.messages:
            if bias["ts_ms"] > since_ms:
                longest = max(longest, bias["ts_ms"] - last.get(topic, bias["ts_ms"]))
                last[topic] = bias["ts_ms"]
        return longest

    def wait_after(self, ts_ms, seconds, what):
        wait_until(lambda: self.all_after(ts_ms), seconds, f"all biases again after {what}")

    def wait_for(self, condition, seconds, what):
        """Until the newest bias of every instrument and mode fulfils the condition."""
        def check():
            self.poll()
            return set(self.newest) >= self.wanted and all(condition(self.newest[key]) for key in self.wanted)
        wait_until(check, seconds, what)


class EventTime(Subscriber):
    """The event clock of a pipeline, as the marks of Binance show it."""

    def __init__(self, p):
        super().__init__(p.ingest_endpoint("binance"), f"v1.event.quote.{p.instruments[0]}.binance.")

    def now_ms(self):
        self.poll()
        return self.messages[-1][1][5] // 1_000_000 if self.messages else 0

    def wait(self, seconds):
        """Until so much event time is over."""
        wait_until(self.now_ms, 10, "event time")
        end_ms = self.now_ms() + seconds * 1000
        wait_until(lambda: self.now_ms() >= end_ms, 60, f"{seconds:.0f} s of event time")


def spacing(subscriber, begin=0.0, end=float("inf")):
    """The longest time without a message of each topic between two monotonic times, in s."""
    end = min(end, time.monotonic())
    seen, longest = {}, {}
    for (topic, _), at in zip(subscriber.messages, subscriber.arrivals):
        if begin <= at <= end:
            longest[topic] = max(longest.get(topic, 0), at - seen.get(topic, begin))
            seen[topic] = at
    return {topic: max(longest[topic], end - seen[topic]) for topic in longest}


def feeds_are_ok(p, venues=None):
    rows = p.get_json("/v1/health")["health"]
    wanted = [row for row in rows if row["event"] in ("book", "quote", "mark") and row["venue"] in (venues or p.venues)]
    return len(wanted) == 3 * len(p.instruments) * len(venues or p.venues) and all(
        row["status"] == "ok" for row in wanted)


# --- 1. processes


def holes_of(p, reader):
    return p.metric("bus_holes_total", process=reader)


def kill_and_restart(p, biases, name, readers):
    """kill -9, what the others say of it, and all biases again after the restart."""
    p.check_alive()
    wait_until(lambda: p.get_status("/metrics") == 200, 10, "metrics")
    # a publisher's own readers are outside: they see its boot
    boot = max((bias["boot"] for bias in biases.newest.values()), default=0)
    notices = {reader: p.log(reader).count(f"{name} has started anew") for reader in readers}
    missed = p.metric("aggregator_missed_ticks_total") if name == "cards-1" else 0
    p.kill(name)
    killed = time.monotonic()
    if name.startswith("ingest-"):
        died_ms = wall_ms()
        biases.wait_after(died_ms + 1000, 10, f"{name} died (the other venues go on)")
    if name == "cards-1":
        wait_until(lambda: p.metric("aggregator_missed_ticks_total") > missed, 10, "missed ticks are counted")
    p.check_alive()
    p.restart(name)
    begun_ms, begun = wall_ms(), time.monotonic()
    biases.wait_after(begun_ms, 40, f"{name} started again")
    resumed = time.monotonic() - begun
    if name == "publisher":
        assert min(bias["boot"] for bias in biases.newest.values()) > boot, "a new boot of the publisher"
    for reader in readers:
        wait_until(lambda: p.log(reader).count(f"{name} has started anew") > notices[reader], 10,
                   f"{reader} says that {name} has started anew")
        wait_until(lambda: holes_of(p, reader) > 0, 10, f"{reader} counts the streams that begin anew")
    p.check_alive()
    return f"{name}: away {begun - killed:.1f} s, all biases {1000 * resumed:.0f} ms after its restart"


def test_every_process_can_be_killed_and_started_again():
    with Pipeline("BTCUSDT ETHUSDT DOGEUSDT") as p:
        p.start_all(simulator=["simulator/activity=5"])
        biases = Biases(p)
        biases.wait_after(0, 30, "the start")
        wait_until(lambda: feeds_are_ok(p), 30, "all feeds are ok")
        readers = {"ingest-binance": ["cards-1", "cards-2", "publisher"],
                   "ingest-okx": ["cards-1", "cards-2", "publisher"],
                   "cards-1": ["aggregator", "publisher"], "aggregator": ["publisher"], "publisher": []}
        for name, who in readers.items():
            say(kill_and_restart(p, biases, name, who))
        wait_until(lambda: feeds_are_ok(p), 30, "all feeds are ok again")


# --- 2. Redis


def start_learning(p, speed, redis=()):
    """Run on the event clock until rows have been settled."""
    p.start_all(simulator=[f"simulator/speed={speed}", "simulator/activity=0.5"], redis=redis)
    wait_until(lambda: settled_rows(p) > 0, 60, "the first settled row")


def learned_of_both(p):
    """The learner's state, once a settled row held both instruments: before, its market part is empty."""
    state = p.redis_hash("leadline:learner:scalp:POOL")
    return state if float(state.get("market.n", 0)) > 0 else None


def settled_rows(p):
    return int(p.redis_hash("leadline:weights_meta:scalp:POOL").get("rows_settled", 0))


def test_redis_killed_wiped_and_full():
    with Pipeline("BTCUSDT ETHUSDT", settings=EVENT_CLOCK) as p:
        start_learning(p, 30)
        biases = Biases(p)
        biases.wait_for(lambda bias: not bias["redis_away"], 10, "Redis is there")

        version = settled_rows(p)
        p.kill("redis")
        killed = time.monotonic()
        biases.wait_for(lambda bias: bias["redis_away"], 10, "biases say that Redis is away")
        told = time.monotonic() - killed
        ts_ms = max(bias["ts_ms"] for bias in biases.newest.values())
        biases.wait_after(ts_ms + 60_000, 15, "Redis died")
        p.restart("redis")
        begun = time.monotonic()
        biases.wait_for(lambda bias: not bias["redis_away"], 20, "biases say that Redis is back")
        say(f"killed: told {1000 * told:.0f} ms after, back {1000 * (time.monotonic() - begun):.0f} ms after its start")
        for mode in MODES:
            assert len(p.redis_hash(f"leadline:weights:{mode}:BTCUSDT")) >= 6
        wait_until(lambda: settled_rows(p) > version, 20, "rows are settled again")

        before = wait_until(lambda: learned_of_both(p), 30, "a row of both instruments is settled")
        waiting = set(p.redis("ZRANGE", "leadline:due:scalp", "0", "-1").split())
        assert p.redis("FLUSHALL") == "OK"
        begun = time.monotonic()
        wait_until(lambda: p.redis("EXISTS", "leadline:epoch") == "1", 15, "state is restored from memory")
        say(f"wiped: restored after {1000 * (time.monotonic() - begun):.0f} ms")
        after = wait_until(lambda: p.redis_hash("leadline:learner:scalp:POOL"), 15, "the learner's state is there again")
        assert set(after) >= set(before)
        assert float(after["market.n"]) >= float(before["market.n"]), f"{after['market.n']} of {before['market.n']}"
        assert int(after["version"]) >= int(before["version"])
        assert "Redis has lost its data: restoring" in p.log("aggregator")
        assert p.redis("EXISTS", "leadline:readme") == "1"
        wait_until(lambda: settled_rows(p) > int(before["version"]), 20, "rows are settled after the wipe")
        assert waiting & set(p.redis("ZRANGE", "leadline:due:scalp", "0", "-1").split()), "waiting rows came back"

        registered = p.metric("aggregator_rows_registered_total")
        assert p.redis("CONFIG", "SET", "maxmemory", "1mb") == "OK"
        wait_until(lambda: "Redis is full (maxmemory)" in p.log("aggregator"), 20, "the log says that Redis is full")
        biases.wait_for(lambda bias: bias["redis_away"], 10, "weights are frozen while Redis is full")
        wait_until(lambda: p.metric("aggregator_redis_full_total") > 0, 10, "it is counted")
        wait_until(lambda: p.metric("aggregator_registrations_queued") >= 2, 20, "rows wait")
        assert p.redis("CONFIG", "SET", "maxmemory", "0") == "OK"
        begun = time.monotonic()
        biases.wait_for(lambda bias: not bias["redis_away"], 20, "Redis has room again")
        wait_until(lambda: p.metric("aggregator_registrations_queued") == 0, 20, "no row waits any more")
        say(f"full: caught up {1000 * (time.monotonic() - begun):.0f} ms after there was room")
        assert p.metric("aggregator_rows_registered_total") >= registered + 2
        assert p.metric("aggregator_registrations_dropped_total") == 0
        p.check_alive()


def test_second_aggregator_stands_by_and_takes_over():
    with Pipeline("BTCUSDT ETHUSDT", settings=EVENT_CLOCK) as p:
        start_learning(p, 30)
        other = os.path.join(p.folder, "second")
        os.mkdir(other, 0o700)
        for name in os.listdir(p.folder):  # it hears the same cards
            if name.startswith("cards-"):
                os.symlink(os.path.join(p.folder, name), os.path.join(other, name))
        p.start("aggregator-2", *p.commands["aggregator"], "-s", f"pipeline/folder={other}")
        wait_until(lambda: "standby: another aggregator" in p.log("aggregator-2"), 20, "the second stands by")
        biases = Biases(p, f"ipc://{other}/aggregator.pub")
        biases.wait_after(0, 15, "the second started")
        version = settled_rows(p)
        wait_until(lambda: settled_rows(p) > version + 1, 20, "the first goes on")
        assert "Redis is ready" not in p.log("aggregator-2")
        assert p.metric("aggregator_redis_fenced_total") == 0
        p.kill("aggregator")
        killed = time.monotonic()
        wait_until(lambda: "Redis is ready" in p.log("aggregator-2"), 25, "the second takes over")
        say(f"took over {1000 * (time.monotonic() - killed):.0f} ms after the first was killed")
        version = settled_rows(p)
        wait_until(lambda: settled_rows(p) > version + 1, 20, "the second settles")
        p.check_alive()


# --- 3. what was learned


def cut_tail(p, generator):
    """What a machine that loses power does to the last second of the append-only file."""
    folder = os.path.join(p.folder, "appendonlydir")
    path = sorted(name for name in os.listdir(folder) if name.endswith(".incr.aof"))[-1]
    path = os.path.join(folder, path)
    size = os.path.getsize(path)
    cut = generator.randrange(1, min(size // 4, 30000))
    os.truncate(path, size - cut)
    return cut


def compare_sums(p, ledger):
    worst, compared = 0.0, 0
    for instrument in (*p.instruments, "POOL"):
        stored = p.redis_hash(f"leadline:learner:scalp:{instrument}")
        own = ledger.sums(instrument, stored)
        names = {name for name in stored if is_sum(name)}
        assert own and {name for name in own if name in names}, instrument
        for name in names:
            reverse = ":".join([name.split(":")[0], *reversed(name.split(":")[1:])])
            expected = own.get(name, own.get(reverse, 0.0))
            off = abs(float(stored[name]) - expected) / max(1.0, abs(expected))
            assert off <= 1e-9, f"{instrument} {name}: {stored[name]} is not {expected!r}"
            worst, compared = max(worst, off), compared + 1
    return worst, compared


def break_something(p, generator, clock):
    victims = generator.choice([["aggregator"], ["redis"], ["aggregator", "redis"]])
    for name in victims:
        p.kill(name)
    cut = 0
    if "redis" in victims and generator.random() < 0.5:
        cut = cut_tail(p, generator)
    if generator.random() < 0.5:
        clock.wait(generator.uniform(1, 45))
    for name in reversed(victims):
        p.restart(name)
    wait_until(lambda: p.redis("ping") == "PONG", 10, "Redis answers")
    return "+".join(victims) + (f" (lost {cut} bytes)" if cut else "")


def test_nothing_is_learned_twice_or_lost_across_kills():
    seed = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    say(f"SEED={seed}")
    generator = random.Random(seed)
    with Pipeline("BTCUSDT ETHUSDT", settings=EVENT_CLOCK) as p:
        start_learning(p, 40, redis=["--auto-aof-rewrite-percentage", "0"])
        clock, outcomes = EventTime(p), Subscriber(p.topics, "v1.outcome.scalp.")
        kills = []
        for _ in range(8):
            clock.wait(generator.uniform(5, 120))
            outcomes.poll()
            kills.append(break_something(p, generator, clock))
            p.check_alive()
        version = settled_rows(p)
        wait_until(lambda: settled_rows(p) > version + 2, 40, "rows are settled after the last kill")
        p.stop("simulator")  # time stands still
        quiet = [None, 0.0]

        def is_quiet():
            state = p.redis("HGETALL", "leadline:learner:scalp:POOL")
            if state != quiet[0]:
                quiet[:] = state, time.monotonic()
            return time.monotonic() - quiet[1] > 0.5
        wait_until(is_quiet, 20, "no more settlements")
        ledger = Ledger(p.folder, "scalp")
        twice = [t for t, count in collections.Counter(ledger.settled).items() if count > 1]
        assert not twice, f"settled twice: {twice}"
        assert len(ledger.settled) == settled_rows(p) > 10
        waiting = {int(t) for t in p.redis("ZRANGE", "leadline:due:scalp", "0", "-1").split()}
        assert set(ledger.rows) == set(ledger.settled) | waiting, "every row registered is settled or waits"
        worst, compared = compare_sums(p, ledger)
        outcomes.poll()
        told = {(o["ts_ms"], o["instrument"]): o["y"] for _, o in outcomes.messages if o["y"] is not None}
        own = {(t, i): y for t in ledger.settled for i, (_, y) in ledger.cases(t).items()}
        both = set(told) & set(own)
        assert both and all(abs(told[key] - own[key]) < 1e-9 for key in both), "published outcomes are those learned"
        say(f"kills: {', '.join(kills)}")
        say(f"{len(ledger.rows)} rows, {len(own)} outcomes, {len(waiting)} rows wait; {compared} sums off by at most "
            f"{worst:.1e}")


# --- 4. one message lost


def confidence_of(messages, card, since_ms=0, until_ms=float("inf")):
    return [(m["ts_ms"], c["confidence"]) for _, m in messages if since_ms <= m["ts_ms"] < until_ms
            for c in m["cards"] if c["card"] == card and not (c["reason"] or "").startswith(("warming", "statistics"))]


def test_one_lost_message_costs_one_book_for_a_moment():
    with Pipeline("BTCUSDT ETHUSDT DOGEUSDT", settings=EVENT_CLOCK) as p:
        p.start_all(simulator=["simulator/speed=12", "simulator/activity=3"])
        books = Subscriber(p.ingest_endpoint("binance"), "v1.event.book.")
        gaps = Subscriber(p.ingest_endpoint("binance"), "v1.event.gap.BTCUSDT.")
        readings = [Subscriber(p.endpoint(f"cards-{i}"), "v1.reading.scalp.BTCUSDT.") for i in (1, 2)]
        health = Subscriber(p.ingest_endpoint("binance"), "v1.health.book.BTCUSDT.")

        def confidences(**limits):
            for subscriber in (*readings, books, health):
                subscriber.poll()
            return confidence_of([m for s in readings for m in s.messages], "depth-imbalance", **limits)

        wait_until(lambda: len(confidences()) >= 60, 60, "depth-imbalance is warm")
        before = statistics.median(value for _, value in confidences()[-8:])
        assert before > 0
        for subscriber in (books, gaps, health):
            subscriber.poll()
        asked = time.monotonic()
        p.inject("binance:depth:BTCUSDT drop 1")
        wait_until(lambda: gaps.poll() or gaps.messages, 10, "a gap is published")
        lost_at, gap = gaps.arrivals[0], gaps.messages[0][1]

        def snapshot_at():
            books.poll()
            return next((at for (topic, message), at in zip(books.messages, books.arrivals)
                         if at >= lost_at and topic.split(".")[3] == "BTCUSDT" and message[6][0][1]), None)
        resync = wait_until(snapshot_at, 10, "a snapshot") - lost_at
        assert resync < 2 * PATIENCE, f"resynchronised after {resync:.3f} s"
        gap_ms = gap[5] // 1_000_000
        wait_until(lambda: confidences(since_ms=gap_ms + 30_000), 30, "readings 30 s after")
        low = min(value for _, value in confidences(since_ms=gap_ms, until_ms=gap_ms + 10_000))
        later = [value for _, value in confidences(since_ms=gap_ms + 10_000, until_ms=gap_ms + 30_000)]
        assert low < 0.85 * before, f"confidence {before:.3f} fell only to {low:.3f}"
        assert statistics.median(later) > 0.9 * before, f"confidence {before:.3f} came back only to {later}"
        books.poll()
        others = {topic: gap_s for topic, gap_s in spacing(books, asked).items() if "BTCUSDT" not in topic}
        assert len(others) == 2 and max(others.values()) < 1 * PATIENCE, others
        wait_until(lambda: health.poll() is not None and any(
            m["gaps"] == 1 and m["repaired"] == 1 and m["status"] == "ok" for _, m in health.messages), 20,
            "health counts one gap, repaired")
        gaps.poll()
        assert len(gaps.messages) == 1, gaps.messages
        say(f"resync {1000 * resync:.0f} ms; confidence {before:.3f}, {low:.3f}, {statistics.median(later):.3f}; other "
            f"books never {1000 * max(others.values()):.0f} ms without a message")


# --- 5. silence


def first_report(health, events, kind, instrument, venue):
    """Seconds from the last event of a feed to the report that it stopped; None as long as there is none."""
    last = max((at for (topic, _), at in zip(events.messages, events.arrivals)
                if topic == f"v1.event.{kind}.{instrument}.{venue}."), default=None)
    for (topic, report), at in zip(health.messages, health.arrivals):
        if last and at > last and topic == f"v1.health.{kind}.{instrument}.{venue}." and report["status"] in (
                "silent", "broken", "disconnected"):
            assert report["message"], report
            return at - last, f"{report['status']}: {report['message']}"
    return None


def test_silence_is_reported_and_costs_nobody_else_anything():
    with Pipeline("BTCUSDT ETHUSDT") as p:
        p.start_all(simulator=["simulator/activity=3"])
        events = {venue: Subscriber(p.ingest_endpoint(venue), "v1.event.") for venue in p.venues}
        health = {venue: Subscriber(p.ingest_endpoint(venue), "v1.health.") for venue in p.venues}
        readings = [Subscriber(p.endpoint(f"cards-{i}"), "v1.reading.scalp.") for i in (1, 2)]
        biases = Biases(p)

        def poll():
            for subscriber in (*events.values(), *health.values(), *readings, biases):
                subscriber.poll()

        def wait_report(kind, instrument, venue):
            def look():
                poll()
                return first_report(health[venue], events[venue], kind, instrument, venue)
            return wait_until(look, 30, f"{kind} of {instrument} on {venue} is reported silent")

        def unhealthy(venue, since):
            return {(topic, m["status"]) for (topic, m), at in zip(health[venue].messages, health[venue].arrivals)
                    if at > since and m["status"] in ("silent", "broken", "disconnected")}

        def is_seen():
            poll()
            return all({f"v1.event.{kind}.{i}.{venue}." for kind in ("book", "quote", "trade") for i in p.instruments} <=
                       {topic for topic, _ in events[venue].messages} for venue in p.venues)

        wait_until(lambda: feeds_are_ok(p) and is_seen(), 30, "all feeds are ok, and were heard")
        begun = time.monotonic()
        p.inject("bybit:orderbook.200:BTCUSDT silence; okx:*:* silence")
        reports = {("book", "BTCUSDT", "bybit"): wait_report("book", "BTCUSDT", "bybit")}
        for kind in ("book", "quote", "trade"):
            for instrument in p.instruments:
                reports[kind, instrument, "okx"] = wait_report(kind, instrument, "okx")
        poll()
        assert not unhealthy("binance", begun), unhealthy("binance", begun)
        assert {topic for topic, _ in unhealthy("bybit", begun)} == {"v1.health.book.BTCUSDT.bybit."}
        steady = {topic: gap for topic, gap in spacing(events["binance"], begun).items() if ".quote." in topic}
        assert len(steady) == 2 and max(steady.values()) < 3 * PATIENCE, steady

        silenced = time.monotonic()
        p.inject("binance:*:* silence")
        for kind in ("book", "quote"):
            reports[kind, "BTCUSDT", "binance"] = wait_report(kind, "BTCUSDT", "binance")

        def switched():
            poll()
            newest = {m["instrument"]: m["reference_venue"] for s in readings for _, m in s.messages[-4:]}
            return len(newest) == 2 and set(newest.values()) == {"bybit"}
        wait_until(switched, 15, "Bybit is the reference")
        changed = min(at for s in readings for (_, m), at in zip(s.messages, s.arrivals)
                      if at > silenced and m["reference_venue"] == "bybit") - silenced
        for key, (seconds, text) in reports.items():
            assert seconds < 10 * PATIENCE, f"{key} reported after {seconds:.2f} s: {text}"
        biases.wait_after(wall_ms(), 5, "Binance fell silent")
        gaps = spacing(biases, begun)
        assert len(gaps) == 6 and max(gaps.values()) < 3 * PATIENCE, gaps
        p.check_alive()
        slowest = max(reports.items(), key=lambda item: item[1][0])
        say(f"{len(reports)} feeds reported {1000 * min(r[0] for r in reports.values()):.0f} to "
            f"{1000 * slowest[1][0]:.0f} ms after their last message; reference changed after {1000 * changed:.0f} ms; "
            f"biases never {1000 * max(gaps.values()):.0f} ms apart")


# --- 6. a slow subscriber


def sequences(subscriber):
    """{topic: [seq, ...]} and the beats, of one boot."""
    seqs, beats = collections.defaultdict(list), []
    for topic, message in subscriber.messages:
        if topic.startswith("v1.beat."):
            seqs[topic].append(message[6])
            beats.append({name: seq for name, seq in message[10]})
        else:
            seqs[topic].append(message["seq"])
    return seqs, beats


def test_a_subscriber_that_stops_reading_knows_exactly_what_it_missed():
    with Pipeline("BTCUSDT ETHUSDT DOGEUSDT") as p:
        p.topics = f"tcp://127.0.0.1:{free_port()}"
        p.settings.append("cards/interval_ms=250")
        p.start_redis()
        p.start_simulator()
        for venue in p.venues:
            p.start_ingest(venue)
        for index in (1, 2):
            p.start_cards(index)
        p.start_aggregator()
        p.start_publisher("pipeline/queue_messages=200")
        wait_until(lambda: p.get_status("/healthz") == 200, 60, "the first bias")
        control = Subscriber(p.topics, "v1.")
        slow = Subscriber(p.topics, "v1.", queue=1, buffer_bytes=4096)
        wait_until(lambda: len(sequences(control)[1]) >= 2 if control.poll() else False, 10, "the control hears beats")
        wait_until(lambda: len(sequences(slow)[1]) >= 2 if slow.poll() else False, 10, "the slow one hears beats")
        stopped = time.monotonic()
        wait_until(lambda: control.poll() is not None and time.monotonic() - stopped > 10, 15, "10 s without reading")
        resumed = time.monotonic()
        count = len(sequences(slow)[1])

        def has_caught_up():  # beats sent after it reads again
            control.poll()
            slow.poll()
            beats = sequences(control)[1]
            now = [at for (topic, _), at in zip(control.messages, control.arrivals) if topic.startswith("v1.beat.")]
            late = [beat for beat, at in zip(beats, now) if at > resumed + 1]
            return [beat for beat in sequences(slow)[1][count:] if beat in late]
        beat = wait_until(has_caught_up, 20, "the slow one hears new beats")[-1]
        wait_until(lambda: control.poll() is not None and beat in sequences(control)[1], 5, "so does the control")

        got, all_of_it = sequences(slow)[0], sequences(control)[0]
        holes = 0
        for topic, seqs in all_of_it.items():
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"the control has a hole in {topic}"
        for topic, last in beat.items():
            if topic not in got or topic not in all_of_it:
                continue
            mine = [seq for seq in got[topic] if seq <= last]
            first = max(mine[0], all_of_it[topic][0])
            mine = [seq for seq in mine if seq >= first]
            missed = sum(b - a - 1 for a, b in zip(mine, mine[1:])) + last - mine[-1]
            sent = [seq for seq in all_of_it[topic] if first <= seq <= last]
            assert len(sent) == len(mine) + missed and set(mine) <= set(sent), topic
            holes += missed
        assert holes > 0, "nothing was dropped: the test shows nothing"
        delays = {topic: gap for topic, gap in spacing(control, stopped).items() if topic.startswith("v1.bias.")}
        assert len(delays) == 9 and max(delays.values()) < 3 * PATIENCE, delays
        say(f"the slow one missed {holes} messages and knows each; of {sum(map(len, all_of_it.values()))} the control "
            f"missed none, its biases never {1000 * max(delays.values()):.0f} ms apart")


# --- 7. bad input

PLANS = """binance:depth:* malformed 2; binance:depth:* duplicate 3; binance:depth:* reorder 2
binance:trade:* duplicate 20; binance:bookTicker:* malformed 2; binance:openInterest:* absurd 2
bybit:orderbook.200:* malformed 1; bybit:orderbook.200:* duplicate 2; bybit:orderbook.200:* reorder 2
bybit:publicTrade:* duplicate 20; bybit:tickers:* absurd 3; bybit:publicTrade:* malformed 2
okx:books:* checksum 2; okx:books:* reorder 2; okx:books:* duplicate 3; okx:trades:* duplicate 20
okx:trades:* malformed 2; okx:open-interest:* absurd 3"""
BREAKS = ("binance:depth:* half 1; binance:rest:* malformed 1; bybit:tickers:* half 1; okx:bbo-tbt:* half 1",
          "binance:depth:* disconnect 1; bybit:orderbook.200:* disconnect 1; okx:books:* disconnect 1; "
          "okx:open-interest:* stale 3")
COUNTERS = ("ingest_parse_errors_total", "ingest_duplicate_trades_total", "ingest_book_gaps_total",
            "ingest_book_resyncs_total", "ingest_reconnects_total")


def counts(p):
    def of(name):
        return "/".join(f"{p.metric(name, process='ingest-' + venue):.0f}" for venue in p.venues)
    return ", ".join(f"{name[7:-6]} {of(name)}" for name in COUNTERS)


def test_bad_input_is_counted_and_survived():
    with Pipeline("BTCUSDT ETHUSDT DOGEUSDT") as p:
        p.start_all(simulator=["simulator/activity=5"])
        wait_until(lambda: feeds_are_ok(p), 30, "all feeds are ok")
        biases = Biases(p)
        biases.wait_after(0, 10, "the start")
        begun_ms = wall_ms()
        for line in PLANS.splitlines():
            p.inject(line)

        def moved(*names):
            return all(p.metric(name, process=f"ingest-{venue}") > 0 for name in names for venue in p.venues)
        try:
            wait_until(lambda: moved(*COUNTERS[:4]), 40, "bad frames are counted")
        except AssertionError as error:
            raise AssertionError(f"{error}: {counts(p)}") from None
        wait_until(lambda: p.metric("cards_oi_rejected_total") > 0, 40, "absurd open interest is rejected")
        for plan in BREAKS:
            wait_until(lambda: feeds_are_ok(p), 60, "all feeds are ok")
            before = {venue: p.metric("ingest_reconnects_total", process=f"ingest-{venue}") for venue in p.venues}
            p.inject(plan)
            wait_until(lambda: all(p.metric("ingest_reconnects_total", process=f"ingest-{venue}") > before[venue]
                                   for venue in p.venues), 20, "reconnects are counted")
            p.check_alive()
        healed = time.monotonic()
        wait_until(lambda: feeds_are_ok(p), 60, "all feeds are ok again")
        biases.wait_after(wall_ms(), 10, "bad input")
        step_ms = biases.longest_step_ms(begun_ms)
        assert 0 < step_ms < 3000 * PATIENCE, step_ms
        p.check_alive()
        say(f"{counts(p)}; all feeds ok {1000 * (time.monotonic() - healed):.0f} ms after the last disconnection; "
            f"biases at most {step_ms} ms apart")


main([test for name, test in list(globals().items()) if name.startswith("test_")])
