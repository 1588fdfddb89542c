//  circles - realised liquidations on the candles: area by amount, red longs, green shorts; a primitive of the chart

const RADIUS_MOST = 14,
    RADIUS_LEAST = 1.5,
    WIDTH_OF_FULL_SIZE = 600;
const LOOKS = {
    long: ["rgba(255, 77, 109, 0.62)", "rgba(255, 214, 222, 0.95)"],
    short: ["rgba(46, 230, 149, 0.62)", "rgba(214, 255, 236, 0.95)"]
};

//  Circles of a heatmap's prints, largest first so that small ones stay visible.
export function circlesOf(prints, columnOfX) {
    const most = prints.reduce((largest, print) => Math.max(largest, print[2]), 0);
    return prints
        .filter(([x]) => x >= 0 && x < columnOfX.length)
        .map(([x, px, usd, side, count, venue, coverage]) => ({
            column: columnOfX[x],
            px,
            usd,
            isLong: side > 0,
            count,
            venue,
            coverage,
            radius: Math.max(RADIUS_LEAST, RADIUS_MOST * Math.sqrt(usd / most))
        }))
        .sort((a, b) => b.usd - a.usd);
}

export class Circles {
    constructor() {
        this.circles = [];
        this.isShown = true;
        this.views = [{ zOrder: () => "top", renderer: () => this }];
    }

    attached({ chart, series, requestUpdate }) {
        this.chart = chart;
        this.series = series;
        this.requestUpdate = requestUpdate;
    }

    paneViews() {
        return this.views;
    }

    show(circles, isShown) {
        this.circles = circles;
        this.isShown = isShown;
        this.requestUpdate?.();
    }

    draw(target) {
        if (!this.isShown) return;
        target.useMediaCoordinateSpace(({ context, mediaSize }) => {
            const time = this.chart.timeScale(),
                size = Math.min(1, mediaSize.width / WIDTH_OF_FULL_SIZE);
            for (const circle of this.circles) {
                const x = time.logicalToCoordinate(circle.column);
                if (x === null || x < -RADIUS_MOST || x > mediaSize.width + RADIUS_MOST) continue;
                const y = this.series.priceToCoordinate(circle.px);
                if (y === null) continue;
                [context.fillStyle, context.strokeStyle] = circle.isLong ? LOOKS.long : LOOKS.short;
                context.lineWidth = 0.75;
                context.beginPath();
                context.arc(x, y, Math.max(RADIUS_LEAST, circle.radius * size), 0, 2 * Math.PI);
                context.fill();
                context.stroke();
            }
        });
    }
}
