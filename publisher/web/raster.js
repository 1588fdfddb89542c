//  raster - draws the heatmap's cells on the chart's own scales, as a primitive of its price series
//
//  What  The cells are painted once into a canvas of one pixel a cell.  Each frame of the screen only copies the
//        visible part of it, scaled without smoothing: every cell is a crisp rectangle, and panning costs one
//        drawImage whatever the number of cells.
//  How   One copy is exact because columns are even in time (the chart's time scale) and rows even in log price (its
//        price scale is logarithmic).  Where cells are comes from the chart (priceToCoordinate, logicalToCoordinate)
//        and from nowhere else, so that candles, circles, profile and cells can never disagree.

import { edgeOf, paint } from "./grid.js";

export class Raster {
    constructor(onDrawn) {
        this.grid = null;
        this.picture = document.createElement("canvas");
        this.painted = 0;
        this.onDrawn = onDrawn;
        this.views = [{ zOrder: () => "bottom", renderer: () => this }];
    }

    //  --- what the chart calls

    attached({ chart, series, requestUpdate }) {
        this.chart = chart;
        this.series = series;
        this.requestUpdate = requestUpdate;
    }

    paneViews() {
        return this.views;
    }

    draw(target) {
        target.useBitmapCoordinateSpace((scope) => {
            if (this.grid && this.painted > 0) this.copy(scope);
        });
        this.onDrawn?.();
    }

    //  --- what the page calls

    show(grid, look) {
        this.grid = grid;
        if (grid.columns === 0 || grid.rows === 0) {
            this.painted = 0;
        } else {
            const { pixels, painted } = paint(grid, look);
            this.picture.width = grid.columns;
            this.picture.height = grid.rows;
            this.picture.getContext("2d").putImageData(new ImageData(pixels, grid.columns, grid.rows), 0, 0);
            this.painted = painted;
        }
        this.requestUpdate?.();
    }

    //  Columns and rows on the screen: {from, to, low, high}; null before the chart has scales.
    window() {
        const grid = this.grid,
            time = this.chart.timeScale(),
            visible = time.getVisibleLogicalRange();
        if (!grid || !visible) return null;
        const height = this.chart.paneSize().height;
        const top = this.series.coordinateToPrice(0),
            bottom = this.series.coordinateToPrice(height);
        if (top === null || bottom === null) return null;
        const row = (px) => Math.floor(Math.log(px / grid.firstPx) / grid.step);
        return {
            from: Math.max(0, Math.floor(visible.from + 0.5)),
            to: Math.min(grid.columns - 1, Math.ceil(visible.to - 0.5)),
            low: Math.max(0, row(bottom)),
            high: Math.min(grid.rows - 1, row(top))
        };
    }

    copy({ context, horizontalPixelRatio: across, verticalPixelRatio: down }) {
        const grid = this.grid,
            part = this.window();
        if (!part || part.to < part.from || part.high < part.low) return;
        //  The chart's coordinate k is the middle of pixel k, a canvas' the left of it: hence the halves.  Nothing is
        //  rounded, so that the cell under a pixel is the cell of the price and time the chart gives for it.
        const time = this.chart.timeScale();
        const width = time.options().barSpacing;
        const left = time.logicalToCoordinate(part.from) - width / 2 + 0.5;
        const top = this.series.priceToCoordinate(edgeOf(grid, part.high + 1)) + 0.5;
        const bottom = this.series.priceToCoordinate(edgeOf(grid, part.low)) + 0.5;
        const columns = part.to - part.from + 1,
            rows = part.high - part.low + 1;
        context.imageSmoothingEnabled = false;
        context.drawImage(
            this.picture,
            part.from,
            grid.rows - 1 - part.high,
            columns,
            rows,
            left * across,
            top * down,
            columns * width * across,
            (bottom - top) * down
        );
    }
}
