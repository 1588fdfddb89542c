"""Order book: 22-31."""

import math
from statistics import median

from market_model import BUCKETS, WINDOWS, Ew
from tape import TICK_PX, Tape

VERSION = 1
BOOKS = ("seed=291 venues=3 quote_ms=1500 minutes=300 trade_ms=2500 book_ms=600 depth=90 book_step=60 gap_every=1500 "
         "hit_ms=6000 spoof_ms=5000 wall_ms=15000")
TIMES = (3, 45, 310, 1505, 3655, 7203, 10811, 14470, 17993)
BID, ASK = 0, 1


class Book:
    """One venue's levels, {price: coins} a side."""

    def __init__(self):
        self.sides, self.is_whole = ({}, {}), False

    def mid(self):
        if not self.is_whole or not self.sides[BID] or not self.sides[ASK]:
            return None
        bid, ask = max(self.sides[BID]), min(self.sides[ASK])
        return (bid + ask) / 2 if bid < ask else None

    def levels(self, side, most_bp):
        """[(distance in bp, price, coins)] from the mid outward, the edge included."""
        mid = self.mid()
        rows = sorted((abs(px - mid) / mid * 1e4, px, qty) for px, qty in self.sides[side].items())
        return [r for r in rows if r[0] <= most_bp + 1e-8]

    def depth(self, side, bp):
        return sum(px * qty for _, px, qty in self.levels(side, bp))

    def weighted(self, side, scale, bp):
        return sum(px * qty * math.exp(-d / scale) for d, px, qty in self.levels(side, bp))

    def reach(self):
        mid = self.mid()
        return min(mid - min(self.sides[BID]), max(self.sides[ASK]) - mid) / mid * 1e4

    def apply(self, is_snapshot, sides):
        """[(side, price, coins before, coins after)]"""
        changes = []
        if is_snapshot:
            self.is_whole = True
            for side in (BID, ASK):
                self.sides[side].clear()
        for side in (BID, ASK):
            for px, qty in sides[side]:
                before = self.sides[side].get(px, 0.0)
                self.sides[side][px] = qty
                if qty == 0:
                    del self.sides[side][px]
                if before != qty and not is_snapshot:
                    changes.append((side, px, before, qty))
        return changes


class Prints:
    """Trades of the last 100 ms; each explains a decrease at its price once, the newest first."""

    def __init__(self):
        self.rows = []

    def add(self, ms, px, qty):
        self.rows = [r for r in self.rows if ms - r[0] <= 100] + [[ms, px, qty]]

    def take(self, ms, px, qty):
        taken = 0.0
        for row in reversed(self.rows):
            if ms - row[0] <= 100 and row[1] == px:
                part = min(row[2], qty - taken)
                row[2] -= part
                taken += part
        return taken


class Replay:
    """What a tape's books show at each second, and what happens to the reference's in between."""

    def __init__(self, market):
        self.m, self.books = market, [Book() for _ in market.venues]
        self.seconds = []       # [what each venue shows], index = second - 1
        self.pulls = []         # (ms, signed USD, USD)
        self.spoofs = []        # (ms, side, USD)
        self.hits = []          # [side, near, before, lowest, USD, last ms]
        self.prints, self.other_prints, self.suspects, self.medians = Prints(), Prints(), [], [0.0, 0.0]
        self.parent, self.recoveries = None, []
        self.walls = [[{}, {}] for _ in market.venues]
        start, last = market.start_ns // 10**6, 0
        for e in Tape(market.text).events():
            ms = e[0] // 10**6 - start
            while (last + 1) * 1000 < ms:
                last += 1
                self.second(last)
            if e[2] == "book":
                self.book(ms, e[1], self.books[e[1]].apply(e[3], (e[4], e[5])), e[3])
            elif e[2] == "gap":
                self.books[e[1]].is_whole = False
            elif e[2] == "trade" and e[1] == 0:
                self.trade(ms, *e[3:])
        while last < market.end:
            last += 1
            self.second(last)

    # --- each second

    def second(self, t):
        shown = [self.show(t, v, book) for v, book in enumerate(self.books)]
        self.seconds.append(shown)
        book = self.books[0]
        for side in (BID, ASK):
            near = [q for _, _, q in book.levels(side, 25)] if book.mid() else []
            self.medians[side] = median(near) if near else 0.0
        for hit in [h for h in self.hits if h[5] + 10000 <= t * 1000]:
            self.hits.remove(hit)
            side, near, before, lowest, usd, _ = hit
            if near and usd >= 0.5 * near and book.mid() and before > lowest:
                self.recoveries.append((t, side, min(1.5, max(0.0, (book.depth(side, 10) - lowest) / (before - lowest)))))

    def show(self, t, v, book):
        mid = book.mid()
        if mid is None or book.reach() < 5:
            self.walls[v] = [{}, {}]
            return None
        reach, out = book.reach(), {}
        out["reach"] = reach
        if v == 0:
            out["near"] = [book.weighted(s, 10, min(50, reach)) for s in (BID, ASK)]
            out["front"] = [math.log(book.depth(s, 10) / book.depth(s, min(50, reach))) if book.depth(s, 10) else None
                            for s in (BID, ASK)]
        if reach >= 10:
            out["wide"] = [book.weighted(s, 25, min(100, reach)) for s in (BID, ASK)]
        if reach >= 100:
            out["all"] = [book.depth(s, 100) for s in (BID, ASK)]
        if reach >= 10 and (v == 0 or reach >= 100):
            out["walls"] = self.pressure(t, v, book, BID) - self.pressure(t, v, book, ASK)
        else:
            self.walls[v] = [{}, {}]
        return out

    def pressure(self, t, v, book, side):
        """Bins of 1 bp of the logarithm of the price; since: when a bin became a wall."""
        mid, bins, since = book.mid(), {}, self.walls[v][side]
        first = math.floor(math.log(mid) * 1e4)
        for d, px, qty in book.levels(side, min(100, book.reach())):
            at = math.floor(math.log(px) * 1e4)
            if abs(at - first) < 100:
                bins[at] = bins.get(at, 0.0) + px * qty
        usual = median(bins.values())
        high = {at: usd for at, usd in bins.items() if usd > 8 * usual}
        self.walls[v][side] = {at: since.get(at, t) for at in high}
        return sum(min(50, usd / usual) * math.exp(-abs(math.exp((at + 0.5) * 1e-4) - mid) / mid * 1e4 / 25)
                   for at, usd in high.items() if t - self.walls[v][side][at] >= 30)

    # --- events of the reference

    def book(self, ms, v, changes, is_snapshot):
        book = self.books[0]
        mid = book.mid()
        if v != 0 or mid is None:
            return
        for hit in self.hits:
            if ms <= hit[5] + 1000:
                hit[3] = min(hit[3], book.depth(hit[0], 10))
        for side, px, before, after in changes:
            away = abs(px - mid) / mid * 1e4
            if away <= 25:
                moved = after - before
                if moved < 0:
                    moved = min(0.0, moved + self.prints.take(ms, px, -moved))
                self.pulls.append((ms, (1 if side == BID else -1) * moved * px, abs(moved) * px))
            if after > before:
                self.suspect(ms, side, px, after - before, mid)
            else:
                self.gone(ms, side, px, before - after, mid)

    def suspect(self, ms, side, px, added, mid):
        levels = self.books[0].sides[side]
        touch = max(levels) if side == BID else min(levels)
        apart = abs(px - touch)
        if self.medians[side] and added > 5 * self.medians[side] and apart > 3.5 * TICK_PX and 1e4 * apart / touch <= 25:
            self.suspects.append((ms, side, px, added, mid))

    def gone(self, ms, side, px, coins, mid):
        traded = self.other_prints.take(ms, px, coins)
        for s in [s for s in self.suspects if s[1:3] == (side, px)]:
            self.suspects.remove(s)
            toward = (mid - s[4]) * (1 if side == ASK else -1)
            if ms - s[0] <= 2000 and not traded and coins >= s[3] and toward > TICK_PX / 2:
                self.spoofs.append((ms, side, s[3] * px))

    def trade(self, ms, taker, px, qty, usd):
        self.prints.add(ms, px, qty)
        self.other_prints.add(ms, px, qty)
        side, book = (ASK if taker > 0 else BID), self.books[0]
        if self.parent is None or self.parent[0] != side or ms - self.parent[5] > 50:
            known = book.mid() is not None
            near, before = (book.depth(side, 5), book.depth(side, 10)) if known else (0.0, 0.0)
            self.parent = [side, near, before, before, 0.0, ms]
            self.hits.append(self.parent)
        self.parent[4] += usd
        self.parent[5] = ms


class Card:
    tape, times, tolerance, windows = BOOKS, TIMES, 1e-8, "each"
    share = 0.25

    def __init__(self, market):
        self.m = market
        self.replay = market.once("replay", lambda: Replay(market))
        self.means = {w: Ew() for w in WINDOWS}

    def sample(self, shown):
        return None

    def second(self, t):
        y = self.sample(self.replay.seconds[t - 1])
        for w, seconds in WINDOWS.items():
            if y is not None:
                self.means[w].add(t, self.share * seconds, y)

    def value(self, t, mode, w):
        return self.means[w].mean if self.means[w].w else None


def lean(sides):
    return (sides[BID] - sides[ASK]) / sum(sides) if sum(sides) > 0 else None


class TopImbalance(Card):
    share = 1 / 12

    def second(self, t):
        bid, ask = self.m.last("quote", 0, t, 3), self.m.last("quote", 0, t, 5)
        for w, seconds in WINDOWS.items():
            if bid is not None:
                self.means[w].add(t, seconds / 12, (bid - ask) / (bid + ask))


class DepthImbalance(Card):
    share = 1 / 12

    def sample(self, shown):
        return lean(shown[0]["near"]) if shown[0] else None


class ImbalanceChange(DepthImbalance):
    def __init__(self, market):
        super().__init__(market)
        self.closes = {w: {} for w in WINDOWS}

    def bucket(self, t, size, is_history):
        for w in WINDOWS:
            if BUCKETS[w] == size and not is_history and self.means[w].w:
                self.closes[w][t] = self.means[w].mean

    def value(self, t, mode, w):
        before = self.closes[w].get(self.m.ends(t, BUCKETS[w], WINDOWS[w] // BUCKETS[w])[-1])
        return None if before is None else self.means[w].mean - before


class CombinedBook(Card):
    def sample(self, shown):
        wide = [s["wide"] for s in shown if s and "wide" in s]
        return lean([sum(x[side] for x in wide) for side in (BID, ASK)]) if len(wide) >= 3 else None


class DepthRatio(Card):
    def sample(self, shown):
        deep = [s["all"] for s in shown if s and "all" in s]
        return math.log(sum(x[BID] for x in deep) / sum(x[ASK] for x in deep)) if deep else None


class DepthSlope(Card):
    def sample(self, shown):
        front = shown[0]["front"] if shown[0] else (None,)
        return None if None in front else front[BID] - front[ASK]


class WallPressure(Card):
    def sample(self, shown):
        known = [s["walls"] for s in shown if s and "walls" in s]
        return sum(known) if known else None


class Resilience(Card):
    times = (45, 310, 905, 1505, 2600, 3655, 7203, 10811, 17993)

    def value(self, t, mode, w):
        tau, means = max(10 * WINDOWS[w], 1800), []
        for side in (BID, ASK):
            rows = [r for r in self.replay.recoveries if r[0] <= t and r[1] == side]
            if len(rows) < 5:
                return None
            ks = [math.exp((r[0] - t) / tau) for r in rows]
            means.append(sum(k * r[2] for k, r in zip(ks, rows)) / sum(ks))
        return means[BID] - means[ASK]


class PullStack(Card):
    def value(self, t, mode, w):
        start = self.m.ends(t, BUCKETS[w], WINDOWS[w] // BUCKETS[w])[-1]
        rows = [r for r in self.replay.pulls if start * 1000 < r[0] <= t * 1000]
        gross = sum(r[2] for r in rows)
        return sum(r[1] for r in rows) / gross if gross > 0 else None


class SpoofPressure(Card):
    def value(self, t, mode, w):
        ve = self.m.expected_usd(t, WINDOWS[w])
        if ve is None:
            return None
        z = [sum(usd * math.exp(-(t - ms / 1000) / WINDOWS[w]) for ms, s, usd in self.replay.spoofs
                 if s == side and ms <= t * 1000) for side in (BID, ASK)]
        return (z[ASK] - z[BID]) / (z[ASK] + z[BID] + 0.01 * ve)


CARDS = {
    "book-resilience": Resilience,
    "global-combined-book": CombinedBook,
    "top-imbalance": TopImbalance,
    "depth-imbalance": DepthImbalance,
    "depth-ratio": DepthRatio,
    "imbalance-change": ImbalanceChange,
    "wall-pressure": WallPressure,
    "pull-stack-rate": PullStack,
    "depth-slope": DepthSlope,
    "spoof-pressure": SpoofPressure,
}
