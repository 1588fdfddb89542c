#!/usr/bin/env python3
"""Account ratios and maintenance tiers, from the venues' REST to whoever listens and to whoever comes late."""
import os
import sys

import msgpack
import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pipeline import Pipeline, Subscriber, main, wait_until  # noqa: E402

INSTRUMENTS = ("BTCUSDT", "ETHUSDT")
VENUES = ("binance", "bybit", "okx")
RECORDS = 6  # of an event's payload


def records(listener, kind, venue):
    return [record for topic, message in listener.messages
            if topic.startswith(f"v1.event.{kind}.") and topic.endswith(f".{venue}.") for record in message[RECORDS]]


def latest_shares(rows):
    """The last of each share that was told."""
    latest = [None, None, None]
    for row in rows:
        assert row[0] % 300_000_000_000 == 0 and row[4] is False, row
        for i, share in enumerate(row[1:4]):
            latest[i] = latest[i] if share is None else share
    return latest


def ask(p, venue, topic):
    dealer = zmq.Context.instance().socket(zmq.DEALER)
    dealer.connect(f"ipc://{p.folder}/ingest-{venue}.snap")
    dealer.send_multipart([b"snapshot", topic.encode()])
    assert dealer.poll(5000), "no answer"
    answer = dealer.recv_multipart()
    dealer.close()
    return msgpack.unpackb(answer[2])[RECORDS] if answer[0] == b"snapshot" else None


def check_tiers(table, is_by_coins):
    assert table[2] is is_by_coins and table[0] > 0 and len(table[1]) >= 5
    for low, high in zip(table[1], table[1][1:]):
        assert low[0] < high[0] and low[1] < high[1] and low[2] >= high[2], (low, high)
        step = 0 if is_by_coins else low[0] * (high[1] - low[1])
        expected = (low[3] or 0) + step
        assert abs((high[3] or 0) - expected) <= 0.01 * max(expected, 1), (low, high)


def test_ratios_and_tiers_reach_listeners_health_and_late_joiners():
    with Pipeline(" ".join(INSTRUMENTS)) as p:
        p.start_simulator("simulator/activity=3", "simulator/history_days=2")
        listeners = {venue: Subscriber(p.ingest_endpoint(venue), "v1.") for venue in VENUES}
        for venue in VENUES:
            p.start_ingest(venue)

        def is_all_told(venue):
            listeners[venue].poll()
            topics = {topic for topic, _ in listeners[venue].messages}
            wanted = {f"v1.event.ratio.{name}.{venue}." for name in INSTRUMENTS}
            if venue != "binance":
                wanted |= {f"v1.event.tiers.{name}.{venue}." for name in INSTRUMENTS}
            shares = latest_shares(records(listeners[venue], "ratio", venue))
            return wanted <= topics and (venue == "bybit" or None not in shares)

        for venue in VENUES:
            wait_until(lambda v=venue: is_all_told(v), 60, f"ratios and tiers of {venue}")
            check_venue(p, venue, listeners[venue])
        for listener in listeners.values():
            listener.close()


def check_venue(p, venue, listener):
    shares = latest_shares(records(listener, "ratio", venue))
    assert [share is not None for share in shares] == [True, venue != "bybit", venue != "bybit"], shares
    assert all(0 <= share <= 1 for share in shares if share is not None), shares
    (kept,) = ask(p, venue, f"v1.event.ratio.BTCUSDT.{venue}.")
    assert [share is not None for share in kept[1:4]] == [share is not None for share in shares], kept
    kept = ask(p, venue, f"v1.event.tiers.BTCUSDT.{venue}.")
    if venue == "binance":
        assert kept is None and not records(listener, "tiers", venue)
    else:
        (table,) = kept
        check_tiers(table, venue == "okx")
        assert table in records(listener, "tiers", venue)

    def health(kind):
        listener.poll()
        return {message["instrument"]: message for topic, message in listener.messages
                if topic.startswith("v1.health.") and message["event"] == kind}

    wanted = "absent" if venue == "binance" else "ok"
    rows = wait_until(lambda: (lambda rows: rows if {row["status"] for row in rows.values()} == {wanted} else None)
                      (health("tiers")), 30, f"tiers of {venue} are {wanted}")
    assert set(rows) == set(INSTRUMENTS)
    assert venue != "binance" or all(row["coverage"] == "absent" for row in rows.values())
    rows = wait_until(lambda: (lambda rows: rows if {row["status"] for row in rows.values()} == {"ok"} else None)
                      (health("ratio")), 30, f"ratios of {venue} are ok")
    assert all(abs(row["expected_per_min"] - 0.2) < 1e-9 for row in rows.values()), rows


if __name__ == "__main__":
    main([test for name, test in list(globals().items()) if name.startswith("test_")])
