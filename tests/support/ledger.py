"""What the aggregator should have learned, recomputed from the append-only file of Redis alone.

The file holds every registration, price and settlement in the order in which Redis took them.  `Ledger` reads it;
`sums` adds everything up anew, straight from methods D2 and D6, knowing nothing of how the aggregator does it.
"""
import glob
import math
import os

HALF_LIFE_MS = {"scalp": 30 * 86400e3}
OVERLAP = {"scalp": 0.1}
HORIZON_S = {"scalp": 300}
ENTRY_DELAY_MS, NEAR_MS, Y_MAX = 2000, 5000, 3.0


def commands(path):
    """The commands of one append-only file, each a list of texts; a torn end is left out, as Redis leaves it."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        if data[at:at + 1] == b"#":  # a time stamp
            at = data.index(b"\r\n", at) + 2
            continue
        end = data.find(b"\r\n", at)
        if end < 0:
            return
        words, next_at = [], end + 2
        for _ in range(int(data[at + 1:end])):
            end = data.find(b"\r\n", next_at)
            if end < 0:
                return
            size = int(data[next_at + 1:end])
            word = data[end + 2:end + 2 + size]
            next_at = end + 2 + size + 2
            if next_at > len(data):
                return
            words.append(word.decode())
        at = next_at
        yield words


class Ledger:
    """Rows, settlements and prices of one mode, as the file tells them."""

    def __init__(self, folder, mode, prefix="leadline"):
        self.mode = mode
        self.rows = {}          # t -> fields
        self.settled = []       # t, in order
        self.registrations = 0  # rows put into the ledger, again after a loss included
        self.prices = {}        # instrument -> {second: (ms, px)}
        row, due, price = f"{prefix}:row:{mode}:", f"{prefix}:due:{mode}", f"{prefix}:price:"
        self.wipes = 0
        for path in sorted(glob.glob(os.path.join(folder, "appendonlydir", "*.incr.aof"))):
            for words in commands(path):
                name, key = words[0].upper(), words[1] if len(words) > 1 else ""
                if name in ("FLUSHALL", "FLUSHDB"):
                    self.wipes += 1
                elif name in ("HSET", "HMSET") and key.startswith(row):
                    self.rows.setdefault(int(key[len(row):]), {}).update(zip(words[2::2], words[3::2]))
                elif name == "ZADD" and key == due:
                    self.registrations += len(words[2:]) // 2
                elif name == "ZREM" and key == due:
                    self.settled.extend(int(word) for word in words[2:])
                elif name == "XADD" and key.startswith(price):
                    ms, px = int(words[-3].split("-")[0]), float(words[-1])
                    self.prices.setdefault(key[len(price):], {}).setdefault(ms // 1000, (ms, px))

    def price_near(self, instrument, at_ms):
        seconds = range((at_ms - NEAR_MS) // 1000, (at_ms + NEAR_MS) // 1000 + 1)
        known = [self.prices[instrument][s] for s in seconds if s in self.prices.get(instrument, {})]
        away = [(abs(ms - at_ms), ms, px) for ms, px in known if abs(ms - at_ms) <= NEAR_MS]
        return min(away)[2] if away else None

    def cases(self, t):
        """{instrument: (x by category, y)} of a row; instruments without both prices are left out."""
        fields = self.rows[t]
        categories = fields["categories"].split(",")
        out = {}
        for name in fields:
            instrument, colon, what = name.partition(":")
            if not colon or what != "sigma":
                continue
            entry = self.price_near(instrument, t + ENTRY_DELAY_MS)
            leave = self.price_near(instrument, int(fields["due"]))
            if entry is None or leave is None:
                continue
            y = math.log(leave / entry) / (float(fields[name]) * math.sqrt(HORIZON_S[self.mode]))
            texts = fields[f"{instrument}:x"].split(",")
            x = {category: float(text) for category, text in zip(categories, texts) if text}
            out[instrument] = (x, max(-Y_MAX, min(Y_MAX, y)))
        return out

    def sums(self, instrument, stored):
        """The fields of leadline:learner:<mode>:<instrument or POOL>; stored gives only the anchors (tref)."""
        out = {}

        def add(prefix, t, weight, x, y, rows, seen):
            tref = int(stored.get(prefix + "tref", 0))
            g = OVERLAP[self.mode] * 2.0 ** ((t - tref) / HALF_LIFE_MS[self.mode])
            terms = {"n": g * rows, "yy": g * weight * y * y}
            terms.update({f"c:{a}": g * weight * x[a] * y for a in x})
            terms.update({f"A:{a}:{b}": g * weight * x[a] * x[b] for a in x for b in x})
            terms.update({f"seen:{a}": g for a in seen})
            for name, term in terms.items():
                out.setdefault(prefix + name, []).append(term)

        for t in self.settled:
            cases = self.cases(t)
            if instrument != "POOL":
                if instrument in cases:
                    x, y = cases[instrument]
                    add("", t, 1, x, y, 1, x)
            elif len(cases) == 1:
                (x, y), = cases.values()
                add("single.", t, 1, x, y, 1, x)
            elif cases:
                count = len(cases)
                names = {a for x, _ in cases.values() for a in x}
                x_mean = {a: math.fsum(x.get(a, 0) for x, _ in cases.values()) / count for a in names}
                y_mean = math.fsum(y for _, y in cases.values()) / count
                add("market.", t, count, x_mean, y_mean, 1, ())
                for number, (x, y) in enumerate(cases.values()):
                    apart = {a: x.get(a, 0) - x_mean[a] for a in names}
                    add("relative.", t, 1, apart, y - y_mean, count - 1 if number == 0 else 0, x)
        return {name: math.fsum(terms) for name, terms in out.items()}


def is_sum(name):
    """Fields of leadline:learner that are sums of outcomes."""
    head = name.split(".")[-1].split(":")[0]
    return head in ("n", "yy", "c", "seen", "A")
