#!/usr/bin/env python3
"""Messages as an exchange really sent them, served over TLS in their order, through ingest, to a subscriber.

The recordings are not part of the project: looked for in LEADLINE_CAPTURES or ../shared/captures beside the checkout.
"""
import gzip
import json
import os
import sys
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pipeline import ROOT, Pipeline, Subscriber, main, wait_until  # noqa: E402

CAPTURES = os.environ.get("LEADLINE_CAPTURES", os.path.join(ROOT, "..", "shared", "captures"))


def read(path):
    with gzip.open(path, "rt") as file:
        return [json.loads(line, parse_float=Decimal) for line in file]


class Book:
    """Levels by price; the reconstruction's and the subscriber's."""

    def __init__(self):
        self.sides = ({}, {})

    def apply(self, bids, asks):
        for side, levels in zip(self.sides, (bids, asks)):
            for price, quantity in levels:
                if quantity == 0:
                    side.pop(price, None)
                else:
                    side[price] = quantity

    def best(self, count):
        bids = sorted(self.sides[0].items(), reverse=True)[:count]
        return bids, sorted(self.sides[1].items())[:count]

    def is_crossed(self):
        bids, asks = self.sides
        return bool(bids and asks) and max(bids) >= min(asks)


def binance_truth(lines):
    """Trades (of the stream ingest asks for) and final books of a Binance recording, by the venue's own rule: U, u, pu
    against lastUpdateId."""
    trades, books, applied, held, snapshots = {}, {}, {}, {}, {}
    for line in lines:
        message = line["msg"]
        if isinstance(message, str):
            message = json.loads(message, parse_float=Decimal)
        if line["dir"] == "http":
            if "lastUpdateId" in message:
                snapshots[symbol_of(line["url"])] = message
            continue
        data = (message or {}).get("data", {})
        kind, symbol = data.get("e"), data.get("s")
        if kind == "trade":
            trades.setdefault(symbol, []).append(data)
        elif kind == "depthUpdate":
            held.setdefault(symbol, []).append(data)
    if None in snapshots:  # a recording of one symbol does not name it
        (symbol,) = held
        snapshots[symbol] = snapshots.pop(None)
    for symbol, deltas in held.items():
        if symbol not in snapshots:
            continue
        book = books[symbol] = Book()
        snapshot = snapshots[symbol]
        levels = [[(Decimal(p), Decimal(q)) for p, q in snapshot[side]] for side in ("bids", "asks")]
        book.apply(*levels)
        last = None
        for delta in deltas:
            if delta["u"] < snapshot["lastUpdateId"]:
                continue
            assert last is None or delta["pu"] == last, f"{symbol}: the recording itself has a hole"
            book.apply(*[[(Decimal(p), Decimal(q)) for p, q in delta[side]] for side in ("b", "a")])
            last = delta["u"]
        applied[symbol] = last
    return trades, books, applied


def symbol_of(url):
    return url.split("symbol=")[1].split("&")[0] if "symbol=" in url else None


def decimal(pair):
    return Decimal(pair[0]).scaleb(pair[1])


class Received:
    """What the subscriber made of the events of one ingest."""

    def __init__(self, subscriber):
        self.subscriber = subscriber
        self.trades = {}
        self.books = {}
        self.sequence = {}
        self.crossed = 0
        self.gaps = []

    def take(self):
        for topic, message in self.subscriber.poll():
            _, _, kind, instrument, _ = topic.rstrip(".").split(".")
            for record in message[6]:
                if kind == "trade":
                    self.trades.setdefault(instrument, []).append(record)
                elif kind == "gap":
                    self.gaps.append((instrument, record))
                elif kind == "book":
                    self.take_book(instrument, record)

    def take_book(self, instrument, record):
        _, is_snapshot, sequence, bids, asks = record[:5]
        if is_snapshot or instrument not in self.books:
            self.books[instrument] = Book()
        book = self.books[instrument]
        book.apply(*[[(decimal(price), quantity) for price, quantity in side] for side in (bids, asks)])
        self.sequence[instrument] = sequence
        self.crossed += book.is_crossed()


def replay_binance(name):
    path = os.path.join(CAPTURES, "binance", name)
    trades, books, last_sequence = binance_truth(read(path))
    instruments = sorted(set(trades) | set(books))
    with Pipeline(" ".join(instruments), "binance") as p:
        p.start_simulator(f"simulator/recording={path}", "simulator/recording_venue=binance",
                          "simulator/recording_speed=0")
        subscriber = Subscriber(p.ingest_endpoint("binance"), "v1.event.")
        p.start_ingest("binance", "ingest/backfill=false")
        received = Received(subscriber)

        def is_done():
            received.take()
            p.check_alive()
            return all(received.sequence.get(symbol) == last for symbol, last in last_sequence.items()) and \
                all(len(received.trades.get(symbol, ())) >= len(made) for symbol, made in trades.items())

        wait_until(is_done, 120, "the whole recording arrives")
        for symbol, made in trades.items():
            wanted = [str(trade["t"]) for trade in made]
            got = [str(record[1]) for record in received.trades[symbol]]
            assert sorted(got) == sorted(set(wanted)), f"{symbol}: {len(got)} trades came, {len(set(wanted))} were made"
            sides = {str(trade["t"]): -1 if trade["m"] else 1 for trade in made}
            assert all(sides[str(record[1])] == record[5] for record in received.trades[symbol])
        assert received.crossed == 0, f"crossed {received.crossed} times"
        for symbol, book in books.items():
            want = [[(price, float(quantity)) for price, quantity in side] for side in book.best(20)]
            have = [list(side) for side in received.books[symbol].best(20)]
            assert have == want, f"{symbol}: best 20 levels differ:\n{have}\n{want}"
        total = sum(len(made) for made in trades.values())
        print(f"     {name}: {total} trades once each, best 20 levels of {len(books)} books equal, {len(received.gaps)} gaps")
        subscriber.close()


def test_hftbacktest_btcusdt_arrives_whole():
    replay_binance("hftbacktest-btcusdt-20240808.raw.jsonl.gz")


def test_cryptofeed_of_two_instruments_arrives_whole():
    replay_binance("cryptofeed-20210722.raw.jsonl.gz")


if not os.path.isdir(CAPTURES):
    print(f"SKIPPED: no recorded exchange messages at {CAPTURES}; the real messages were NOT tested")
    print("0 passed, 0 failed, 1 skipped")
    sys.exit(0)
main([test for name, test in list(globals().items()) if name.startswith("test_")])
