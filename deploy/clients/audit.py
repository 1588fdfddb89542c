#!/usr/bin/env python3
"""Nothing lost?  Compares the trades a simulated exchange made with those an independent subscriber got.

Reads the ingests' own topics with python3-zmq and python3-msgpack (none of our code), and the simulator's truth file.
    audit.py FOLDER TRUTH VENUE...      FOLDER holds ingest-VENUE.pub
SIGUSR1: start counting.  SIGTERM: stop; compares, prints `events VENUE n`, `trades VENUE got of made`, `lost n`.
Exit 0 when nothing is lost and nothing came twice.
"""
import collections
import json
import signal
import sys
import time

import msgpack
import zmq

SETTLE_S = 2.0  # trades of the last seconds may still be under way


def main():
    folder, truth_path, venues = sys.argv[1], sys.argv[2], sys.argv[3:]
    marks = {}
    signal.signal(signal.SIGUSR1, lambda *_: marks.setdefault("start", time.time()))
    signal.signal(signal.SIGTERM, lambda *_: marks.setdefault("stop", time.time()))
    context = zmq.Context()
    poller = zmq.Poller()
    sockets = {}
    for venue in venues:
        socket = context.socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, 1000000)
        socket.connect(f"ipc://{folder}/ingest-{venue}.pub")
        socket.subscribe("v1.event.")
        poller.register(socket, zmq.POLLIN)
        sockets[socket] = venue
    events = collections.Counter()
    got = collections.Counter()
    while "stop" not in marks or time.time() < marks["stop"] + SETTLE_S / 2:
        for socket, _ in poller.poll(100):
            for _ in range(1000):
                try:
                    topic, payload = socket.recv_multipart(zmq.NOBLOCK)
                except zmq.Again:
                    break
                take(topic, payload, sockets[socket], events, got)
    sys.exit(compare(truth_path, venues, marks, events, got))


def take(topic, payload, venue, events, got):
    kind, instrument = topic.split(b".")[2:4]
    if kind != b"trade":
        # the number of records stands in the payload; one message of another kind is at least one event
        events[venue] += 1
        return
    records = msgpack.unpackb(payload)[6]
    events[venue] += len(records)
    for record in records:
        got[venue, instrument.decode(), str(record[1])] += 1


def compare(truth_path, venues, marks, events, got):
    start_ns = marks.get("start", 0) * 1e9
    stop_ns = (marks["stop"] - SETTLE_S) * 1e9
    made = {venue: 0 for venue in venues}
    received = {venue: 0 for venue in venues}
    lost = 0
    for line in open(truth_path, encoding="utf-8"):
        if not line.startswith('{"trade"'):
            continue
        try:
            venue, instrument, identity, ts_ns = json.loads(line)["trade"][:4]
        except ValueError:
            continue  # the last line, cut when the simulator ended
        if venue not in made or not start_ns <= ts_ns <= stop_ns:
            continue
        made[venue] += 1
        if got[venue, instrument, str(identity)]:
            received[venue] += 1
        else:
            lost += 1
    twice = sum(1 for count in got.values() if count > 1)
    for venue in venues:
        print(f"events {venue} {events[venue]}")
    for venue in venues:
        print(f"trades {venue} {received[venue]} of {made[venue]}")
    if twice:
        print(f"twice {twice}")
    print(f"lost {lost}")
    return 0 if lost == 0 and twice == 0 and all(made.values()) else 1


main()
