"""The real programs on private endpoints, for integration tests: start, kill, restart, listen, wait.

Nothing sleeps for its own sake: `wait_until` polls a condition with a deadline.  Every process is ended by pid.
"""
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse
import urllib.request

import msgpack
import zmq

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OBJECTS = os.environ.get("O", "build/release")
BIN = os.path.join(ROOT, OBJECTS, "bin")
IS_SLOW = "asan" in OBJECTS
SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "runtime error:")
PATIENCE = 3 if IS_SLOW else 1  # sanitized programs start and run slower


def wait_until(condition, seconds, what):
    """Poll until condition() is true; the truth it returned.  Fails with `what` after the deadline."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds * PATIENCE} s: {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Subscriber:
    """ZeroMQ SUB on one endpoint: keeps what came, decoded."""

    def __init__(self, endpoint, topic="", queue=0, receive=True, buffer_bytes=None):
        self.context = zmq.Context.instance()
        self.socket = self.context.socket(zmq.SUB)
        self.socket.setsockopt(zmq.RCVHWM, queue)
        if buffer_bytes:
            self.socket.setsockopt(zmq.RCVBUF, buffer_bytes)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)
        self.socket.subscribe(topic)
        self.messages = []
        self.arrivals = []  # monotonic time of the poll that brought each

    def poll(self, most=100000):
        """New (topic, message) pairs since the last call."""
        new = []
        while len(new) < most:
            try:
                topic, payload = self.socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                break
            new.append((topic.decode(), msgpack.unpackb(payload, strict_map_key=False)))
        self.messages.extend(new)
        self.arrivals.extend([time.monotonic()] * len(new))
        return new

    def close(self):
        self.socket.close()


class Pipeline:
    """A whole pipeline in a temporary folder; use as a context manager."""

    def __init__(self, instruments="BTCUSDT ETHUSDT", venues="binance bybit okx", shards=2, settings=(), config=True):
        self.folder = tempfile.mkdtemp(prefix="leadline-test-", dir="/tmp")
        self.instruments = instruments.split()
        self.venues = venues.split()
        self.shards = shards
        self.processes = {}
        self.commands = {}
        self.redis_socket = os.path.join(self.folder, "redis.sock")
        self.ports = {}
        self.http_port = free_port()
        self.settings = list(settings)
        self.topics = f"ipc://{self.folder}/public.msgpack"
        self.json_topics = f"ipc://{self.folder}/public.json"
        self.snapshots = f"ipc://{self.folder}/public.snapshots"

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        failure = None
        for name in reversed(list(self.processes)):
            try:
                self.stop(name)
            except AssertionError as error:  # the others must end, too
                failure = failure or error
        failure = failure or self.sanitizer_report()
        if kind is None and failure is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"logs kept in {self.folder}", file=sys.stderr)
            for name in self.commands:
                lines = open(self.log_path(name), errors="replace").read().splitlines()[-12:]
                print(f"--- {name}\n" + "\n".join(lines), file=sys.stderr)
        if kind is None and failure is not None:
            raise failure

    def sanitizer_report(self):
        """What a sanitizer wrote into the log of any process that ran, as an error; None when there is nothing."""
        for name in self.commands:
            text = self.log(name)
            found = [text.index(mark) for mark in SANITIZER_MARKS if mark in text]
            if found:
                return AssertionError(f"a sanitizer reports on {name}:\n{text[max(min(found) - 200, 0):][:3000]}")
        return None

    # --- processes

    def log_path(self, name):
        return os.path.join(self.folder, name + ".log")

    def log(self, name):
        with open(self.log_path(name), errors="replace") as file:
            return file.read()

    def start(self, name, *command):
        self.commands[name] = command
        with open(self.log_path(name), "ab") as log:
            self.processes[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT)

    def restart(self, name):
        self.start(name, *self.commands[name])

    def kill(self, name):
        """kill -9"""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self, name, seconds=10):
        process = self.processes.pop(name, None)
        if process is None:
            return None
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"{name} did not end within {seconds * PATIENCE} s of SIGTERM") from None
        return code

    def check_alive(self):
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} ended with {process.returncode}:\n{self.log(name)[-2000:]}"

    def common(self):
        rows = [f"pipeline/folder={self.folder}", f"pipeline/instruments={' '.join(self.instruments)}",
                f"pipeline/venues={' '.join(self.venues)}", f"pipeline/shards={self.shards}", *self.settings]
        return [part for row in rows for part in ("-s", row)]

    def start_redis(self, *arguments):
        self.start("redis", "redis-server", os.path.join(ROOT, "deploy/redis.conf"), "--unixsocket", self.redis_socket,
                   "--dir", self.folder, *arguments)
        wait_until(lambda: self.redis("ping") == "PONG", 10, "redis answers")

    def redis(self, *arguments):
        done = subprocess.run(["redis-cli", "-s", self.redis_socket, *arguments], capture_output=True, text=True,
                              check=False)
        return done.stdout.strip()

    def redis_hash(self, key):
        lines = self.redis("HGETALL", key).splitlines()
        return dict(zip(lines[::2], lines[1::2]))

    def start_simulator(self, *settings):
        ports = os.path.join(self.folder, "simulator.ports")
        if os.path.exists(ports):
            os.unlink(ports)
        self.truth = os.path.join(self.folder, "truth.jsonl")
        rows = [f"simulator/truth_file={self.truth}"]
        rows += [f"simulator/{venue}_port=0" for venue in ("binance", "bybit", "okx")]
        self.start("simulator", os.path.join(BIN, "simulator"), *self.common(),
                   *[part for row in [*rows, *settings] for part in ("-s", row)])
        wait_until(lambda: os.path.exists(ports) and len(open(ports).read().splitlines()) >= len(self.venues), 60,
                   "simulator listens")
        self.ports = dict(line.split() for line in open(ports).read().splitlines())

    def inject(self, plan):
        """Add a fault plan to the running simulator."""
        url = f"https://127.0.0.1:{self.ports['binance']}/simulator/fault?plan={urllib.parse.quote(plan)}"
        context = ssl.create_default_context(cafile=os.path.join(self.folder, "ca.pem"))
        context.check_hostname = False
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            body = json.loads(answer.read())
            assert answer.status == 200 and not body["error"], body

    def ingest_urls(self, venue):
        host = f"127.0.0.1:{self.ports[venue]}"
        sockets = {"binance": {"public": "/public/stream", "market": "/market/stream"},
                   "bybit": {"book": "/v5/public/linear", "flow": "/v5/public/linear"},
                   "okx": {"book": "/ws/v5/public", "flow": "/ws/v5/public"}}[venue]
        rows = [f"ingest/{venue}/{name}_url=wss://{host}{path}" for name, path in sockets.items()]
        return rows + [f"ingest/{venue}/rest_url=https://{host}", f"ingest/ca_file={self.folder}/ca.pem"]

    def start_ingest(self, venue, *settings):
        self.start(f"ingest-{venue}", os.path.join(BIN, "ingest"), *self.common(),
                   *[part for row in [*self.ingest_urls(venue), *settings] for part in ("-s", row)], venue)

    def start_cards(self, index, *settings):
        self.start(f"cards-{index}", os.path.join(BIN, "cards"), *self.common(),
                   *[part for row in settings for part in ("-s", row)], f"{index}/{self.shards}")

    def start_aggregator(self, *settings):
        self.start("aggregator", os.path.join(BIN, "aggregator"), *self.common(), "-s",
                   f"aggregator/redis=unix:{self.redis_socket}", *[part for row in settings for part in ("-s", row)])

    def start_publisher(self, *settings):
        rows = [f"publisher/topics_endpoint={self.topics}", f"publisher/json_endpoint={self.json_topics}",
                f"publisher/snapshots_endpoint={self.snapshots}", f"publisher/http_port={self.http_port}",
                f"publisher/heatmap_folder={self.folder}/heatmap", *settings]
        self.start("publisher", os.path.join(BIN, "publisher"), *self.common(),
                   *[part for row in rows for part in ("-s", row)])

    def start_all(self, simulator=(), redis=()):
        self.start_redis(*redis)
        self.start_simulator(*simulator)
        for venue in self.venues:
            self.start_ingest(venue)
        for index in range(1, self.shards + 1):
            self.start_cards(index)
        self.start_aggregator()
        self.start_publisher()
        wait_until(lambda: self.get_status("/healthz") == 200, 60, "the first bias")

    # --- looking at it

    def leadline(self, *arguments, check=True):
        done = subprocess.run([os.path.join(BIN, "leadline"), *self.common(), "-s",
                               f"leadline/topics_endpoint={self.topics}", "-s",
                               f"leadline/snapshots_endpoint={self.snapshots}", "-s",
                               f"leadline/http_url={self.url('')}", *arguments],
                              capture_output=True, text=True, cwd=ROOT, check=False)
        assert not check or done.returncode == 0, f"leadline {arguments}: {done.returncode} {done.stderr}"
        return done.stdout

    def url(self, path):
        return f"http://127.0.0.1:{self.http_port}{path}"

    def get_status(self, path):
        try:
            with urllib.request.urlopen(self.url(path), timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def get(self, path):
        with urllib.request.urlopen(self.url(path), timeout=10) as answer:
            return answer.read().decode()

    def get_json(self, path):
        return json.loads(self.get(path))

    def metric(self, name, **labels):
        """Sum of a metric over the label sets that contain `labels`; 0 when there is none."""
        total = 0.0
        for line in self.get("/metrics").splitlines():
            if not line.startswith(f"leadline_{name}{{"):
                continue
            head, value = line.rsplit(" ", 1)
            if all(f'{key}="{text}"' in head for key, text in labels.items()):
                total += float(value)
        return total

    def ingest_endpoint(self, venue):
        return self.endpoint(f"ingest-{venue}")

    def endpoint(self, process):
        """Where a process of the pipeline publishes."""
        return f"ipc://{self.folder}/{process}.pub"


def main(tests):
    """Run the tests (functions), print a line each and the count; exit 1 if any failed or there was none."""
    wanted = os.environ.get("TEST")
    passed, failed = 0, 0
    for test in tests:
        if wanted and wanted not in test.__name__:
            continue
        started = time.monotonic()
        try:
            test()
            passed += 1
            print(f"ok   {test.__name__} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:  # a test that fails must not hide the others
            failed += 1
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if "/tests/" in frame.filename]
            print(f"FAIL {test.__name__} ({time.monotonic() - started:.1f} s), lines {lines[1:]}: "
                  f"{type(error).__name__} {error}", flush=True)
            if os.environ.get("TRACE"):
                raise
    print(f"{passed} passed, {failed} failed", flush=True)
    sys.exit(0 if passed and not failed else 1)
