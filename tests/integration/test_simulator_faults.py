#!/usr/bin/env python3
"""Faults put into the simulated venues, and recordings served by them, as a client sees them."""
import gzip
import json
import os
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pipeline import BIN, PATIENCE, main, wait_until  # noqa: E402
from test_simulator_venues import Simulator, binance_subscribe, collect, frames, okx_checksum, apply  # noqa: E402
from ws_client import Closed, get  # noqa: E402

BUSY = ("simulator/activity=10", "simulator/history_days=1")
BOOKS = {"channel": "books", "instId": "BTC-USDT-SWAP"}


class Faulty(Simulator):
    def __init__(self, *settings):
        super().__init__(*BUSY, *settings)

    def inject(self, venue, plan):
        status, answer = self.get(venue, "/simulator/fault?plan=" + urllib.parse.quote(plan))
        assert status == 200 and not answer["error"], answer

    def hits(self, kind):
        return self.get("binance", "/simulator/status")[1]["faults"][kind]

    def depth(self):
        client = self.connect("binance", "/public/stream")
        binance_subscribe(client, ["btcusdt@depth@100ms"])
        return client

    def books(self):
        client = self.connect("okx", "/ws/v5/public")
        client.send_json({"op": "subscribe", "args": [BOOKS]})
        collect(client, lambda got: got[-1].get("action") == "snapshot")
        return client


def chain(got):
    return [(frame["data"]["pu"], frame["data"]["u"]) for frame in got]


def test_dropped_frame_leaves_a_hole_and_only_one():
    with Faulty() as s:
        client = s.depth()
        pairs = chain(collect(client, lambda got: len(got) >= 5))
        s.inject("binance", "binance:depth:BTCUSDT drop 1")
        pairs += chain(collect(client, lambda got: len(got) >= 5 and s.hits("drop") == 1, 40))
        pairs += chain(collect(client, lambda got: len(got) >= 10))
        holes = [i for i, (a, b) in enumerate(zip(pairs, pairs[1:])) if b[0] != a[1]]
        assert len(holes) == 1, holes


def test_fault_injected_at_run_time_duplicates_and_reorders():
    with Faulty() as s:
        client = s.depth()
        collect(client, lambda got: len(got) >= 3)
        s.inject("binance", "binance:depth:BTCUSDT duplicate 1")
        got = chain(collect(client, lambda got: len(got) >= 8))
        assert sum(a == b for a, b in zip(got, got[1:])) == 1, got
        s.inject("binance", "binance:depth:* reorder 1")
        got = chain(collect(client, lambda got: len(got) >= 8))
        swaps = [i for i, (a, b) in enumerate(zip(got, got[1:])) if b[1] < a[1]]
        assert len(swaps) == 1 and len(set(got)) == len(got), got


def test_delayed_frame_comes_later_with_nothing_lost():
    with Faulty() as s:
        client = s.depth()
        s.inject("binance", "binance:depth:BTCUSDT delay 1 for 700ms")
        got = chain(collect(client, lambda got: len(got) >= 20))
        late = [i for i, (a, b) in enumerate(zip(got, got[1:])) if b[1] < a[1]]
        assert len(late) == 1, got
        order = sorted(got, key=lambda pair: pair[1])
        assert all(b[0] == a[1] for a, b in zip(order, order[1:])), "something was lost"
        assert order.index(got[late[0] + 1]) <= late[0] - 3, "it was overtaken by some"


def test_malformed_frame_is_not_json_and_the_next_is():
    with Faulty() as s:
        client = s.depth()
        s.inject("binance", "binance:depth:BTCUSDT malformed 1")
        broken = 0
        for _ in range(10):
            try:
                json.loads(client.text())
            except json.JSONDecodeError:
                broken += 1
        assert broken == 1 and s.hits("malformed") == 1


def test_half_frame_never_ends_and_the_connection_breaks():
    with Faulty() as s:
        client = s.depth()
        s.inject("binance", "binance:depth:BTCUSDT half 1")
        try:
            for _ in range(30):
                json.loads(client.text())
        except Closed:
            assert s.hits("half") == 1
            collect(s.depth(), lambda got: len(got) >= 3)  # and it works again
            return
        raise AssertionError("the connection did not break")


def test_disconnect_breaks_those_who_want_the_channel_only():
    with Faulty() as s:
        client, other = s.depth(), s.connect("binance", "/public/stream")
        binance_subscribe(other, ["ethusdt@depth@100ms"])
        s.inject("binance", "binance:depth:BTCUSDT disconnect 1")
        try:
            for _ in range(30):
                client.text()
            raise AssertionError("still connected")
        except Closed:
            pass
        collect(other, lambda got: len(got) >= 3)


def test_silence_follows_an_acknowledgement():
    with Faulty("simulator/faults=bybit:tickers:BTCUSDT silence") as s:
        client = s.connect("bybit", "/v5/public/linear")
        client.send_json({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
        assert client.json()["success"] is True
        assert not list(frames(client, 1.5 / PATIENCE))
        client.send_json({"op": "ping"})
        assert client.json()["ret_msg"] == "pong", "the connection itself lives"


def test_wrong_checksum_is_wrong_once():
    with Faulty() as s:
        client = s.connect("okx", "/ws/v5/public")
        client.send_json({"op": "subscribe", "args": [BOOKS]})
        bids, asks, wrong, seen = {}, {}, 0, 0
        for frame in frames(client, 30):
            if "event" in frame:
                continue
            data = frame["data"][0]
            apply(bids, data["bids"])
            apply(asks, data["asks"])
            wrong += data["checksum"] != okx_checksum(bids, asks)
            seen += 1
            if seen == 5:
                s.inject("okx", "okx:books:BTCUSDT checksum 1")
            if seen == 25:
                break
        assert wrong == 1 and seen == 25, (wrong, seen)


def test_open_interest_absurd_on_rest_and_stale_on_the_socket():
    with Faulty() as s:
        path = "/fapi/v1/openInterest?symbol=BTCUSDT"
        before = float(s.get("binance", path)[1]["openInterest"])
        s.inject("binance", "binance:openInterest:BTCUSDT absurd 1")
        assert 500 < float(s.get("binance", path)[1]["openInterest"]) / before < 2000
        assert float(s.get("binance", path)[1]["openInterest"]) < 2 * before
        client = s.connect("okx", "/ws/v5/public")
        s.inject("okx", "okx:open-interest:BTCUSDT stale")
        client.send_json({"op": "subscribe", "args": [{"channel": "open-interest", "instId": "BTC-USDT-SWAP"}]})
        got = collect(client, lambda got: len(got) >= 5)[1:]
        assert len({frame["data"][0]["oi"] for frame in got}) == 1
        assert len({frame["data"][0]["ts"] for frame in got}) == 4, "only the values are old"


def test_rest_is_refused_cut_late_or_never_answered():
    with Faulty() as s:
        path, port = "/fapi/v1/depth?symbol=BTCUSDT&limit=100", s.port["binance"]
        s.inject("binance", "binance:snapshot:* refuse 1")
        status, headers, _ = get(port, path, s.ca)
        assert status == 429 and "retry-after" in headers
        s.inject("binance", "binance:rest:* half 1")
        try:
            get(port, path, s.ca)
            raise AssertionError("a cut body was accepted")
        except OSError:
            pass
        except Exception as error:  # http.client.IncompleteRead is no OSError
            assert type(error).__name__ == "IncompleteRead", error
        s.inject("binance", "binance:snapshot:BTCUSDT delay 1 for 1s")
        started = time.monotonic()
        assert get(port, path, s.ca)[0] == 200 and time.monotonic() - started >= 1
        s.inject("binance", "binance:snapshot:BTCUSDT drop 1")
        try:
            get(port, path, s.ca, 1.0)
            raise AssertionError("answered")
        except TimeoutError:
            pass
        assert get(port, path, s.ca)[0] == 200


def test_wrong_plan_is_refused_at_start_and_at_run_time():
    with Faulty() as s:
        status, answer = s.get("okx", "/simulator/fault?plan=" + urllib.parse.quote("okx:books:* vanish"))
        assert status == 400 and "vanish" in answer["error"]
    done = subprocess.run([os.path.join(BIN, "simulator"), "-s", "simulator/faults=okx:books:* drop 0", "-s",
                           "pipeline/folder=/tmp/leadline-unused", "-s", "pipeline/instruments=BTCUSDT"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78 and "out of bounds" in done.stderr, (done.returncode, done.stderr)


# --- speed

def test_as_fast_as_clients_read_waits_for_them_and_loses_nothing():
    with Faulty("simulator/speed=0", "simulator/seconds=120") as s:
        before = s.get("binance", "/simulator/status")[1]["now_ms"]
        time.sleep(0.3)
        assert s.get("binance", "/simulator/status")[1]["now_ms"] == before, "nobody has subscribed yet"
        client = s.depth()
        time.sleep(1.0)  # not reading, pings neither: the market stands still within a second of its time
        ahead = s.get("binance", "/simulator/status")[1]["now_ms"] - before
        assert 0 < ahead <= 1000, ahead
        pairs = chain(frames(client, 4))
        assert len(pairs) > 500, len(pairs)
        assert all(b[0] == a[1] for a, b in zip(pairs, pairs[1:])), "a hole"
        end = s.get("binance", "/simulator/status")[1]
        assert end["slow_clients"] == 0
        assert end["now_ms"] - before == 120000, end["now_ms"] - before


# --- recordings

def depth(first, last, previous, price):
    return {"stream": "btcusdt@depth@0ms", "data": {"e": "depthUpdate", "E": 1, "T": 1, "s": "BTCUSDT", "U": first,
            "u": last, "pu": previous, "b": [[price, "1.500"]], "a": []}}


def trade(number):
    return {"stream": "btcusdt@trade", "data": {"e": "trade", "E": 1, "T": 1, "s": "BTCUSDT", "t": number,
            "p": "100.10", "q": "0.006", "X": "MARKET", "m": False}}


def write_recording(path):
    snapshot = {"lastUpdateId": 15, "E": 1, "T": 1, "bids": [["99.10", "1.000"]], "asks": [["101.20", "2.000"]]}
    lines = [("open", "wss://host/stream", None), ("in", None, {"result": None, "id": 1}), ("in", None, depth(8, 12, 7, "99.00")),
             ("in", None, trade(1)), ("http", "https://host/fapi/v1/depth?symbol=BTCUSDT&limit=1000", snapshot)]
    lines += [("in", None, depth(13 + 10 * i, 22 + 10 * i, 12 + 10 * i, f"{98 - i / 100:.2f}")) for i in range(200)]
    lines += [("in", None, trade(2 + i)) for i in range(500)]
    with gzip.open(path, "wt") as file:
        for i, (kind, url, message) in enumerate(lines):
            row = {"recv_ts": 1723161255000 + i, "dir": kind, **({"url": url} if url else {}), "msg": message}
            file.write(json.dumps(row, separators=(",", ":")) + "\n")


class Recorded(Simulator):
    def __init__(self, path):
        super().__init__(f"simulator/recording={path}", "simulator/recording_venue=binance")
        self.venues = ["binance"]


def test_recording_holds_the_stream_until_its_snapshot_is_taken():
    path = f"/tmp/leadline-recording-{os.getpid()}.raw.jsonl.gz"
    write_recording(path)
    try:
        with Recorded(path) as s:
            info = s.get("binance", "/fapi/v1/exchangeInfo")[1]["symbols"]
            assert [row["symbol"] for row in info] == ["BTCUSDT"]
            filters = {row["filterType"]: row for row in info[0]["filters"]}
            assert filters["PRICE_FILTER"]["tickSize"] == "0.01" and filters["LOT_SIZE"]["stepSize"] == "0.001"
            client = s.connect("binance", "/public/stream")
            binance_subscribe(client, ["btcusdt@depth@100ms", "btcusdt@trade"])
            first = collect(client, lambda got: len(got) == 2)
            assert [frame["data"]["e"] for frame in first] == ["depthUpdate", "trade"]
            assert first[0]["stream"] == "btcusdt@depth@100ms", "in today's spelling"
            assert not list(frames(client, 1 / PATIENCE)), "the snapshot has not been asked for"
            status, snapshot = s.get("binance", "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
            assert status == 200 and snapshot["lastUpdateId"] == 15
            rest = collect(client, lambda got: len(got) == 700)
            assert [f["data"]["u"] for f in rest if f["data"]["e"] == "depthUpdate"] == [22 + 10 * i for i in range(200)]
            assert [f["data"]["t"] for f in rest if f["data"]["e"] == "trade"] == list(range(2, 502))
            wait_until(lambda: "recording done 702 messages" in s.log("simulator"), 10, "the end is told")
            assert s.get("binance", "/fapi/v1/depth?symbol=BTCUSDT")[1] == snapshot, "the last one again"
            client.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 9})
            assert len(collect(client, lambda got: got[-1].get("id") == 9)[-1]["result"]) == 2, "still connected"
    finally:
        os.unlink(path)


def test_aggregated_trades_stand_for_trades_a_recording_does_not_have():
    path = f"/tmp/leadline-recording-{os.getpid()}.raw.jsonl.gz"
    aggregate = {"stream": "btcusdt@aggTrade", "data": {"e": "aggTrade", "E": 1, "a": 5, "s": "BTCUSDT", "p": "100.1",
                 "q": "0.006", "f": 1, "l": 2, "T": 1, "m": True}}
    try:
        for lines, wanted in (([aggregate], ["aggTrade"]), ([trade(1), aggregate, trade(2)], ["trade", "trade"])):
            with gzip.open(path, "wt") as file:
                for message in lines:
                    file.write(json.dumps({"recv_ts": 1723161255000, "dir": "in", "msg": message}, separators=(",", ":")) + "\n")
            with Recorded(path) as s:
                client = s.connect("binance", "/public/stream")
                binance_subscribe(client, ["btcusdt@trade"])
                assert [frame["data"]["e"] for frame in frames(client, 2 / PATIENCE)] == wanted
    finally:
        os.unlink(path)


if __name__ == "__main__":
    main([test for name, test in list(globals().items()) if name.startswith("test_")])
