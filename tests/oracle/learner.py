#!/usr/bin/env python3
"""Vectors for aggregator/learner and aggregator/tutor, computed straight from the formulas (methods D1 to D3).

No anchors, no Cholesky, no triangles: every decayed sum is taken anew over all outcomes at the time of reading, and
linear systems are solved by elimination with pivoting.  Standard library only.

    python3 tests/oracle/learner.py [folder]      writes <folder>/*.vec   (default tests/vectors/learner)
"""
import math
import os
import random
import sys

MODES = {"scalp": dict(half_days=30.0, overlap=0.1, step=30, horizon=300),
         "day": dict(half_days=90.0, overlap=1.0 / 6, step=600, horizon=3600),
         "swing": dict(half_days=90.0, overlap=1.0 / 24, step=3600, horizon=86400)}
B0, LAMBDA_SYMBOL = 0.006, 3000.0


def inverse(matrix):
    n = len(matrix)
    work = [list(row) + [1.0 if i == j else 0.0 for j in range(n)] for i, row in enumerate(matrix)]
    for column in range(n):
        pivot = max(range(column, n), key=lambda r: abs(work[r][column]))
        work[column], work[pivot] = work[pivot], work[column]
        head = work[column][column]
        work[column] = [v / head for v in work[column]]
        for r in range(n):
            if r != column and work[r][column] != 0.0:
                by = work[r][column]
                work[r] = [a - by * b for a, b in zip(work[r], work[column])]
    return [row[n:] for row in work]


def determinant_log(matrix):
    n, work, total = len(matrix), [list(r) for r in matrix], 0.0
    for column in range(n):
        total += math.log(work[column][column])
        for r in range(column + 1, n):
            by = work[r][column] / work[column][column]
            work[r] = [a - by * b for a, b in zip(work[r], work[column])]
    return total


def add(a, c, weight, x, y):
    for i, xi in enumerate(x):
        c[i] += weight * xi * y
        for j, xj in enumerate(x):
            a[i][j] += weight * xi * xj


def zeros(k):
    return [[0.0] * k for _ in range(k)], [0.0] * k


def spread(total, n):
    return max(0.05, (total + 20.0) / (n + 20.0))


def solve(a, c, lam, prior, scale=1.0):
    k = len(c)
    inv = inverse([[a[i][j] + (lam if i == j else 0.0) for j in range(k)] for i in range(k)])
    b = [c[i] + lam * prior[i] for i in range(k)]
    beta = [math.fsum(inv[i][j] * b[j] for j in range(k)) for i in range(k)]
    return beta, [math.sqrt(inv[i][i]) * scale for i in range(k)]


def cap(w, ceiling):
    w, ceiling = list(w), max(ceiling, 1.0 / len(w))
    for _ in range(3):
        over = sum(v - ceiling for v in w if v > ceiling)
        if over <= 0:
            break
        w = [min(v, ceiling) for v in w]
        free = [i for i, v in enumerate(w) if v < ceiling]
        if not free:
            break
        rest = sum(w[i] for i in free)
        for i in free:
            w[i] += over * w[i] / rest if rest > 0 else over / len(free)
    return w


def ridge_weights(beta):
    up = [max(b, 0.0) for b in beta]
    total = sum(up)
    return cap([u / total for u in up] if total > 0 else [1.0 / len(beta)] * len(beta), 0.4)


def blend(ridge, boa):
    k = len(ridge)
    w = cap([0.5 * r + 0.5 * b for r, b in zip(ridge, boa)], 0.6)
    return [(1 - k * 0.004) * v + 0.004 for v in w]


class Boa:
    def __init__(self, k):
        self.k, self.r, self.v, self.e, self.n = k, [0.0] * k, [0.0] * k, [0.0] * k, 0.0

    def rate(self, i):
        return min(1 / self.e[i], math.sqrt(math.log(self.k) / self.v[i])) if self.e[i] > 0 else None

    def weights(self):
        rates = [self.rate(i) for i in range(self.k)]
        known = [r for r in rates if r is not None]
        mean = sum(known) / len(known) if known else 1.0
        rates = [mean if r is None else r for r in rates]
        raw = [rate * math.exp(rate * regret) for rate, regret in zip(rates, self.r)]
        return [v / sum(raw) for v in raw]

    def step(self, iw, x, y):
        w = self.weights()
        awake = [i for i in range(self.k) if x[i] is not None]
        gamma = 2 ** (-iw / 1000)
        self.n = gamma * self.n + iw
        share = sum(w[i] for i in awake)
        forecast = sum(w[i] * 0.03 * x[i] for i in awake) / share if share > 0 else 0.0
        gradient = 2 * (forecast - y)
        for i in range(self.k):
            self.v[i] *= gamma
            self.r[i] *= gamma
            if i in awake:
                r = iw * gradient * (forecast - 0.03 * x[i])
                self.v[i] += r * r / iw
                self.e[i] = max(self.e[i], abs(r))
                if self.e[i] > 0:
                    self.r[i] += r - self.rate(i) * r * r


def run(mode, k, symbols, rows):
    """rows: (t_ms, due_ms, {symbol: (x with None, y)}) in the order of settlement."""
    iw, half_ms = MODES[mode]["overlap"], MODES[mode]["half_days"] * 86400e3
    now = max(t for t, _, _ in rows)
    pool_boa, boas, last = Boa(k), [Boa(k) for _ in range(symbols)], (0, 0)
    own = [zeros(k) + ([0.0, 0.0],) for _ in range(symbols)]
    single, market, relative = zeros(k), zeros(k), zeros(k)
    n = dict(single=0.0, market=0.0, relative=0.0)
    yy = dict(market=0.0, relative=0.0)
    for t, due, cases in rows:
        g = iw * 2 ** (-(now - t) / half_ms)
        in_order = (due, t) > last
        flat = {s: ([v or 0.0 for v in x], y) for s, (x, y) in cases.items()}
        for s in sorted(cases):
            x, y = flat[s]
            add(own[s][0], own[s][1], g, x, y)
            own[s][2][0] += g
            own[s][2][1] += g * y * y
            if in_order:
                boas[s].step(iw, cases[s][0], y)
                pool_boa.step(iw, cases[s][0], y)
        if in_order:
            last = (due, t)
        alive = len(flat)
        if alive == 1:
            x, y = next(iter(flat.values()))
            add(*single, g, x, y)
            n["single"] += g
        elif alive > 1:
            mean_y = math.fsum(y for _, y in flat.values()) / alive
            mean_x = [math.fsum(x[i] for x, _ in flat.values()) / alive for i in range(k)]
            add(*market, g * alive, mean_x, mean_y)
            n["market"] += g
            yy["market"] += g * alive * mean_y ** 2
            n["relative"] += g * (alive - 1)
            for x, y in flat.values():
                add(*relative, g, [a - b for a, b in zip(x, mean_x)], y - mean_y)
                yy["relative"] += g * (y - mean_y) ** 2
    v_m, v_d = spread(yy["market"], n["market"]), spread(yy["relative"], n["relative"])
    a = [[single[0][i][j] + market[0][i][j] / v_m + relative[0][i][j] / v_d for j in range(k)] for i in range(k)]
    c = [single[1][i] + market[1][i] / v_m + relative[1][i] / v_d for i in range(k)]
    lam = 2000.0 if mode == "swing" else 500.0
    pool_beta, pool_se = solve(a, c, lam, [B0] * k)
    out = [("pool_n", [n["single"] + n["market"] / v_m + n["relative"] / v_d]), ("pool_beta", pool_beta),
           ("pool_se", pool_se), ("pool_boa", pool_boa.weights()),
           ("pool_weights", blend(ridge_weights(pool_beta), pool_boa.weights()))]
    for s in range(symbols):
        a_s, c_s, (n_s, yy_s) = own[s]
        variance = spread(yy_s, n_s)
        beta, se = solve(a_s, c_s, LAMBDA_SYMBOL, pool_beta, math.sqrt(variance))
        share = n_s / (n_s + 3000.0)
        mixed = [share * u + (1 - share) * v for u, v in zip(boas[s].weights(), pool_boa.weights())]
        out += [(f"n {s}", [n_s]), (f"beta {s}", beta), (f"se {s}", se), (f"boa {s}", boas[s].weights()),
                (f"weights {s}", blend(ridge_weights(beta), mixed))]
        rest = [c_s[i] - math.fsum(a_s[i][j] * pool_beta[j] for j in range(k)) for i in range(k)]
        left = yy_s - math.fsum(pool_beta[i] * (c_s[i] + rest[i]) for i in range(k))
        for lam_s in (1000.0, 10000.0):
            shifted = [[a_s[i][j] + (lam_s if i == j else 0.0) for j in range(k)] for i in range(k)]
            inv = inverse(shifted)
            fit = math.fsum(rest[i] * inv[i][j] * rest[j] for i in range(k) for j in range(k))
            out.append((f"evidence {s} {lam_s:g}",
                        [-0.5 * (determinant_log(shifted) - k * math.log(lam_s) + (left - fit) / variance)]))
    return out


def scenario(rng, mode, k, symbols, count, spacing_ms, shuffle, absent):
    truth = [rng.choice([0.0, 0.0, 0.1, -0.08]) for _ in range(k)]
    rows, t = [], 1_700_000_000_000
    for _ in range(count):
        t += spacing_ms
        market = rng.gauss(0, 0.7)
        cases = {}
        for s in range(symbols):
            if rng.random() < 0.15:
                continue
            x = [None if rng.random() < absent else max(-3, min(3, rng.gauss(0, 1))) for _ in range(k)]
            y = sum(b * (v or 0.0) for b, v in zip(truth, x)) + market + rng.gauss(0, 0.7)
            cases[s] = (x, max(-3.0, min(3.0, y)))
        if cases:
            rows.append((t, t + MODES[mode]["horizon"] * 1000, cases))
    if shuffle:
        for i in range(0, len(rows) - 1, 7):
            rows[i], rows[i + 1] = rows[i + 1], rows[i]
    return rows


def write(folder, name, mode, k, symbols, rows):
    with open(os.path.join(folder, name + ".vec"), "w") as out:
        out.write(f"# tests/oracle/learner.py; tolerance 1e-9\nmode {mode}\nk {k}\nsymbols {symbols}\n")
        for t, due, cases in rows:
            out.write(f"row {t} {due} {len(cases)}\n")
            for s in sorted(cases):
                x, y = cases[s]
                out.write(f"case {s} {y!r} " + " ".join("-" if v is None else repr(v) for v in x) + "\n")
        for key, values in run(mode, k, symbols, rows):
            out.write(f"expect {key} = " + " ".join(repr(v) for v in values) + "\n")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else "tests/vectors/learner"
    os.makedirs(folder, exist_ok=True)
    rng = random.Random(20240607)
    plans = [("one_symbol", "day", 5, 1, 120, 600_000, False, 0.0), ("four_symbols", "scalp", 6, 4, 150, 30_000, False, 0.1),
             ("late_rows", "day", 4, 3, 120, 600_000, True, 0.2),
             ("past_the_anchor", "scalp", 3, 2, 130, 3 * 86400_000, False, 0.1),
             ("swing", "swing", 4, 2, 80, 3_600_000, False, 0.0)]
    for name, mode, k, symbols, count, spacing, shuffle, absent in plans:
        write(folder, name, mode, k, symbols, scenario(rng, mode, k, symbols, count, spacing, shuffle, absent))


if __name__ == "__main__":
    main()
