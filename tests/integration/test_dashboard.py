#!/usr/bin/env python3
"""The dashboard in headless Chromium: first on made-up numbers, then on the whole pipeline with simulated exchanges.

The tests themselves are in tests/browser (node --test).  Here is what they need: a running pipeline whose heatmap has
columns, and an address on which they may ask for processes to be killed and started again.
"""
import http.server
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pipeline import IS_SLOW, PATIENCE, ROOT, Pipeline, main, wait_until  # noqa: E402

VENUES = "binance bybit okx"
WARM_MINUTES = 5  # live columns; candles give the day before


def node(*files, **environment):
    """node --test on files of tests/browser; what it says is shown when it fails."""
    paths = [os.path.join("tests/browser", name) for name in files]
    done = subprocess.run(["node", "--test", "--test-reporter=tap", *paths], cwd=ROOT, capture_output=True, text=True, check=False,
                          env={**os.environ, "PATIENCE": str(PATIENCE), **environment})
    lines = done.stdout.splitlines()
    for line in lines:
        if line.lstrip().startswith(("ok ", "not ok ")):
            print("     " + line.strip(), flush=True)
    if done.returncode != 0:
        raise AssertionError(f"node --test {' '.join(files)}: {done.returncode}\n{done.stdout[-6000:]}{done.stderr[-2000:]}")
    assert any(line.startswith("# pass ") and line != "# pass 0" for line in lines), "node ran no test"


class Control(http.server.BaseHTTPRequestHandler):
    """POST /pause and /resume: the cards; /stop and /start: the publisher."""

    pipeline = None

    def do_POST(self):
        p = self.pipeline
        cards = [f"cards-{index}" for index in range(1, p.shards + 1)]
        for verb, act, names in (("/pause", p.kill, cards), ("/resume", p.restart, cards),
                                 ("/stop", p.kill, ["publisher"]), ("/start", p.restart, ["publisher"])):
            if self.path == verb:
                for name in names:
                    act(name)
                break
        else:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def has_columns(p):
    """The heatmap of the first instrument has a few columns with something in them."""
    if p.get_status("/v1/heatmap/BTCUSDT?range=12h") != 200:
        return False
    answer = p.get_json("/v1/heatmap/BTCUSDT?range=12h")
    return len({cell[0] for cell in answer["liquidation_leverage_data"]}) >= 3


def test_the_pure_parts():
    node("pure.test.mjs")


def test_the_page_on_made_up_numbers():
    if IS_SLOW:
        print("     no program of ours in it: left to the plain build")
        return
    node("dashboard.test.mjs")


def test_the_page_on_the_whole_pipeline():
    if IS_SLOW:
        print("     what the publisher answers is asked of sanitized programs in test_map and test_pipeline; the page is left "
              "to the plain build")
        return
    with Pipeline("BTCUSDT ETHUSDT", VENUES, settings=("pipeline/clock=event",)) as p:
        p.start_redis()
        p.start_simulator(f"simulator/warm_minutes={WARM_MINUTES}", "simulator/warm_speed=60",
                          f"simulator/clients={2 * len(p.venues)}")
        for index in range(1, p.shards + 1):
            p.start_cards(index)
        p.start_aggregator()
        p.start_publisher()
        for venue in p.venues:
            p.start_ingest(venue)
        wait_until(lambda: has_columns(p), 240, "the heatmap has columns")
        wait_until(lambda: p.get_status("/healthz") == 200, 60, "the past is caught up with")
        Control.pipeline = p
        server = http.server.HTTPServer(("127.0.0.1", 0), Control)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            node("dashboard.test.mjs", LEADLINE_URL=p.url("").rstrip("/"),
                 LEADLINE_CONTROL=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            server.server_close()
        p.check_alive()


main([test for name, test in list(globals().items()) if name.startswith("test_")])
