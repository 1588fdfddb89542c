#!/usr/bin/env python3
"""Does the whole pipeline learn what is there, and nothing where nothing is?

Real processes on the event clock, on a simulated venue that runs as fast as everybody reads.  Two worlds: one with an
informed trader whose flow runs ahead of the price, one where nothing predicts.  Judged from outside alone: from the
published outcomes and biases, and from what Redis holds.
"""
import collections
import math
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from pipeline import IS_SLOW, PATIENCE, Pipeline, Subscriber, main  # noqa: E402

INSTRUMENTS = "BTCUSDT ETHUSDT SOLUSDT XRPUSDT DOGEUSDT BNBUSDT FILUSDT NEARUSDT"
SEEDS = {"planted": 7, "random walk": 9}
OUTCOMES = 400 if IS_SLOW else 2000  # of scalp; each counts as a tenth of an independent one
OVERLAP, STEP_MS, HORIZON_MS = 0.1, 30_000, 300_000
WARM_MS = 600_000 if IS_SLOW else 1_800_000  # statistics of biases are taken from here on
EARLY_MS = 900_000        # a young pipeline
EVALUATE_MS = 2000        # evaluations are this far apart: the step of outcomes is a multiple of it
AWAY_MOST = 0.55          # distance of learned weights from equal ones that noise may cause: .46 expected (methods D1)
SECONDS_MOST = 250
PLANTED = "order_flow"
LOSSES = ("bus_holes_total", "bus_messages_missing_total", "bus_messages_refused_total", "cards_gaps_total",
          "cards_late_beats_total", "cards_skipped_evaluations_total", "aggregator_messages_missed_total",
          "ingest_parse_errors_total")


class Run:
    """One world: its outcomes, biases (of scalp) and what was learned from it."""

    def __init__(self, world, settings):
        self.world, self.seed = world, SEEDS[world]
        self.outcomes, self.biases = [], collections.defaultdict(list)
        self.at = {}  # (instrument, ts) of decisions -> bias
        started = time.monotonic()
        with Pipeline(INSTRUMENTS, "binance", shards=1, settings=["pipeline/clock=event"]) as p:
            p.start_redis()
            p.start_simulator("simulator/speed=0", "simulator/clients=2", f"simulator/seed={self.seed}",
                              "simulator/planted_horizon_s=300", *settings)
            p.start_cards(1, f"cards/interval_ms={EVALUATE_MS}")
            p.start_aggregator()
            p.start_publisher()
            self.outcomes_in = Subscriber(p.endpoint("aggregator"), "v1.outcome.scalp.")
            self.biases_in = Subscriber(p.endpoint("aggregator"), "v1.bias.scalp.")
            p.start_ingest("binance")
            while len(self.outcomes) < OUTCOMES:
                self.listen()
                p.check_alive()
                assert time.monotonic() - started < SECONDS_MOST * PATIENCE, \
                    f"{len(self.outcomes)} outcomes in {SECONDS_MOST * PATIENCE} s"
                time.sleep(0.02)
            self.take_stock(p)
            self.outcomes_in.close()
            self.biases_in.close()
        self.wall_s = time.monotonic() - started
        self.report()

    def listen(self):
        for _, bias in self.biases_in.poll():
            self.biases[bias["instrument"]].append((bias["ts_ms"], bias["bias"], bias["confidence_pct"],
                                                    bias["confidence_basis"], bias["evidence_pct"], bias["seq"]))
            if bias["ts_ms"] % STEP_MS == 0:
                self.at[bias["instrument"], bias["ts_ms"]] = {c["category"]: c["x"] for c in bias["categories"]}
        self.biases_in.messages.clear()
        self.biases_in.arrivals.clear()
        self.outcomes.extend(message for _, message in self.outcomes_in.poll())
        self.outcomes_in.messages.clear()
        self.outcomes_in.arrivals.clear()

    def take_stock(self, p):
        self.weights = {name: {c: float(w) for c, w in p.redis_hash(f"leadline:weights:scalp:{name}").items()}
                        for name in ["POOL", *p.instruments]}
        self.meta = p.redis_hash("leadline:weights_meta:scalp:POOL")
        slopes = p.redis_hash("leadline:beta:scalp:POOL")
        self.slopes = {c: (float(b), float(slopes[c + ":se"])) for c, b in slopes.items() if not c.endswith(":se")}
        page = p.get("/metrics")
        assert all(f"leadline_{name}{{" in page for name in LOSSES), "a counter of losses has another name"
        self.lost = {name: p.metric(name) for name in LOSSES}

    # --- figures

    def pairs(self, of):
        """(step, x, y) of the outcomes that were settled; x is of (outcome)."""
        return [(o["ts_ms"] // STEP_MS, x, o["y"]) for o in self.outcomes if o["y"] is not None
                for x in [of(o)] if x is not None]

    def ic(self, of):
        """Correlation with what followed and its standard error, for outcomes that overlap and move together.

        Rows are summed by step, over all instruments, and the steps' sums are correlated up to one horizon apart
        (Newey and West 1987, with falling weights)."""
        rows = self.pairs(of)
        mx, my = (statistics.fmean(row[i] for row in rows) for i in (1, 2))
        sx, sy = (math.sqrt(statistics.fmean((row[i] - m) ** 2 for row in rows)) for i, m in ((1, mx), (2, my)))
        if sx == 0 or sy == 0:
            return 0.0, math.inf
        terms = [(step, (x - mx) / sx, (y - my) / sy) for step, x, y in rows]
        ic = statistics.fmean(u * v for _, u, v in terms)
        sums = collections.Counter()
        for step, u, v in terms:
            sums[step] += u * v - ic * (u * u + v * v) / 2  # influence of a pair on a correlation
        lags = 2 * HORIZON_MS // STEP_MS
        variance = sum(s * s for s in sums.values())
        for lag in range(1, lags + 1):
            variance += 2 * (1 - lag / (lags + 1)) * sum(s * sums.get(step + lag, 0) for step, s in sums.items())
        return ic, math.sqrt(max(variance, 0)) / len(terms)

    def chance(self):
        """How far from 0 the composite's correlation is where there is nothing to find: the root mean square over all
        ways to move the outcomes against the decisions, around the end, by more than two horizons.

        What makes chance large stays as it is: rows overlap, persist and move together.  (The standard error above is
        the spread about what is there.  Where nothing is, it has 26 horizons to learn from, and says two thirds of this.)"""
        series = collections.defaultdict(list)
        for o in sorted(self.outcomes, key=lambda o: o["ts_ms"]):
            if o["z"] is not None and o["y"] is not None:
                series[o["instrument"]].append((o["z"], o["y"]))
        size, far = min(map(len, series.values())), 2 * HORIZON_MS // STEP_MS
        assert size > 4 * far, f"{size} steps"
        z = [pair[0] for pairs in series.values() for pair in pairs[:size]]
        moved = (statistics.correlation(z, [pairs[(at + by) % size][1] for pairs in series.values() for at in range(size)])
                 for by in range(far, size - far))
        return math.sqrt(statistics.fmean(ic * ic for ic in moved))

    def away(self, name="POOL"):
        """Distance from equal weights, 0 to 1."""
        weights = self.weights[name]
        return sum(abs(w - 1 / len(weights)) for w in weights.values()) / 2

    def late(self, at):
        """Column `at` of the biases after the warm-up."""
        first = min(rows[0][0] for rows in self.biases.values())
        return [row[at] for rows in self.biases.values() for row in rows if row[0] - first >= WARM_MS]

    def early(self):
        """Biases of the first quarter of an hour in which something spoke."""
        first = min(rows[0][0] for rows in self.biases.values())
        return [row[1] for rows in self.biases.values() for row in rows if row[0] - first < EARLY_MS and row[1]]

    def category_ic(self, category):
        return self.ic(lambda o: self.at.get((o["instrument"], o["ts_ms"]), {}).get(category))

    def report(self):
        settled = len(self.pairs(lambda o: o["z"]))
        span_s = max(o["due_ms"] for o in self.outcomes) / 1e3 - min(o["ts_ms"] for o in self.outcomes) / 1e3
        ic, se = self.ic(lambda o: o["z"])
        away_max = max(self.away(name) for name in self.weights)
        print(f"     {self.world}, seed {self.seed}: {len(self.outcomes)} outcomes, {len(self.outcomes) - settled} void, "
              f"{settled * OVERLAP:.0f} effective, {span_s / 3600:.1f} simulated hours in {self.wall_s:.0f} s")
        print(f"     composite: ic {ic:+.3f} +- {se:.3f}; weights away from equal: pool {self.away():.2f}, "
              f"most {away_max:.2f}; spread of bias / 100 {statistics.pstdev(self.late(1)) / 100:.2f}, beyond 95: "
              f"{statistics.fmean(abs(b) > 95 for b in self.late(1)):.1%}, mean evidence "
              f"{statistics.fmean(self.late(4)):.0f}")
        print(f"     first quarter of an hour: spread {statistics.pstdev(self.early()) / 100:.2f}, beyond 95: "
              f"{statistics.fmean(abs(b) > 95 for b in self.early()):.1%} of {len(self.early())}")
        for category, weight in self.weights["POOL"].items():
            (ic, se), (slope, slope_se) = self.category_ic(category), self.slopes[category]
            print(f"       {category:<22} weight {weight:.3f}  ic {ic:+.3f} +- {se:.3f}  slope {slope:+.4f} +- "
                  f"{slope_se:.4f}")


worlds = {}


def world(name):
    if name not in worlds:
        settings = ["simulator/planted_ic=0.5"] if name == "planted" else ["simulator/random_walk=true"]
        worlds[name] = Run(name, settings)
    return worlds[name]


def median(weights):
    return statistics.median(weights.values())


def test_the_planted_category_is_found():
    run = world("planted")
    weights = run.weights["POOL"]
    assert weights[PLANTED] >= 2 * median(weights), weights
    slope, se = run.slopes[PLANTED]
    assert slope > 0 and not run.meta["inverse"].split(",").count(PLANTED), (slope, se)
    ic, se = run.category_ic(PLANTED)
    assert ic > 2 * se, (ic, se)


def test_what_was_learned_pays():
    run = world("planted")
    ic, se = run.ic(lambda o: o["z"])
    assert ic > 2 * se, (ic, se)


def test_instruments_learn_it_too():
    run = world("planted")
    found = sum(run.weights[name][PLANTED] >= 2 * median(run.weights[name]) for name in run.weights if name != "POOL")
    print(f"     {found} of {len(run.weights) - 1} instruments have it at twice the median")
    assert found > (len(run.weights) - 1) / 2


def test_a_random_walk_teaches_nothing():
    run = world("random walk")
    for name in run.weights:
        assert run.away(name) <= AWAY_MOST, (name, run.weights[name])
    ic, chance = run.ic(lambda o: o["z"])[0], run.chance()
    print(f"     ic {ic:+.3f}, by chance +- {chance:.3f}")
    assert abs(ic) <= 3 * chance, (ic, chance)


def test_a_random_walk_earns_no_confidence():
    run = world("random walk")
    confidences, bases = run.late(2), set(run.late(3))
    mean = statistics.fmean(confidences)
    print(f"     mean confidence {mean:.2f}, {'/'.join(sorted(bases))} (fewer than 500 effective outcomes an "
          f"instrument: 50 is said, not estimated)")
    assert abs(mean - 50) <= 1.5
    if len(run.outcomes) * OVERLAP / len(run.weights) < 500:
        assert bases == {"uncalibrated"}, bases


def test_the_edge_is_in_the_planted_world_only():
    planted, walk = world("planted"), world("random walk")
    there, there_se = planted.ic(lambda o: o["z"])
    here, here_se = walk.ic(lambda o: o["z"])
    assert there - here > 2 * math.hypot(there_se, here_se), (there, there_se, here, here_se)
    slope, se = walk.slopes[PLANTED]
    assert abs(slope) < 2 * se, (slope, se)
    assert planted.slopes[PLANTED][0] > slope


def test_nothing_was_lost_on_the_way():
    for run in map(world, SEEDS):
        assert not any(run.lost.values()), (run.world, run.lost)
        for instrument, rows in run.biases.items():
            times = [row[0] for row in rows]
            assert all(b - a == EVALUATE_MS for a, b in zip(times, times[1:])), (run.world, instrument)
            assert all(b[5] - a[5] == 1 for a, b in zip(rows, rows[1:])), (run.world, instrument)


def test_outcomes_add_up():
    for run in map(world, SEEDS):
        keys = [(o["instrument"], o["ts_ms"]) for o in run.outcomes]
        assert len(set(keys)) == len(keys), "an outcome came twice"
        assert all(o["due_ms"] - o["ts_ms"] == HORIZON_MS and o["ts_ms"] % STEP_MS == 0 for o in run.outcomes)
        settled = sum(o["y"] is not None for o in run.outcomes)
        assert settled >= 0.98 * len(run.outcomes), f"{run.world}: {len(run.outcomes) - settled} void"
        told = int(run.meta["settled"]) + int(run.meta["void"])
        assert 0 <= told - len(run.outcomes) <= 40 * len(run.weights), (told, len(run.outcomes))


def test_biases_are_spread_as_they_should_be():
    for run in map(world, SEEDS):
        spread = statistics.pstdev(run.late(1)) / 100
        saturated = statistics.fmean(abs(b) > 95 for b in run.late(1))
        assert 0.4 <= spread <= 0.7 and saturated < 0.1, (run.world, spread, saturated)
        loud = statistics.fmean(abs(b) > 95 for b in run.early())
        assert loud < 0.1, f"{run.world}: {loud:.0%} of the first biases are beyond 95"


def test_both_worlds_run():
    assert len(world("planted").outcomes) >= OUTCOMES and len(world("random walk").outcomes) >= OUTCOMES


#  A sanitized run is too short for statistics: they are printed, and only what needs no statistics is judged.
PLUMBING = [test_both_worlds_run, test_nothing_was_lost_on_the_way, test_outcomes_add_up]
main(PLUMBING if IS_SLOW else [test for name, test in list(globals().items()) if name.startswith("test_")])
