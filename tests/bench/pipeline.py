"""The whole pipeline, real processes: how late a bias is, and what each process weighs and works.

Latency.  From the moment a frame was received (tick.close_ns: the frame that closed the evaluation) to the moment a
subscriber of the publisher on this machine has the bias it caused, both by the same clock.  With an evaluation a
second: all biases of all instruments and modes.  With cards/interval_ms = 0 (and the default cards/pace_ms): the scalp
biases of three instruments, each against the last frame that caused it.

The subscriber keeps bytes and times and decodes afterwards.  The rate of messages is what the ingests counted, not
what was asked of the simulator, which works on the same cores; the share of a core each process took is printed, so
that what limits can be seen.
"""
import os
import statistics
import sys
import time

import msgpack
import zmq

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from support.pipeline import Pipeline, wait_until  # noqa: E402

INSTRUMENTS = ("BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT FILUSDT NEARUSDT WLDUSDT ADAUSDT AVAXUSDT LINKUSDT "
               "LTCUSDT DOTUSDT SUIUSDT APTUSDT ARBUSDT OPUSDT INJUSDT AAVEUSDT UNIUSDT")
WATCHED = ("BTCUSDT", "ADAUSDT", "UNIUSDT")
TICKS_S = os.sysconf("SC_CLK_TCK")
SETTLE_S, MEASURE_S = 6, 20
WEIGH_AFTER_S = 60
# A busier market takes long to be made; beyond that its time runs faster than ours, which only makes frames come
# faster: receive times are ours.
MARKETS = ((5000, ["simulator/activity=26"]), (20000, ["simulator/activity=40", "simulator/speed=2.65"]))


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


def resident_mib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        rows = dict(line.split(":", 1) for line in file)
    return int(rows["VmRSS"].split()[0]) / 1024, int(rows["VmHWM"].split()[0]) / 1024


class Listener:
    """Raw messages and the wall time each was there."""

    def __init__(self, pipeline, topics):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.RCVHWM, 0)
        self.socket.connect(pipeline.topics)
        for index in range(1, pipeline.shards + 1):
            self.socket.connect(pipeline.endpoint(f"cards-{index}"))
        for topic in ("v1.tick.", *topics):
            self.socket.subscribe(topic)
        self.raw = []

    def listen(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.socket.poll(50):
                topic, payload = self.socket.recv_multipart()
                self.raw.append((time.time_ns(), topic, payload))

    def close(self):
        self.socket.close(0)
        self.context.term()


def owners(pipeline):
    """Which shard reads an instrument."""
    found = {}
    context = zmq.Context()
    for index in range(1, pipeline.shards + 1):
        socket = context.socket(zmq.SUB)
        socket.connect(pipeline.endpoint(f"cards-{index}"))
        socket.subscribe("v1.reading.scalp.")
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            if socket.poll(100):
                topic, _ = socket.recv_multipart()
                found[topic.decode().split(".")[3]] = index
        socket.close(0)
    context.term()
    return found


def latencies(raw, owner, is_each_turn):
    """Milliseconds from the frame to the bias, and how many biases had no tick.

    Evaluated each turn, a bias carries its instrument's own last frame as its time, in whole ms: where no tick has
    that time, the bias is measured from it, and is up to 1 ms less late than it says.
    """
    closes, biases = {}, []
    for arrived_ns, topic, payload in raw:
        message = msgpack.unpackb(payload, strict_map_key=False)
        if topic.startswith(b"v1.tick."):
            closes[(message["shard_index"], message["ts_ms"])] = message["close_ns"]
        else:
            biases.append((arrived_ns, message["instrument"], message["ts_ms"]))
    found = []
    for arrived_ns, instrument, ts_ms in biases:
        close_ns = closes.get((owner[instrument], ts_ms))
        if not close_ns and is_each_turn:
            close_ns = ts_ms * 1_000_000
        if close_ns:
            found.append((arrived_ns - close_ns) / 1e6)
    return found, len(biases) - len(found)


def at_share(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure_latency(rate, market, interval_ms):
    """One line of figures."""
    with Pipeline(instruments=INSTRUMENTS, settings=[f"cards/interval_ms={interval_ms}"]) as pipeline:
        pipeline.start_all(simulator=market)
        owner = wait_until(lambda: (lambda found: found if len(found) == len(pipeline.instruments) else None)(
            owners(pipeline)), 30, "readings of all instruments")
        time.sleep(SETTLE_S)
        topics = [f"v1.bias.scalp.{name}." for name in WATCHED] if interval_ms == 0 else ["v1.bias."]
        listener = Listener(pipeline, topics)
        listener.listen(0.5)
        listener.raw.clear()
        pids = {name: process.pid for name, process in pipeline.processes.items()}
        frames, works = pipeline.metric("ingest_frames_total"), {name: cpu_s(pid) for name, pid in pids.items()}
        started = time.monotonic()
        listener.listen(MEASURE_S)
        seconds = time.monotonic() - started
        achieved = (pipeline.metric("ingest_frames_total") - frames) / seconds
        works = {name: 100 * (cpu_s(pid) - works[name]) / seconds for name, pid in pids.items()}
        holes = pipeline.metric("cards_gaps_total")
        is_late = "could not keep" in pipeline.log("simulator")
        pipeline.check_alive()
        found, alone = latencies(listener.raw, owner, interval_ms == 0)
        listener.close()
    how = f"{interval_ms} ms" if interval_ms else "each turn"
    print(f"{rate:>8} {achieved:9.0f} {how:>10} {len(found):7} {min(found):8.2f} {statistics.median(found):8.2f} "
          f"{at_share(found, 0.99):8.2f} {max(found):8.2f} {alone:6} {holes:6.0f} {'yes' if is_late else 'no':>5}")
    busy = ", ".join(f"{name} {share:.0f}" for name, share in works.items() if share >= 0.5)
    print(f"         % of a core: {busy}; together {sum(works.values()):.0f} of {100 * os.cpu_count()}, "
          f"load of the machine {os.getloadavg()[0]:.1f}", flush=True)


def weigh():
    with Pipeline(instruments=INSTRUMENTS) as pipeline:
        pipeline.start_all()
        pids = {name: process.pid for name, process in pipeline.processes.items()}
        works = {name: cpu_s(pid) for name, pid in pids.items()}
        frames = pipeline.metric("ingest_frames_total")
        time.sleep(WEIGH_AFTER_S)
        frames = (pipeline.metric("ingest_frames_total") - frames) / WEIGH_AFTER_S
        print(f"resident memory after {WEIGH_AFTER_S} s, 21 instruments x 3 modes x 3 venues, {frames:.0f} messages/s")
        print(f"{'process':<16} {'MiB':>8} {'peak':>8} {'CPU ms/s':>9}")
        total = 0
        for name, pid in pids.items():
            now, peak = resident_mib(pid)
            total += 0 if name in ("redis", "simulator") else now
            print(f"{name:<16} {now:8.1f} {peak:8.1f} {1000 * (cpu_s(pid) - works[name]) / WEIGH_AFTER_S:9.1f}")
        print(f"{'ours together':<16} {total:8.1f}", flush=True)
        pipeline.check_alive()


def main():
    weigh()
    print(f"milliseconds from a frame to its bias at a subscriber, {MEASURE_S} s each, {os.cpu_count()} cores; "
          "rates in messages/s into the ingests")
    print(f"{'asked':>8} {'achieved':>9} {'evaluates':>10} {'biases':>7} {'least':>8} {'p50':>8} {'p99':>8} {'most':>8} "
          f"{'alone':>6} {'holes':>6} {'late':>5}")
    for rate, market in MARKETS:
        for interval_ms in (1000, 0):
            measure_latency(rate, market, interval_ms)


if __name__ == "__main__":
    main()
