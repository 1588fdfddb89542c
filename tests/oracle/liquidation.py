"""Liquidation: 32-40.  The cards of the map are held against liquidation_map.py, those of prints against the prints."""

import math
from bisect import bisect_right

from market_model import LN2, DAY, NORM_HALF, SLOTS, WINDOWS, Ew, Hold, Sketch

VERSION = 1
PRINTS = ("seed=321 venues=3 quote_ms=1500 trade_ms=1500 oi_ms=15000 liquidation_ms=20000 cascade_ms=1500000 sampled=5 "
          "quiet=2 quiet_from=120 quiet_to=140 minutes=260")
EXCITED = ("seed=322 venues=2 quote_ms=2000 liquidation_ms=3000 cascade_ms=300000 sampled=2 minutes=250")
SHORT, LONG = -1, 1  # side of the position


class Card:
    tape, tolerance, windows = PRINTS, 1e-8, "each"

    def __init__(self, market):
        self.m = market

    def prints(self):
        """All of them in order of time: (t, venue, side, price, coins, usd, is_sampled, u)."""
        def make():
            out = []
            for v in self.m.venues:
                seconds = set()
                for e in self.m.events["liquidation"][v]:
                    second = math.ceil(e[0])
                    seconds.add(second)
                    p = sum(1 for s in seconds if s > second - 60) / 60
                    u = 1.0 if not e[6] else 20.0 if p == 1 else min(20.0, -math.log(1 - p) / p)
                    out.append(e + (u,))
            return sorted(out)
        return self.m.once("prints", make)

    def live(self, t, is_sampled):
        """Venues of this kind of feed that have printed and quote."""
        out = []
        for v in self.m.venues:
            before = [e for e in self.m.events["liquidation"][v][:1] if e[0] <= t and e[6] == is_sampled]
            times = self.m.quotes[v][0]
            i = bisect_right(times, t)
            if before and i and t - times[i - 1] <= 30:
                out.append(v)
        return out


class Liquidation(Card):
    times = (45, 70, 310, 1505, 3655, 7203, 7215, 7240, 7605, 8420, 10811, 14470, 15599)

    def value(self, t, mode, w):
        venues, is_complete = self.live(t, False), True
        if not venues:
            venues, is_complete = self.live(t, True), False
        ve = self.m.expected_usd(t, WINDOWS[w])
        if not venues or ve is None:
            return None
        factor = 1.0
        if is_complete:
            own = sum(self.m.oi(t, v) or 0.0 for v in venues)
            if self.m.oi(t) is None or own <= 0:
                return None
            factor = self.m.oi(t) / own
        total = sum(-e[2] * e[5] * e[7] * math.exp(-(t - e[0]) / WINDOWS[w])
                    for e in self.prints() if e[0] <= t and e[1] in venues)
        return factor * total / ve


class Exhaustion(Card):
    tolerance = 1e-6
    times = (45, 210, 310, 1505, 3655, 7203, 9000, 10811, 12000, 13303, 14470, 15599)

    def __init__(self, market):
        super().__init__(market)
        self.sizes = {w: Sketch() for w in WINDOWS}
        self.growth = {slot: Ew() for slot in SLOTS}
        self.holds = {slot: Hold(WINDOWS[slot[1]]) for slot in SLOTS}
        self.triggers = []

    def sums(self, t, w, is_sampled):
        """(shorts, longs, newest quarter, quarter before) in USD, in parts of W/60 with the open one."""
        part = WINDOWS[w] / 60
        now = math.ceil(t / part)
        rows = [(now - math.ceil(e[0] / part), e[2], e[5] * e[7]) for e in self.prints()
                if t - WINDOWS[w] <= e[0] <= t and e[6] == is_sampled]
        return (sum(u for k, side, u in rows if k < 30 and side == SHORT),
                sum(u for k, side, u in rows if k < 30 and side == LONG),
                sum(u for k, _, u in rows if k < 15), sum(u for k, _, u in rows if 15 <= k < 30))

    def grid(self, t):
        is_sampled = not self.live(t, False)
        for w, seconds in WINDOWS.items():
            shorts, longs, newer, older = self.sums(t, w, is_sampled)
            is_extreme = False
            if shorts + longs > 0:
                sketch = self.sizes[w]
                is_extreme = sketch.n >= 20 and sketch.rank(shorts + longs) > 0.99
                sketch.add(t, 7 * DAY, shorts + longs)
            change = self.m.oi_change(t, *((900, 16) if w == "4h" else (60, seconds // 60)))
            coins = self.m.oi(t)
            if change is None or coins is None:
                continue
            for mode, window in SLOTS:
                past = self.growth[mode, window]
                if window != w:
                    continue
                past.add(t, NORM_HALF[mode] / LN2, change / coins)
                sd = math.sqrt(past.var)
                if (past.n >= 20 and sd > 0 and change / coins < -min(0.015, 3 * sd) and is_extreme
                        and newer < older):
                    balance = (shorts > longs) - (shorts < longs)
                    self.holds[mode, w].trigger(t, balance * min(3.0, -change / coins / sd))
                    self.triggers.append((t, mode, w, self.holds[mode, w].e))

    def value(self, t, mode, w):
        return self.holds[mode, w].at(t) if self.growth[mode, w].n >= 20 else None


class SelfExcitation(Card):
    """Sums over all pairs of events; pairs that are 50 / beta apart add nothing."""

    tape, tolerance, windows = EXCITED, 1e-9, "one"
    times = (45, 3595, 3600, 3604, 3655, 5003, 7200, 7203, 9009, 10800, 10811, 14400, 14470, 14999)

    def __init__(self, market):
        super().__init__(market)
        rows = self.prints()
        first = min(e[0] for e in rows if not e[6])
        #  the complete feed is live all the time: sampled prints count before its first only, and are forgotten
        self.events = {side: [e[0] for e in rows if e[2] == side and not e[6] and e[0] >= first]
                       for side in (SHORT, LONG)}
        self.fits = {SHORT: None, LONG: None}

    def kept(self, side, t):
        return self.events[side][:bisect_right(self.events[side], t)][-2000:]

    def grid(self, t):
        if t % 3600 == 0 and all(len(self.kept(side, t)) >= 200 for side in self.fits):
            for side in self.fits:
                self.fits[side] = self.fit(self.kept(side, t), t, self.fits[side])

    def fit(self, times, t, before):
        span, count = t - times[0], len(times)
        mu, n, beta = before or (count / span / 2, 0.5, min(10.0, max(1e-5, count / span)))
        for _ in range(20):
            own = caused = lagged = 0.0
            for i, at in enumerate(times):
                shares, j = [], i - 1
                while j >= 0 and beta * (at - times[j]) < 50:
                    shares.append((n * beta * math.exp(-beta * (at - times[j])), at - times[j]))
                    j -= 1
                rate = mu + sum(s for s, _ in shares)
                own += mu / rate
                caused += sum(s for s, _ in shares) / rate
                lagged += sum(s * lag for s, lag in shares) / rate
            mu, n = own / span, caused / sum(1 - math.exp(-beta * (t - at)) for at in times)
            beta = min(10.0, max(1e-5, caused / lagged)) if lagged > 0 else beta
        return mu, min(n, 0.98), beta

    def rate(self, side, t):
        mu, n, beta = self.fits[side]
        return mu + n * beta * sum(math.exp(-beta * (t - at)) for at in self.events[side]
                                   if at <= t and beta * (t - at) < 50)

    def value(self, t, mode, w):
        if None in self.fits.values():
            return None
        s, l = self.rate(SHORT, t), self.rate(LONG, t)
        return max(f[1] for f in self.fits.values()) * (s - l) / (s + l)


CARDS = {
    "liquidation": Liquidation,
    "liq-exhaustion": Exhaustion,
    "liq-self-excitation": SelfExcitation,
}
