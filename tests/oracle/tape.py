"""The tape of tests/support/tape.h: the same events from the same parameters, whole numbers only.

Every event is a tuple (ts_ns, venue, kind, ...), in order of receive time:
    "bar"         ts_end_ns, seconds, open, high, low, close, volume_usd, taker_buy_usd, trades    (history)
    "oi"          ts_event_ns, coins, is_backfilled
    "funding"     ts_event_ns, rate, interval_h, next_ns, is_settled, is_backfilled
    "quote"       bid, bid_qty, ask, ask_qty
    "trade"       side, price, qty_coins, notional_usd
    "mark" "index"    price
    "liquidation" side (of the position), price, qty_coins, notional_usd, is_sampled
    "ratio"       share of accounts that are long
    "book"        is_snapshot, bids, asks     lists of (price, qty_coins); snapshots best first, else changes in order
    "gap"
History carries the start of the tape as its receive time.
"""

QUOTE, TRADE, BOOK, MARK, OI, ESTIMATE, LIQUIDATION, SETTLEMENT, KINDS = range(9)
WORLD, HISTORY = 0, 63
HITS, SPOOFS, WALLS, CASCADES, RATIOS = (1 + 3 * (KINDS + k) for k in range(5))
MASK = (1 << 64) - 1
FIRST_TICK, RATE_MOST, TICK_PX, SETTLING_ONLY = 500000, 30000, 0.1, 2
SETTLE_S = (8 * 3600, 4 * 3600, 3600)
OFFSET_TICKS = (0, 4, -6)
VENUES = ("alpha", "beta", "gamma")

PRESETS = dict(seed=1, start=1699920000, venues=1, minutes=60, quote_ms=1000, trade_ms=0, mark_ms=0, oi_ms=0,
               book_ms=0, depth=100, gap_every=0, funding_ms=0, liquidation_ms=0, bars_days=0, bars_hours=0,
               oi_days=0, funding_days=0, book_step=1, hit_ms=0, spoof_ms=0, wall_ms=0, lean=0,
               cascade_ms=0, ratio_ms=0, sampled=0, quiet=0, quiet_from=0, quiet_to=0)


def read_parameters(text):
    p = dict(PRESETS)
    for word in text.split():
        key, value = word.split("=")
        assert key in p, key
        p[key] = int(value)
    return p


def clamp(x, most):
    return max(-most, min(most, x))


class Venue:
    def __init__(self, v):
        self.bid = self.ask = 0
        self.oi = 50000000 // (v + 1)
        self.volume = 0
        self.rate = 10000 - 1000 * v
        self.has_book = False
        self.levels = ({}, {})
        self.eaten, self.spoof, self.wall = [], None, None
        self.cascade_side = self.cascade_left = self.cascade_qty = 0
        self.accounts = 550


class Tape:
    def __init__(self, text):
        self.p = p = read_parameters(text)
        self.start_ns = p["start"] * 10**9
        self.venues_count = p["venues"]
        self.random = [(p["seed"] * 0x9E3779B97F4A7C15 + (i + 1) * 0xD1342543DE82EF95) & MASK
                       for i in range(HISTORY + 1)]
        self.price, self.premium, self.vol, self.drift, self.bias = FIRST_TICK, 0, 2, 0, 0
        self.history_vol, self.move = 2, 0
        self.quarter = None
        self.venues = [Venue(v) for v in range(p["venues"])]
        self.means = (p["quote_ms"], p["trade_ms"], p["book_ms"], p["mark_ms"], p["oi_ms"], p["funding_ms"],
                      p["liquidation_ms"], 0)

    def below(self, stream, n):
        z = self.random[stream] = (self.random[stream] + 0x9E3779B97F4A7C15) & MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return ((z ^ (z >> 31)) >> 11) % n

    # --- history

    def bar(self, ts_ns, seconds, candle):
        o, h, l, volume, bought, trades = candle
        return (self.start_ns, 0, "bar", ts_ns, seconds, o / 10, h / 10, l / 10, self.price / 10, float(volume),
                float(bought), trades)

    def history_minute(self):
        if self.below(HISTORY, 60) == 0:
            self.history_vol = 1 + self.below(HISTORY, 4)
        o = h = l = self.price
        for _ in range(4):
            move = self.below(HISTORY, 160 * self.history_vol + 1) - 80 * self.history_vol
            self.price += move + ((FIRST_TICK - self.price) >> 10)
            h, l = max(h, self.price), min(l, self.price)
        volume = 1000 + self.below(HISTORY, 99000) * self.history_vol
        bought = volume * (300 + self.below(HISTORY, 401)) // 1000
        return [o, h, l, volume, bought, 1 + self.below(HISTORY, 500)]

    def history(self):
        p = self.p
        total = max(p["bars_days"], p["oi_days"], p["funding_days"]) * 1440
        for left in range(total - 1, -1, -1):
            ts_s = p["start"] - left * 60
            ts_ns = ts_s * 10**9
            minute = self.history_minute()
            if self.quarter is None:
                self.quarter = minute[:3] + [0, 0, 0]
            q = self.quarter
            q[1], q[2] = max(q[1], minute[1]), min(q[2], minute[2])
            for i in (3, 4, 5):
                q[i] += minute[i]
            if left < p["bars_hours"] * 60:
                yield self.bar(ts_ns, 60, minute)
            if ts_s % 900 == 0:
                if left < p["bars_days"] * 1440:
                    yield self.bar(ts_ns, 900, q)
                self.quarter = None
            for v, venue in enumerate(self.venues):
                if ts_s % 300 == 0 and left < p["oi_days"] * 1440:
                    most = venue.oi >> 10
                    venue.oi += self.below(HISTORY, 2 * most + 1) - most
                    yield (self.start_ns, v, "oi", ts_ns, venue.oi / 1000, True)
            for v, venue in enumerate(self.venues):
                if ts_s % SETTLE_S[v] == 0 and left < p["funding_days"] * 1440:
                    venue.rate = clamp(venue.rate + self.below(HISTORY, 4001) - 2000, RATE_MOST)
                    yield (self.start_ns, v, "funding", ts_ns, venue.rate / 1e8, SETTLE_S[v] / 3600, 0, True, True)

    # --- live

    def world_step(self):
        if self.below(WORLD, 900) == 0:
            self.vol = 1 + self.below(WORLD, 4)
        if self.below(WORLD, 600) == 0:
            self.drift = self.below(WORLD, 9) - 4
        move, width = self.drift, 10 * self.vol
        for _ in range(4):
            move += self.below(WORLD, 2 * width + 1) - width
        if self.below(WORLD, 400) == 0:
            size = 100 + self.below(WORLD, 400)
            move += size if self.below(WORLD, 2) else -size
        self.move = move
        self.price += move + ((FIRST_TICK - self.price) >> 15)
        self.premium = clamp(self.premium + self.below(WORLD, 7) - 3, 400)
        self.bias = clamp(self.bias + self.below(WORLD, 21) - 10, 300)

    def quote_step(self, v, s, ts_ns):
        venue = self.venues[v]
        mid = self.price + OFFSET_TICKS[v] + self.below(s, 5) - 2
        spread = 1 + self.below(s, 3)
        venue.bid = mid - spread // 2
        venue.ask = venue.bid + spread
        bid_qty, ask_qty = 1 + self.below(s, 5000), 1 + self.below(s, 5000)
        yield (ts_ns, v, "quote", venue.bid / 10, bid_qty / 1000, venue.ask / 10, ask_qty / 1000)

    def trade_step(self, v, s, ts_ns):
        venue = self.venues[v]
        lean = clamp((self.p["lean"] * self.move) >> 4, 400)
        side = 1 if self.below(s, 1000) < 500 + self.bias + lean else -1
        qty = 1 + self.below(s, 200)
        if self.below(s, 20) == 0:
            qty *= 25
        if venue.bid == 0:
            return
        venue.volume += qty
        tick = venue.ask if side > 0 else venue.bid
        yield (ts_ns, v, "trade", side, tick / 10, qty / 1000, (qty / 1000) * (tick / 10))

    def mark_step(self, v, s, ts_ns):
        mark = self.price + OFFSET_TICKS[v] + self.below(s, 21) - 10
        index = self.price - self.premium
        yield (ts_ns, v, "mark", mark / 10)
        yield (ts_ns, v, "index", index / 10)

    def oi_step(self, v, s, ts_ns):
        venue = self.venues[v]
        venue.oi += ((self.below(s, 2001) - 1000 + self.bias) * venue.volume) >> 11
        venue.volume = 0
        yield (ts_ns, v, "oi", ts_ns, venue.oi / 1000, False)

    def funding_step(self, v, s, ts_ns, is_settled):
        venue = self.venues[v]
        if not is_settled:
            venue.rate = clamp(venue.rate + self.below(s, 401) - 200, RATE_MOST)
        if v == SETTLING_ONLY and not is_settled:
            return
        length_ns = SETTLE_S[v] * 10**9
        next_ns = 0 if is_settled else (ts_ns // length_ns + 1) * length_ns
        yield (ts_ns, v, "funding", ts_ns, venue.rate / 1e8, SETTLE_S[v] / 3600, next_ns, is_settled, False)

    def liquidation_step(self, v, s, ts_ns):
        side = 1 if self.below(s, 2) else -1
        tick = self.price + self.below(s, 101) - 50
        qty = 1 + self.below(s, 500)
        yield self.liquidation(v, ts_ns, side, tick, qty)

    def liquidation(self, v, ts_ns, side, tick, qty):
        return (ts_ns, v, "liquidation", side, tick / 10, qty / 1000, (qty / 1000) * (tick / 10),
                bool(self.p["sampled"] >> v & 1))

    # --- book

    def centre(self, v):
        return (self.price + OFFSET_TICKS[v]) // self.p["book_step"] * self.p["book_step"]

    def change_level(self, venue, changes, side, tick, qty):
        if qty == 0:
            venue.levels[side].pop(tick, None)
        else:
            venue.levels[side][tick] = qty
        changes[side].append((tick / 10, qty / 1000))

    def change_book(self, v, s, centre):
        venue, changes, depth, step = self.venues[v], ([], []), self.p["depth"], self.p["book_step"]
        for side, sign in ((0, -1), (1, 1)):
            crossed = [t for t in venue.levels[side] if (t - centre) * sign <= 0]
            for tick in sorted(crossed, key=lambda t: t * sign):
                self.change_level(venue, changes, side, tick, 0)
        for _ in range(1 + self.below(s, 6)):
            side = self.below(s, 2)
            reach = depth if self.below(s, 4) == 0 else 10
            off = 1 + self.below(s, reach)
            qty = 0 if self.below(s, 4) == 0 else 1 + self.below(s, 3000)
            self.change_level(venue, changes, side, centre + (off if side else -off) * step, qty)
        for side, sign in ((0, -1), (1, 1)):
            far = [t for t in venue.levels[side] if (t - centre) * sign > 2 * depth * step]
            for tick in sorted(far, key=lambda t: -t * sign):
                self.change_level(venue, changes, side, tick, 0)
            if len(venue.levels[side]) < 5:
                for off in range(1, 11):
                    self.change_level(venue, changes, side, centre + sign * off * step, 1 + self.below(s, 2000))
        return changes

    def first_book(self, v, s, centre):
        venue, step = self.venues[v], self.p["book_step"]
        venue.levels[0].clear()
        venue.levels[1].clear()
        for off in range(1, self.p["depth"] + 1):
            for side in (0, 1):
                qty = 1 + self.below(s, 2000)
                if self.below(s, 4) > 0:
                    venue.levels[side][centre + (off if side else -off) * step] = qty
        return ([(t / 10, q / 1000) for t, q in sorted(venue.levels[0].items(), reverse=True)],
                [(t / 10, q / 1000) for t, q in sorted(venue.levels[1].items())])

    def book_step(self, v, s, ts_ns):
        venue = self.venues[v]
        if venue.has_book and self.p["gap_every"] > 0 and self.below(s, self.p["gap_every"]) == 0:
            venue.has_book = False
            yield (ts_ns, v, "gap")
            return
        centre = self.centre(v)
        is_snapshot = not venue.has_book
        bids, asks = self.first_book(v, s, centre) if is_snapshot else self.change_book(v, s, centre)
        venue.has_book = True
        yield (ts_ns, v, "book", is_snapshot, bids, asks)

    # --- what traders do to the book: parents through several levels, spoofs, walls

    def hit_step(self, v, s, ts_ns):
        """A parent order; the book shows it in a step of its own, a little later.  True: that step is to come."""
        venue, out = self.venues[v], []
        if venue.eaten:
            changes = ([], [])
            for side, tick, qty in venue.eaten:
                if tick in venue.levels[side]:
                    self.change_level(venue, changes, side, tick, max(0, venue.levels[side][tick] - qty))
            venue.eaten = []
            if venue.has_book and (changes[0] or changes[1]):
                out.append((ts_ns, v, "book", False) + changes)
            return out, False
        side, most = self.below(s, 2), 1 + self.below(s, 14)
        if not venue.has_book:
            return out, False
        ticks = sorted(venue.levels[side], reverse=side == 0)[:most]
        for i, tick in enumerate(ticks):
            qty = venue.levels[side][tick]
            if i == len(ticks) - 1:
                qty = 1 + self.below(s, qty)
            venue.eaten.append((side, tick, qty))
            venue.volume += qty
            out.append((ts_ns, v, "trade", 1 if side else -1, tick / 10, qty / 1000, (qty / 1000) * (tick / 10)))
        return out, bool(venue.eaten)

    def stand_step(self, v, s, ts_ns, stands, reach, qty):
        """A large level comes, or the one that stands goes."""
        venue, changes, step = self.venues[v], ([], []), self.p["book_step"]
        if stands:
            side, tick = stands
            if venue.has_book and tick in venue.levels[side]:
                self.change_level(venue, changes, side, tick, 0)
                return [(ts_ns, v, "book", False) + changes], None
            return [], None
        side, off = self.below(s, 2), 1 + self.below(s, reach)
        qty += self.below(s, qty)
        tick = self.centre(v) + (off if side else -off) * step
        other = venue.levels[1 - side]
        if not venue.has_book or not other or (tick <= max(other) if side else tick >= min(other)):
            return [], None
        self.change_level(venue, changes, side, tick, qty)
        return [(ts_ns, v, "book", False) + changes], (side, tick)

    def trader_step(self, s, ts_ns):
        """(events, milliseconds to the next step)"""
        v, p = (s - HITS) % 3, self.p
        venue = self.venues[v]
        if s < SPOOFS:
            out, is_open = self.hit_step(v, s, ts_ns)
            return out, 1 + (self.below(s, 150) if is_open else self.below(s, 2 * p["hit_ms"] - 1))
        if s < WALLS:
            out, venue.spoof = self.stand_step(v, s, ts_ns, venue.spoof, 20, 8000)
            return out, (300 + self.below(s, 2400) if venue.spoof else 1 + self.below(s, 2 * p["spoof_ms"] - 1))
        out, venue.wall = self.stand_step(v, s, ts_ns, venue.wall, p["depth"], 60000)
        return out, (10000 + self.below(s, 80000) if venue.wall else 1 + self.below(s, 2 * p["wall_ms"] - 1))

    # --- positions that end in bursts, and where the crowd stands

    def cascade_step(self, v, s, ts_ns):
        """One liquidation of a burst, smaller than the one before: its order trades, and most of it ends positions."""
        venue = self.venues[v]
        if venue.cascade_left == 0:
            venue.cascade_side = 1 if self.below(s, 2) else -1
            venue.cascade_left = 8 + self.below(s, 12)
            venue.cascade_qty = 4000 + self.below(s, 12000)
        venue.cascade_left -= 1
        side, qty = venue.cascade_side, venue.cascade_qty
        venue.cascade_qty -= qty >> 3
        if venue.bid == 0:
            return []
        tick = venue.bid if side > 0 else venue.ask
        venue.oi -= qty - (qty >> 2)
        return [(ts_ns, v, "trade", -side, tick / 10, qty / 1000, (qty / 1000) * (tick / 10)),
                self.liquidation(v, ts_ns, side, tick, qty)]

    def crowd_step(self, s, ts_ns):
        """(events, milliseconds to the next step)"""
        v = (s - CASCADES) % 3
        venue = self.venues[v]
        if s < RATIOS:
            out = self.cascade_step(v, s, ts_ns)
            if venue.cascade_left > 0:
                return out, 200 + self.below(s, 4000)
            return out, 1 + self.below(s, 2 * self.p["cascade_ms"] - 1)
        venue.accounts = 550 + clamp(venue.accounts - 550 + self.below(s, 61) - 30, 250)
        return [(ts_ns, v, "ratio", venue.accounts / 1000)], 1 + self.below(s, 2 * self.p["ratio_ms"] - 1)

    # --- order

    def live(self):
        p = self.p
        start_ms, end_ms = p["start"] * 1000, (p["start"] + p["minutes"] * 60) * 1000
        next_ms = {WORLD: start_ms}
        for v in range(p["venues"]):
            for kind in range(SETTLEMENT):
                s = 1 + v * KINDS + kind
                if self.means[kind] > 0:
                    next_ms[s] = start_ms + 1 + self.below(s, 2 * self.means[kind] - 1)
            for first, mean in ((HITS, p["hit_ms"]), (SPOOFS, p["spoof_ms"]), (WALLS, p["wall_ms"]),
                                (CASCADES, p["cascade_ms"]), (RATIOS, p["ratio_ms"])):
                if mean > 0:
                    next_ms[first + v] = start_ms + 1 + self.below(first + v, 2 * mean - 1)
            if p["funding_ms"] > 0:
                next_ms[1 + v * KINDS + SETTLEMENT] = (p["start"] // SETTLE_S[v] + 1) * SETTLE_S[v] * 1000
        steps = {QUOTE: self.quote_step, TRADE: self.trade_step, BOOK: self.book_step, MARK: self.mark_step,
                 OI: self.oi_step, LIQUIDATION: self.liquidation_step,
                 ESTIMATE: lambda v, s, t: self.funding_step(v, s, t, False),
                 SETTLEMENT: lambda v, s, t: self.funding_step(v, s, t, True)}
        while True:
            ts_ms = min(next_ms.values())
            s = min(k for k, t in next_ms.items() if t == ts_ms)
            if ts_ms > end_ms:
                return
            if s == WORLD:
                self.world_step()
                next_ms[s] += 1000
                continue
            if s >= HITS:
                out, wait = (self.crowd_step if s >= CASCADES else self.trader_step)(s, ts_ms * 10**6)
                yield from out
                next_ms[s] += wait
                continue
            v, kind = divmod(s - 1, KINDS)
            yield from steps[kind](v, s, ts_ms * 10**6)
            if kind == SETTLEMENT:
                next_ms[s] += SETTLE_S[v] * 1000
            elif kind == TRADE and self.below(s, 4) == 0:
                next_ms[s] += self.below(s, 40)
            else:
                next_ms[s] += 1 + self.below(s, 2 * self.means[kind] - 1)

    def is_quiet(self, event):
        p, minute = self.p, (event[0] - self.start_ns) / 60e9
        return p["quiet"] >> event[1] & 1 and p["quiet_from"] <= minute < p["quiet_to"]

    def events(self):
        for event in self.history():
            if not self.is_quiet(event):
                yield event
        for event in self.live():
            if not self.is_quiet(event):
                yield event


def digest(text):
    """A number over all events, to compare with the C tape: FNV-1a over the rounded values."""
    h = 0xCBF29CE484222325

    def feed(x):
        nonlocal h
        h = ((h ^ (int(x) & MASK)) * 0x100000001B3) & MASK

    count = 0
    for e in Tape(text).events():
        count += 1
        feed(e[0])
        feed(e[1])
        if e[2] == "book":
            feed(e[3])
            for side in (e[4], e[5]):
                for px, qty in side:
                    feed(round(px * 10))
                    feed(round(qty * 1000))
        elif e[2] == "trade":
            feed(e[3])
            feed(round(e[4] * 10))
            feed(round(e[5] * 1000))
        elif e[2] == "bar":
            for x in e[5:10]:
                feed(round(x * 10))
        elif e[2] == "oi":
            feed(round(e[4] * 1000))
        elif e[2] == "funding":
            feed(round(e[4] * 1e8))
        elif e[2] == "quote":
            feed(round(e[3] * 10))
            feed(round(e[6] * 1000))
        elif e[2] in ("mark", "index"):
            feed(round(e[3] * 10))
        elif e[2] == "liquidation":
            feed(e[3])
            feed(round(e[4] * 10))
            feed(round(e[5] * 1000))
            feed(e[7])
        elif e[2] == "ratio":
            feed(round(e[3] * 1000))
    return count, h


if __name__ == "__main__":
    import sys
    count, value = digest(" ".join(sys.argv[1:]))
    print(f"{count} {value:016x}")
