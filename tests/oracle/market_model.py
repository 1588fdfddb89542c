"""What cards/market.h promises, computed from the raw events of a tape, all at once.

Written from the definitions in the header and the design's formulas, not from cards/*.c: lists, bisection, sums over
slices.  Times are whole seconds after the start of the tape unless the name ends in _ns; the tape's first venue is
the reference (its quotes are never 5 s apart).  Functions return None when there is no answer yet.
"""

import math
from bisect import bisect_left, bisect_right

from tape import TICK_PX, Tape

WINDOWS = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "4h": 14400}
BUCKETS = {"1m": 1, "5m": 5, "15m": 60, "1h": 60, "4h": 900}
MODES = {"scalp": ("1m", "5m", "1h"), "day": ("1m", "5m", "1h", "15m"), "swing": ("1m", "5m", "1h", "4h")}
PRIMARY = {"scalp": "1m", "day": "15m", "swing": "4h"}
HORIZON = {"scalp": 300, "day": 3600, "swing": 86400}
NORM_HALF = {"scalp": 7200.0, "day": 86400.0, "swing": 7 * 86400.0}
SKETCH_HALF = {"scalp": 86400.0, "day": 7 * 86400.0, "swing": 60 * 86400.0}
SLOTS = [(mode, w) for mode in MODES for w in MODES[mode]]
LN2 = math.log(2)
DAY = 86400


class Ew:
    """Decayed sums with the time constant given at each step."""

    def __init__(self):
        self.t, self.w, self.w2, self.s, self.s2 = None, 0.0, 0.0, 0.0, 0.0

    def add(self, t, tau, x, weight=1.0):
        k = 1.0 if self.t is None else math.exp(-(t - self.t) / tau)
        self.t = t
        self.w, self.w2 = self.w * k + weight, self.w2 * k * k + weight * weight
        self.s, self.s2 = self.s * k + weight * x, self.s2 * k + weight * x * x

    @property
    def mean(self):
        return self.s / self.w

    @property
    def var(self):
        return max(0.0, self.s2 / self.w - self.mean ** 2)

    @property
    def n(self):
        return self.w ** 2 / self.w2 if self.w2 else 0.0

    def zc(self, y):
        return (y - self.mean) / math.sqrt(self.var) if self.n >= 2 and self.var > 0 else None

    def zu(self, y):
        rms = math.sqrt(self.s2 / self.w) if self.w else 0.0
        return y / rms if self.n >= 2 and rms > 0 else None


class Sketch:
    """The quantile sketch as cards/stats.h describes it: 128 bins a side, |v| from 1e-9 to 1e9, log-spaced."""

    WIDTH = 18 * math.log(10) / 128

    def __init__(self):
        self.observations, self.t, self.bins, self.w, self.w2 = 0, None, [0.0] * 256, 0.0, 0.0

    def place(self, v):
        at = math.log(abs(v) / 1e-9) / self.WIDTH if v else -1.0
        k = min(127, max(0, int(math.floor(at))))
        inside = at - k if 0 <= at < 128 else 0.5
        return (127 - k, 1 - inside) if v < 0 else (128 + k, inside)

    def add(self, t, half, v):
        k = 1.0 if self.t is None else 2 ** (-(t - self.t) / half)
        if k != 1.0:
            self.bins = [b * k for b in self.bins]
        self.t, self.w, self.w2 = t, self.w * k + 1, self.w2 * k * k + 1
        self.bins[self.place(v)[0]] += 1

    def rank(self, v):
        at, inside = self.place(v)
        return (sum(self.bins[:at]) + inside * self.bins[at]) / sum(self.bins)

    @property
    def n(self):
        return self.w ** 2 / self.w2 if self.w2 else 0.0


class Hold:
    def __init__(self, tau):
        self.tau, self.t, self.e = tau, 0, 0.0

    def at(self, t):
        return self.e * math.exp(-(t - self.t) / self.tau)

    def trigger(self, t, e):
        if abs(e) > abs(self.at(t)):
            self.t, self.e = t, e


class Market:
    def __init__(self, text):
        self.text = text
        tape = Tape(text)
        self.p, self.start_ns, self.venues = tape.p, tape.start_ns, range(tape.venues_count)
        self.start, self.end = 0, tape.p["minutes"] * 60
        names = ("quote", "trade", "mark", "index", "oi", "funding", "liquidation", "book", "gap", "ratio")
        self.events = {n: [[] for _ in self.venues] for n in names}
        self.history = {"bar": [], "oi": [], "funding": []}
        for e in tape.events():
            t, v, kind = (e[0] - self.start_ns) / 1e9, e[1], e[2]
            if kind == "bar":
                self.history["bar"].append(((e[3] - self.start_ns) // 10**9,) + e[4:])
            elif kind in ("oi", "funding") and e[-1]:
                self.history[kind].append(((e[3] - self.start_ns) // 10**9, v) + e[4:])
            else:
                self.events[kind][v].append((t, v) + e[3:])
        self.quotes = [([q[0] for q in qs], [(q[2] + q[4]) / 2 for q in qs]) for qs in self.events["quote"]]
        self.first = self.quotes[0][0][0] if self.quotes[0][0] else math.inf
        self.cache = {}

    def once(self, name, make):
        if name not in self.cache:
            self.cache[name] = make()
        return self.cache[name]

    # --- price

    def mid(self, t, venue=0):
        times, mids = self.quotes[venue]
        i = bisect_right(times, t)
        return mids[i - 1] if i else None

    def bars(self, seconds):
        return self.once(("bars", seconds), lambda: {b[0]: b for b in self.history["bar"] if b[1] == seconds})

    def x(self, t):
        """ln of the reference mid; at the close of a bar of history where there is no live price."""
        mid = self.mid(t)
        return None if mid is None else math.log(mid)

    def x_close(self, t, bucket):
        """x at the end t of a bucket of this size, from history where it is not live."""
        x = self.x(t)
        if x is None and bucket >= 60 and t in self.bars(bucket):
            x = math.log(self.bars(bucket)[t][5])
        return x

    def ends(self, t, bucket, count):
        """End of the open bucket of t and those of the count buckets before it, newest first, without the open one."""
        last_closed = (math.ceil(t / bucket) - 1) * bucket
        return [last_closed - k * bucket for k in range(count)]

    def ret(self, t, bucket, count):
        """x(t) - x at the close of the bucket that ended the span before."""
        now, then = self.x(t), self.x_close(self.ends(t, bucket, count)[-1], bucket)
        return None if now is None or then is None else now - then

    def window_ret(self, t, w):
        return self.ret(t, BUCKETS[w], WINDOWS[w] // BUCKETS[w])

    def grid(self):
        """[(t, r)]: returns of the 10 s grid."""
        def make():
            out, last = [], None
            for t in range(10, self.end + 1, 10):
                x = self.x(t)
                if x is not None and last is not None:
                    out.append((t, x - last))
                last = x
            return out
        return self.once("grid", make)

    def history_returns(self):
        """Variance of history: (end, seconds, RV); quarters up to where minutes begin."""
        def make():
            minutes = sorted(self.bars(60))
            quarters = [t for t in sorted(self.bars(900)) if not minutes or t <= minutes[0] - 60]
            rows = [self.bars(900)[t] for t in quarters] + [self.bars(60)[t] for t in minutes]
            return [(b[0], b[1], math.log(b[3] / b[4]) ** 2 / (4 * LN2)) for b in rows]
        return self.once("history_returns", make)

    def sigmas(self):
        """{w: [(v, weight) of history, then after each grid step]}: the EW mean of squared 10 s returns / 10, tau = clamp(8W, 1 h, 7 d)."""
        def make():
            out = {}
            for w, seconds in WINDOWS.items():
                tau, ew, series = min(max(8.0 * seconds, 3600), 7 * DAY), Ew(), []
                for t, length, rv in self.history_returns():
                    n = length // 10
                    ew.add(t, tau, rv / (10 * n), n)
                series.append((ew.mean, ew.w) if ew.w else (0.0, 0.0))
                for t, r in self.grid():
                    ew.add(t, tau, r * r / 10)
                    series.append((ew.mean, ew.w))
                out[w] = series
            return out
        return self.once("sigmas", make)

    def sigma(self, t, w):
        i = bisect_right(self.grid_times(), t)
        if self.sigmas()[w][i][1] < 30 or self.mid(t) is None:
            return None
        return max(math.sqrt(self.sigmas()[w][i][0] * WINDOWS[w]), TICK_PX / 4 / self.mid(t))

    def grid_times(self):
        return self.once("grid_times", lambda: [t for t, _ in self.grid()])

    def price_range(self, t, bucket, count):
        """Highest and lowest mid of the span; a bucket starts with the price in force."""
        start = self.ends(t, bucket, count)[-1]
        if self.mid(start) is None:
            return None
        times, mids = self.quotes[0]
        inside = mids[bisect_right(times, start):bisect_right(times, t)] + [self.mid(start)]
        return max(inside), min(inside)

    # --- realised

    def span_returns(self, t, bucket, count):
        """Index range of the grid returns in the span of buckets that ends with t's."""
        start = self.ends(t, bucket, count)[-1]
        times = self.grid_times()
        return bisect_right(times, start), bisect_right(times, t)

    def realised(self, t, bucket, count):
        """(RV, BV, RS+, RS-, n) of the span; history by its bars, and only as far as it is known."""
        start = self.ends(t, bucket, count)[-1]
        low, high = self.span_returns(t, bucket, count)
        returns = [r for _, r in self.grid()]
        rs = returns[low:high]
        bv = sum(math.pi / 2 * abs(returns[i]) * abs(returns[i - 1]) if i else returns[i] ** 2
                 for i in range(low, high))
        rv = sum(r * r for r in rs)
        up = sum(r * r for r in rs if r > 0)
        n = len(rs)
        if start < 0:
            if bucket < 60 or start + bucket not in self.bars(bucket):
                return None
            end = start + bucket
            while end <= min(0, t):
                bar = self.bars(bucket).get(end)
                if bar:
                    one = math.log(bar[3] / bar[4]) ** 2 / (4 * LN2)
                    rv, bv, n = rv + one, bv + one, n + bucket // 10
                    up += one if bar[5] > bar[2] else 0 if bar[5] < bar[2] else one / 2
                end += bucket
        return (rv, bv, up, rv - up, n) if n else None

    def realised_window(self, t, w, factor=1):
        if w == "1m":
            rs = self.second_returns(t, 60 * factor)
            if rs is None:
                return None
            up = sum(r * r for r in rs if r > 0)
            rv = sum(r * r for r in rs)
            bv = sum(math.pi / 2 * abs(a) * abs(b) for a, b in zip(rs, rs[1:]))
            return rv, bv, up, rv - up, len(rs)
        return self.realised(t, BUCKETS[w], factor * WINDOWS[w] // BUCKETS[w])

    def second_returns(self, t, count):
        """The last 1 s returns, oldest first; None when the first is not known."""
        xs = [self.x(t - k) for k in range(count, -1, -1)]
        return None if xs[0] is None else [b - a for a, b in zip(xs, xs[1:])]

    def returns(self, t, w):
        """The window's returns, oldest first."""
        if w == "1m":
            xs = [self.x(t - k) for k in range(60, -1, -1)]
            return [b - a for a, b in zip(xs, xs[1:]) if a is not None]
        low, high = bisect_right(self.grid_times(), t - WINDOWS[w]), bisect_right(self.grid_times(), t)
        return [r for _, r in self.grid()[low:high]]

    # --- flow

    def trades(self):
        """All venues' trades in order of time: ([t], [running buys], [running sells], [running count])."""
        def make():
            rows = sorted(e for v in self.venues for e in self.events["trade"][v])
            times, buys, sells = [], [0.0], [0.0]
            for t, _, side, _, _, usd in rows:
                times.append(t)
                buys.append(buys[-1] + (usd if side > 0 else 0))
                sells.append(sells[-1] + (usd if side < 0 else 0))
            return times, buys, sells
        return self.once("trades", make)

    def flow(self, t, bucket, count):
        """(buys, sells, trades) in USD of the span, history by its bars; None where a bucket is not known."""
        start = self.ends(t, bucket, count)[-1]
        times, buys, sells = self.trades()
        if not times or times[0] > min(t, max(start, 0) + bucket):
            return None
        a, b = bisect_right(times, start), bisect_right(times, t)
        buy, sell, n = buys[b] - buys[a], sells[b] - sells[a], b - a
        for end in range(start + bucket, 1, bucket):
            bar = self.bars(bucket).get(end)
            if bar is None:
                return None
            buy, sell, n = buy + bar[7], sell + bar[6] - bar[7], n + bar[8]
        return buy, sell, n

    def volume_hours(self):
        """[(end, rate, weight in hours)]: history (quarters up to where minutes begin), then closed live minutes with trades known."""
        def make():
            minutes = sorted(self.bars(60))
            quarters = [t for t in sorted(self.bars(900)) if not minutes or t <= minutes[0] - 60]
            rows = [(t, self.bars(900)[t][6] / 900, 0.25) for t in quarters]
            rows += [(t, self.bars(60)[t][6] / 60, 1 / 60) for t in minutes]
            times, buys, sells = self.trades()
            for end in range(60, self.end + 1, 60):
                if times and times[0] <= end:
                    a, b = bisect_right(times, end - 60), bisect_right(times, end)
                    rows.append((end, (buys[b] - buys[a] + sells[b] - sells[a]) / 60, 1 / 60))
            return rows
        return self.once("volume_hours", make)

    def expected_parts(self):
        """([end], [EW rate], [weight], [{hour: its factor}]): half-lives 7 d and 8 weeks, four pseudo-weeks at 1."""
        def make():
            rate, hours, out = Ew(), {}, ([], [], [], [])
            for end, one, weight in self.volume_hours():
                rate.add(end, 7 * DAY / LN2, one, weight)
                hour = self.hour(end)
                if rate.mean > 0:
                    hours.setdefault(hour, Ew()).add(end, 56 * DAY / LN2, one / rate.mean, weight)
                factors = {h: (e.s + 4) / (e.w + 4) for h, e in hours.items()}
                for column, value in zip(out, (end, rate.mean, rate.w, factors)):
                    column.append(value)
            return out
        return self.once("expected_parts", make)

    def hour(self, end):
        """Hour of the week of the second that ends here."""
        return (self.start_ns // 10**9 + end - 1) // 3600 % 168

    def expected_usd(self, t, seconds, is_closed=False):
        """Ve: what `seconds` up to t should see; is_closed: a minute that ends at t is already in."""
        ends, rates, weights, factors = self.expected_parts()
        i = bisect_right(ends, t if is_closed or t <= 0 else t - 1)
        if not i or weights[i - 1] < 0.08:
            return None
        left, at, total = seconds, t, 0.0
        while left > 0:
            part = min(left, ((self.start_ns // 10**9 + at - 1) % 3600) + 1)
            total += part * factors[i - 1].get(self.hour(at), 1.0)
            left, at = left - part, at - part
        return rates[i - 1] * total or None

    def parents(self):
        """Parent orders in the order they become known: ((ms, 1 if by silence), venue, side, usd, last ms, last price)."""
        def make():
            out = []
            for v in self.venues:
                one = None
                for t, _, side, px, _, usd in self.events["trade"][v]:
                    ms = round(t * 1000)
                    if one and (one[0] != side or ms - one[2] > 50):
                        known = (one[2] + 50, 1) if ms > one[2] + 50 else (ms, 0)
                        out.append((known, v) + tuple(one))
                        one = None
                    one = [side, (one[1] if one else 0.0) + usd, ms, px]
                if one:
                    out.append(((one[2] + 50, 1), v) + tuple(one))
            return sorted(out, key=lambda p: p[:2])
        return self.once("parents", make)

    # --- open interest (design, methods A3)

    def oi_filter(self):
        """Per venue: ([t], [level], [change], [p], [buys], [sells]) after each reading."""
        return self.once("oi", lambda: [self._filter(v) for v in self.venues])

    def _filter(self, v):
        readings, trades = self.events["oi"][v], self.events["trade"][v]
        trade_times = [e[0] for e in trades]
        out, level, variance, p, last, last_raw = [], None, 0.0, 0.5, None, None
        from_history = [h for h in self.history["oi"] if h[1] == v]
        i = 0
        for t, _, _, coins, _ in readings:
            j = bisect_right(trade_times, t)  # at the same millisecond the tape gives the trade first
            flow = trades[i:j]
            i = j
            volume = sum(e[4] for e in flow)
            buys = sum(e[5] for e in flow if e[2] > 0)
            sells = sum(e[5] for e in flow if e[2] < 0)
            noise = (3e-4 * coins) ** 2
            if level is None:
                change = coins - from_history[-1][2] if from_history else 0.0
                level, variance, is_first = coins, noise, not from_history
            elif abs(coins - last_raw) > volume + 5 * math.sqrt(noise):
                level, variance, change, is_first = coins, noise, 0.0, False
            else:
                if last is not None and t - last > 300:
                    p = 0.5
                variance += (0.2 * volume) ** 2
                gain = variance / (variance + noise)
                change = gain * (coins - level)
                level, variance, is_first = level + change, variance * (1 - gain), False
                if volume > 0:
                    p += 0.2 * (min(0.98, max(0.02, 0.5 + change / volume)) - p)
            last, last_raw = t, coins
            out.append((t, level, change, p, 0.0 if is_first else (2 * p - 1) * (buys - sells), buys, sells))
        return out

    def oi(self, t, venue=None):
        """Filtered open interest in coins of a venue, or of all that have been heard within 600 s."""
        total, is_known = 0.0, False
        for v in self.venues if venue is None else [venue]:
            rows = self.oi_filter()[v]
            i = bisect_right(self.once(("oi_t", v), lambda: [r[0] for r in rows]), t)
            if i and t - rows[i - 1][0] <= 600:
                total, is_known = total + rows[i - 1][1], True
            elif not i:
                past = [h for h in self.history["oi"] if h[1] == v and t - 600 <= h[0] <= t] if t <= 600 else []
                total, is_known = total + (past[-1][2] if past else 0.0), is_known or bool(past)
        return total if is_known else None

    def _oi_sum(self, low, high, column):
        total = 0.0
        for v in self.venues:
            rows = self.oi_filter()[v]
            times = self.once(("oi_t", v), lambda: [r[0] for r in rows])
            total += sum(r[column] for r in rows[bisect_right(times, low):bisect_right(times, high)])
        return total

    def oi_since(self):
        """Time of the first live reading."""
        return min((rows[0][0] for rows in self.oi_filter() if rows), default=math.inf)

    def oi_change(self, t, bucket, count):
        start = self.ends(t, bucket, count)[-1]
        return None if self.oi_since() > start else self._oi_sum(start, t, 2)

    def opening_usd(self, t, bucket, count):
        start = self.ends(t, bucket, count)[-1]
        return None if self.oi_since() > start + bucket else self._oi_sum(start, t, 4)

    # --- premium and funding

    def last(self, kind, v, t, column):
        rows = self.events[kind][v]
        i = bisect_right(self.once((kind, v), lambda: [r[0] for r in rows]), t)
        return rows[i - 1][column] if i else None

    def venue_premium(self, v, t):
        mid, index = self.mid(t, v), self.last("index", v, t, 2)
        return None if mid is None or index is None else (mid - index) / index

    def premium(self, t):
        """Weighted median over venues, weights open interest, equal while no venue has any."""
        weights = [self.oi(t, v) or 0.0 for v in self.venues]
        if sum(weights) == 0:
            weights = [1.0 for _ in self.venues]
        pairs = sorted((p, weights[v]) for v in self.venues
                       for p in [self.venue_premium(v, t)] if p is not None and weights[v] > 0)
        if not pairs:
            pairs = sorted((p, 1.0) for v in self.venues for p in [self.venue_premium(v, t)] if p is not None)
        half, passed = sum(w for _, w in pairs) / 2, 0.0
        for k, (value, weight) in enumerate(pairs):
            passed += weight
            if abs(passed - half) <= 2e-12 * half and k + 1 < len(pairs):
                return (value + pairs[k + 1][0]) / 2
            if passed > half:
                return value
        return None

    def settled(self, t):
        """[last settled rate in 8 h units by venue, None unknown]; t may lie in history."""
        out = []
        for v in self.venues:
            past = self.once(("settled", v), lambda: sorted(
                [(h[0], h[2] * 8 / h[3]) for h in self.history["funding"] if h[1] == v] +
                [(e[0], e[3] * 8 / e[4]) for e in self.events["funding"][v] if e[6]]))
            i = bisect_right([p[0] for p in past], t)
            out.append(past[i - 1][1] if i else None)
        return out

    def estimate(self, v, t):
        """(estimate in 8 h units, interval in hours, next settlement in s) or None."""
        rows = self.once(("estimates", v), lambda: [e for e in self.events["funding"][v] if not e[6]])
        i = bisect_right(self.once(("estimates_t", v), lambda: [r[0] for r in rows]), t)
        if not i:
            return None
        e = rows[i - 1]
        return e[3] * 8 / e[4], e[4], (e[5] - self.start_ns) / 1e9

    def funding_mean(self, t):
        """Fo: mean of the last settled rates, weights open interest, equal while no venue has any."""
        rates = self.settled(t)
        weights = [self.oi(t, v) or 0.0 for v in self.venues]
        if sum(w for w, r in zip(weights, rates) if r is not None) == 0:
            weights = [1.0 for _ in self.venues]
        known = [(w, r) for w, r in zip(weights, rates) if r is not None]
        return sum(w * r for w, r in known) / sum(w for w, _ in known) if known else None
