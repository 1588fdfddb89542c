//  heatmap - the first view: candles, cells, circles, colour bar, tooltip, keys, profile

import {
    CandlestickSeries,
    CrosshairMode,
    LineStyle,
    PriceScaleMode,
    createChart
} from "./lightweight-charts.standalone.production.mjs";
import { Circles, circlesOf } from "./circles.js";
import * as format from "./format.js";
import {
    amountOf,
    edgeOf,
    gridOf,
    limitsOf,
    rowOf,
    scaleOf,
    thresholdUsd,
    viewOf,
    windowOf
} from "./grid.js";
import { amountAt, css, table } from "./palette.js";
import { Profile, profileOf } from "./profile.js";
import { Raster } from "./raster.js";

const LIMITS_DELAY_MS = 150;
const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;

const CHART_OPTIONS = {
    autoSize: true,
    layout: {
        background: { type: "solid", color: "#0c0714" },
        textColor: "#a99fc4",
        attributionLogo: false,
        fontFamily: "Inter, system-ui, 'DejaVu Sans', sans-serif",
        fontSize: 11
    },
    grid: { vertLines: { visible: false }, horzLines: { visible: false } },
    crosshair: {
        mode: CrosshairMode.Normal,
        vertLine: { color: "#d9cff5", width: 1, labelBackgroundColor: "#3a2a63" },
        horzLine: { color: "#d9cff5", width: 1, labelBackgroundColor: "#3a2a63" }
    },
    rightPriceScale: {
        mode: PriceScaleMode.Logarithmic,
        borderColor: "#2a1d47",
        scaleMargins: { top: 0, bottom: 0 },
        minimumWidth: 58
    },
    timeScale: { borderColor: "#2a1d47", timeVisible: true, secondsVisible: false, minBarSpacing: 0.1 },
    handleScroll: { vertTouchDrag: false },
    kineticScroll: { touch: !isStill, mouse: false }
};

const CANDLES = {
    upColor: "#f3fff9",
    wickUpColor: "#f3fff9",
    borderUpColor: "#f3fff9",
    downColor: "#ff5d7a",
    wickDownColor: "#ff5d7a",
    borderDownColor: "#ff5d7a",
    priceLineVisible: false,
    lastValueVisible: false
};

export class Heatmap {
    constructor(root, announce) {
        const find = (name) => root.querySelector(`[data-part="${name}"]`);
        this.root = root;
        this.announce = announce;
        this.plot = find("plot");
        this.tooltip = find("tooltip");
        this.bar = find("bar");
        this.answer = this.grid = this.frame = this.state = null;
        this.view = null;
        this.frozenFor = "";
        this.cursor = null;
        this.chart = createChart(this.plot, {
            ...CHART_OPTIONS,
            localization: { priceFormatter: format.price, tickmarksPriceFormatter: format.ticks }
        });
        this.series = this.chart.addSeries(CandlestickSeries, {
            ...CANDLES,
            autoscaleInfoProvider: (own) =>
                this.view ? { priceRange: { minValue: this.view.low, maxValue: this.view.high } } : own()
        });
        this.profileMost = find("profile-most");
        this.profile = new Profile(find("profile"), (usd) => this.tellProfile(usd));
        this.raster = new Raster(() => this.profile.draw(this.series, this.chart.paneSize().height));
        this.circles = new Circles();
        this.series.attachPrimitive(this.raster);
        this.series.attachPrimitive(this.circles);
        this.line = null;
        this.chart.subscribeCrosshairMove((at) => this.point(at));
        this.chart.timeScale().subscribeVisibleLogicalRangeChange(() => this.laterLimits());
        this.plot.addEventListener("keydown", (event) => this.key(event));
        this.plot.addEventListener("blur", () => this.leave());
        //  whoever drags the chart does not read cells: the frame's time belongs to the picture
        this.plot.addEventListener("pointerdown", ({ pointerType }) => this.drag(pointerType === "mouse"));
        window.addEventListener("pointerup", () => this.drag(false));
        window.addEventListener("pointercancel", () => this.drag(false));
    }

    //  --- data

    //  A new answer.  isNew: another instrument, range or model, so the view starts afresh.
    load(answer, state, isNew) {
        this.answer = answer;
        this.grid = gridOf(answer);
        this.state = state;
        const grid = this.grid,
            count = grid.columns;
        const data = new Array(count);
        for (let column = 0; column < count; column++) {
            const time = (grid.startMs + column * grid.columnMs) / 1000,
                candle = grid.candles[column];
            data[column] = candle
                ? { time, open: candle[1], high: candle[2], low: candle[3], close: candle[4] }
                : { time };
        }
        const last = grid.closes[count - 1];
        const digits = Number.isFinite(last) ? format.priceDigits(last) : 2;
        this.series.applyOptions({
            priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits }
        });
        //  kept, so that nothing jumps while somebody looks, until price is about to leave it
        if (isNew || !this.view || !(last > this.view.low * 1.002 && last < this.view.high * 0.998))
            this.view = viewOf(grid);
        this.series.setData(data);
        this.freeze();
        this.paint();
        this.circles.show(circlesOf(answer.prints, grid.columnOfX), state.areCirclesShown);
        if (isNew) {
            this.cursor = null;
            this.series.priceScale().applyOptions({ autoScale: true });
            this.chart.timeScale().fitContent();
            this.leave();
        }
        this.showProfile();
        if (!this.frame) this.setMark(last);
        Object.assign(this.root.dataset, {
            columns: count,
            rows: grid.rows,
            prints: answer.prints.length,
            updateTime: answer.update_time,
            totalUsd: grid.values.reduce((total, amount) => total + amount, 0),
            lastX: grid.startMs + (count - 1) * grid.columnMs
        });
    }

    //  What only changes the look: palette, threshold, scaling, circles, groups of the profile.
    restyle(state, changed) {
        this.state = state;
        if (!this.grid) return;
        this.freeze();
        if (changed.includes("threshold")) this.useScreenLimits();
        this.paint();
        this.circles.show(this.circles.circles, state.areCirclesShown);
        this.showProfile();
    }

    //  The newest map.
    take(frame) {
        this.frame = frame;
        this.setMark(frame.mark_px);
        if (this.grid) this.showProfile();
    }

    //  Another instrument or model: what was shown of the old one must not pass for the new.
    forget() {
        this.frame = null;
    }

    //  The colour scale is that of the prices first shown, and kept until there is another column or another
    //  choice, so that history does not flicker.
    freeze() {
        const grid = this.grid,
            state = this.state;
        const identity = [
            this.answer.instrument,
            this.answer.model,
            this.answer.range,
            state.groups,
            state.venues,
            grid.startMs + grid.columns * grid.columnMs,
            grid.rows
        ].join("|");
        if (identity === this.frozenFor) return;
        this.frozenFor = identity;
        const part = this.view ? windowOf(grid, this.view) : undefined;
        this.scale = scaleOf(grid, part);
        this.limits = limitsOf(grid, part);
    }

    paint() {
        const state = this.state,
            colours = table(state.palette);
        this.hideBelow = thresholdUsd(state.threshold, this.limits);
        this.raster.show(this.grid, {
            colours,
            scale: this.scale,
            hideBelow: this.hideBelow,
            isPerSide: state.isPerSide
        });
        this.drawBar(colours);
        Object.assign(this.root.dataset, {
            painted: this.raster.painted,
            scaleUsd: this.scale.all,
            hideBelowUsd: this.hideBelow
        });
        this.onThreshold?.(this.hideBelow);
    }

    //  The threshold runs over the amounts on the screen: looked at again a moment after the screen moved.
    laterLimits() {
        if (!this.state || this.state.threshold <= 0) return;
        clearTimeout(this.limitsTimer);
        this.limitsTimer = setTimeout(() => {
            this.useScreenLimits();
            this.paint();
        }, LIMITS_DELAY_MS);
    }

    useScreenLimits() {
        const part = this.grid && this.raster.window();
        if (!part) return;
        const limits = limitsOf(this.grid, part);
        if (limits.most > 0) this.limits = limits;
    }

    showProfile() {
        this.profile.show(profileOf({ frame: this.frame, grid: this.grid, state: this.state }));
        this.profile.draw(this.series, this.chart.paneSize().height);
    }

    tellProfile(usd) {
        this.profileMost.textContent = usd > 0 ? format.usd(usd) : "";
    }

    setMark(px) {
        if (!Number.isFinite(px)) return;
        if (!this.line)
            this.line = this.series.createPriceLine({
                price: px,
                color: "#ffe08a",
                lineWidth: 1,
                lineStyle: LineStyle.Dashed,
                axisLabelVisible: true,
                axisLabelColor: "#ffe08a",
                axisLabelTextColor: "#1a1030",
                title: ""
            });
        else this.line.applyOptions({ price: px });
        this.root.dataset.markPx = px;
    }

    drawBar(colours) {
        const { canvas, top, middle, bottom } = (this.barParts ??= {
            canvas: this.bar.querySelector("canvas"),
            top: this.bar.querySelector("[data-at='1']"),
            middle: this.bar.querySelector("[data-at='0.5']"),
            bottom: this.bar.querySelector("[data-at='0']")
        });
        canvas.width = 1;
        canvas.height = 256;
        const context = canvas.getContext("2d");
        for (let i = 0; i < 256; i++) {
            context.fillStyle = css(colours, i);
            context.fillRect(0, 255 - i, 1, 1);
        }
        const full = this.scale.all;
        const perSide = this.state.isPerSide;
        top.textContent = perSide ? "99.7%" : format.usd(full);
        middle.textContent = perSide ? "per side" : format.usd(amountAt(0.5, full));
        bottom.textContent = perSide ? "0" : "$0";
        this.bar.title = perSide
            ? `Full colour: longs ${format.usd(this.scale.long)}, shorts ${format.usd(this.scale.short)}`
            : `Full colour: ${format.usd(full)} and more in one cell`;
    }

    //  --- pointing

    point(at) {
        if (this.isKeyed || this.isDragged) return;
        if (!at.point || at.logical === undefined || !this.grid) {
            if (!this.cursor) this.leave();
            return;
        }
        this.cursor = null;
        const px = this.series.coordinateToPrice(at.point.y);
        this.describe(Math.round(at.logical), px, at.point);
    }

    drag(isDragged) {
        this.isDragged = isDragged;
        if (isDragged) this.tooltip.hidden = true;
    }

    leave() {
        this.tooltip.hidden = true;
        this.cursor = null;
        this.chart.clearCrosshairPosition();
    }

    describe(column, px, at) {
        const grid = this.grid,
            row = rowOf(grid, px);
        if (column < 0 || column >= grid.columns) {
            this.tooltip.hidden = true;
            return;
        }
        const amount = amountOf(grid, column, row),
            ms = grid.startMs + column * grid.columnMs;
        const lines = [
            ["strong", format.time(ms)],
            ["div", `Price ${format.price(px)}`],
            ["div", `Liquidation leverage: ${format.usd(amount)} (est.)`, "amount"]
        ];
        const candle = grid.candles[column];
        if (candle) {
            const [, open, high, low, close, volume] = candle;
            lines.push(["div", `Open ${format.price(open)}, close ${format.price(close)}`, "faint"]);
            lines.push(["div", `High ${format.price(high)}, low ${format.price(low)}`, "faint"]);
            lines.push(["div", `Volume ${format.usd(volume)}`, "faint"]);
        }
        lines.push(...this.describePrints(column));
        this.tooltip.replaceChildren(
            ...lines.map(([tag, text, className]) => {
                const element = document.createElement(tag);
                element.textContent = text;
                if (className) element.className = className;
                return element;
            })
        );
        Object.assign(this.tooltip.dataset, {
            x: grid.xOfColumn[column],
            y: row,
            usd: amount,
            timeMs: ms,
            price: px
        });
        this.place(at);
        return lines
            .slice(0, 3)
            .map(([, text]) => text)
            .join(", ");
    }

    describePrints(column) {
        const lines = [],
            venues = new Set();
        for (const [name, isLong, className] of [
            ["Longs", true, "long"],
            ["Shorts", false, "short"]
        ]) {
            const prints = this.circles.circles.filter(
                (print) => print.column === column && print.isLong === isLong
            );
            if (prints.length === 0) continue;
            const usd = prints.reduce((total, print) => total + print.usd, 0);
            const count = prints.reduce((total, print) => total + print.count, 0);
            lines.push(["div", `${name} liquidated: ${format.usd(usd)} in ${count}`, className]);
            for (const print of prints) if (print.coverage === "sampled") venues.add(print.venue);
        }
        for (const venue of venues)
            lines.push(["div", `${format.venueName(venue)} shows at most one a second`, "faint"]);
        return lines;
    }

    place({ x, y }) {
        const tip = this.tooltip;
        tip.hidden = false;
        const { width, height } = this.chart.paneSize();
        const left = x + 18 + tip.offsetWidth > width ? x - 18 - tip.offsetWidth : x + 18;
        tip.style.left = `${Math.max(4, Math.min(width - tip.offsetWidth - 4, left))}px`;
        tip.style.top = `${Math.max(4, Math.min(height - tip.offsetHeight - 4, y + 14))}px`;
    }

    //  Arrow keys move the crosshair by a column or a row, with Shift by ten; Escape leaves.
    key(event) {
        const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
        if (event.key === "Escape") {
            this.leave();
            return;
        }
        const move = moves[event.key];
        if (!move || !this.grid || this.grid.columns === 0) return;
        event.preventDefault();
        const part = this.raster.window();
        if (!part) return;
        const far = event.shiftKey ? 10 : 1,
            grid = this.grid;
        const markRow = rowOf(grid, grid.closes[grid.columns - 1]);
        const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
        //  the first key shows the crosshair, at the newest column and the price
        const [x, y] = this.cursor ? move : [0, 0];
        const from = this.cursor ?? { column: part.to, row: markRow >= 0 ? markRow : part.low };
        const column = clamp(from.column + x * far, part.from, part.to);
        const row = clamp(from.row + y * far, part.low, part.high);
        const px = edgeOf(grid, row + 0.5),
            time = (grid.startMs + column * grid.columnMs) / 1000;
        this.isKeyed = true;
        this.chart.setCrosshairPosition(px, time, this.series);
        this.isKeyed = false;
        const said = this.describe(column, px, {
            x: this.chart.timeScale().logicalToCoordinate(column),
            y: this.series.priceToCoordinate(px)
        });
        this.cursor = { column, row };
        this.announce(said);
    }
}
