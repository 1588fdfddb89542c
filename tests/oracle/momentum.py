"""Momentum: 138-144."""

import math

from market_model import BUCKETS, MODES, SKETCH_HALF, SLOTS, WINDOWS, Ew, Sketch

VERSION = 1
PLAIN = "seed=11 quote_ms=1500 minutes=345"
BARS = "seed=12 quote_ms=2000 minutes=150 bars_days=3 bars_hours=20"
TIMES = (45, 610, 3655, 7203, 14470, 19000, 20643)


class Card:
    tape, times, tolerance, windows = PLAIN, TIMES, 1e-9, "each"

    def __init__(self, market):
        self.m = market


class PriceMomentum(Card):
    def value(self, t, mode, w):
        r, s = self.m.window_ret(t, w), self.m.sigma(t, w)
        return None if r is None or s is None else r / s


class Crossover(Card):
    def __init__(self, market):
        super().__init__(market)
        self.fast, self.slow = {w: Ew() for w in WINDOWS}, {w: Ew() for w in WINDOWS}

    def second(self, t):
        x = self.m.x(t)
        if x is None or self.m.x(t - 1) is None:
            return
        for w, seconds in WINDOWS.items():
            self.fast[w].add(t, seconds, x)
            self.slow[w].add(t, 4 * seconds, x)

    def value(self, t, mode, w):
        s = self.m.sigma(t, w)
        if s is None:
            return None
        u = (self.fast[w].mean - self.slow[w].mean) / s
        return u * math.exp(-u * u / 4) / 0.89


class Breakout(Card):
    def value(self, t, mode, w):
        ends = self.m.price_range(t, BUCKETS[w], WINDOWS[w] // BUCKETS[w])
        if ends is None or ends[0] <= ends[1]:
            return None
        return 2 * (self.m.mid(t) - ends[1]) / (ends[0] - ends[1]) - 1


def trend(samples, tau, bucket):
    """t / sqrt(n_eff) of the weighted least squares line through [(t, x)]; None before n_eff > 2."""
    if not samples:
        return None
    last_t, last_x = samples[-1]
    rows = [(math.exp((t - last_t) / tau), (t - last_t) / bucket, x - last_x) for t, x in samples]
    w = sum(k for k, _, _ in rows)
    n = w * w / sum(k * k for k, _, _ in rows)
    if n <= 2:
        return None
    mt, mx = sum(k * a for k, a, _ in rows) / w, sum(k * b for k, _, b in rows) / w
    stt = sum(k * (a - mt) ** 2 for k, a, _ in rows) / w
    stx = sum(k * (a - mt) * (b - mx) for k, a, b in rows) / w
    slope = stx / stt
    left = sum(k * (b - mx - slope * (a - mt)) ** 2 for k, a, b in rows) / w
    return slope / math.sqrt(left / stt / (n - 2)) / math.sqrt(n) if left > 0 else None


class TrendSlope(Card):
    tolerance = 1e-6

    def __init__(self, market):
        super().__init__(market)
        self.samples = {size: [] for size in (1, 5, 60, 900)}

    def bucket(self, t, size, is_history):
        x = self.m.x_close(t, size)
        if x is not None:
            self.samples[size].append((t, x))

    def value(self, t, mode, w):
        return trend(self.samples[BUCKETS[w]], WINDOWS[w], BUCKETS[w])


class Efficiency(Card):
    def __init__(self, market):
        super().__init__(market)
        self.ranks = {slot: Sketch() for slot in SLOTS}

    def efficiency(self, t, w):
        xs = [self.m.x(t)] + [self.m.x_close(end, BUCKETS[w])
                              for end in self.m.ends(t, BUCKETS[w], WINDOWS[w] // BUCKETS[w])]
        if None in xs:
            return None
        path = sum(abs(a - b) for a, b in zip(xs, xs[1:]))
        return abs(xs[0] - xs[-1]) / path if path > 0 else None

    def grid(self, t):
        known = {w: self.efficiency(t, w) for w in WINDOWS}
        for mode, w in SLOTS:
            if known[w] is not None:
                self.ranks[mode, w].add(t, SKETCH_HALF[mode], known[w])

    def value(self, t, mode, w):
        e, ranks = self.efficiency(t, w), self.ranks[mode, w]
        if e is None or ranks.n < 20:
            return None
        return min(1.0, max(-0.5, 2 * ranks.rank(e) - 1))


Efficiency.tolerance = 1e-5


class Acceleration(Card):
    def value(self, t, mode, w):
        n = WINDOWS[w] // BUCKETS[w]
        newer, whole, s = self.m.ret(t, BUCKETS[w], n // 2), self.m.ret(t, BUCKETS[w], n), self.m.sigma(t, w)
        return None if newer is None or whole is None or s is None else (newer - (whole - newer)) / s


class Alignment(Card):
    tape, times, windows, tolerance = BARS, (45, 3655, 8980), "one", 1e-6
    WEIGHTS = {"scalp": (0.5, 0.3, 0.2), "day": (0.3, 0.4, 0.3), "swing": (0.2, 0.3, 0.5)}

    def __init__(self, market):
        super().__init__(market)
        self.samples = {60: [], 900: []}

    def bucket(self, t, size, is_history):
        x = self.m.x_close(t, size) if size >= 60 else None
        if x is not None:
            self.samples[size].append((t, x))

    def value(self, t, mode, w):
        us = [trend(self.samples[60], 3600, 60), trend(self.samples[900], 14400, 900),
              trend(self.samples[900], 86400, 900)]
        return None if None in us else sum(k * math.tanh(u) for k, u in zip(self.WEIGHTS[mode], us))




CARDS = {
    "price-momentum": PriceMomentum,
    "ewma-crossover": Crossover,
    "breakout-position": Breakout,
    "trend-slope": TrendSlope,
    "efficiency-ratio": Efficiency,
    "momentum-acceleration": Acceleration,
    "htf-alignment": Alignment,
}
