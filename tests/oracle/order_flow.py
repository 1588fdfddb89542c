"""Order flow: 10-21."""

import math
from bisect import bisect_right

from market_model import (BUCKETS, DAY, LN2, MODES, NORM_HALF, SKETCH_HALF, SLOTS, WINDOWS, Ew, Hold, Sketch)

VERSION = 1
FLOW = ("seed=111 venues=3 quote_ms=1500 minutes=345 trade_ms=900 book_ms=1200 depth=60 book_step=12 "
        "hit_ms=9000 lean=100 bars_days=4 bars_hours=15")
SWING = "seed=62 quote_ms=2000 minutes=240 trade_ms=2500 bars_days=40 bars_hours=30"
LEANING = "seed=64 quote_ms=2000 minutes=100 trade_ms=400 lean=30"
DAYLONG = "seed=63 quote_ms=2000 minutes=1980 trade_ms=7000"
TIMES = (45, 310, 1505, 3655, 7203, 10811, 14470, 20643)


def sgn(x):
    return (x > 0) - (x < 0)


class Card:
    tape, times, tolerance, windows = FLOW, TIMES, 1e-9, "each"

    def __init__(self, market):
        self.m = market

    def flow(self, t, w):
        """(D, V, trades) or None"""
        flow = self.m.flow(t, BUCKETS[w], WINDOWS[w] // BUCKETS[w])
        return None if flow is None else (flow[0] - flow[1], flow[0] + flow[1], flow[2])

    def closed(self, t, size):
        """(D, V) of the bucket that ends at t, live or of history."""
        if t > 0:
            flow = self.m.flow(t, size, 1)
            return None if flow is None else (flow[0] - flow[1], flow[0] + flow[1])
        bar = self.m.bars(size).get(t)
        return None if bar is None else (2 * bar[7] - bar[6], bar[6])

    def imbalance(self, t, w):
        flow = self.flow(t, w)
        return flow[0] / flow[1] if flow and flow[2] >= 20 else None

    def relative(self, t, w):
        """(D/Ve, V/Ve, r/s) or None"""
        flow, ve = self.flow(t, w), self.m.expected_usd(t, WINDOWS[w])
        r, s = self.m.window_ret(t, w), self.m.sigma(t, w)
        return None if None in (flow, ve, r, s) else (flow[0] / ve, flow[1] / ve, r / s)


class Imbalance(Card):
    def value(self, t, mode, w):
        return self.imbalance(t, w)


class Cvd(Card):
    def __init__(self, market):
        super().__init__(market)
        self.bars = {w: [] for w in WINDOWS}

    def bucket(self, t, size, is_history):
        for w in WINDOWS:
            flow = self.closed(t, size) if BUCKETS[w] == size else None
            if flow is not None:
                self.bars[w].append((t, flow[0]))

    def mean(self, tau, rows):
        ks = [math.exp((t - rows[-1][0]) / tau) for t, _ in rows]
        return sum(k * x for k, (_, x) in zip(ks, rows)) / sum(ks)

    def value(self, t, mode, w):
        rows, ve = self.bars[w], self.m.expected_usd(t, WINDOWS[w])
        if ve is None or not rows:
            return None
        running, total = [], 0.0
        for end, d in rows:
            total += d
            running.append((end, total))
        tau = 24 * WINDOWS[w] / LN2
        first = self.mean(tau, rows)
        sd = math.sqrt(self.mean(tau, [(end, (d - first) ** 2) for end, d in rows]))
        scale = max(sd * math.sqrt(WINDOWS[w] / BUCKETS[w]), 0.05 * ve)
        return (self.mean(WINDOWS[w], running) - self.mean(4 * WINDOWS[w], running)) / scale


Cvd.tolerance = 1e-7


class Divergence(Card):
    def __init__(self, market):
        super().__init__(market)
        self.past = {slot: (Ew(), Ew()) for slot in SLOTS}

    def grid(self, t):
        known = {w: self.relative(t, w) for w in WINDOWS}
        for slot in SLOTS:
            one = known[slot[1]]
            if one:
                self.past[slot][0].add(t, NORM_HALF[slot[0]] / LN2, one[0])
                self.past[slot][1].add(t, NORM_HALF[slot[0]] / LN2, one[2])

    def value(self, t, mode, w):
        one, past = self.relative(t, w), self.past[mode, w]
        if one is None:
            return None
        zd, zr = past[0].zu(one[0]), past[1].zu(one[2])
        return None if zd is None or zr is None else zd - zr


class Ranked(Card):
    """The cards that are mostly silent are asked often."""

    tape, tolerance = LEANING, 1e-5
    times = tuple(sorted(set(range(611, 5991, 79)) | {3630, 3640, 3650, 4650, 4850}))
    WHAT = ()

    def __init__(self, market):
        super().__init__(market)
        self.ranks = {slot: [Sketch() for _ in self.WHAT] for slot in SLOTS}

    def grid(self, t):
        known = {w: self.relative(t, w) for w in WINDOWS}
        for slot in SLOTS:
            if known[slot[1]]:
                for ranks, what in zip(self.ranks[slot], self.WHAT):
                    ranks.add(t, SKETCH_HALF[slot[0]], what(*known[slot[1]]))

    def asked(self, t, mode, w):
        """(relative, ranks of what is ranked)"""
        one, ranks = self.relative(t, w), self.ranks[mode, w]
        if one is None or not ranks[0].n:
            return None
        return one, [r.rank(what(*one)) for r, what in zip(ranks, self.WHAT)]


class Absorption(Ranked):
    WHAT = (lambda d, v, r: v,)

    def value(self, t, mode, w):
        asked = self.asked(t, mode, w)
        if asked is None:
            return None
        (d, v, r), (rank,) = asked
        return -d / v if abs(r) < 0.3 and rank > 0.8 else 0.0


class Exhaustion(Ranked):
    WHAT = (lambda d, v, r: abs(d), lambda d, v, r: sgn(d) * r / (abs(d) + 0.01))
    tolerance = 2e-5

    def value(self, t, mode, w):
        asked = self.asked(t, mode, w)
        if asked is None:
            return None
        (d, _, _), (size, progress) = asked
        return sgn(d) * (size - 0.95) / 0.05 if size > 0.95 and progress < 0.2 else 0.0


class Swing(Card):
    """Bars of minutes and quarters; the whole list of a window's bars is walked at each question."""

    tape, times, tolerance = SWING, (45, 1111, 3655, 5000, 7203, 10811, 14399), 1e-8
    HISTORY = {"1m": 60, "5m": 60, "15m": 900, "1h": 900, "4h": 900}

    def range_of(self, start, end):
        """Highest and lowest price in (start, end] with the one in force at its start, the close of history at 0."""
        times, mids = self.m.quotes[0]
        before = math.exp(self.m.x_close(start, 60)) if self.m.x_close(start, 60) is not None else None
        inside = mids[bisect_right(times, start):bisect_right(times, end)] + ([before] if before else [])
        return (max(inside), min(inside)) if inside else None

    def bars_of(self, w, t):
        """[(end, high, low, close, D)] of the closed bars, all but the one that ends at t."""
        out, seconds = [], WINDOWS[w]
        for end in range(-41 * DAY, t, seconds):
            if end <= 0:
                size = self.HISTORY[w]
                parts = [self.m.bars(size).get(e) for e in range(end - seconds + size, end + 1, size)]
                if None not in parts:
                    out.append((end, max(p[3] for p in parts), min(p[4] for p in parts), parts[-1][5],
                                sum(2 * p[7] - p[6] for p in parts)))
                continue
            size = 900 if w == "4h" else 60
            ends = self.range_of(end - seconds, end)
            flow = self.m.flow(end, size, seconds // size)
            if ends and flow:
                out.append((end, ends[0], ends[1], self.m.mid(end), flow[0] - flow[1]))
            elif ends:
                out = []
        return out

    def value(self, t, mode, w):
        seconds, hold, deltas = WINDOWS[w], Hold(4 * WINDOWS[w]), Ew()
        hold.t = -41 * DAY
        ranges, cvd, close, direction = [], 0.0, None, 0
        high = low = last_high = last_low = atr = None
        for n, (end, top, bottom, last, d) in enumerate(self.bars_of(w, t)):
            top, bottom = math.log(top), math.log(bottom)
            cvd += d
            deltas.add(end, 50 * seconds / LN2, d)
            ranges.append(max(top - bottom, abs(top - close), abs(bottom - close)) if close else top - bottom)
            close = math.log(last)
            if len(ranges) == 14:
                atr = sum(ranges) / 14
            elif len(ranges) > 14:
                atr = (13 * atr + ranges[-1]) / 14
            if high is None or direction >= 0 and top > high[0]:
                high = (top, cvd, n)
            if low is None or direction <= 0 and bottom < low[0]:
                low = (bottom, cvd, n)
            if atr is None:
                continue
            sd = math.sqrt(deltas.var)
            if direction >= 0 and high[2] < n and high[0] - bottom >= 1.5 * atr:
                if last_high and high[0] > last_high[0] and high[1] < last_high[1]:
                    k = abs(high[1] - last_high[1]) / (sd * math.sqrt(high[2] - last_high[2]))
                    hold.trigger(end, -min(3.0, k))
                last_high, direction, low = high, -1, (bottom, cvd, n)
            elif direction <= 0 and low[2] < n and top - low[0] >= 1.5 * atr:
                if last_low and low[0] < last_low[0] and low[1] > last_low[1]:
                    k = abs(low[1] - last_low[1]) / (sd * math.sqrt(low[2] - last_low[2]))
                    hold.trigger(end, min(3.0, k))
                last_low, direction, high = low, 1, (top, cvd, n)
        return None if atr is None else hold.at(t)


class SpotPerp(Card):
    """The tape has no spot feed."""

    is_absent, times = True, (45, 3655, 20643)

    def value(self, t, mode, w):
        return None


class Persistence(Card):
    tolerance = 1e-8

    def value(self, t, mode, w):
        signs = [p[2] for p in self.m.parents() if p[0] <= (t * 1000, 0)]
        if len(signs) < 1000:
            return None
        ks = [math.exp(-age / 500) for age in range(len(signs) - 1)][::-1]
        total = sum(ks)
        mean = sum(k * s for k, s in zip(ks, signs[1:])) / total
        cov = sum(k * a * b for k, a, b in zip(ks, signs, signs[1:])) / total - mean * mean
        imbalance = self.imbalance(t, w)
        return None if imbalance is None else max(0.0, cov / (1 - mean * mean)) * imbalance


class Surprise(Card):
    """The fit as the solution of normal equations that are forgotten, with a precision of 1e-3 before all data."""

    tolerance = 1e-6

    def __init__(self, market):
        super().__init__(market)
        self.fits = {w: ([[1e-3 * (i == j) for j in range(3)] for i in range(3)], [0.0] * 3) for w in WINDOWS}
        self.last, self.errors, self.sds = {}, {w: [] for w in WINDOWS}, {w: Ew() for w in WINDOWS}

    @staticmethod
    def solve(a, b):
        """Cramer's rule."""
        det = lambda m: (m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1])
                         - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
                         + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]))
        whole = det(a)
        return [det([[b[i] if k == j else a[i][k] for k in range(3)] for i in range(3)]) / whole for j in range(3)]

    def observed(self, t, w, is_history):
        size = BUCKETS[w]
        flow, ve = self.m.flow(t, size, 1), self.m.expected_usd(t, size, True)
        now, before = self.m.x_close(t, size), self.m.x_close(t - size, size)
        s = None if is_history else self.m.sigma(t, w)
        if None in (flow, ve, now, before, s):
            return None
        return (flow[0] - flow[1]) / ve, (now - before) / (s * math.sqrt(size / WINDOWS[w]))

    def bucket(self, t, size, is_history):
        for w in WINDOWS:
            if BUCKETS[w] != size:
                continue
            seen, last = self.observed(t, w, is_history), self.last.get(w)
            self.last[w] = seen
            if seen is None or last is None:
                continue
            (a, b), x, memory = self.fits[w], (1.0,) + last, 20 * WINDOWS[w]
            error = seen[0] - sum(c * v for c, v in zip(self.solve(a, b), x))
            forget = math.exp(-size / memory)
            for i in range(3):
                b[i] = forget * b[i] + x[i] * seen[0]
                for j in range(3):
                    a[i][j] = forget * a[i][j] + x[i] * x[j]
            self.errors[w].append(error)
            self.sds[w].add(t, memory / LN2, error)

    def value(self, t, mode, w):
        n = WINDOWS[w] // BUCKETS[w]
        if len(self.errors[w]) < n:
            return None
        return math.sqrt(n) * (sum(self.errors[w][-n:]) / n) / math.sqrt(self.sds[w].var)


# --- toxicity


def volume_buckets(market):
    """[(t at which it closed, |B-S|/size)] of the reference: a list of pieces of trades, cut where a bucket is full."""
    def make():
        out, total, last, first, room, net, size = [], 0.0, None, None, 0.0, 0.0, 0.0
        tau = 7 * DAY
        for t, _, side, _, _, usd in market.events["trade"][0]:
            first = t if first is None else first
            total = (total * math.exp(-(t - last) / tau) if last is not None else 0.0) + usd
            last = t
            if t - first < 3600:
                continue
            while usd > 0:
                if room <= 0:
                    size = total / (tau * (1 - math.exp(-(t - first) / tau))) * DAY / 50
                    room, net = size, 0.0
                piece = min(usd, room)
                room, usd, net = room - piece, usd - piece, net + side * piece
                if room <= 0:
                    out.append((t, abs(net) / size))
        return out
    return market.once("volume_buckets", make)


class Vpin(Card):
    tape, times, windows, tolerance = DAYLONG, (45, 80000, 94000, 100001, 106003, 112007, 118795), "one", 1e-5

    def __init__(self, market):
        super().__init__(market)
        self.ranks = Sketch()

    def vpin(self, t):
        closed = [share for at, share in volume_buckets(self.m) if at <= t]
        return sum(closed[-50:]) / 50 if len(closed) >= 50 else None

    def grid(self, t):
        vpin = self.vpin(t)
        if vpin is not None:
            self.ranks.add(t, 30 * DAY, vpin)

    def value(self, t, mode, w):
        vpin = self.vpin(t)
        if vpin is None or not self.ranks.n:
            return None
        return min(1.0, max(0.0, 2 * self.ranks.rank(vpin) - 1))


class Clustering(Card):
    tolerance = 1e-5

    def __init__(self, market):
        super().__init__(market)
        self.sizes, self.next = Sketch(), 0
        self.large, self.added, self.usual = [], [], {w: Ew() for w in WINDOWS}

    def quantile(self, rank):
        """Where the running share passes the rank, ln|v| linear in a bin."""
        bins, sketch = self.sizes.bins, self.sizes
        want, passed = rank * sum(bins), 0.0
        for k in range(128, 256):
            if bins[k] > 0 and passed + bins[k] >= want:
                return 1e-9 * math.exp((k - 128 + (want - passed) / bins[k]) * sketch.WIDTH)
            passed += bins[k]

    def second(self, t):
        parents = self.m.parents()
        while self.next < len(parents) and parents[self.next][0] <= (t * 1000, 0):
            (known, _), _, side, usd, last, px = parents[self.next]
            self.next += 1
            edge = self.quantile(0.95) if self.sizes.n else math.inf
            self.sizes.add(known / 1000, DAY, usd)
            if usd <= edge:
                continue
            before = [p for p in self.large if p[0] == side][-64:]
            x = math.log(px)
            self.added.append((known / 1000, side, usd * sum(
                math.exp(-(last - at) / 30000) * math.exp(-abs(x - other) / 5e-4) for _, at, other in before)))
            self.large.append((side, last, x))

    def clustered(self, t, w, side):
        return sum(a * math.exp(-(t - at) / WINDOWS[w]) for at, one, a in self.added if one == side)

    def grid(self, t):
        for w in WINDOWS:
            self.usual[w].add(t, DAY, self.clustered(t, w, 1) + self.clustered(t, w, -1))

    def value(self, t, mode, w):
        b, s = self.clustered(t, w, 1), self.clustered(t, w, -1)
        size = b + s + (self.usual[w].mean if self.usual[w].w else math.nan)
        return (b - s) / size if size > 0 else None


class Toxic(Vpin):
    windows = "each"

    def __init__(self, market):
        super().__init__(market)
        self.k = {(w, side): Ew() for w in WINDOWS for side in (1, -1)}
        self.vpins, self.spreads = {m: Sketch() for m in MODES}, {m: Sketch() for m in MODES}
        self.boths, self.next = {slot: Sketch() for slot in SLOTS}, 0

    def second(self, t):
        """Each trade of the second that ended 5 s ago: mid now against mid then."""
        trades = self.m.events["trade"][0]
        while self.next < len(trades) and trades[self.next][0] <= t - 5:
            at, _, side, _, _, usd = trades[self.next]
            self.next += 1
            then = self.m.mid(at)
            if then is None:
                continue
            markout = 1e4 * side * (self.m.mid(t) - then) / then
            for w in WINDOWS:
                self.k[w, side].add(t, WINDOWS[w], markout, usd)

    def spread(self, t):
        bid, ask = self.m.last("quote", 0, t, 2), self.m.last("quote", 0, t, 4)
        return None if bid is None else 1e4 * (ask - bid) / ((ask + bid) / 2)

    def both(self, w):
        b, s = self.k[w, 1], self.k[w, -1]
        return (b.mean, s.mean) if b.w and s.w else None

    def grid(self, t):
        vpin, spread = self.vpin(t), self.spread(t)
        for mode, half in SKETCH_HALF.items():
            if vpin is not None:
                self.vpins[mode].add(t, half, vpin)
            if spread is not None:
                self.spreads[mode].add(t, half, spread)
        for mode, w in SLOTS:
            if self.both(w):
                self.boths[mode, w].add(t, SKETCH_HALF[mode], sum(self.both(w)))

    def value(self, t, mode, w):
        vpin, spread, both = self.vpin(t), self.spread(t), self.both(w)
        if None in (vpin, spread, both) or not self.vpins[mode].n or not self.boths[mode, w].n:
            return None
        toxicity = (self.vpins[mode].rank(vpin) + self.spreads[mode].rank(spread)
                    + self.boths[mode, w].rank(sum(both))) / 3
        return toxicity * (both[0] - both[1]) / (abs(both[0]) + abs(both[1]) + 0.1)


CARDS = {
    "order-flow-imbalance": Imbalance,
    "vpin": Vpin,
    "large-trade-clustering": Clustering,
    "toxic-flow-index": Toxic,
    "cvd": Cvd,
    "cvd-divergence": Divergence,
    "cvd-swing-divergence": Swing,
    "spot-perp-cvd": SpotPerp,
    "absorption": Absorption,
    "delta-exhaustion": Exhaustion,
    "flow-persistence": Persistence,
    "flow-surprise": Surprise,
}
