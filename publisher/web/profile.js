//  profile - what stands now, by price, docked to the right of the heatmap on the same price scale
//
//  Longs and shorts of the newest map are stacked bars.  With venues filtered the newest column of the heatmap takes
//  its place, because a map that comes every second is of all venues.  The threshold does not touch it.

import { amountOf, edgeOf, isLong } from "./grid.js";
import { rowsOf } from "./map_math.js";

const LONG = "#ff5d7a",
    SHORT = "#2ee695";

export function profileOf({ frame, grid, state }) {
    if (frame && (!state.venues || state.model !== "full"))
        return rowsOf(frame, state.groups).map(({ low, high, longUsd, shortUsd }) => ({
            low,
            high,
            longUsd,
            shortUsd
        }));
    const rows = [];
    if (!grid) return rows;
    const column = grid.columns - 1;
    for (let row = 0; row < grid.rows; row++) {
        const amount = amountOf(grid, column, row),
            long = isLong(grid, column, row);
        rows.push({
            low: edgeOf(grid, row),
            high: edgeOf(grid, row + 1),
            longUsd: long ? amount : 0,
            shortUsd: long ? 0 : amount
        });
    }
    return rows;
}

export class Profile {
    //  onMost: told the amount of the longest bar on the screen.
    constructor(canvas, onMost) {
        this.canvas = canvas;
        this.onMost = onMost;
        this.rows = [];
        this.drawn = "";
    }

    show(rows) {
        this.rows = rows;
        this.drawn = "";
    }

    //  Called whenever the chart has drawn itself; does nothing unless the price scale or the rows changed.
    draw(series, paneHeight) {
        const width = this.canvas.clientWidth;
        if (width === 0 || this.rows.length === 0) return;
        const first = series.priceToCoordinate(this.rows[0].low);
        const last = series.priceToCoordinate(this.rows[this.rows.length - 1].high);
        if (first === null || last === null) return;
        const ratio = window.devicePixelRatio || 1;
        const key = `${first} ${last} ${width} ${paneHeight} ${ratio}`;
        if (key === this.drawn) return;
        this.drawn = key;
        this.canvas.style.height = `${paneHeight}px`;
        this.canvas.width = Math.round(width * ratio);
        this.canvas.height = Math.round(paneHeight * ratio);
        const context = this.canvas.getContext("2d");
        context.scale(ratio, ratio);
        const visible = this.rows
            .map((row) => ({
                ...row,
                top: series.priceToCoordinate(row.high),
                bottom: series.priceToCoordinate(row.low)
            }))
            .filter((row) => row.bottom > 0 && row.top < paneHeight);
        const most = visible.reduce((largest, row) => Math.max(largest, row.longUsd + row.shortUsd), 0);
        this.canvas.dataset.mostUsd = most;
        this.onMost(most);
        if (!(most > 0)) return;
        for (const row of visible) {
            const height = Math.max(0.75, row.bottom - row.top - (row.bottom - row.top > 2.5 ? 0.5 : 0));
            const long = (row.longUsd / most) * (width - 4),
                short = (row.shortUsd / most) * (width - 4);
            context.fillStyle = LONG;
            context.fillRect(0, row.top, long, height);
            context.fillStyle = SHORT;
            context.fillRect(long, row.top, short, height);
        }
    }
}
