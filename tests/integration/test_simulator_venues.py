#!/usr/bin/env python3
"""The simulator as a client of each venue meets it: sockets, sequences, checksums, REST, quirks."""
import os
import sys
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pipeline import PATIENCE, ROOT, Pipeline, main  # noqa: E402
from ws_client import Closed, WsClient, get, get_json  # noqa: E402

INSTRUMENTS = ("BTCUSDT", "ETHUSDT")
BUSY = ("simulator/activity=10", "simulator/history_days=2")


class Simulator(Pipeline):
    """Only the simulator, with its ports as numbers."""

    def __init__(self, *settings):
        super().__init__(" ".join(INSTRUMENTS))
        self.simulator_settings = settings or BUSY

    def __enter__(self):
        self.start_simulator(*self.simulator_settings)
        self.ca = os.path.join(self.folder, "ca.pem")
        self.port = {venue: int(port) for venue, port in self.ports.items()}
        return self

    def __exit__(self, kind, value, trace):
        code = self.stop("simulator")
        super().__exit__(kind, value, trace)
        assert kind or code == 0, f"the simulator ended with {code}"

    def connect(self, venue, path):
        return WsClient(self.port[venue], path, self.ca)

    def get(self, venue, path):
        return get_json(self.port[venue], path, self.ca)


def frames(client, seconds):
    end = time.monotonic() + seconds * PATIENCE
    while (left := end - time.monotonic()) > 0:
        try:
            yield client.json(left)
        except TimeoutError:
            return


def collect(client, enough, seconds=30):
    """Frames until enough(list) is true."""
    got = []
    for frame in frames(client, seconds):
        got.append(frame)
        if enough(got):
            return got
    raise AssertionError(f"not enough in {seconds} s: {len(got)} frames, the last {str(got[-1:])[:300]}")


def apply(book, levels):
    for level in levels:
        if float(level[1]) == 0:
            book.pop(level[0], None)
        else:
            book[level[0]] = level[1]


def binance_subscribe(client, streams):
    client.send_json({"method": "SUBSCRIBE", "params": streams, "id": 7})
    assert collect(client, lambda got: "result" in got[-1])[-1] == {"result": None, "id": 7}


# --- Binance

def test_binance_book_synchronises_by_rest_and_never_breaks():
    with Simulator() as s:
        client = s.connect("binance", "/public/stream")
        assert client.headers["server"] == "leadline-simulator"
        binance_subscribe(client, ["btcusdt@depth@100ms"])
        collect(client, lambda got: len(got) >= 3)
        status, snapshot = s.get("binance", "/fapi/v1/depth?symbol=BTCUSDT&limit=1000")
        assert status == 200
        bids, asks = {}, {}
        apply(bids, snapshot["bids"])
        apply(asks, snapshot["asks"])
        last = None
        for frame in collect(client, lambda got: len(got) >= 60):
            data = frame["data"]
            assert frame["stream"] == "btcusdt@depth@100ms" and data["s"] == "BTCUSDT"
            if data["u"] < snapshot["lastUpdateId"]:
                continue
            if last is None:
                assert data["U"] <= snapshot["lastUpdateId"] <= data["u"], (data, snapshot["lastUpdateId"])
            else:
                assert data["pu"] == last, f"pu {data['pu']} after u {last}"
            last = data["u"]
            apply(bids, data["b"])
            apply(asks, data["a"])
            assert max(map(float, bids)) < min(map(float, asks)), "crossed"
        assert last is not None
        # What was built from the differences is what the venue says now.
        status, fresh = s.get("binance", "/fapi/v1/depth?symbol=BTCUSDT&limit=20")
        for frame in collect(client, lambda got: got[-1]["data"]["u"] >= fresh["lastUpdateId"]):
            assert frame["data"]["pu"] == last
            last = frame["data"]["u"]
            if frame["data"]["u"] <= fresh["lastUpdateId"]:
                apply(bids, frame["data"]["b"])
        shared = [price for price, _ in fresh["bids"][3:]]
        assert sum(price in bids for price in shared) >= len(shared) - 3


def test_binance_streams_have_the_fields_of_the_venue():
    with Simulator() as s:
        public = s.connect("binance", "/public/stream")
        binance_subscribe(public, ["btcusdt@trade", "btcusdt@bookTicker"])
        seen = {}
        for frame in collect(public, lambda got: {f["data"]["e"] for f in got} >= {"trade", "bookTicker"}):
            seen[frame["data"]["e"]] = frame["data"]
        assert set(seen["trade"]) == {"e", "E", "T", "s", "t", "p", "q", "X", "m"} and seen["trade"]["X"] == "MARKET"
        assert set(seen["bookTicker"]) == {"e", "E", "u", "s", "b", "B", "a", "A", "T"}
        market = s.connect("binance", "/market/stream")
        binance_subscribe(market, ["btcusdt@aggTrade", "btcusdt@markPrice@1s", "btcusdt@forceOrder"])
        for frame in collect(market, lambda got: {f["data"]["e"] for f in got} >= {"aggTrade", "markPriceUpdate"}):
            seen[frame["data"]["e"]] = frame["data"]
        assert set(seen["aggTrade"]) == {"e", "E", "a", "s", "p", "q", "f", "l", "T", "m"}
        assert set(seen["markPriceUpdate"]) == {"e", "E", "s", "p", "P", "i", "r", "T"}


def test_binance_old_path_acknowledges_market_streams_and_stays_silent():
    with Simulator() as s:
        client = s.connect("binance", "/stream")
        binance_subscribe(client, ["btcusdt@markPrice@1s", "btcusdt@aggTrade"])
        assert not list(frames(client, 2.5 / PATIENCE)), "the old path must not carry market streams"
        binance_subscribe(client, ["btcusdt@depth@100ms"])
        collect(client, lambda got: got[-1].get("stream") == "btcusdt@depth@100ms")


def test_binance_lists_and_unsubscribes():
    with Simulator() as s:
        client = s.connect("binance", "/public/ws")
        binance_subscribe(client, ["ethusdt@bookTicker", "btcusdt@depth@100ms"])
        event = collect(client, lambda got: got[-1].get("e") == "depthUpdate")[-1]
        assert "stream" not in event, "/ws frames are not wrapped"
        client.send_json({"method": "LIST_SUBSCRIPTIONS", "id": 3})
        listed = collect(client, lambda got: got[-1].get("id") == 3)[-1]["result"]
        assert sorted(listed) == ["btcusdt@depth@100ms", "ethusdt@bookTicker"]
        client.send_json({"method": "UNSUBSCRIBE", "params": listed, "id": 4})
        collect(client, lambda got: got[-1].get("id") == 4)
        assert not list(frames(client, 1 / PATIENCE))
        client.send("not json")
        assert client.json()["error"]["code"] == 3


def test_a_path_that_is_not_the_venues_is_refused():
    with Simulator() as s:
        try:
            s.connect("binance", "/v5/public/linear")
        except Closed:
            return
        raise AssertionError("upgrade accepted on a path of another venue")


# --- Bybit

def test_bybit_books_chain_by_one_and_equal_the_venues():
    with Simulator() as s:
        client = s.connect("bybit", "/v5/public/linear")
        client.send_json({"op": "subscribe", "args": ["orderbook.50.BTCUSDT", "publicTrade.BTCUSDT"], "req_id": "a1"})
        ack = client.json()
        assert ack["success"] is True and ack["req_id"] == "a1" and ack["op"] == "subscribe"
        bids, asks, last, deltas, trades = {}, {}, None, 0, 0
        for frame in frames(client, 30):
            data = frame["data"]
            if frame["topic"] == "publicTrade.BTCUSDT":
                trades += len(data)
                assert all(set(t) == {"T", "s", "S", "v", "p", "L", "i", "BT", "RPI", "seq"} for t in data)
                continue
            assert frame["topic"] == "orderbook.50.BTCUSDT"
            if frame["type"] == "snapshot":
                assert last is None, "one snapshot only"
                assert len(data["b"]) == 50 and len(data["a"]) == 50
            else:
                assert data["u"] == last + 1, f"u {data['u']} after {last}"
                deltas += 1
            last = data["u"]
            apply(bids, data["b"])
            apply(asks, data["a"])
            assert max(map(float, bids)) < min(map(float, asks)), "crossed"
            assert len(bids) == 50 and len(asks) == 50, (len(bids), len(asks))
            if deltas >= 100 and trades >= 5:
                break
        assert deltas >= 100 and trades >= 5, (deltas, trades)


def test_bybit_ticker_deltas_say_only_what_changed():
    with Simulator() as s:
        client = s.connect("bybit", "/v5/public/linear")
        client.send_json({"op": "subscribe", "args": ["tickers.BTCUSDT"]})
        assert client.json()["success"] is True
        first = client.json()
        assert first["type"] == "snapshot"
        state = dict(first["data"])
        assert {"markPrice", "indexPrice", "openInterest", "fundingRate", "nextFundingTime"} <= set(state)
        smaller = 0
        for frame in collect(client, lambda got: len(got) >= 20):
            assert frame["type"] == "delta"
            for key, value in frame["data"].items():
                assert key == "symbol" or state[key] != value, f"{key} did not change"
            smaller += len(frame["data"]) < len(state)
            state.update(frame["data"])
        assert smaller > 0


def test_bybit_pings_and_refusals():
    with Simulator() as s:
        client = s.connect("bybit", "/v5/public/linear")
        client.send_json({"op": "ping", "req_id": "p"})
        pong = client.json()
        assert pong["ret_msg"] == "pong" and pong["op"] == "ping" and pong["req_id"] == "p"
        client.send_json({"op": "subscribe", "args": ["liquidation.BTCUSDT"]})
        refused = client.json()
        assert refused["success"] is False and "liquidation.BTCUSDT" in refused["ret_msg"]


# --- OKX

def okx_checksum(bids, asks):
    best_bids = sorted(bids.items(), key=lambda level: -float(level[0]))[:25]
    best_asks = sorted(asks.items(), key=lambda level: float(level[0]))[:25]
    parts = []
    for i in range(25):
        for side in (best_bids, best_asks):
            if i < len(side):
                parts += side[i]
    value = zlib.crc32(":".join(parts).encode())
    return value - (1 << 32) if value >= 1 << 31 else value


def test_okx_books_chain_and_their_checksums_are_right():
    with Simulator() as s:
        client = s.connect("okx", "/ws/v5/public")
        client.send_json({"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT-SWAP"},
                                                      {"channel": "trades", "instId": "BTC-USDT-SWAP"}]})
        bids, asks, last, updates, trades, acks = {}, {}, None, 0, 0, 0
        for frame in frames(client, 30):
            if "event" in frame:
                assert frame["event"] == "subscribe"
                acks += 1
                continue
            data = frame["data"][0]
            if frame["arg"]["channel"] == "trades":
                trades += 1
                assert {"instId", "tradeId", "px", "sz", "side", "ts"} <= set(data)
                continue
            if frame["action"] == "snapshot":
                assert last is None and data["prevSeqId"] == -1
            else:
                assert data["prevSeqId"] == last, f"prevSeqId {data['prevSeqId']} after {last}"
                updates += 1
            last = data["seqId"]
            apply(bids, data["bids"])
            apply(asks, data["asks"])
            assert data["checksum"] == okx_checksum(bids, asks), f"checksum at update {updates}"
            if updates >= 60 and trades >= 5:
                break
        assert acks == 2 and updates >= 60 and trades >= 5, (acks, updates, trades)


def test_okx_tells_marks_funding_and_interest():
    channels = {"mark-price": "markPx", "funding-rate": "fundingRate", "open-interest": "oiCcy", "bbo-tbt": "bids"}
    with Simulator() as s:
        client = s.connect("okx", "/ws/v5/public")
        client.send("ping")
        assert client.text() == "pong"
        arguments = [{"channel": name, "instId": "ETH-USDT-SWAP"} for name in channels]
        arguments += [{"channel": "index-tickers", "instId": "ETH-USDT"}, {"channel": "liquidation-orders", "instType": "SWAP"}]
        client.send_json({"op": "subscribe", "args": arguments})
        wanted = set(channels) | {"index-tickers"}
        got = collect(client, lambda all_: {f["arg"]["channel"] for f in all_ if "data" in f} >= wanted)
        assert sum(f.get("event") == "subscribe" for f in got) == len(arguments)
        for frame in got:
            if "data" in frame and frame["arg"]["channel"] in channels:
                assert channels[frame["arg"]["channel"]] in frame["data"][0]
        client.send_json({"op": "subscribe", "args": [{"channel": "books", "instId": "NOPE-USDT-SWAP"}]})
        error = collect(client, lambda all_: all_[-1].get("event") == "error")[-1]
        assert error["code"] == "60018"


# --- REST

BINANCE_RATIOS = "globalLongShortAccountRatio", "topLongShortAccountRatio", "topLongShortPositionRatio"
BYBIT_RATIO = "/v5/market/account-ratio?category=linear&symbol=BTCUSDT&period=5min&limit=1"
BYBIT_TIERS = "/v5/market/risk-limit?category=linear&symbol=BTCUSDT"
OKX_RATIOS = ("long-short-account-ratio-contract", "long-short-account-ratio-contract-top-trader",
              "long-short-position-ratio-contract-top-trader")
OKX_RATIO = "/api/v5/rubik/stat/contracts/%s?instId=BTC-USDT-SWAP&period=5m&limit=1"
OKX_TIERS = "/api/v5/public/position-tiers?instType=SWAP&tdMode=isolated&instFamily=BTC-USDT"

def test_rest_answers_of_every_path():
    paths = {
        "binance": ["/fapi/v1/ping", "/fapi/v1/time", "/fapi/v1/exchangeInfo", "/fapi/v1/openInterest?symbol=BTCUSDT",
                    "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1500", "/fapi/v1/premiumIndex",
                    "/fapi/v1/premiumIndex?symbol=BTCUSDT", "/fapi/v1/fundingRate?symbol=BTCUSDT&limit=5",
                    "/fapi/v1/fundingInfo", "/futures/data/openInterestHist?symbol=BTCUSDT&period=5m&limit=500"]
        + [f"/futures/data/{name}?symbol=BTCUSDT&period=5m&limit=1" for name in BINANCE_RATIOS],
        "bybit": ["/v5/market/time", "/v5/market/instruments-info?category=linear&limit=1000",
                  "/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1&limit=1000",
                  "/v5/market/funding/history?category=linear&symbol=BTCUSDT&limit=5",
                  "/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime=5min&limit=200",
                  "/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=50", "/v5/market/tickers?category=linear",
                  BYBIT_RATIO, BYBIT_TIERS],
        "okx": ["/api/v5/public/time", "/api/v5/public/instruments?instType=SWAP",
                "/api/v5/market/history-candles?instId=BTC-USDT-SWAP&bar=1m&limit=100",
                "/api/v5/market/candles?instId=BTC-USDT-SWAP&bar=15m&limit=300",
                "/api/v5/public/funding-rate-history?instId=BTC-USDT-SWAP&limit=5",
                "/api/v5/rubik/stat/contracts/open-interest-history?instId=BTC-USDT-SWAP&period=5m&limit=100",
                "/api/v5/public/open-interest?instType=SWAP", "/api/v5/market/books?instId=BTC-USDT-SWAP&sz=400",
                OKX_TIERS] + [OKX_RATIO % name for name in OKX_RATIOS],
    }
    with Simulator() as s:
        for venue, venue_paths in paths.items():
            for path in venue_paths:
                status, headers, _ = get(s.port[venue], path, s.ca)
                assert status == 200 and headers["server"] == "leadline-simulator", (path, status)
                if venue == "binance":
                    assert int(headers["x-mbx-used-weight-1m"]) > 0
                _, body = s.get(venue, path)
                assert venue != "bybit" or body["retCode"] == 0, path
                assert venue != "okx" or (body["code"] == "0" and body["data"]), path
        check_histories(s)


def check_histories(s):
    _, bars = s.get("binance", "/fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=1500")
    assert len(bars) == 1500 and all(b[0] - a[0] == 60000 for a, b in zip(bars, bars[1:]))
    assert all(float(b[3]) <= min(float(b[1]), float(b[4])) <= float(b[2]) for b in bars)
    cut = bars[500][0]
    _, part = s.get("binance", f"/fapi/v1/klines?symbol=BTCUSDT&interval=1m&startTime={cut}&endTime={cut + 599999}&limit=99")
    assert [b[0] for b in part] == [cut + 60000 * i for i in range(10)]
    _, page = s.get("bybit", f"/v5/market/kline?category=linear&symbol=BTCUSDT&interval=1&end={cut}&limit=10")
    assert [int(b[0]) for b in page["result"]["list"]] == [cut - 60000 * i for i in range(10)]
    _, page = s.get("okx", f"/api/v5/market/history-candles?instId=BTC-USDT-SWAP&bar=1m&after={cut}&limit=10")
    assert [int(b[0]) for b in page["data"]] == [cut - 60000 * (i + 1) for i in range(10)]
    _, info = s.get("okx", "/api/v5/public/instruments?instType=SWAP&instId=BTC-USDT-SWAP")
    value = float(info["data"][0]["ctVal"])
    bar = page["data"][0]
    assert value != 1 and abs(float(bar[5]) * value - float(bar[6])) <= 0.02 * value + 1e-6, "volume in contracts x ctVal"
    first = s.get("bybit", "/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime=5min&limit=50")[1]["result"]
    more = s.get("bybit", "/v5/market/open-interest?category=linear&symbol=BTCUSDT&intervalTime=5min&limit=50&cursor="
                 + first["nextPageCursor"])[1]["result"]
    times = [int(row["timestamp"]) for row in first["list"] + more["list"]]
    assert len(times) == 100 and all(a - b == 300000 for a, b in zip(times, times[1:])), "pages chain"


def tier_file(venue, instrument):
    """Bound, rate, leverage, deduction of a table in deploy/tiers."""
    rows, is_wanted = [], False
    with open(os.path.join(ROOT, "deploy", "tiers", venue + ".tsv")) as file:
        for words in (line.split() for line in file):
            if words[:1] == ["table"]:
                is_wanted = instrument in words
            elif is_wanted and words and words[0][0].isdigit():
                rows.append(tuple(float(word) for word in words + ["0"][:4 - len(words)]))
    assert rows, (venue, instrument)
    return rows


def test_ratios_are_shares_of_the_crowd():
    with Simulator() as s:
        for name in BINANCE_RATIOS:
            _, (row,) = s.get("binance", f"/futures/data/{name}?symbol=BTCUSDT&period=5m&limit=1")
            assert set(row) == {"symbol", "longAccount", "shortAccount", "longShortRatio", "timestamp"}
            share, other = float(row["longAccount"]), float(row["shortAccount"])
            assert row["symbol"] == "BTCUSDT" and 0 < share < 1 and abs(share + other - 1) < 2e-4, row
            assert abs(float(row["longShortRatio"]) - share / other) < 0.01 and row["timestamp"] % 300000 == 0, row
        status, refused = s.get("binance", "/futures/data/globalLongShortAccountRatio?symbol=BTCUSDT&period=7m")
        assert (status, refused["code"]) == (400, -1130)
        (row,) = s.get("bybit", BYBIT_RATIO)[1]["result"]["list"]
        assert set(row) == {"symbol", "buyRatio", "sellRatio", "timestamp"}
        assert 0 < float(row["buyRatio"]) < 1 and abs(float(row["buyRatio"]) + float(row["sellRatio"]) - 1) < 2e-4
        for name in OKX_RATIOS:
            ((time_ms, ratio),) = s.get("okx", OKX_RATIO % name)[1]["data"]
            assert int(time_ms) % 300000 == 0 and 0 < float(ratio) < 100, (name, ratio)
        codes = [get(s.port["okx"], OKX_RATIO % OKX_RATIOS[1], s.ca)[0] for _ in range(30)]
        assert 429 in codes[:12], f"ratios are limited to 5 in 2 s: {codes}"


def test_tiers_are_those_of_the_market():
    with Simulator() as s:
        rows = s.get("bybit", BYBIT_TIERS)[1]["result"]["list"]
        told = [(float(r["riskLimitValue"]), float(r["maintenanceMargin"]), float(r["maxLeverage"]),
                 float(r["mmDeduction"] or 0)) for r in rows]
        assert told == tier_file("bybit", "BTCUSDT")
        assert [r["isLowestRisk"] for r in rows] == [1] + [0] * (len(rows) - 1) and rows[0]["mmDeduction"] == ""
        _, info = s.get("okx", "/api/v5/public/instruments?instType=SWAP&instId=BTC-USDT-SWAP")
        value = float(info["data"][0]["ctVal"])
        rows = s.get("okx", OKX_TIERS)[1]["data"]
        expected = tier_file("okx", "BTCUSDT")
        assert len(rows) == len(expected)
        for row, (bound, rate, leverage, _) in zip(rows, expected):
            assert abs(float(row["maxSz"]) * value / bound - 1) < 1e-9 and row["instFamily"] == "BTC-USDT"
            assert (float(row["mmr"]), float(row["maxLever"])) == (rate, leverage)
        assert all(float(a["maxSz"]) < float(b["minSz"]) for a, b in zip(rows, rows[1:]))
        assert s.get("okx", OKX_TIERS.replace("BTC", "NOPE"))[1]["code"] == "51001"


def test_rest_refuses_as_the_venues_do():
    with Simulator() as s:
        assert s.get("binance", "/fapi/v1/depth?symbol=NOPEUSDT") == (400, {"code": -1121, "msg": "Invalid symbol."})
        assert get(s.port["binance"], "/nothing", s.ca)[0] == 404
        assert s.get("bybit", "/v5/market/kline?category=linear&symbol=NOPE&interval=1")[1]["retCode"] == 10001
        assert s.get("okx", "/api/v5/market/candles?instId=NOPE")[1]["code"] == "51001"
        for _ in range(40):
            status, _, body = get(s.port["okx"], "/api/v5/public/time", s.ca)
            if status == 429:
                assert '"50011"' in body
                break
        else:
            raise AssertionError("OKX never limited 40 requests")
        codes = [get(s.port["binance"], "/fapi/v1/depth?symbol=BTCUSDT&limit=1000", s.ca)[:2] for _ in range(125)]
        assert codes[0][0] == 200 and codes[-1][0] == 429 and "retry-after" in codes[-1][1]


# --- a client that does not read

def test_a_slow_client_is_disconnected_and_counted():
    with Simulator("simulator/activity=50", "simulator/history_days=1", "simulator/speed=60",
                   "simulator/queue_limit_kib=64") as s:
        client = s.connect("okx", "/ws/v5/public")
        client.send_json({"op": "subscribe", "args": [{"channel": "books", "instId": "BTC-USDT-SWAP"}]})
        end = time.monotonic() + 60 * PATIENCE
        while s.get("okx", "/simulator/status")[1]["slow_clients"] == 0:
            assert time.monotonic() < end, "never disconnected"
            time.sleep(0.1)
        try:
            while True:
                client.text()
        except Closed:
            pass


if __name__ == "__main__":
    main([test for name, test in list(globals().items()) if name.startswith("test_")])
