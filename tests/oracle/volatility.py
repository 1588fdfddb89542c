"""Volatility: 116-122."""

import math

from market_model import (BUCKETS, DAY, HORIZON, LN2, NORM_HALF, PRIMARY, SKETCH_HALF, SLOTS, WINDOWS, Ew, Hold,
                          Sketch)

VERSION = 1
BARS = "seed=21 quote_ms=1500 minutes=150 bars_days=3 bars_hours=12"
PLAIN = "seed=22 quote_ms=1500 minutes=345"
SQUEEZE = "seed=23 quote_ms=1500 minutes=420 bars_days=1 bars_hours=3"
LONG = "seed=24 quote_ms=2000 minutes=200 bars_days=42 bars_hours=36"


class Card:
    tape, times, tolerance, windows = BARS, (45, 605, 2755, 5403, 8990), 1e-8, "each"

    def __init__(self, market):
        self.m = market


class Shock(Card):
    tolerance = 1e-7

    def __init__(self, market):
        super().__init__(market)
        self.past = {slot: Ew() for slot in SLOTS}

    def shock(self, t, w):
        near, far = self.m.realised_window(t, w), self.m.realised_window(t, w, 8)
        return math.log(8 * near[0] / far[0]) if near and far and near[0] > 0 else None

    def grid(self, t):
        known = {w: self.shock(t, w) for w in WINDOWS}
        for mode, w in SLOTS:
            if known[w] is not None:
                self.past[mode, w].add(t, NORM_HALF[mode] / LN2, known[w])

    def value(self, t, mode, w):
        y, past = self.shock(t, w), self.past[mode, w]
        z = past.zc(y) if y is not None and past.n >= 20 else None
        return None if z is None else -math.tanh(max(0.0, z) / 1.5)


class Skew(Card):
    tolerance = 1e-7

    def __init__(self, market):
        super().__init__(market)
        self.points = {w: [] for w in WINDOWS}

    def both(self, t, w):
        rv, r, s = self.m.realised_window(t, w), self.m.window_ret(t, w), self.m.sigma(t, w)
        if not rv or r is None or s is None or rv[2] + rv[3] <= 0:
            return None
        return (rv[2] - rv[3]) / (rv[2] + rv[3]), r / s

    def grid(self, t):
        for w in WINDOWS:
            both = self.both(t, w)
            if both:
                self.points[w].append((t,) + both)

    def value(self, t, mode, w):
        both, points = self.both(t, w), self.points[w]
        if both is None or not points:
            return None
        ks = [2 ** ((p[0] - points[-1][0]) / DAY) for p in points]
        total = sum(ks)
        if total ** 2 / sum(k * k for k in ks) < 20:
            return None
        mq, mr = sum(k * p[1] for k, p in zip(ks, points)) / total, sum(k * p[2] for k, p in zip(ks, points)) / total
        cov = sum(k * (p[1] - mq) * (p[2] - mr) for k, p in zip(ks, points))
        return both[0] - cov / sum(k * (p[2] - mr) ** 2 for k, p in zip(ks, points)) * both[1]


class Squeeze(Card):
    tape, times, tolerance = SQUEEZE, (45, 1205, 7203, 10805, 16211, 20011, 25199), 1e-6

    def __init__(self, market):
        super().__init__(market)
        self.sds, self.widths = {w: Ew() for w in WINDOWS}, {w: [] for w in WINDOWS}
        self.ranks, self.narrow = {slot: Sketch() for slot in SLOTS}, {}
        self.holds = {slot: Hold(WINDOWS[slot[1]]) for slot in SLOTS}

    def grid(self, t):
        for w, seconds in WINDOWS.items():
            if t % max(10, seconds // 30) == 0:
                self.sample(t, w, seconds)

    def sample(self, t, w, seconds):
        bucket = BUCKETS[w]
        xs = [self.m.x(t)] + [self.m.x_close(e, bucket) for e in self.m.ends(t, bucket, seconds // bucket - 1)]
        if None in xs:
            return
        mean = sum(xs) / len(xs)
        sd = math.sqrt(sum((x - mean) ** 2 for x in xs) / len(xs))
        if sd <= 0:
            return
        self.sds[w].add(t, DAY, sd)
        width = sd / self.sds[w].mean
        self.widths[w].append((t, width))
        lowest = min(v for at, v in self.widths[w][-60:] if t - at < 2 * seconds)
        for slot in SLOTS:
            if slot[1] != w:
                continue
            ranks = self.ranks[slot]
            if ranks.n >= 20 and ranks.rank(width) < 0.2:
                self.narrow[slot] = t
            ranks.add(t, SKETCH_HALF[slot[0]], width)
            if t - self.narrow.get(slot, -math.inf) <= 2 * seconds and width > 1.3 * lowest and xs[0] != mean:
                self.holds[slot].trigger(t, math.copysign(min(3.0, width / lowest - 1), xs[0] - mean))

    def value(self, t, mode, w):
        return self.holds[mode, w].at(t) if self.ranks[mode, w].n >= 20 else None


class Jump(Card):
    tape, times, tolerance = PLAIN, (25, 200, 1111, 3655, 7777, 14470, 19000, 20643), 1e-8

    def value(self, t, mode, w):
        rs = self.m.returns(t, w)
        if len(rs) < (60 if w == "1m" else WINDOWS[w] // 10) // 2:
            return None
        rv, bv = sum(r * r for r in rs), math.pi / 2 * sum(abs(a * b) for a, b in zip(rs, rs[1:]))
        if rv <= 0:
            return None
        edge = 4 * math.sqrt(bv / len(rs))
        return max(0.0, 1 - bv / rv) * sum(r * abs(r) for r in rs if abs(r) > edge) / rv


def solve(a, b):
    """Gaussian elimination with the largest pivot."""
    n = len(b)
    rows = [list(r) + [y] for r, y in zip(a, b)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(i + 1, n):
            f = rows[k][i] / rows[i][i]
            rows[k] = [x - f * y for x, y in zip(rows[k], rows[i])]
    out = [0.0] * n
    for i in range(n - 1, -1, -1):
        out[i] = (rows[i][n] - sum(rows[i][k] * out[k] for k in range(i + 1, n))) / rows[i][i]
    return out


class Har(Card):
    """Least squares by normal equations; the prior is a precision of 1e-3, forgotten like the data."""

    tape, times, windows, tolerance = LONG, (45, 3655, 7204, 11950), "one", 1e-5
    ROWS = {"scalp": (60, (5, 30, 120), 60), "day": (60, (60, 360, 1440), 600), "swing": (900, (96, 576, 2304), 14400)}

    def __init__(self, market):
        super().__init__(market)
        self.made = {mode: {} for mode in HORIZON}
        self.pairs = {mode: [] for mode in HORIZON}
        self.errors = {mode: Ew() for mode in HORIZON}

    def log_rv(self, t, bucket, count):
        rv = self.m.realised(t, bucket, count)
        return math.log(rv[0]) if rv and rv[0] > 0 else None

    def coefficients(self, mode, step):
        forget = 2 ** (-step / (30 * DAY))
        pairs = self.pairs[mode]
        a = [[1e-3 * forget ** len(pairs) * (i == j) for j in range(4)] for i in range(4)]
        b = [0.0] * 4
        for age, (x, y) in enumerate(reversed(pairs)):
            k = forget ** age
            for i in range(4):
                b[i] += k * x[i] * y
                for j in range(4):
                    a[i][j] += k * x[i] * x[j]
        return solve(a, b)

    def bucket(self, t, size, is_history):
        for mode, (bucket, counts, step) in self.ROWS.items():
            if bucket != size or t % step:
                continue
            logs = [self.log_rv(t, bucket, c) for c in counts]
            if logs[0] is None:
                continue
            old = self.made[mode].pop(t - HORIZON[mode], None)
            if old:
                if old[1] is not None:
                    self.errors[mode].add(t, 30 * DAY / LN2, logs[0] - old[1])
                self.pairs[mode].append((old[0], logs[0]))
            if None in logs:
                continue
            x = [1.0] + logs
            forecast = None
            if len(self.pairs[mode]) >= 20:
                forecast = sum(c * v for c, v in zip(self.coefficients(mode, step), x))
            self.made[mode][t] = (x, forecast)
            self.last = getattr(self, "last", {})
            self.last.setdefault(mode, {})[t] = forecast

    def value(self, t, mode, w):
        bucket, counts, _ = self.ROWS[mode]
        made = [at for at in getattr(self, "last", {}).get(mode, {}) if at <= t - HORIZON[mode]]
        y, errors = self.log_rv(t, bucket, counts[0]), self.errors[mode]
        if y is None or not made or self.last[mode][max(made)] is None or errors.n < 20 or errors.var <= 0:
            return None
        return math.tanh((y - self.last[mode][max(made)]) / math.sqrt(errors.var) / 1.5)


class VolOfVol(Card):
    tape, times, windows, tolerance = LONG, (45, 1300, 2000, 3655, 7204, 9000, 11950), "one", 1e-5
    SPANS = {"scalp": (60, 1), "day": (60, 15), "swing": (900, 16)}

    def __init__(self, market):
        super().__init__(market)
        self.logs, self.ranks = {mode: Ew() for mode in HORIZON}, {mode: Sketch() for mode in HORIZON}

    def bucket(self, t, size, is_history):
        for mode, (bucket, count) in self.SPANS.items():
            wp = WINDOWS[PRIMARY[mode]]
            rv = self.m.realised(t, bucket, count) if bucket == size and t % wp == 0 else None
            if rv and rv[0] > 0:
                self.logs[mode].add(t, 20 * wp / LN2, math.log(rv[0]))
                if self.logs[mode].n >= 5:
                    self.ranks[mode].add(t, SKETCH_HALF[mode], math.sqrt(self.logs[mode].var))

    def value(self, t, mode, w):
        ranks = self.ranks[mode]
        if ranks.n < 20:
            return None
        return -min(1.0, max(0.0, (ranks.rank(math.sqrt(self.logs[mode].var)) - 0.8) / 0.2))


class Regime(Card):
    tape, times, windows, tolerance = LONG, (45, 605, 3655, 7204, 11950), "one", 1e-7
    SPANS = {"scalp": (5, 12), "day": (60, 15), "swing": (60, 240)}

    def __init__(self, market):
        super().__init__(market)
        self.rate, self.high, self.ticks = Ew(), {}, 0

    def bucket(self, t, size, is_history):
        if is_history and size == 900:
            self.rate.add(t, 30 * DAY, self.m.realised(t, 900, 1)[0] / 900, 90)

    def grid(self, t):
        one = self.m.realised(t, 5, 2)
        if one:
            self.rate.add(t, 30 * DAY, one[0] / 10)
        for mode, (bucket, count) in self.SPANS.items():
            rv = self.m.realised(t, bucket, count) if t % (WINDOWS[PRIMARY[mode]] // 6) == 0 else None
            if not rv or rv[0] <= 0:
                continue
            y = min(6.0, max(-6.0, math.log(rv[0] / (10 * rv[4]) / self.rate.mean)))
            before = self.high.get(mode, 0.5)
            normal = lambda mean, sd: math.exp(-0.5 * ((y - mean) / sd) ** 2) / sd
            high = (0.97 * before + 0.03 * (1 - before)) * normal(0.8, 0.7)
            low = (0.03 * before + 0.97 * (1 - before)) * normal(-0.4, 0.5)
            self.high[mode] = high / (high + low)

    def value(self, t, mode, w):
        return 1 - 2 * self.high[mode] if self.rate.w >= 360 and mode in self.high else None


CARDS = {
    "realised-vol-shock": Shock,
    "semivariance-skew": Skew,
    "squeeze-release": Squeeze,
    "signed-jump": Jump,
    "har-surprise": Har,
    "vol-of-vol": VolOfVol,
    "vol-regime": Regime,
}
