//  map_math - the liquidation map of one frame: bars by leverage group, cumulative curves; pure

//  Rows of a frame with the amounts of the chosen groups, prices ascending.
export function rowsOf(frame, groups) {
    const step = frame.step_bp * 1e-4;
    const rows = [];
    for (let row = 0; row < frame.rows; row++) {
        const low = frame.first_px * Math.exp(row * step),
            high = frame.first_px * Math.exp((row + 1) * step);
        const long = [],
            short = [];
        for (const group of groups) {
            long.push(frame.groups[group]?.long_usd[row] ?? 0);
            short.push(frame.groups[group]?.short_usd[row] ?? 0);
        }
        rows.push({ row, low, high, long, short, longUsd: sum(long), shortUsd: sum(short) });
    }
    return rows;
}

export const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

//  Adds to every row what would be liquidated on the way from the mark to it: longs add up leftwards from the mark,
//  shorts rightwards.  A row that the mark stands in counts for both.
export function addCumulative(rows, markPx) {
    let total = 0;
    for (let i = rows.length - 1; i >= 0; i--) {
        if (rows[i].low <= markPx) total += rows[i].longUsd;
        rows[i].cumulativeLong = rows[i].low <= markPx ? total : 0;
    }
    total = 0;
    for (const row of rows) {
        if (row.high >= markPx) total += row.shortUsd;
        row.cumulativeShort = row.high >= markPx ? total : 0;
    }
    return rows;
}

//  Fewer, wider rows: amounts add up, never interpolate.  Cumulative values are those of the outer edge.
export function merge(rows, count, markPx) {
    const every = Math.max(1, Math.ceil(rows.length / Math.max(1, count)));
    const merged = [];
    for (let i = 0; i < rows.length; i += every) {
        const part = rows.slice(i, i + every);
        const add = (key) => part[0][key].map((_, group) => sum(part.map((row) => row[key][group])));
        merged.push({
            row: part[0].row,
            low: part[0].low,
            high: part[part.length - 1].high,
            long: add("long"),
            short: add("short"),
            longUsd: sum(part.map((row) => row.longUsd)),
            shortUsd: sum(part.map((row) => row.shortUsd))
        });
    }
    return addCumulative(merged, markPx);
}

//  A round number of at least `value`, for the top of an axis.
export function roundUp(value) {
    if (!(value > 0)) return 1;
    const unit = 10 ** Math.floor(Math.log10(value));
    return [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find((step) => step * unit >= value * 0.9999) * unit;
}
