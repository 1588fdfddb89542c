//  pure - the parts of the dashboard that need no browser

import assert from "node:assert/strict";
import { test } from "node:test";

import { backoffMs } from "../../publisher/web/api.js";
import { circlesOf } from "../../publisher/web/circles.js";
import * as format from "../../publisher/web/format.js";
import { Freshness } from "../../publisher/web/freshness.js";
import {
    amountOf,
    edgeOf,
    gridOf,
    isLong,
    limitsOf,
    paint,
    quantile,
    rowOf,
    scaleOf,
    thresholdUsd,
    viewOf,
    windowOf
} from "../../publisher/web/grid.js";
import { addCumulative, merge, roundUp, rowsOf } from "../../publisher/web/map_math.js";
import { PALETTES, amountAt, shade, table } from "../../publisher/web/palette.js";
import { scoreText } from "../../publisher/web/panels.js";
import * as state from "../../publisher/web/state.js";

const STEP = 10e-4;

//  Three columns of a minute, the second left out; four rows from 100 up.
function answer() {
    return {
        column_s: 60,
        x_axis: [60000, 180000],
        y_axis: [0, 1, 2, 3].map((y) => 100 * Math.exp((y + 0.5) * STEP)),
        first_px: 100,
        row_bp: 10,
        liquidation_leverage_data: [
            [0, 0, 5],
            [0, 3, 7],
            [1, 3, 9],
            [1, 0, 1],
            [1, 0, 1]
        ],
        price_candlesticks: [
            [60000, 100.1, 100.2, 100.1, 100.2, 1],
            [180000, 100.2, 100.25, 100.15, 100.2, 1]
        ],
        prints: []
    };
}

test("a grid keeps every cell, adds what comes twice, and leaves a hole where time has one", () => {
    const grid = gridOf(answer());
    assert.deepEqual([grid.columns, grid.rows], [3, 4]);
    assert.equal(amountOf(grid, 0, 0), 5);
    assert.equal(amountOf(grid, 2, 0), 2);
    assert.equal(amountOf(grid, 2, 3), 9);
    assert.equal(amountOf(grid, 1, 3), 0);
    assert.deepEqual([...grid.xOfColumn], [0, -1, 1]);
    assert.equal(
        grid.values.reduce((a, b) => a + b),
        23
    );
    assert.equal(amountOf(grid, -1, 0) + amountOf(grid, 3, 0) + amountOf(grid, 0, 4), 0);
});

test("rows are even in log price, and a price belongs to one row", () => {
    const grid = gridOf(answer());
    for (let row = 0; row < 4; row++) {
        assert.equal(rowOf(grid, edgeOf(grid, row)), row, "the lower edge is inside");
        assert.equal(rowOf(grid, edgeOf(grid, row + 1) * (1 - 1e-7)), row, "the upper is not");
    }
    assert.equal(rowOf(grid, 99.99), -1);
    assert.equal(rowOf(grid, edgeOf(grid, 4)), -1);
});

test("sides are told by the close of the column", () => {
    const grid = gridOf(answer());
    assert.ok(isLong(grid, 0, 0) && !isLong(grid, 0, 3));
    assert.equal(scaleOf(grid).long, 5);
    assert.equal(scaleOf(grid).short, 9);
});

test("an empty answer is an empty grid", () => {
    const grid = gridOf({ ...answer(), x_axis: [], liquidation_leverage_data: [], price_candlesticks: [] });
    assert.equal(grid.columns, 0);
    assert.deepEqual(limitsOf(grid), { least: 0, most: 0 });
    assert.equal(thresholdUsd(0.5, limitsOf(grid)), 0);
    assert.ok(viewOf(grid).low < viewOf(grid).high);
    assert.equal(
        viewOf(gridOf({ ...answer(), y_axis: [], first_px: null, liquidation_leverage_data: [] })),
        null
    );
});

test("the first view holds all candles and a part around them, not the far ends", () => {
    const rows = 400,
        data = Array.from({ length: rows }, (_, y) => [0, y, 100]);
    const wide = {
        column_s: 60,
        x_axis: [0],
        y_axis: Array(rows).fill(0),
        first_px: 100 * Math.exp(-0.2),
        row_bp: 10,
        liquidation_leverage_data: data,
        price_candlesticks: [[0, 100, 101, 99, 100, 1]],
        prints: []
    };
    const grid = gridOf(wide),
        view = viewOf(grid);
    assert.ok(view.low < 99 && view.high > 101);
    assert.ok(Math.abs(Math.log(101 / 99) * 2 - Math.log(view.high / 101)) < 0.002, "twice their extent");
    const quiet = viewOf(gridOf({ ...wide, price_candlesticks: [[0, 100, 100.01, 99.99, 100, 1]] }));
    assert.ok(Math.abs(Math.log(quiet.high / 100) - 0.04) < 0.002, "at least 4 %");
    const near = viewOf(
        gridOf({ ...wide, liquidation_leverage_data: data.filter(([, y]) => y >= 190 && y < 210) })
    );
    assert.ok(near.high < 102 && near.low > 98, "not where there is nothing");
    assert.ok(
        edgeOf(grid, windowOf(grid, view).low) <= view.low &&
            edgeOf(grid, windowOf(grid, view).high + 1) >= view.high
    );
});

test("the threshold shows all at 0, only the most at 1, and is even in the logarithm between", () => {
    const limits = limitsOf(gridOf(answer()));
    assert.deepEqual(limits, { least: 2, most: 9 });
    assert.equal(thresholdUsd(0, limits), 0);
    assert.ok(Math.abs(thresholdUsd(1, limits) - 9) < 1e-9);
    assert.ok(Math.abs(thresholdUsd(0.5, limits) - Math.sqrt(18)) < 1e-9);
    assert.deepEqual(limitsOf(gridOf(answer()), { from: 0, to: 0, low: 0, high: 9 }), { least: 5, most: 7 });
});

test("a pixel is a cell: top row first, hidden below the threshold, never in between", () => {
    const grid = gridOf(answer()),
        colours = table("viridis"),
        scale = scaleOf(grid);
    const { pixels, painted } = paint(grid, { colours, scale });
    assert.equal(painted, 4);
    const at = (column, row) => [
        ...pixels.slice(((3 - row) * 3 + column) * 4, ((3 - row) * 3 + column) * 4 + 4)
    ];
    for (const [column, row] of [
        [0, 0],
        [0, 3],
        [2, 0],
        [2, 3]
    ]) {
        const index = shade(amountOf(grid, column, row), scale.all) * 3;
        assert.deepEqual(at(column, row), [colours[index], colours[index + 1], colours[index + 2], 255]);
    }
    assert.deepEqual(at(1, 1), [0, 0, 0, 0]);
    assert.equal(paint(grid, { colours, scale, hideBelow: 7 }).painted, 2);
    assert.equal(paint(grid, { colours, scale, hideBelow: 9.1 }).painted, 0);
    const perSide = paint(grid, { colours, scale, isPerSide: true }).pixels;
    assert.deepEqual(
        [...perSide.slice(9 * 4, 9 * 4 + 3)],
        [...colours.slice(255 * 3)],
        "5 is all there is of longs"
    );
});

test("palettes get lighter all the way, and the bar says what a colour means", () => {
    for (const [name] of PALETTES) {
        const colours = table(name);
        const luma = (i) =>
            0.2126 * colours[i * 3] + 0.7152 * colours[i * 3 + 1] + 0.0722 * colours[i * 3 + 2];
        for (let i = 8; i < 256; i += 8) assert.ok(luma(i) > luma(i - 8) - 1, `${name} at ${i}`);
        assert.ok(luma(255) > luma(0) + 120, name);
    }
    assert.equal(shade(0, 10), 0);
    assert.equal(shade(10, 10), 255);
    assert.equal(shade(1e9, 10), 255);
    for (const share of [0.1, 0.5, 0.9])
        assert.equal(shade(amountAt(share, 7e6), 7e6), Math.round(255 * share));
});

test("a quantile is one of the numbers", () => {
    assert.equal(quantile([3, 1, 2], 0.997), 3);
    assert.equal(quantile([], 0.5), 0);
    assert.equal(
        quantile(
            Array.from({ length: 1000 }, (_, i) => i),
            0.997
        ),
        997
    );
});

test("circles have an area in proportion to their amount", () => {
    const [large, small] = circlesOf(
        [
            [0, 100, 100, 1, 1, "okx", "complete"],
            [1, 101, 400, -1, 2, "okx", "complete"],
            [9, 1, 1, 1, 1, "okx", "complete"]
        ],
        [0, 1]
    );
    assert.equal(large.usd, 400);
    assert.ok(!large.isLong && small.isLong);
    assert.ok(Math.abs(large.radius / small.radius - 2) < 1e-9);
});

function frame() {
    return {
        instrument: "X",
        mark_px: 100 * Math.exp(2.5 * STEP),
        first_px: 100,
        step_bp: 10,
        rows: 5,
        groups: [
            { leverage_from: 2, leverage_to: 7.5, long_usd: [4, 2, 1], short_usd: [0, 0, 1, 3, 5] },
            { leverage_from: 10, leverage_to: 15, long_usd: [1], short_usd: [0, 0, 0, 0, 2] }
        ]
    };
}

test("cumulative curves rise outward from the mark and end in the sums of the sides", () => {
    const rows = addCumulative(rowsOf(frame(), [0, 1]), frame().mark_px);
    assert.deepEqual(
        rows.map((row) => row.cumulativeLong),
        [8, 3, 1, 0, 0]
    );
    assert.deepEqual(
        rows.map((row) => row.cumulativeShort),
        [0, 0, 1, 4, 11]
    );
    assert.deepEqual(
        addCumulative(rowsOf(frame(), [1]), frame().mark_px).map((row) => row.cumulativeLong),
        [1, 0, 0, 0, 0]
    );
});

test("wider bars add up to the same", () => {
    const rows = rowsOf(frame(), [0, 1]);
    for (const count of [1, 2, 3, 5, 50]) {
        const bars = merge(rows, count, frame().mark_px);
        assert.equal(
            bars.reduce((total, bar) => total + bar.longUsd + bar.shortUsd, 0),
            19
        );
        assert.equal(bars[0].low, rows[0].low);
        assert.equal(bars[bars.length - 1].high, rows[4].high);
    }
    assert.deepEqual([roundUp(0), roundUp(1), roundUp(1.1e6), roundUp(97)], [1, 1, 1.5e6, 100]);
});

test("stale after five seconds without news; what came before subscribing is no news", () => {
    const fresh = new Freshness(1000);
    fresh.take({ boot: 1, seq: 7 }, 1100);
    assert.equal(fresh.text(5900), "");
    assert.equal(fresh.text(13100), "STALE: no new map yet, waiting for 12 s");
    fresh.take({ boot: 1, seq: 8 }, 14000);
    assert.equal(fresh.text(19000), "");
    assert.equal(fresh.text(26000), "STALE: no map for 12 s");
    fresh.reconnect();
    fresh.take({ boot: 1, seq: 8 }, 26100);
    assert.ok(fresh.isStale(26200), "the last map again, after a new connection");
    fresh.take({ boot: 2, seq: 1 }, 27000);
    assert.ok(!fresh.isStale(27000), "another boot counts");
});

test("tries are spaced out, and not all readers come back at once", () => {
    assert.equal(
        backoffMs(0, () => 0.5),
        500
    );
    assert.equal(
        backoffMs(3, () => 0.5),
        4000
    );
    assert.equal(
        backoffMs(30, () => 0.5),
        10000
    );
    assert.ok(backoffMs(3, () => 0) < backoffMs(3, () => 1));
});

test("an address says what is shown and a bad one still opens", () => {
    const parsed = state.parse("?instrument=ETHUSDT&range=1w&model=ladder&view=map&groups=1,3&venues=okx");
    assert.deepEqual(
        [parsed.instrument, parsed.range, parsed.model, parsed.view, parsed.groups, parsed.venues],
        ["ETHUSDT", "1w", "ladder", "map", [1, 3], ["okx"]]
    );
    assert.equal(
        state.format(parsed),
        "?instrument=ETHUSDT&range=1w&model=ladder&view=map&groups=1,3&venues=okx"
    );
    const bad = state.parse("?instrument=<b>&range=9y&model=x&view=&groups=7,a&venues=;");
    assert.deepEqual(
        [bad.instrument, bad.range, bad.model, bad.view, bad.groups.length, bad.venues],
        ["", "24h", "full", "heatmap", 5, null]
    );
});

test("amounts, prices and the score as people read them", () => {
    assert.deepEqual([12.4e6, 950e3, 999999, 3.214e9, 0, 12, 0.5, null, NaN].map(format.usd), [
        "$12.4M",
        "$950K",
        "$1.00M",
        "$3.21B",
        "$0",
        "$12",
        "$0.50",
        "n/a",
        "n/a"
    ]);
    assert.deepEqual([94200.5, 3312.4, 0.08213].map(format.price), ["94,200.5", "3,312.40", "0.082130"]);
    assert.deepEqual(
        [format.ticks([94000, 108000]), format.ticks([3300, 3312.5]), format.ticks([0.3, 0.35])],
        [
            ["94,000", "108,000"],
            ["3,300.00", "3,312.50"],
            ["0.30000", "0.35000"]
        ]
    );
    assert.equal(format.time(Date.UTC(2026, 0, 2, 3, 4)), "2026-01-02 03:04 UTC");
    assert.equal(scoreText({ score_vs_ladder: null, score_hours: 3.2 }), "not scored yet: 3.2 h");
    assert.equal(
        scoreText({ score_vs_ladder: 0.12, score_low: 0.03, score_high: 0.21, score_hours: 71.5 }),
        "+0.12 nats/h [+0.03, +0.21] over 72 h"
    );
});
