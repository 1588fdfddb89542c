"""The liquidation map of a tape, from methods A3 to A8 and the contracts of cards/*.h: plain lists, order by order.

Bins of log price, 5 bp, a list of 4096 around where the tape begins (prices stay near it).  Coins by venue, side
(0 longs, 1 shorts) and component of leverage.  Tapes for it have marks and open interest of every venue from the start
and fewer than 20 liquidations, so that theta is 1.
"""

import math

from market_model import DAY, LN2, Ew
from tape import FIRST_TICK, Tape

LEVERAGE = (2, 3, 5, 7.5, 10, 15, 20, 25, 33, 50, 75, 100, 125)
PRIOR = (.18, .115, .165, .08, .17, .065, .12, .04, .013, .034, .009, .008, .003)
HOURS = (38, 29.5, 18.8, 15, 12, 9.6, 7.6, 6.5, 5.4, 3.7, 3, 2.4, 2.1)
#  up to (USD), maintenance rate, most leverage; the conformance test has the same
TIERS = ((5000, .004, 125), (20000, .005, 100), (100000, .0065, 75), (1e9, .01, 50))
WIDTH, BINS, REACH = .0005, 4096, 400
LONG, SHORT = 0, 1


def deductions():
    out, last, low = [], 0.0, 0.0
    for k, (up_to, rate, _) in enumerate(TIERS):
        last += low * (rate - TIERS[k - 1][1]) if k else 0.0
        out.append(last)
        low = up_to
    return out


DEDUCTION = deductions()


def tier_of(usd):
    return next(k for k, t in enumerate(TIERS) if usd <= t[0] or k == len(TIERS) - 1)


def distance(side, coins, px, leverage):
    """Log distance of the liquidation price; the tier is that of the value there (methods A2)."""
    s, k, margin = 1 if side == LONG else -1, tier_of(coins * px), coins * px / leverage
    for _ in range(20):
        there = (s * coins * px - margin - DEDUCTION[k]) / (coins * (s - TIERS[k][1]))
        if tier_of(coins * there) == k:
            break
        k = tier_of(coins * there)
    return math.log(there / px)


LOWEST = [[distance(side, 1e-6, 1.0, lev) for lev in LEVERAGE] for side in (LONG, SHORT)]


def kernel(side, component):
    """Weights of bins -reach .. reach: a Gaussian over two sigma, adding up to 1."""
    sigma = max(.12 * abs(LOWEST[side][component]) / WIDTH, 1.0)
    reach = math.ceil(2 * sigma)
    weights = [math.exp(-.5 * (k / sigma) ** 2) for k in range(-reach, reach + 1)]
    return reach, [w / sum(weights) for w in weights]


KERNELS = [[kernel(side, c) for c in range(len(LEVERAGE))] for side in (LONG, SHORT)]


class Book:
    """One venue."""

    def __init__(self, base):
        self.base = base
        self.m = [[[0.0] * BINS for _ in LEVERAGE] for _ in (LONG, SHORT)]
        self.low, self.high = [BINS, BINS], [-1, -1]  # where a side has anything
        self.p, self.orders, self.liquidated = .5, [], [0.0, 0.0]
        self.oi, self.applied = None, None
        self.mark = None
        self.drift, self.logit, self.u = [0.0, 0.0], Ew(), 0.0

    def deposit(self, side, component, x, coins):
        place = x / WIDTH - .5 - self.base
        reach, weights = KERNELS[side][component]
        at = math.floor(place)
        second = place - at
        row = self.m[side][component]
        first = at - reach
        left = 0.0
        for k, w in enumerate(weights):
            row[first + k] += coins * ((1 - second) * w + second * left)
            left = w
        row[first + len(weights)] += coins * second * left
        self.low[side] = min(self.low[side], first)
        self.high[side] = max(self.high[side], first + len(weights))

    def open(self, side, order, share):
        _, px, coins = order
        tier = TIERS[tier_of(coins * px)]
        allowed = [c for c, lev in enumerate(LEVERAGE) if lev <= tier[2]]
        total = sum(PRIOR[c] for c in allowed)
        for c in allowed:
            self.deposit(side, c, math.log(px) + distance(side, coins, px, LEVERAGE[c]),
                         coins * share * PRIOR[c] / total)

    def close(self, side, coins):
        masses = [sum(row[self.low[side]:self.high[side] + 1]) for row in self.m[side]]
        total = sum(mass / hours for mass, hours in zip(masses, HOURS))
        if total > 0:
            for c, hours in enumerate(HOURS):
                self.scale(side, c, 1 - min(.5, coins / hours / total))

    def scale(self, side, component, factor):
        low, high = self.low[side], self.high[side] + 1
        row = self.m[side][component]
        row[low:high] = [m * factor for m in row[low:high]]

    def apply(self, p):
        """What waits: p of it opens, the rest closes the other side."""
        flow = {a: [o for o in self.orders if o[0] == a] for a in (1, -1)}
        volume = {a: sum(o[2] for o in flow[a]) for a in (1, -1)}
        #  a long that is liquidated sells
        gone = {-1: min(self.liquidated[LONG], volume[-1]), 1: min(self.liquidated[SHORT], volume[1])}
        kept = {a: 1 - gone[a] / volume[a] if volume[a] else 0.0 for a in (1, -1)}
        for a, side in ((1, LONG), (-1, SHORT)):
            for order in flow[a]:
                self.open(side, order, p * kept[a])
        for a, side in ((1, SHORT), (-1, LONG)):
            self.close(side, (1 - p) * kept[a] * volume[a])
        self.orders, self.liquidated = [], [0.0, 0.0]
        if self.mark:  # what was deposited on the wrong side of a mark that has moved on is swept at once
            self.on_mark(self.mark)

    def on_oi(self, t, coins, change, is_rejected):
        volume = sum(o[2] for o in self.orders)
        printed = min(sum(self.liquidated), volume / 2)
        #  what waits at the first one came from before its interval, too
        if volume > printed and not is_rejected and self.oi is not None:
            p = min(.98, max(.02, .5 + (change + printed / 2) / (volume - printed)))
            self.p += .2 * (p - self.p)
        self.apply(self.p)
        self.oi, self.applied = coins, t

    def on_mark(self, px):
        self.mark = px
        at = math.floor(math.log(px) / WIDTH) - self.base
        for row in self.m[LONG]:
            for i in range(at, self.high[LONG] + 1):
                row[i] = 0.0
        for row in self.m[SHORT]:
            for i in range(self.low[SHORT], at + 1):
                row[i] = 0.0
        self.high[LONG], self.low[SHORT] = min(self.high[LONG], at - 1), max(self.low[SHORT], at + 1)

    def on_funding(self, rate):
        """Liquidation prices of both sides move by the rate, in whole bins."""
        for side in (LONG, SHORT):
            self.drift[side] += rate
            while abs(self.drift[side]) > WIDTH / 2:
                step = 1 if self.drift[side] > 0 else -1
                self.drift[side] -= step * WIDTH
                for c, row in enumerate(self.m[side]):
                    self.m[side][c] = [0.0] + row[:-1] if step > 0 else row[1:] + [0.0]
                self.low[side], self.high[side] = self.low[side] + step, self.high[side] + step

    def on_ratio(self, t, share):
        logit = math.log(share / (1 - share))
        self.u = math.tanh(logit - self.logit.mean) if self.logit.w else 0.0
        self.logit.add(t, 7 * DAY / LN2, logit)

    def anchor(self):
        for side, sign in ((LONG, 1), (SHORT, -1)):
            mass = sum(sum(row) for row in self.m[side])
            if self.oi is None or mass <= 0:
                continue
            target = .7 * self.oi * (1 + sign * .15 * self.u)
            factor = min(1.1, max(.9, 1 + .005 * (target / mass - 1)))
            for c in range(len(LEVERAGE)):
                self.scale(side, c, factor)


class Map:
    """Play with second(t), then ask view(t)."""

    def __init__(self, market):
        self.m = market
        base = math.floor(math.log(FIRST_TICK / 10) / WIDTH) - BINS // 2
        self.books = [Book(base) for _ in market.venues]
        self.items, self.next = self.read(), 0

    def read(self):
        """[((ms, order), what, ...)]: events of the tape with the parent orders they complete, then those that
        silence completes; the whole second stands between the two."""
        tape, waiting, out = Tape(self.m.text), {}, []
        rows = {v: {(r[0]): r for r in filtered} for v, filtered in enumerate(self.m.oi_filter())}
        first = [filtered[0][0] if filtered else None for filtered in self.m.oi_filter()]
        raw = {}

        def finish(v, key):
            a, px, coins, _ = waiting.pop(v)
            out.append((key, "order", v, a, px, coins))

        for e in tape.live():
            if tape.is_quiet(e):
                continue
            ms, v, kind = (e[0] - tape.start_ns) // 10**6, e[1], e[2]
            for other in list(waiting):
                if ms > waiting[other][3] + 50:
                    finish(other, (waiting[other][3] + 50, 2))
            if kind == "trade":
                if v in waiting and waiting[v][0] != e[3]:
                    finish(v, (ms, 0))
                coins = e[5] + (waiting[v][2] if v in waiting else 0.0)
                waiting[v] = (e[3], e[4], coins, ms)
            elif kind == "oi":
                t = (e[0] - self.m.start_ns) / 1e9
                row = rows[v][t]
                if t != first[v]:
                    is_rejected = row[2] == 0.0 and e[4] != raw[v]
                    out.append(((ms, 0), "oi", v, t, row[1], row[2], is_rejected))
                raw[v] = e[4]
            elif kind == "mark":
                out.append(((ms, 0), "mark", v, e[3]))
            elif kind == "funding" and e[7]:
                out.append(((ms, 0), "funding", v, e[4]))
            elif kind == "ratio":
                out.append(((ms, 0), "ratio", v, ms / 1000, e[3]))
            elif kind == "liquidation":
                out.append(((ms, 0), "liquidation", v, LONG if e[3] > 0 else SHORT, e[5]))
        for other in list(waiting):
            finish(other, (waiting[other][3] + 50, 2))
        return [row for _, row in sorted(enumerate(out), key=lambda item: (item[1][0], item[0]))]

    def second(self, t):
        while self.next < len(self.items) and self.items[self.next][0] < (t * 1000, 1):
            self.take(self.items[self.next])
            self.next += 1
        for book in self.books:
            book.applied = t if book.applied is None else book.applied
            if book.orders and t - book.applied > 300:
                book.p, book.applied = .5, t
                book.apply(book.p)
            if t % 60 == 0:
                book.anchor()

    def take(self, item):
        book, what = self.books[item[2]], item[1]
        if what == "order":
            book.orders.append(item[3:])
        elif what == "liquidation":
            book.liquidated[item[3]] += item[4]
        else:
            getattr(book, "on_" + what)(*item[3:])

    def mark(self, t):
        return self.books[0].mark or self.m.mid(t)

    def view(self, t):
        """(first bin, [USD of longs], [USD of shorts]), 400 bins to either side of the reference's mark."""
        mark = self.mark(t)
        if mark is None:
            return None
        first = math.floor(math.log(mark) / WIDTH) - REACH
        usd = [[0.0] * (2 * REACH + 1) for _ in (LONG, SHORT)]
        for book in self.books:
            if book.mark is None:
                continue
            at = math.log(book.mark)
            for side in (LONG, SHORT):
                low, high = book.low[side] + book.base - first, book.high[side] + book.base - first
                if side == LONG:  # longs at and below the mark, shorts at and above
                    high = min(high, REACH)
                else:
                    low = max(low, REACH)
                for i in range(max(0, low), min(2 * REACH, high) + 1):
                    x = (first + i + .5) * WIDTH
                    alive = 0.0
                    for c in range(len(LEVERAGE)):
                        coins = book.m[side][c][first + i - book.base]
                        if coins:
                            f = min(1.0, max(0.0, 1 - abs(x - at) / abs(LOWEST[side][c])))
                            alive += coins * (1 - .35 * min(1.0, max(0.0, (f - .2) / .6)))
                    usd[side][i] += alive * math.exp(x)
        return first, usd[LONG], usd[SHORT]
