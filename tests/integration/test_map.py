#!/usr/bin/env python3
"""The liquidation map from the inner bus to whoever reads it over HTTP: frames made here, the publisher as it is."""
import json
import math
import os
import random
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import msgpack  # noqa: E402
import zmq  # noqa: E402
from ws_client import WsClient  # noqa: E402
from pipeline import Pipeline, main, wait_until  # noqa: E402

START_MS = 1728000000000  # midnight
GROUPS = ((2, 7.5), (10, 15), (20, 33), (50, 50), (75, 125))
NUMBERS = ("oi_usd", "oi_age_s", "divergence_pct")


class Maps:
    """A card shard that says nothing but maps."""

    def __init__(self, p):
        self.random = random.Random(5)
        self.price = 94200.0
        self.seq = {}
        self.boot = 1
        self.socket = zmq.Context.instance().socket(zmq.PUB)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(p.endpoint("cards-1"))

    def groups(self, row):
        below = [self.random.randrange(1000, 90000) if (row + i) % 7 == 0 else 0 for i in range(200)]
        above = [0] * 201 + [self.random.randrange(1000, 90000) if (row + i) % 9 == 0 else 0 for i in range(200)]
        return [{"leverage_from": low, "leverage_to": high, "long_usd": below, "short_usd": above} for low, high in GROUPS]

    def send(self, minute, column=True, model="full"):
        """The frame that closes a minute, or one a second before."""
        self.price *= math.exp(self.random.gauss(0, 5e-4))
        row = math.floor(math.log(self.price) / 1e-3)
        topic = "v1.map.BTCUSDT." if model == "full" else f"v1.map.BTCUSDT.{model}."
        self.seq[topic] = self.seq.get(topic, 0) + 1
        candle = self.price if column else None
        frame = {
            "schema": 1, "kind": "map", "source": "sim", "engine": "t", "publisher": "cards-1", "boot": self.boot,
            "seq": self.seq[topic], "instrument": "BTCUSDT", "model": model,
            "ts_ms": START_MS + (minute + 1) * 60000 - (0 if column else 1000), "column": column,
            "mark_px": self.price, "first_row": row - 200, "first_px": math.exp((row - 200) * 1e-3), "step_bp": 10,
            "rows": 401, "groups": self.groups(row),
            "clusters": [{"low_px": 95600.0, "high_px": 95700.0, "side": "short", "usd": 48200000.0, "usd_p10": 1e6,
                          "usd_p90": 9e7, "groups_usd": [1.0, 2.0, 4e7, 3.0, 4.0]}],
            "cumulative": [{"distance_pct": 1.0, "long_usd": 5e6, "short_usd": 7e6}],
            "pain_long_px": None, "pain_long_usd": None, "pain_short_px": None, "pain_short_usd": None,
            "long_usd": 1.0, "short_usd": 1.0,
            "venues": [{"venue": venue, "prints": "sampled", "live": True, **dict.fromkeys(NUMBERS), "opening_p": 0.5,
                        "long_usd": 1.0, "short_usd": 1.0,
                        "groups": self.groups(row) if column and model == "full" else []} for venue in ("binance", "okx")],
            "oi_coverage_pct": 100.0, "confidence_pct": 50.0, "reason": None, "leverage_mean": None, "theta": [1.0] * 13,
            "score_vs_ladder": None, "score_low": None, "score_high": None, "score_hours": 0.0, "predicted_usd": 0.0,
            "printed_usd": 0.0, "open_px": candle, "high_px": candle, "low_px": candle, "close_px": candle,
            "volume_usd": 1e6 if column else None,
            "prints": [{"venue": "binance", "side": "long", "px": self.price, "usd": 1e5, "count": 2,
                        "coverage": "sampled"}] if column else []}
        self.socket.send_multipart([topic.encode(), msgpack.packb(frame)])
        return frame


def ask(p, path, **headers):
    """Status, headers and text of a GET."""
    request = urllib.request.Request(p.url(path), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def start(p, *settings):
    p.start_publisher(*settings)
    wait_until(lambda: p.get_status("/v1/openapi.json") in (200, 401), 30, "the publisher")


def heatmap(p, query=""):
    status, _, text = ask(p, f"/v1/heatmap/BTCUSDT{query}")
    return json.loads(text) if status == 200 else None


def fill(p, maps, first, count):
    """Columns of so many minutes, until the last is in the heatmap."""
    for minute in range(first, first + count):
        last = maps.send(minute)
    wait_until(lambda: (heatmap(p) or {"update_time": 0})["update_time"] == last["ts_ms"], 30, "the last column")


def connect(p):
    """A shard the publisher hears."""
    maps = Maps(p)
    wait_until(lambda: maps.send(-1, column=False) and p.get_status("/v1/map/BTCUSDT") == 200, 30, "a map")
    return maps


def test_columns_are_kept_over_a_kill_and_the_last_frame_is_shown():
    with Pipeline("BTCUSDT", shards=1) as p:
        start(p)
        maps = connect(p)
        fill(p, maps, 0, 100)
        last = maps.send(100, column=False)
        wait_until(lambda: p.get_json("/v1/map/BTCUSDT")["ts_ms"] == last["ts_ms"], 30, "the last frame")
        shown = p.get_json("/v1/map/BTCUSDT")
        assert shown["source"] == "sim" and shown["groups"][2]["long_usd"] == last["groups"][2]["long_usd"]
        before = heatmap(p, "?range=12h&rows=801")
        assert len(before["x_axis"]) == 50 and before["venues"] == ["binance", "okx"]
        assert len(before["price_candlesticks"]) == 50 and before["price_candlesticks"][0][0] == START_MS
        assert sum(row[4] for row in before["prints"]) == 200
        p.kill("publisher")
        start(p)
        assert heatmap(p, "?range=12h&rows=801") == before
        fill(p, maps, 100, 2)
        assert len(heatmap(p, "?range=12h")["x_axis"]) == 51


def test_parameters_behind_the_question_mark_arrive():
    with Pipeline("BTCUSDT", shards=1) as p:
        start(p)
        maps = connect(p)
        fill(p, maps, 0, 10)
        whole = heatmap(p, "?range=12h")
        part = heatmap(p, "?range=12h&venues=okx%2Cbinance&groups=0,1")
        assert part["venues"] == whole["venues"] and part["range"] == "12h" and part["column_s"] == 120
        assert 0 < sum(cell[2] for cell in part["liquidation_leverage_data"]) < sum(
            cell[2] for cell in whole["liquidation_leverage_data"])
        for query, parameter in (("?range=9h", "range"), ("?venues=kraken", "venues"), ("?rows=7", "rows"),
                                 ("?groups=9", "groups"), ("?model=x", "model"), ("?colour=red", "colour")):
            status, _, text = ask(p, f"/v1/heatmap/BTCUSDT{query}")
            assert status == 400 and json.loads(text)["parameter"] == parameter, (query, status, text)
        for query in ("?rows=" + "1" * 1000, "?" + "&".join(f"a{i}=1" for i in range(30)), "?range", "?=&=&&", "?%ff=%fe"):
            status, _, text = ask(p, f"/v1/heatmap/BTCUSDT{query}")
            assert status == 400 and "error" in json.loads(text), (query[:40], status, text)
        assert ask(p, "/v1/heatmap/DOGEUSDT")[0] == 404
        p.check_alive()


def test_the_feed_brings_maps():
    with Pipeline("BTCUSDT", shards=1) as p:
        start(p)
        maps = connect(p)
        reader = WsClient(p.http_port, "/v1/feed", None)
        reader.send("subscribe v1.map.BTCUSDT.ladder.")
        wait_until(lambda: maps.send(0, column=False, model="ladder") and
                   p.metric("publisher_feed_messages_sent_total") > 0, 30, "a ladder frame")
        frame = reader.json()
        assert frame["topic"] == "v1.map.BTCUSDT.ladder." and frame["data"]["model"] == "ladder"
        reader.close()
        lines = p.leadline("-s", "leadline/seconds=2", "tail", "v1.map.BTCUSDT.ladder.").splitlines()
        assert lines and all(line.startswith("v1.map.BTCUSDT.ladder. {") for line in lines)


def test_redis_has_the_map_in_short():
    with Pipeline("BTCUSDT", shards=1) as p:
        p.start_redis()
        p.start_aggregator()
        maps = Maps(p)
        top = wait_until(lambda: maps.send(0) and p.redis_hash("leadline:map:BTCUSDT:top"), 30, "the map in Redis")
        assert top == {"95650.0": "48200000 short 25x"}
        cumulative = p.redis_hash("leadline:map:BTCUSDT:cumulative")
        assert cumulative["long:1"] == "5000000" and cumulative["short:1"] == "7000000"
        assert cumulative["ts_ms"] == str(START_MS + 60000)


def test_pages_need_no_token_and_what_holds_data_does():
    with Pipeline("BTCUSDT", shards=1) as p:
        web = os.path.join(p.folder, "web")
        os.makedirs(os.path.join(web, "assets"))
        for name, text in (("index.html", "<!doctype html>"), ("assets/a.js", "let a;"), ("../secret.js", "secret")):
            with open(os.path.join(web, name), "w", encoding="ascii") as file:
                file.write(text)
        start(p, f"publisher/web_folder={web}", "publisher/read_token=open sesame")
        status, headers, text = ask(p, "/")
        assert (status, text) == (200, "<!doctype html>") and headers["content-type"].startswith("text/html")
        assert headers["content-security-policy"].startswith("default-src 'self'") and headers["cache-control"] == "no-cache"
        assert headers["x-content-type-options"] == "nosniff"
        assert ask(p, "/", **{"If-None-Match": headers["etag"]})[0] == 304
        assert ask(p, "/assets/a.js?v=1")[2] == "let a;"
        for path in ("/../secret.js", "/assets/../../secret.js", "/%2e%2e/secret.js", "/..%2fsecret.js", "/assets/", "/x.js"):
            assert ask(p, path)[0] in (400, 401, 403, 404), path
            assert "secret" not in ask(p, path)[2]
        for path in ("/v1", "/v1/map/BTCUSDT", "/v1/heatmap/BTCUSDT", "/metrics", "/healthz", "/v1/openapi.json"):
            assert ask(p, path)[0] == 401, path
            assert ask(p, path + "?token=open%20sesame")[0] in (200, 404, 503), path
        assert ask(p, "/v1", Authorization="Bearer open sesame")[0] == 200


def test_without_pages_the_root_is_that_of_the_api():
    with Pipeline("BTCUSDT", shards=1) as p:
        start(p, "publisher/web_folder=/does/not/exist")
        assert json.loads(ask(p, "/")[2])["paths"] == json.loads(ask(p, "/v1")[2])["paths"]


def test_a_heatmap_folder_that_cannot_be_made_is_said():
    with Pipeline("BTCUSDT", shards=1) as p:
        path = os.path.join(p.folder, "file")
        with open(path, "w", encoding="ascii") as file:
            file.write("x")
        p.start_publisher(f"publisher/heatmap_folder={path}")
        assert p.processes["publisher"].wait(30) == 69
        assert "publisher/heatmap_folder" in p.log("publisher") and path in p.log("publisher")
        del p.processes["publisher"]


main([test for name, test in list(globals().items()) if name.startswith("test_")])
