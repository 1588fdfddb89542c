"""Derivatives: 41-49."""

import math

from market_model import DAY, LN2, NORM_HALF, SLOTS, WINDOWS, Ew, Hold

VERSION = 1
OI = "seed=41 venues=2 quote_ms=1500 minutes=360 mark_ms=1000 oi_ms=15000 trade_ms=1500"
ONE = "seed=42 venues=1 quote_ms=1500 minutes=360 oi_ms=15000 trade_ms=2000"
TURNOVER = "seed=43 venues=2 quote_ms=2000 minutes=345 oi_ms=15000 trade_ms=3000 bars_days=2"
TIMES = (45, 310, 610, 3655, 7203, 14470, 16000, 19000, 21003)


class Card:
    tape, times, tolerance, windows = OI, TIMES, 1e-8, "5m"

    def __init__(self, market):
        self.m = market

    def oi_span(self, w):
        return (900, 16) if w == "4h" else (60, WINDOWS[w] // 60)

    def growth(self, t, w):
        change, coins = self.m.oi_change(t, *self.oi_span(w)), self.m.oi(t)
        return None if change is None or coins is None else change / coins

    def move(self, t, w):
        r, s = self.m.window_ret(t, w), self.m.sigma(t, w)
        return None if r is None or s is None else r / s


class Growth(Card):
    def __init__(self, market):
        super().__init__(market)
        self.past = {slot: Ew() for slot in SLOTS}

    def grid(self, t):
        known = {w: self.growth(t, w) for w in WINDOWS}
        for mode, w in SLOTS:
            if known[w] is not None:
                self.past[mode, w].add(t, NORM_HALF[mode] / LN2, known[w])

    def both(self, t, mode, w):
        nr, growth, past = self.move(t, w), self.growth(t, w), self.past[mode, w]
        if nr is None or growth is None or past.n < 20:
            return None
        no = past.zu(growth)
        return None if no is None else (nr, no)


def sgn(x):
    return (x > 0) - (x < 0)


class Divergence(Growth):
    def value(self, t, mode, w):
        both = self.both(t, mode, w)
        if both is None:
            return None
        nr, no = both
        return -sgn(nr) * math.sqrt(-nr * no) if nr * no < 0 else 0.0


class Quadrant(Growth):
    def value(self, t, mode, w):
        both = self.both(t, mode, w)
        if both is None:
            return None
        nr, no = both
        return sgn(nr) * math.sqrt(abs(nr) * no) if no > 0 else 0.0


class Interest(Card):
    tape, tolerance = ONE, 1e-6

    def __init__(self, market):
        super().__init__(market)
        self.trend, self.past = {w: Ew() for w in WINDOWS}, {slot: Ew() for slot in SLOTS}
        self.base = math.log(market.oi_filter()[0][0][1])

    def log_oi(self, t):
        coins = self.m.oi(t)
        return None if coins is None else math.log(coins) - self.base

    def grid(self, t):
        y = self.log_oi(t)
        if y is None:
            return
        for w, seconds in WINDOWS.items():
            self.trend[w].add(t, 8 * seconds, y)
        for mode, w in SLOTS:
            self.past[mode, w].add(t, NORM_HALF[mode] / LN2, y - self.trend[w].mean)

    def value(self, t, mode, w):
        y, past = self.log_oi(t), self.past[mode, w]
        z = past.zc(y - self.trend[w].mean) if y is not None and past.n >= 20 else None
        return None if z is None else math.tanh(z / 1.5) * (1.0 if z > 0 else 0.5)


class Build(Card):
    def value(self, t, mode, w):
        usd, coins, px = self.m.opening_usd(t, *self.oi_span(w)), self.m.oi(t), self.m.mid(t)
        return None if usd is None or coins is None else usd / (coins * px)


class Turnover(Card):
    tape, tolerance, times = TURNOVER, 1e-6, (45, 310, 610, 3655, 7203, 14470, 16000, 19000, 20603)

    def __init__(self, market):
        super().__init__(market)
        self.past = Ew()

    def turnover(self, t):
        coins, flow = self.m.oi(t), self.m.flow(t, 900, 96)
        if coins is None or flow is None or self.m.mid(t) is None:
            return None
        return math.log(coins * self.m.mid(t) / (flow[0] + flow[1]))

    def grid(self, t):
        y = self.turnover(t)
        if y is not None:
            self.past.add(t, 30 * DAY / LN2, y)

    def value(self, t, mode, w):
        y, growth = self.turnover(t), self.growth(t, w)
        z = self.past.zc(y) if y is not None and growth is not None and self.past.n >= 20 else None
        return None if z is None else math.tanh(z / 1.5) if growth > 0 else 0.0


class Flush(Growth):
    def __init__(self, market):
        super().__init__(market)
        self.holds = {slot: Hold(WINDOWS[slot[1]]) for slot in SLOTS}

    def grid(self, t):
        super().grid(t)
        for slot in SLOTS:
            both = self.both(t, *slot)
            if both and both[1] < -2 and abs(both[0]) > 1.5:
                self.holds[slot].trigger(t, both[0] * min(3.0, -both[1]) / 2)

    def value(self, t, mode, w):
        return self.holds[mode, w].at(t) if self.past[mode, w].n >= 20 else None


class LastMark(Card):
    windows = "each"

    def __init__(self, market):
        super().__init__(market)
        self.gaps = {w: Ew() for w in WINDOWS}

    def second(self, t):
        last, mark = self.m.last("trade", 0, t, 3), self.m.last("mark", 0, t, 2)
        if last is None or mark is None:
            return
        for w, seconds in WINDOWS.items():
            s = self.m.sigma(t, w)
            if s is not None:
                self.gaps[w].add(t, seconds / 4, (last - mark) / (mark * s))

    def value(self, t, mode, w):
        return self.gaps[w].mean if self.gaps[w].n >= 2 else None


class Basis(Card):
    """No dated futures: it must be silent."""

    is_absent, windows = True, "one"

    def value(self, t, mode, w):
        return None


class PremiumChange(Card):
    windows = "each"

    def __init__(self, market):
        super().__init__(market)
        self.averages, self.means = {w: Ew() for w in WINDOWS}, {w: {} for w in WINDOWS}

    def second(self, t):
        premium = self.m.premium(t)
        if premium is None:
            return
        for w, seconds in WINDOWS.items():
            self.averages[w].add(t, seconds / 4, premium)
            self.means[w][t] = self.averages[w].mean

    def value(self, t, mode, w):
        seconds = WINDOWS[w]
        step = seconds // 60
        then = self.means[w].get((t - seconds) // step * step)
        return None if then is None else self.averages[w].mean - then


CARDS = {
    "oi-price-divergence": Divergence,
    "open-interest": Interest,
    "oi-price-quadrant": Quadrant,
    "net-long-build": Build,
    "oi-volume-ratio": Turnover,
    "oi-flush": Flush,
    "mark-last-gap": LastMark,
    "quarterly-basis": Basis,
    "premium-change": PremiumChange,
}
