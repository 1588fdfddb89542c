#!/usr/bin/env python3
"""The whole pipeline on simulated exchanges: what a user does on the first day."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import msgpack  # noqa: E402
import zmq  # noqa: E402
from ws_client import WsClient  # noqa: E402
from pipeline import BIN, PATIENCE, ROOT, Pipeline, Subscriber, free_port, main, wait_until  # noqa: E402

MODES = ("scalp", "day", "swing")
INSTRUMENTS = "BTCUSDT ETHUSDT DOGEUSDT"
shared = {}


def pipeline():
    """One running pipeline for all tests of this file."""
    if "pipeline" not in shared:
        shared["pipeline"] = Pipeline(INSTRUMENTS).__enter__()
        shared["pipeline"].start_all()
    shared["pipeline"].check_alive()
    return shared["pipeline"]


def test_every_instrument_and_mode_has_a_bias():
    p = pipeline()
    lines = wait_until(lambda: (lambda text: text if len(text) == 9 else None)(p.leadline("bias").splitlines()), 30,
                       "nine biases")
    form = re.compile(r"^bias [A-Z]+ (scalp|day|swing) [+-]\d+\.\d confidence \d+\.\d evidence \d+ agreement \d+ "
                      r"state [a-z ]+( \(conflicted\))?$")
    for line in lines:
        assert form.match(line), line
    assert {tuple(line.split()[1:3]) for line in lines} == {(i, m) for i in INSTRUMENTS.split() for m in MODES}


def test_every_result_says_it_is_simulated():
    p = pipeline()
    biases = p.get_json("/v1/bias")
    assert biases["source"] == "sim" and len(biases["biases"]) == 9
    assert all(bias["source"] == "sim" and bias["confidence_basis"] == "uncalibrated" and bias["confidence_pct"] == 50
               for bias in biases["biases"])
    assert "simulated" in p.get("/v1") and "Not financial advice" in p.get("/v1")


def test_weights_in_redis_are_plain_numbers_that_add_up_to_one():
    p = pipeline()
    for mode in MODES:
        weights = wait_until(lambda: p.redis_hash(f"leadline:weights:{mode}:BTCUSDT"), 20, "weights in Redis")
        values = [float(value) for value in weights.values()]
        assert len(values) == 7 and abs(sum(values) - 1) < 1e-9, weights
        assert values == sorted(values, reverse=True), "written in descending order"


def test_a_stranger_reads_biases_with_zeromq_and_msgpack_alone():
    p = pipeline()
    script = subprocess.Popen(["/usr/bin/python3", os.path.join(ROOT, "deploy/clients/subscriber.py"), p.topics,
                               "v1.bias.day."], stdout=subprocess.PIPE, text=True)
    try:
        lines = [script.stdout.readline() for _ in range(6)]
    finally:
        script.kill()
        script.wait()
    assert all(line.startswith("v1.bias.day.") for line in lines), lines


def test_json_topics_say_the_same():
    p = pipeline()
    text = zmq.Context.instance().socket(zmq.SUB)
    text.connect(p.json_topics)
    text.subscribe("v1.bias.scalp.BTCUSDT.")
    packed = Subscriber(p.topics, "v1.bias.scalp.BTCUSDT.")
    import json
    got = {}

    def both():
        for _, message in packed.poll():
            got.setdefault(message["seq"], {})["packed"] = message
        try:
            while True:
                _, payload = text.recv_multipart(zmq.NOBLOCK)
                message = json.loads(payload)
                got.setdefault(message["seq"], {})["text"] = message
        except zmq.Again:
            pass
        return [pair for pair in got.values() if len(pair) == 2]

    pair = wait_until(both, 15, "one bias in both forms")[0]
    assert pair["packed"] == pair["text"]
    text.close()
    packed.close()


def test_a_late_joiner_gets_the_last_message_of_a_topic():
    p = pipeline()
    dealer = zmq.Context.instance().socket(zmq.DEALER)
    dealer.connect(p.snapshots)
    dealer.send_multipart([b"snapshot", b"v1.bias.swing.ETHUSDT."])
    assert dealer.poll(5000), "no answer"
    kind, topic, payload = dealer.recv_multipart()
    bias = msgpack.unpackb(payload)
    assert (kind, topic) == (b"snapshot", b"v1.bias.swing.ETHUSDT.")
    assert bias["instrument"] == "ETHUSDT" and bias["mode"] == "swing" and bias["seq"] > 0
    dealer.send_multipart([b"snapshot", b"v1.bias.swing.NOTHING."])
    assert dealer.poll(5000) and dealer.recv_multipart()[0] == b"absent"
    dealer.close()


def test_an_independent_script_recomputes_every_point():
    p = pipeline()
    done = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "deploy/clients/verify.py"), p.folder, p.topics,
                           p.redis_socket, "--seconds", "8"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    print("     " + done.stdout.strip().splitlines()[-1])


def test_explain_adds_up_to_the_bias():
    p = pipeline()
    explain = p.get_json("/v1/explain/day/BTCUSDT")
    assert abs(sum(c["points"] for c in explain["categories"]) - explain["bias"]) < 1e-9
    assert "not calibrated yet" in p.leadline("explain", "BTCUSDT", "day")
    assert len(explain["silent"]) > 0 and all(row["reason"] for row in explain["silent"])


def test_health_and_metrics_tell_of_every_feed():
    p = pipeline()
    wait_until(lambda: len(p.get_json("/v1/health")["health"]) >= 3 * 3 * 6, 30, "health of all feeds")
    wait_until(lambda: all(row["status"] == "ok" for row in p.get_json("/v1/health")["health"]
                           if row["event"] in ("book", "quote", "mark")), 30, "books, quotes and marks flow")
    metrics = p.get("/metrics")
    for process in ("ingest-binance", "ingest-bybit", "ingest-okx", "cards-1", "cards-2", "aggregator", "publisher"):
        assert f'process="{process}"' in metrics, process
    assert p.metric("ingest_parse_errors_total") == 0


def test_the_websocket_feed_conflates_for_a_slow_reader():
    with Pipeline("BTCUSDT ETHUSDT", settings=(f"cards/interval_ms={100 * PATIENCE}",)) as p:
        p.start_all()
        # the columns that history makes come in a burst at the start: two models, two instruments, a day of them
        kept = [0.0, time.monotonic()]

        def is_day_kept():
            count = p.metric("publisher_heatmap_columns_kept_total")
            if count != kept[0]:
                kept[:] = count, time.monotonic()
            return count >= 1000 and time.monotonic() - kept[1] > 1.5
        wait_until(is_day_kept, 90, "the day before is kept")
        quick = WsClient(p.http_port, "/v1/feed", None)
        quick.send("good morning")
        assert "error" in quick.json()
        quick.send("subscribe v1.bias.day.BTCUSDT.")
        slow = WsClient(p.http_port, "/v1/feed", None, buffer_bytes=4096)
        slow.send("subscribe v1.reading.")
        quick.json()  # the last message there was
        first = [quick.json() for _ in range(10)]

        def conflates():
            first.append(quick.json())  # or it would not be one that keeps up
            return p.metric("publisher_feed_messages_conflated_total") > 100
        # the slow one reads nothing until the publisher has begun to leave things out
        wait_until(conflates, 60, "the feed conflates")
        assert all(frame["skipped"] == 0 for frame in first), "a reader that keeps up gets everything"
        seqs = [frame["data"]["seq"] for frame in first]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        last, skipped = {}, 0

        def reads_on():
            nonlocal skipped
            frame = slow.json()
            topic, seq = frame["topic"], frame["data"]["seq"]
            assert topic not in last or seq == last[topic] + 1 + frame["skipped"], (topic, seq, last[topic], frame["skipped"])
            last[topic] = seq
            skipped += frame["skipped"]
            return skipped > 100 and len(last) == 6

        wait_until(reads_on, 60, "the slow reader is told what it missed")
        print(f"     the slow reader missed {skipped} messages and was told of each")
        quick.close()
        slow.close()


def test_evaluated_as_events_come_an_instrument_rests_in_between():
    pace_s, wanted = 0.4, 12
    with Pipeline("BTCUSDT", "binance", settings=["cards/interval_ms=0", f"cards/pace_ms={1000 * pace_s:.0f}"]) as p:
        p.start_all()
        biases = Subscriber(p.topics, "v1.bias.scalp.BTCUSDT.")
        wait_until(lambda: biases.poll() or biases.messages, 60, "a bias")
        since, first = time.monotonic(), p.metric("cards_evaluations_total")
        last = wait_until(lambda: (lambda now: now if now >= first + wanted else None)(
            p.metric("cards_evaluations_total")), 60, "further evaluations")
        # The figures are of the last second: the first may be that much old.
        most = (time.monotonic() - since + 1.5) / pace_s + 1
        assert last - first <= most, (last - first, most)
        p.check_alive()
        biases.close()


def test_a_port_in_use_is_said_and_ends_with_69():
    p = pipeline()
    done = subprocess.run([os.path.join(BIN, "publisher"), *p.common(), "-s", f"publisher/http_port={p.http_port}",
                           "-s", f"publisher/heatmap_folder={p.folder}/other"],
                          capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 69 and "in use" in done.stderr, (done.returncode, done.stderr)


def test_an_unreachable_exchange_is_said_and_tried_again():
    with Pipeline("BTCUSDT", "binance") as p:
        p.ports = {"binance": str(free_port())}  # nobody listens there
        p.start("ingest-binance", os.path.join(BIN, "ingest"), *p.common(),
                *[part for row in p.ingest_urls("binance")[:-1] for part in ("-s", row)], "binance")
        errors = Subscriber(p.ingest_endpoint("binance"), "v1.metrics.")

        def counted():
            errors.poll()
            return errors.messages and sum(value["value"] for value in errors.messages[-1][1]["values"]
                                           if value["name"] == "ingest_http_errors") >= 2

        wait_until(counted, 30, "failed requests are counted, more than one")
        p.check_alive()
        assert "no instruments yet, trying on" in p.log("ingest-binance")
        errors.close()


def test_all_mistakes_of_a_configuration_are_told_at_once():
    p = pipeline()
    path = os.path.join(p.folder, "bad.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("pipeline\n    shards = 0\n    colour = blue\ncards\n    interval_ms = soon\n"
                   "cards\n    interval_ms = 5\nkitchen\n    sink = 1\n")
    done = subprocess.run([os.path.join(BIN, "cards"), "-c", path, "--check", "1/2"], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 78, done
    for place in ("bad.conf:2", "bad.conf:3", "bad.conf:5", "kitchen"):
        assert place in done.stderr, (place, done.stderr)


def test_everything_ends_on_sigterm():
    p = pipeline()
    codes = {name: p.stop(name) for name in reversed(list(p.processes)) if name != "redis"}
    assert all(code == 0 for code in codes.values()), codes
    p.__exit__(None, None, None)


main([test for name, test in list(globals().items()) if name.startswith("test_")])
