//  grid - the heatmap's numbers: cells by column and row, scale, threshold, and the pixels they become; pure
//
//  What  An answer of /v1/heatmap as a dense array: one Float32 a cell, column after column, row 0 at the bottom.
//        Row r holds prices [first_px exp(r step), first_px exp((r + 1) step)): rows are even in log price.  Columns
//        are even in time; one that the answer leaves out stays empty, so that time is never squeezed.
//  How   Amounts are never interpolated: a pixel of the picture is a cell, and the cell a reader points at is the
//        cell the answer has at that index.

import { shade } from "./palette.js";

const REACH_LEAST = 0.04,
    REACH_MOST = 0.15; // of log price, around the candles
const SCALE_SHARE = 0.997; // of the non-zero cells: the amount that gets the last colour

export function gridOf(answer) {
    const columnMs = answer.column_s * 1000;
    const times = answer.x_axis;
    const startMs = times.length > 0 ? times[0] : 0;
    const columnOfX = times.map((ms) => Math.round((ms - startMs) / columnMs));
    const columns = times.length > 0 ? columnOfX[times.length - 1] + 1 : 0;
    const rows = answer.y_axis.length;
    const xOfColumn = new Int32Array(columns).fill(-1);
    columnOfX.forEach((column, x) => {
        xOfColumn[column] = x;
    });
    const values = new Float32Array(columns * rows);
    for (const [x, y, amount] of answer.liquidation_leverage_data)
        if (x >= 0 && x < times.length && y >= 0 && y < rows) values[columnOfX[x] * rows + y] += amount;
    const closes = new Float64Array(columns).fill(NaN);
    const candles = new Array(columns).fill(null);
    for (const candle of answer.price_candlesticks) {
        const column = Math.round((candle[0] - startMs) / columnMs);
        if (column < 0 || column >= columns) continue;
        candles[column] = candle;
        closes[column] = candle[4];
    }
    for (let column = 1; column < columns; column++)
        if (Number.isNaN(closes[column])) closes[column] = closes[column - 1];
    return {
        columns,
        rows,
        values,
        startMs,
        columnMs,
        firstPx: answer.first_px,
        step: answer.row_bp * 1e-4,
        closes,
        candles,
        columnOfX,
        xOfColumn
    };
}

//  Lower edge of a row; of rows: the upper edge of the last.
export function edgeOf(grid, row) {
    return grid.firstPx * Math.exp(row * grid.step);
}

//  -1 outside.
export function rowOf(grid, px) {
    const row = Math.floor(Math.log(px / grid.firstPx) / grid.step + 1e-9);
    return row >= 0 && row < grid.rows ? row : -1;
}

export function amountOf(grid, column, row) {
    if (column < 0 || column >= grid.columns || row < 0 || row >= grid.rows) return 0;
    return grid.values[column * grid.rows + row];
}

//  Which side a cell is of: longs are liquidated below the price, shorts above.
export function isLong(grid, column, row) {
    return edgeOf(grid, row + 0.5) < grid.closes[column];
}

//  The amount below which `share` of the numbers are; sorts a copy.
export function quantile(numbers, share) {
    if (numbers.length === 0) return 0;
    const sorted = Float32Array.from(numbers).sort();
    return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const WHOLE = { from: 0, to: Infinity, low: 0, high: Infinity };

function collect(grid, window, wanted) {
    const from = Math.max(0, window.from),
        to = Math.min(grid.columns - 1, window.to);
    const low = Math.max(0, window.low),
        high = Math.min(grid.rows - 1, window.high);
    const found = [];
    for (let column = from; column <= to; column++)
        for (let row = low; row <= high; row++) {
            const value = grid.values[column * grid.rows + row];
            if (value > 0 && (!wanted || wanted(column, row))) found.push(value);
        }
    return found;
}

//  The amounts that get the last colour: of all cells, or of each side by itself.
export function scaleOf(grid, window = WHOLE) {
    return {
        all: quantile(collect(grid, window), SCALE_SHARE),
        long: quantile(
            collect(grid, window, (column, row) => isLong(grid, column, row)),
            SCALE_SHARE
        ),
        short: quantile(
            collect(grid, window, (column, row) => !isLong(grid, column, row)),
            SCALE_SHARE
        )
    };
}

//  Smallest and largest non-zero amount in a window of columns and rows; {0, 0} when it is empty.
export function limitsOf(grid, window = WHOLE) {
    let least = Infinity,
        most = 0;
    for (const value of collect(grid, window)) {
        if (value < least) least = value;
        if (value > most) most = value;
    }
    return most > 0 ? { least, most } : { least: 0, most: 0 };
}

//  What a position of the slider hides: everything below this.  0 hides nothing; from there to 1 it runs evenly in
//  the logarithm from the smallest to the largest amount on the screen.
export function thresholdUsd(position, limits) {
    if (position <= 0 || limits.most <= 0) return 0;
    return limits.least * Math.pow(limits.most / limits.least, Math.min(1, position));
}

//  Prices to show at first, null when there is nothing: the candles, twice their extent around them (at least 4 %,
//  at most 15 %), and of that no more than holds the middle 98 % of the newest amounts.
export function viewOf(grid) {
    if (grid.rows === 0) return null;
    const candles = grid.candles.filter(Boolean),
        mass = middleOf(grid);
    if (candles.length === 0) return mass;
    const low = Math.min(...candles.map((candle) => candle[3])),
        high = Math.max(...candles.map((candle) => candle[2]));
    const reach = Math.min(REACH_MOST, Math.max(REACH_LEAST, 2 * Math.log(high / low)));
    const margin = Math.exp(0.02 * reach);
    return {
        low: Math.min(low, Math.max(mass.low, low * Math.exp(-reach))) / margin,
        high: Math.max(high, Math.min(mass.high, high * Math.exp(reach))) * margin
    };
}

//  Prices between which the middle 98 % of the amounts of the newer half of the columns stand.
function middleOf(grid) {
    const mass = new Float64Array(grid.rows);
    let total = 0,
        sum = 0,
        first = 0,
        last = grid.rows - 1;
    for (let column = Math.floor(grid.columns / 2); column < grid.columns; column++)
        for (let row = 0; row < grid.rows; row++) {
            mass[row] += grid.values[column * grid.rows + row];
            total += grid.values[column * grid.rows + row];
        }
    for (let row = 0; row < grid.rows && total > 0; row++) {
        if (sum <= 0.01 * total) first = row;
        sum += mass[row];
        if (sum < 0.99 * total) last = row + 1;
    }
    return { low: edgeOf(grid, first), high: edgeOf(grid, Math.min(last, grid.rows - 1) + 1) };
}

//  Rows of a range of prices, for the functions that look at a window; all columns.
export function windowOf(grid, { low, high }) {
    const row = (px) => Math.floor(Math.log(px / grid.firstPx) / grid.step);
    return {
        from: 0,
        to: grid.columns - 1,
        low: Math.max(0, row(low)),
        high: Math.min(grid.rows - 1, row(high))
    };
}

//  RGBA pixels of the whole grid, top row first, and how many are not empty.
export function paint(grid, { colours, scale, hideBelow = 0, isPerSide = false }) {
    const pixels = new Uint8ClampedArray(grid.columns * grid.rows * 4);
    let painted = 0;
    for (let column = 0; column < grid.columns; column++)
        for (let row = 0; row < grid.rows; row++) {
            const value = grid.values[column * grid.rows + row];
            if (!(value > 0) || value < hideBelow) continue;
            const full = !isPerSide ? scale.all : isLong(grid, column, row) ? scale.long : scale.short;
            const index = shade(value, full) * 3;
            const at = ((grid.rows - 1 - row) * grid.columns + column) * 4;
            pixels[at] = colours[index];
            pixels[at + 1] = colours[index + 1];
            pixels[at + 2] = colours[index + 2];
            pixels[at + 3] = 255;
            painted++;
        }
    return { pixels, painted };
}
