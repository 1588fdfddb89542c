"""Liquidation: 32-40.  The cards of the map are held against liquidation_map.py, those of prints against the prints."""

import math
from bisect import bisect_right

from liquidation_map import LONG as LONGS, SHORT as SHORTS, WIDTH, Map
from market_model import DAY, HORIZON, LN2, NORM_HALF, PRIMARY, SLOTS, WINDOWS, Ew, Hold, Sketch
from tape import TICK_PX

VERSION = 1
PRINTS = ("seed=321 venues=3 quote_ms=1500 trade_ms=1500 oi_ms=15000 liquidation_ms=10000 cascade_ms=2400000 sampled=1 "
          "quiet=6 quiet_from=120 quiet_to=140 minutes=260")
EXCITED = ("seed=322 venues=2 quote_ms=2000 liquidation_ms=3000 cascade_ms=300000 sampled=2 minutes=250")
LEVELS = ("seed=402 venues=2 quote_ms=2000 trade_ms=2500 mark_ms=1000 oi_ms=15000 funding_ms=60000 ratio_ms=120000 "
          "liquidation_ms=1200000 rough=16 minutes=125")
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
    times = (45, 210, 310, 1505, 3655, 7203, 8700, 8795, 8855, 10000, 10811, 12000, 14470, 14700, 15599)

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


class MapCard(Card):
    """The map is played once for all cards of a tape; what they look at is kept by second."""

    tape, tolerance = LEVELS, 1e-6
    times = (1, 45, 310, 910, 1505, 2410, 3003, 3655, 4207, 5400, 6001, 7203, 7495)

    def view(self, t):
        views = self.m.once("views", self.play)
        return views[t]

    def play(self):
        map_, out = Map(self.m), {}
        wanted = set(MapCard.times) | set(range(10, 7500, 10))
        for t in range(1, 7500):
            map_.second(t)
            if t in wanted:
                out[t] = map_.view(t)
        return out

    def sigma_of(self, t, seconds):
        s = self.m.sigma(t, "1h")
        return s and max(s * math.sqrt(seconds / WINDOWS["1h"]), TICK_PX / 4 / self.m.mid(t))

    def reach(self, t, mode, w):
        """L(W)"""
        return self.sigma_of(t, HORIZON[mode] if PRIMARY[mode] == w else 5 * WINDOWS[w])

    def bins(self, t):
        """[(middle, longs, shorts)]"""
        first, longs, shorts = self.view(t)
        return [((first + i + .5) * WIDTH, a, b) for i, (a, b) in enumerate(zip(longs, shorts))]

    def between(self, t, side, low, high):
        return sum(row[1 + side] * max(0.0, min(high, row[0] + WIDTH / 2) - max(low, row[0] - WIDTH / 2)) / WIDTH
                   for row in self.bins(t))

    def peaks(self, t):
        """([(x, mass, height)], [(middle, height)] of the bins that have any)"""
        def make():
            rows = self.bins(t)
            usd = [0.0] * 5 + [a + b for _, a, b in rows] + [0.0] * 5
            smooth = [sum(usd[i + 3:i + 8]) / 5 for i in range(len(rows))]
            return ([(rows[i][0], sum(usd[i + 2:i + 9]), s) for i, s in enumerate(smooth)
                     if s > 0 and s == max(smooth[max(0, i - 5):i + 6]) and s not in smooth[max(0, i - 5):i]],
                    [(row[0], s) for row, s in zip(rows, smooth) if s > 0])
        return self.m.once(("peaks", t), make)

    def clusters(self, t, reach):
        """[(x, mass)] of the peaks within 6 L(W) that reach the 0.9 quantile of the filled bins there."""
        if reach is None:
            return []
        peaks, filled = self.peaks(t)
        heights = sorted(s for b, s in filled if abs(b - self.m.x(t)) <= 6 * reach)
        return [(c, mass) for c, mass, s in peaks
                if abs(c - self.m.x(t)) <= 6 * reach and s >= heights[int(.9 * len(heights))]]


class Levels(MapCard):
    def value(self, t, mode, w):
        x, reach = self.m.x(t), self.reach(t, mode, w)
        if self.view(t) is None or x is None or reach is None:
            return None
        near = [(c - x, mass * math.exp(-abs(c - x) / reach)) for c, mass in self.clusters(t, reach)]
        weight = sum(pull for _, pull in near)
        return sum(pull * ((apart > 0) - (apart < 0)) for apart, pull in near) / weight if weight > 0 else None


class Heatmap(MapCard):
    def value(self, t, mode, w):
        x, reach = self.m.x(t), self.reach(t, mode, w)
        if self.view(t) is None or x is None or reach is None:
            return None
        up, down = self.between(t, SHORTS, x, x + 2 * reach), self.between(t, LONGS, x - 2 * reach, x)
        return (up - down) / (up + down) if up + down > 0 else None


class Cumulative(MapCard):
    windows = "one"

    def value(self, t, mode, w):
        x, coins = self.m.x(t), self.m.oi(t)
        if self.view(t) is None or x is None or coins is None:
            return None
        e = 1e-4 * coins * self.m.mid(t)
        return sum(math.log(self.between(t, SHORTS, x, x + math.log(1 + k)) + e)
                   - math.log(self.between(t, LONGS, x + math.log(1 - k), x) + e) for k in (.01, .03, .05)) / 3


class Gravity(MapCard):
    windows = "one"

    def value(self, t, mode, w):
        x, s = self.m.x(t), self.m.sigma(t, "1m")
        if self.view(t) is None or x is None or s is None:
            return None
        pulls = [(b - x, (longs + shorts) / max(abs(b - x), s / 2) ** 2) for b, longs, shorts in self.bins(t)
                 if abs(b - x) <= .1]
        total = sum(pull for _, pull in pulls)
        return sum(pull if apart > 0 else -pull for apart, pull in pulls) / total if total > 0 else None


class Cascade(MapCard):
    windows, tolerance = "one", 1e-7

    def trend(self, t):
        """Sign of the weighted least squares line through the closes of the seconds before t; None before 30."""
        rows = [(math.exp((s - t) / 60), s - t, self.m.x(s)) for s in range(max(1, t - 3000), t) if self.m.x(s)]
        total = sum(k for k, _, _ in rows)
        if total < 30:
            return None
        mt, mx = sum(k * a for k, a, _ in rows) / total, sum(k * b for k, _, b in rows) / total
        cov = sum(k * (a - mt) * (b - mx) for k, a, b in rows)
        return (cov > 0) - (cov < 0)

    def value(self, t, mode, w):
        x, s, ve = self.m.x(t), self.sigma_of(t, HORIZON[mode]), self.m.expected_usd(t, HORIZON[mode])
        trend = self.trend(t)
        if self.view(t) is None or None in (x, s, ve, trend):
            return None
        touch = lambda b: math.erfc(abs(b - x) / s / math.sqrt(2))
        lean = (sum(shorts * touch(b) for b, _, shorts in self.bins(t) if b > x)
                - sum(longs * touch(b) for b, longs, _ in self.bins(t) if b < x))
        return trend * max(0.0, trend * lean) / ve


class Sweep(MapCard):
    times = (45, 3610, 3620, 3690, 5650, 5920, 5980, 6020, 6300, 6700, 7490)

    def __init__(self, market):
        super().__init__(market)
        self.marks = market.events["mark"][0]
        self.peaks_known, self.known, self.passed = None, {}, set()
        self.waiting, self.holds = {}, {w: Hold(3 * WINDOWS[w]) for w in WINDOWS}
        self.outcomes = []

    def second(self, t):
        times = self.m.once("mark times", lambda: [e[0] for e in self.marks])
        for i in range(max(1, bisect_right(times, t - 1)), bisect_right(times, t)):
            self.move(times[i], math.log(self.marks[i - 1][2]), math.log(self.marks[i][2]))
        for w, seconds in WINDOWS.items():
            if w in self.waiting and t % (seconds // 5) == 0 and t > self.waiting[w]["since"]:
                one = self.waiting[w]
                one["closes"].append(one["g"] * (self.m.x(t) - one["x"]) > 0)
                if len(one["closes"]) == 3:
                    e = (1 if all(one["closes"]) else -1) * one["g"] * one["k"]
                    self.holds[w].trigger(t, e)
                    self.outcomes.append((t, w, e))
                    del self.waiting[w]

    def move(self, t, before, now):
        new = [c[0] for c in self.peaks_known or []
               if c[0] not in self.passed and (before < c[0] <= now or now <= c[0] < before)]
        self.passed |= set(new)
        for w, near in self.known.items():
            for c in [c for c in near if c[0] in new]:
                k = min(3.0, c[1] / (sum(mass for _, mass in near) / len(near)))
                if w not in self.waiting or k > self.waiting[w]["k"]:
                    self.waiting[w] = {"since": t, "x": c[0], "g": 1 if now > before else -1, "k": k, "closes": []}

    def grid(self, t):
        if self.view(t) is not None and self.m.x(t) is not None:
            self.peaks_known, self.passed = self.peaks(t)[0], set()
            seconds = {"1m": 300, "5m": 1500, "15m": 3600, "1h": 18000, "4h": 86400}
            self.known = {w: self.clusters(t, self.sigma_of(t, seconds[w])) for w in WINDOWS}

    def value(self, t, mode, w):
        return self.holds[w].at(t) if self.peaks_known is not None and self.view(t) is not None else None


CARDS = {
    "liquidation": Liquidation,
    "liquidation-levels": Levels,
    "liquidation-heatmap": Heatmap,
    "cumulative-liq-level": Cumulative,
    "magnet-gravity": Gravity,
    "cascade-risk": Cascade,
    "liq-exhaustion": Exhaustion,
    "liq-sweep-reversal": Sweep,
    "liq-self-excitation": SelfExcitation,
}
