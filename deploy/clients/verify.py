#!/usr/bin/env python3
"""Recomputes biases from the readings on the bus and the weights in Redis, with none of our code.

    verify.py FOLDER TOPICS_ENDPOINT REDIS_SOCKET [--seconds N]
Per bias: S_c = mean of direction x strength x confidence over the cards of category c (in the reading of the same instrument,
mode and time); x_c = clip (S_c / sigma_c, -3, 3); Z = sum w_c x_c / sigma_R with w_c from Redis; bias = 100 tanh (Z / 1.5);
points_c = bias w_c x_c / sigma_R / Z.  Each must equal what was published, to 1e-9.  sigma_c and sigma_R, the usual sizes that
only the history knows, are taken from the message; that they stay within their floors is checked.
A bias whose weights were renewed between the message and the look into Redis is passed over (the version tells) and counted.
"""
import argparse
import math
import subprocess
import time

import msgpack
import zmq

TOLERANCE = 1e-9


def redis_hash(socket, key):
    text = subprocess.run(["redis-cli", "-s", socket, "HGETALL", key], capture_output=True, text=True, check=True).stdout
    lines = text.splitlines()
    return dict(zip(lines[::2], lines[1::2]))


def subscribe(endpoint, topic):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.setsockopt(zmq.RCVHWM, 0)
    socket.connect(endpoint)
    socket.subscribe(topic)
    return socket


def drain(socket):
    while True:
        try:
            _, payload = socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        yield msgpack.unpackb(payload)


def differences(bias, reading, weights):
    """(what, published, recomputed) of every number that can be recomputed."""
    members = {}
    for card in reading["cards"]:
        members.setdefault(card["category"], []).append(card)
    published = {row["category"]: row for row in bias["categories"]}
    if set(members) != set(published) or set(weights) != set(published):
        yield "categories", sorted(published), (sorted(members), sorted(weights))
        return
    z, parts = 0.0, {}
    for category, row in published.items():
        cards = members[category]
        score = sum(card["direction"] * card["strength"] * card["confidence"] for card in cards) / len(cards)
        x = max(-3.0, min(3.0, score / row["sigma"]))
        yield f"score of {category}", row["score"], score
        yield f"x of {category}", row["x"], x
        yield f"confidence of {category}", row["confidence"], sum(card["confidence"] for card in cards) / len(cards)
        yield f"weight of {category}", row["weight"], float(weights[category])
        yield f"floor of sigma of {category}", max(row["sigma"], 0.05), row["sigma"]
        parts[category] = float(weights[category]) * x / bias["sigma_r"]
        z += parts[category]
    value = 100 * math.tanh(z / 1.5)
    yield "z", bias["z"], z
    yield "bias", bias["bias"], value
    yield "floor of sigma_r", max(bias["sigma_r"], 0.02), bias["sigma_r"]
    for category, part in parts.items():
        points = value * part / z if abs(z) > 1e-12 else 100 / 1.5 * part
        yield f"points of {category}", published[category]["points"], points
    yield "sum of points", sum(row["points"] for row in published.values()), value
    standing = {c: row for c, row in published.items() if abs(row["score"]) > 0.05}
    total = sum(float(weights[c]) for c in standing)
    same = sum(float(weights[c]) for c, row in standing.items() if row["score"] * z > 0)
    yield "agreement", bias["agreement_pct"], 100 * same / total if total else 0.0


def main():
    parser = argparse.ArgumentParser()
    for name in ("folder", "topics", "redis"):
        parser.add_argument(name)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    biases = subscribe(arguments.topics, "v1.bias.")
    readings = subscribe(arguments.topics, "v1.reading.")
    kept, checked, passed_over, numbers, worst = {}, 0, 0, 0, 0.0
    end = time.monotonic() + arguments.seconds
    waiting = []
    while time.monotonic() < end:
        zmq.select([biases, readings], [], [], 0.2)
        for reading in drain(readings):
            kept[reading["mode"], reading["instrument"], reading["ts_ms"]] = reading
        waiting.extend(drain(biases))
        later = []
        for bias in waiting:
            key = bias["mode"], bias["instrument"], bias["ts_ms"]
            if key not in kept:
                later.append(bias)
                continue
            suffix = f"{bias['mode']}:{bias['instrument']}"
            weights = redis_hash(arguments.redis, "leadline:weights:" + suffix)
            version = redis_hash(arguments.redis, "leadline:weights_meta:" + suffix).get("version")
            if version is None or int(version) != bias["weights_version"]:
                passed_over += 1
                continue
            for what, published, computed in differences(bias, kept[key], weights):
                numbers += 1
                off = abs(published - computed) if isinstance(published, float) or isinstance(published, int) else math.inf
                worst = max(worst, off)
                if off > TOLERANCE:
                    print(f"{suffix} at {bias['ts_ms']}: {what} is {published}, recomputed {computed}")
                    raise SystemExit(1)
            checked += 1
        waiting = [bias for bias in later if bias["ts_ms"] > time.time() * 1000 - 20000]
    print(f"{checked} biases, {numbers} numbers recomputed, largest difference {worst:.1e}, {passed_over} passed over")
    raise SystemExit(0 if checked else 1)


main()
