"""Writes tests/vectors/cards/<category>.vec: what every card of a category must say on a tape.

    python3 tests/oracle/vectors.py momentum volatility      (all categories here when none is named)

An oracle module <category>.py has VERSION and CARDS, a dict of slug to a class with
    tape        parameters of the tape (tape.py)
    times       seconds after its start at which the card is asked; after what happened at that second
    tolerance   of |value - expected| / max (1, |expected|)
    windows     "each", "5m" (each but 1m), "one" (the mode's primary only): which (mode, window) are asked
    __init__ (market)                         market_model.Market
    second (t), grid (t)                      at each whole second; at each tenth, after second
    bucket (t, size, is_history)              a bucket of 1, 5, 60, 900 s that ends at t is closed; of history: 60, 900
    funding (t, venue)                        a settlement of history
    value (t, mode, window)                   a number, None while there is none, or (m up, m down) of a gate that asks
                                              which way its carrier points
Only those a card needs have to be there.  At second t: second, grid, value, then buckets that end at t.
"""

import importlib
import os
import sys

from market_model import BUCKETS, PRIMARY, SLOTS, Market

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors", "cards")
CATEGORIES = ("momentum", "volatility", "funding", "derivatives", "order_flow", "order_book", "liquidation")
MARKETS = {}


def market_of(tape):
    if tape not in MARKETS:
        MARKETS[tape] = Market(tape)
    return MARKETS[tape]


def slots_of(card):
    if card.windows == "one":
        return [(m, w) for m, w in SLOTS if PRIMARY[m] == w]
    return [(m, w) for m, w in SLOTS if card.windows == "each" or w != "1m"]


def play_history(card, market):
    on_bucket, on_funding = getattr(card, "bucket", None), getattr(card, "funding", None)
    events = []
    if on_bucket:
        events += [(b[0], 0, b[1]) for b in market.history["bar"]]
    if on_funding:
        events += [(f[0], 1, f[1]) for f in market.history["funding"]]
    for t, kind, what in sorted(events):
        if kind == 0:
            on_bucket(t, what, True)
        else:
            on_funding(t, what)


def play(card, market):
    """[(t, mode, window, value)]"""
    play_history(card, market)
    none = lambda *_: None
    second, grid, bucket = (getattr(card, name, none) for name in ("second", "grid", "bucket"))
    rows, times = [], set(card.times)
    for t in range(1, max(card.times) + 1):
        second(t)
        if t % 10 == 0:
            grid(t)
        if t in times:
            rows += [(t, m, w, card.value(t, m, w)) for m, w in slots_of(card)]
        for size in (1, 5, 60, 900):
            if t % size == 0:
                bucket(t, size, False)
    return rows


def text_of(value):
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return "%.17g/%.17g" % value
    return "%.17g" % (value + 0.0)


def write(category):
    module = importlib.import_module(category)
    with open(os.path.join(FOLDER, category + ".vec"), "w") as out:
        out.write(f"# Made by tests/oracle/vectors.py from tests/oracle/{category}.py, version {module.VERSION}.\n"
                  "# value <seconds after the start of the tape> <mode> <window> <expected, - none, up/down>\n")
        for slug, kind in module.CARDS.items():
            market = market_of(kind.tape)
            rows = play(kind(market), market)
            known = {round(r[3][0] if isinstance(r[3], tuple) else r[3], 12) for r in rows if r[3] is not None}
            print(f"{category} {slug}: {len(rows)} values, {len(known)} different", file=sys.stderr)
            assert len(known) > 2 or getattr(kind, "is_absent", False), slug
            out.write(f"\ncard {slug}\ntape {kind.tape}\ntolerance {kind.tolerance:g}\n")
            for t, mode, window, value in rows:
                out.write(f"value {t} {mode} {window} {text_of(value)}\n")


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    for name in sys.argv[1:] or [c for c in CATEGORIES if os.path.exists(os.path.join(here, c + ".py"))]:
        write(name)
