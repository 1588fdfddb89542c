//  map_view - the second view: what stands at each price now, by leverage, with cumulative curves and max pain
//
//  x price (even in log price), left axis USD of a bar, right axis USD of the curves.  Longs are liquidated below the
//  mark, so their curve rises to the left; shorts above, theirs rises to the right.  The brush under the chart
//  chooses the part of the prices that is shown.

import * as format from "./format.js";
import { merge, roundUp, rowsOf } from "./map_math.js";

export const GROUP_COLOURS = ["#5b8def", "#38c6d9", "#9b6cf0", "#f2a541", "#f4e04d"];
const LONG = "#ff5d7a",
    SHORT = "#2ee695",
    MARK = "#ff4d4d",
    TEXT = "#a99fc4",
    FRAME = "#2a1d47";
const EDGE = { left: 58, right: 62, top: 34, bottom: 26 };
const BAR_LEAST_PX = 3;

function fit(canvas) {
    const ratio = window.devicePixelRatio || 1,
        width = canvas.clientWidth,
        height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = "11px Inter, system-ui, 'DejaVu Sans', sans-serif";
    return { context, width, height };
}

export class MapView {
    constructor(root, announce) {
        const find = (name) => root.querySelector(`[data-part="${name}"]`);
        this.root = root;
        this.announce = announce;
        this.canvas = find("map");
        this.brush = find("brush");
        this.from = find("from");
        this.to = find("to");
        this.tooltip = find("map-tooltip");
        this.frame = null;
        this.pointed = null;
        for (const handle of [this.from, this.to])
            handle.addEventListener("input", () => this.moveBrush(handle));
        this.canvas.addEventListener("pointermove", (event) => this.point(event.offsetX));
        this.canvas.addEventListener("pointerdown", (event) => this.point(event.offsetX));
        this.canvas.addEventListener("pointerleave", () => this.leave());
        this.canvas.addEventListener("keydown", (event) => this.key(event));
        this.canvas.addEventListener("blur", () => this.leave());
        new ResizeObserver(() => this.draw()).observe(this.canvas);
    }

    show(frame, state) {
        this.frame = frame;
        this.state = state;
        this.draw();
    }

    moveBrush(handle) {
        const least = 4;
        if (Number(this.to.value) - Number(this.from.value) < least) {
            if (handle === this.from) this.from.value = Math.max(0, Number(this.to.value) - least);
            else this.to.value = Math.min(100, Number(this.from.value) + least);
        }
        this.draw();
    }

    //  --- drawing

    draw() {
        if (!this.frame || this.canvas.clientWidth === 0) return;
        const { context, width, height } = fit(this.canvas);
        const frame = this.frame,
            all = rowsOf(frame, this.state.groups);
        if (all.length === 0) return;
        const first = Math.floor((Number(this.from.value) / 100) * all.length);
        const end = Math.ceil((Number(this.to.value) / 100) * all.length);
        const inner = width - EDGE.left - EDGE.right;
        //  cumulative amounts are of all prices; only then is a part of them cut out
        const every = Math.max(1, Math.ceil(((end - first) * BAR_LEAST_PX) / Math.max(1, inner)));
        const bars = merge(all, Math.ceil(all.length / every), frame.mark_px).filter(
            (bar) => bar.high > all[first].low && bar.low < all[end - 1].high
        );
        const low = Math.log(bars[0].low),
            high = Math.log(bars[bars.length - 1].high);
        const scale = {
            x: (px) => EDGE.left + ((Math.log(px) - low) / (high - low)) * inner,
            top: EDGE.top,
            bottom: height - EDGE.bottom,
            left: EDGE.left,
            right: width - EDGE.right,
            most: roundUp(Math.max(...bars.map((bar) => bar.longUsd + bar.shortUsd))),
            mostCumulative: roundUp(
                Math.max(...bars.map((bar) => Math.max(bar.cumulativeLong, bar.cumulativeShort)))
            )
        };
        scale.y = (amount, most) => scale.bottom - (amount / most) * (scale.bottom - scale.top);
        this.bars = bars;
        this.scale = scale;
        this.drawAxes(context, scale, low, high);
        this.drawBars(context, scale, bars);
        this.drawCurves(context, scale, bars);
        this.drawMarks(context, scale);
        this.drawBrush(all);
        this.tell(bars);
        if (this.pointed !== null) this.describe(Math.min(this.pointed, bars.length - 1));
    }

    drawAxes(context, scale, low, high) {
        context.strokeStyle = FRAME;
        context.fillStyle = TEXT;
        context.lineWidth = 1;
        for (let i = 0; i <= 4; i++) {
            const y = Math.round(scale.bottom - (i / 4) * (scale.bottom - scale.top)) + 0.5;
            context.beginPath();
            context.moveTo(scale.left, y);
            context.lineTo(scale.right, y);
            context.stroke();
            context.textAlign = "right";
            context.fillText(format.usd((scale.most * i) / 4), scale.left - 6, y + 4);
            context.textAlign = "left";
            context.fillText(format.usd((scale.mostCumulative * i) / 4), scale.right + 6, y + 4);
        }
        context.textAlign = "center";
        const ticks = Math.max(2, Math.floor((scale.right - scale.left) / 110));
        for (let i = 0; i <= ticks; i++) {
            const px = Math.exp(low + ((high - low) * i) / ticks);
            const x = Math.min(Math.max(scale.x(px), 28), this.canvas.clientWidth - 34);
            context.fillText(format.price(px), x, scale.bottom + 17);
        }
    }

    drawBars(context, scale, bars) {
        for (const bar of bars) {
            const left = scale.x(bar.low),
                width = Math.max(1, scale.x(bar.high) - left - 0.6);
            let y = scale.bottom;
            this.state.groups.forEach((group, i) => {
                const height = ((bar.long[i] + bar.short[i]) / scale.most) * (scale.bottom - scale.top);
                context.fillStyle = GROUP_COLOURS[group];
                context.fillRect(left, y - height, width, height);
                y -= height;
            });
        }
    }

    drawCurves(context, scale, bars) {
        for (const [key, colour, isOn, end] of [
            ["cumulativeLong", LONG, (bar) => bar.low <= this.frame.mark_px, "low"],
            ["cumulativeShort", SHORT, (bar) => bar.high >= this.frame.mark_px, "high"]
        ]) {
            const points = bars
                .filter(isOn)
                .map((bar) => [scale.x(bar[end]), scale.y(bar[key], scale.mostCumulative)]);
            if (points.length < 2) continue;
            context.beginPath();
            points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
            context.strokeStyle = colour;
            context.lineWidth = 2;
            context.stroke();
            context.lineTo(points[points.length - 1][0], scale.bottom);
            context.lineTo(points[0][0], scale.bottom);
            context.fillStyle = colour + "1c";
            context.fill();
        }
    }

    drawMarks(context, scale) {
        const frame = this.frame;
        const isInside = (px) => px !== null && scale.x(px) >= scale.left && scale.x(px) <= scale.right;
        if (isInside(frame.mark_px))
            this.drawVertical(context, scale, frame.mark_px, MARK, format.price(frame.mark_px), 12);
        for (const [px, usd, colour, name] of [
            [frame.pain_long_px, frame.pain_long_usd, LONG, "Max pain longs"],
            [frame.pain_short_px, frame.pain_short_usd, SHORT, "Max pain shorts"]
        ])
            if (isInside(px)) this.drawVertical(context, scale, px, colour, `${name} ${format.usd(usd)}`, 27);
    }

    drawVertical(context, scale, px, colour, text, y) {
        const x = scale.x(px);
        context.strokeStyle = colour;
        context.lineWidth = 1.25;
        context.setLineDash(y === 12 ? [5, 4] : [2, 3]);
        context.beginPath();
        context.moveTo(x, y + 3);
        context.lineTo(x, scale.bottom);
        context.stroke();
        context.setLineDash([]);
        //  names of max pain stand on the outer side of their lines, so that the two never meet
        const width = context.measureText(text).width,
            isMark = y === 12;
        const from = isMark ? x - width / 2 : colour === LONG ? x - width - 4 : x + 4;
        context.fillStyle = colour;
        context.textAlign = "left";
        context.fillText(text, Math.min(Math.max(from, 2), this.canvas.clientWidth - width - 2), y);
        if (!isMark) {
            context.beginPath();
            context.moveTo(x - 5, scale.bottom + 1);
            context.lineTo(x + 5, scale.bottom + 1);
            context.lineTo(x, scale.bottom - 7);
            context.fill();
        }
    }

    drawBrush(all) {
        const { context, width, height } = fit(this.brush);
        const most = Math.max(...all.map((row) => row.longUsd + row.shortUsd)) || 1;
        const step = width / all.length;
        all.forEach((row, i) => {
            context.fillStyle = row.longUsd > row.shortUsd ? LONG : SHORT;
            const size = ((row.longUsd + row.shortUsd) / most) * (height - 2);
            context.fillRect(i * step, height - size, Math.max(0.5, step), size);
        });
        context.fillStyle = "rgba(12, 7, 20, 0.72)";
        const from = (Number(this.from.value) / 100) * width,
            to = (Number(this.to.value) / 100) * width;
        context.fillRect(0, 0, from, height);
        context.fillRect(to, 0, width - to, height);
        context.strokeStyle = "#8f7ad6";
        context.strokeRect(from + 0.5, 0.5, to - from - 1, height - 1);
        const edge = (value) =>
            format.price(all[Math.min(all.length - 1, Math.floor((value / 100) * all.length))].low);
        this.from.setAttribute("aria-valuetext", edge(Number(this.from.value)));
        this.to.setAttribute("aria-valuetext", edge(Number(this.to.value)));
    }

    //  The numbers behind the picture, for whoever reads the page without seeing it.
    tell(bars) {
        const mark = this.frame.mark_px,
            round = (value) => Math.round(value);
        Object.assign(this.root.dataset, {
            bars: bars.length,
            markPx: mark,
            cumulativeLong: JSON.stringify(
                bars
                    .filter((bar) => bar.low <= mark)
                    .reverse()
                    .map((bar) => round(bar.cumulativeLong))
            ),
            cumulativeShort: JSON.stringify(
                bars.filter((bar) => bar.high >= mark).map((bar) => round(bar.cumulativeShort))
            ),
            painLong: this.frame.pain_long_px ?? "",
            painShort: this.frame.pain_short_px ?? ""
        });
        this.canvas.setAttribute(
            "aria-label",
            `Liquidation map of ${this.frame.instrument}: ` +
                `${format.usd(bars[0].cumulativeLong)} of longs below and ` +
                `${format.usd(bars[bars.length - 1].cumulativeShort)} of shorts above ${format.price(mark)}, estimated. ` +
                "Arrow keys read it bar by bar."
        );
    }

    //  --- pointing

    leave() {
        this.pointed = null;
        this.tooltip.hidden = true;
    }

    point(x) {
        if (!this.bars) return;
        const index = this.bars.findIndex((bar) => x >= this.scale.x(bar.low) && x < this.scale.x(bar.high));
        if (index < 0) this.leave();
        else this.describe(index);
    }

    key(event) {
        if (event.key === "Escape") {
            this.leave();
            return;
        }
        if (!this.bars || !["ArrowLeft", "ArrowRight"].includes(event.key)) return;
        event.preventDefault();
        const mark = this.bars.findIndex((bar) => bar.high > this.frame.mark_px);
        const from = this.pointed ?? mark,
            far = event.shiftKey ? 10 : 1;
        const index = from + (event.key === "ArrowLeft" ? -far : far);
        this.announce(this.describe(Math.min(this.bars.length - 1, Math.max(0, index))));
    }

    describe(index) {
        const bar = this.bars[index],
            mark = this.frame.mark_px,
            isBelow = bar.high <= mark;
        const cumulative = isBelow ? bar.cumulativeLong : bar.cumulativeShort;
        const rows = this.state.groups.map((group, i) => {
            const { leverage_from: from, leverage_to: to } = this.frame.groups[group];
            return [
                `${format.leverage(from, to, group === 0)}: ${format.usd(bar.long[i] + bar.short[i])}`,
                GROUP_COLOURS[group]
            ];
        });
        const lines = [
            [`${format.price(bar.low)} \u2013 ${format.price(bar.high)}`, ""],
            ...rows,
            [
                `Cumulative ${isBelow ? "longs" : "shorts"} to this price: ${format.usd(cumulative)} (est.)`,
                isBelow ? LONG : SHORT
            ]
        ];
        this.tooltip.replaceChildren(
            ...lines.map(([text, colour]) => {
                const line = document.createElement("div");
                line.textContent = text;
                if (colour) {
                    line.className = "keyed";
                    line.style.setProperty("--key", colour);
                }
                return line;
            })
        );
        Object.assign(this.tooltip.dataset, {
            low: bar.low,
            high: bar.high,
            usd: bar.longUsd + bar.shortUsd,
            cumulative
        });
        this.tooltip.hidden = false;
        const x = this.scale.x((bar.low + bar.high) / 2),
            width = this.tooltip.offsetWidth;
        const left = x + 14 + width > this.canvas.clientWidth ? x - 14 - width : x + 14;
        this.tooltip.style.left = `${Math.max(2, left)}px`;
        this.tooltip.style.top = `${EDGE.top + 14}px`;
        this.pointed = index;
        return lines.map(([text]) => text).join(", ");
    }
}
