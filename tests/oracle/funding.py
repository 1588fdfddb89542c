"""Funding: 50-54."""

import math

from market_model import DAY, LN2, WINDOWS, Ew

VERSION = 1
RATES = "seed=31 venues=3 quote_ms=2000 minutes=1000 mark_ms=3000 funding_ms=60000 oi_ms=20000 trade_ms=6000 funding_days=40 oi_days=2"
PREMIA = "seed=32 venues=3 quote_ms=1500 minutes=300 mark_ms=1000 oi_ms=15000 trade_ms=3000"
CROSSING = "seed=1 quote_ms=2400 minutes=2400 funding_ms=300000 funding_days=12"  # u crosses its borders both ways
TIMES = (45, 3655, 14395, 20003, 28799, 28811, 43205, 57700, 59903)


class Card:
    tape, times, tolerance, windows = RATES, TIMES, 1e-9, "one"

    def __init__(self, market):
        self.m = market


class Rate(Card):
    def value(self, t, mode, w):
        return self.m.settled(t)[0]


class Regime(Card):
    """The averages as integrals over the steps of Fo between its changes: [(from, to, rate)]."""

    tape, tolerance, times = CROSSING, 1e-7, tuple(range(3600, 144000, 3600)) + (143990,)
    borders = 1.0, 0.5

    def __init__(self, market):
        super().__init__(market)
        self.steps, self.rate, self.since, self.state = [], None, None, 0

    def take(self, t):
        if self.rate is not None and t > self.since:
            if self.steps and self.steps[-1][2] == self.rate and self.steps[-1][1] == self.since:
                self.steps[-1][1] = t
            else:
                self.steps.append([self.since, t, self.rate])
        now = self.m.funding_mean(t)
        if now is not None:
            self.rate, self.since = now, t
        u = self.u()
        if u is not None:
            enter, leave = self.borders
            self.state = 1 if u > enter else -1 if u < -enter else 0 if abs(u) < leave else self.state

    def average(self, tau, f):
        end = self.steps[-1][1]
        weights = [math.exp((b - end) / tau) - math.exp((a - end) / tau) for a, b, _ in self.steps]
        return sum(k * f(x) for k, (_, _, x) in zip(weights, self.steps)) / sum(weights)

    def u(self):
        if not self.steps:
            return None
        month = 30 * DAY / LN2
        mean = self.average(month, lambda x: x)
        sd = math.sqrt(self.average(month, lambda x: (x - mean) ** 2))
        return (self.average(DAY, lambda x: x) - 1e-4) / sd if sd > 1e-12 else None

    def funding(self, t, venue):
        self.take(t)

    def grid(self, t):
        self.take(t)

    def value(self, t, mode, w):
        u = self.u()
        if u is None:
            return None
        size = min(1.0, abs(u) / 2)
        if self.state == 0:
            return 0.3, 0.3
        return tuple(size if side * self.state < 0 else -0.5 * size for side in (1, -1))


class Prediction(Card):
    def __init__(self, market):
        super().__init__(market)
        self.premia = {}

    def interval(self, v, t):
        """(end, hours, estimate or None)"""
        estimate = self.m.estimate(v, t)
        if estimate and estimate[2] > t:
            return estimate[2], estimate[1], estimate[0]
        if self.m.settled(t)[v] is None:
            return None
        hours = (8, 4, 1)[v]
        start = self.m.p["start"]
        last = (start + t) // (hours * 3600) * hours * 3600 - start
        return last + hours * 3600, hours, estimate[0] if estimate else None

    def grid(self, t):
        for v in self.m.venues:
            interval, premium = self.interval(v, t), self.m.venue_premium(v, t)
            if interval and premium is not None:
                self.premia.setdefault((v, interval[0]), []).append(premium)

    def value(self, t, mode, w):
        rows = []
        for v in self.m.venues:
            interval, settled = self.interval(v, t), self.m.settled(t)[v]
            if not interval or settled is None:
                continue
            end, hours, estimate = interval
            if estimate is None:
                premia = self.premia.get((v, end))
                if not premia:
                    continue
                mean = sum((k + 1) * p for k, p in enumerate(premia)) / sum(range(1, len(premia) + 1))
                estimate = mean + min(5e-4, max(-5e-4, 1e-4 - mean))
            rows.append((self.m.oi(t, v) or 0.0, (estimate - settled) * (1 - (end - t) / 3600 / hours)))
        total = sum(k for k, _ in rows)
        if not rows:
            return None
        return sum(k * y for k, y in rows) / total if total else sum(y for _, y in rows) / len(rows)


class Premium(Card):
    tape, times, windows = PREMIA, (45, 610, 3655, 14470, 17603), "each"

    def __init__(self, market):
        super().__init__(market)
        self.averages = {w: Ew() for w in WINDOWS}

    def second(self, t):
        premium = self.m.premium(t)
        if premium is not None:
            for w, seconds in WINDOWS.items():
                self.averages[w].add(t, seconds / 4, premium)

    def value(self, t, mode, w):
        return self.averages[w].mean if self.averages[w].n >= 2 else None


class Carry(Card):
    """No lending rates: it must be silent."""

    is_absent = True

    def value(self, t, mode, w):
        return None


CARDS = {
    "funding-rate": Rate,
    "funding-regime": Regime,
    "funding-prediction": Prediction,
    "perp-premium": Premium,
    "basis-trade-opp": Carry,
}
