//  synthetic - a publisher made of numbers: answers of the HTTP API and messages of the feed, for the browser
//
//  What  A day of a market in columns of five minutes, deterministic.  Every group and venue has its share of every
//        cell, so that what a filter must leave can be computed.  Swept cells are empty from that column on.
//  How   Requests of the page are answered by the browser's own interception: no server, no port, no second process.

import { readFile } from "node:fs/promises";
import path from "node:path";

export const ORIGIN = "http://dashboard.test";
export const VENUES = ["binance", "bybit", "okx"];
const VENUE_SHARES = [0.5, 0.3, 0.2];
const GROUPS = [
    [2, 7.5],
    [10, 15],
    [20, 33],
    [50, 50],
    [75, 125]
];
const GROUP_SHARES = [0.3, 0.25, 0.22, 0.13, 0.1];
const GROUP_DISTANCES = [0.14, 0.075, 0.04, 0.019, 0.009];
const COLUMN_MS = 300000,
    DAY_COLUMNS = 288,
    ROWS = 300,
    ROW_BP = 10,
    START_PX = 94000;
const HELD = { "12h": 144, "24h": 288 };
const RANGES = ["12h", "24h", "48h", "3d", "1w", "2w", "1m", "3m", "6m", "1y"];
const TYPES = {
    html: "text/html",
    js: "text/javascript",
    mjs: "text/javascript",
    css: "text/css",
    svg: "image/svg+xml",
    txt: "text/plain"
};
const ROOT = path.join(
    import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
    "../../build/web"
);

function randoms(seed) {
    let state = seed;
    return () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return state / 4294967296;
    };
}

//  Cells by column: amount of each group in each row, already swept.
function makeMarket(endMs) {
    const random = randoms(20260101),
        firstPx = START_PX * Math.exp(-0.15),
        step = ROW_BP * 1e-4;
    const row = (px) => Math.floor(Math.log(px / firstPx) / step);
    const book = GROUPS.map(() => new Float64Array(ROWS));
    const columns = [],
        candles = [],
        prints = [];
    let px = START_PX;
    for (let x = 0; x < DAY_COLUMNS; x++) {
        const open = px;
        px *= 1 + 0.002 * (random() - 0.5) + 0.0006 * Math.sin(x / 23);
        const high = Math.max(open, px) * (1 + 0.001 * random()),
            low = Math.min(open, px) * (1 - 0.001 * random());
        let long = 0,
            short = 0;
        book.forEach((rows, group) => {
            for (let r = row(low); r <= row(high); r++) {
                if (r < row(open)) long += rows[r];
                else short += rows[r];
                rows[r] = 0;
            }
            const amount = 4e6 * GROUP_SHARES[group] * (0.3 + random() ** 3 * 4);
            for (const side of [-1, 1]) {
                const at = row(px * Math.exp(side * GROUP_DISTANCES[group] * (0.85 + 0.3 * random())));
                if (at >= 0 && at < ROWS && (at < row(low) || at > row(high))) rows[at] += amount;
            }
        });
        const ms = endMs - (DAY_COLUMNS - 1 - x) * COLUMN_MS;
        candles.push([ms, open, high, low, px, 1e7 + 2e7 * random()]);
        if (long > 0) prints.push([x, low, long / 2, 1, 3, "binance", "sampled"]);
        if (short > 0) prints.push([x, high, short / 2, -1, 5, "bybit", "complete"]);
        columns.push(book.map((rows) => rows.slice()));
    }
    return { firstPx, step, columns, candles, prints, mark: px };
}

export class Synthetic {
    constructor() {
        this.endMs = Math.floor(Date.now() / COLUMN_MS) * COLUMN_MS;
        this.market = makeMarket(this.endMs);
        this.isUp = true;
        this.isSpeaking = true;
        this.boot = 1;
        this.seq = 0;
        this.sockets = new Set();
    }

    //  --- what a test does to it

    pause() {
        this.isSpeaking = false;
    }
    resume() {
        this.isSpeaking = true;
    }
    stop() {
        this.isUp = false;
        for (const socket of this.sockets) socket.close();
        this.sockets.clear();
    }
    start() {
        this.isUp = true;
    }

    async attach(context) {
        await context.route(`${ORIGIN}/**`, (route) => this.answer(route));
        await context.routeWebSocket(/\/v1\/feed/, (socket) => {
            if (!this.isUp) {
                socket.close();
                return;
            }
            socket.topics = new Set();
            this.sockets.add(socket);
            socket.onMessage((text) => this.listen(socket, String(text)));
            socket.onClose(() => this.sockets.delete(socket));
        });
        this.clock = setInterval(() => {
            if (this.isSpeaking && this.isUp) for (const socket of this.sockets) this.speak(socket);
        }, 500);
    }

    detach() {
        clearInterval(this.clock);
    }

    //  --- the feed

    listen(socket, text) {
        const [verb, topic] = text.split(" ");
        if (verb === "subscribe") socket.topics.add(topic);
        else socket.topics.delete(topic);
        if (verb === "subscribe") this.speak(socket, topic, this.seq);
    }

    //  Everything a socket wants, or what one topic had last.  The ladder's map comes once a minute.
    speak(socket, only, seq = ++this.seq) {
        for (const model of only ? ["full", "ladder"] : ["full"]) {
            const topic = `v1.map.BTCUSDT.${model === "full" ? "" : "ladder."}`;
            this.send(socket, only, topic, () => this.frame(model, seq));
        }
        for (const mode of ["scalp", "day", "swing"])
            this.send(socket, only, `v1.bias.${mode}.BTCUSDT.`, () => this.bias(mode, seq));
    }

    send(socket, only, topic, make) {
        if (only ? !topic.startsWith(only) : ![...socket.topics].some((filter) => topic.startsWith(filter)))
            return;
        socket.send(JSON.stringify({ topic, skipped: 0, data: make() }));
    }

    frame(model, seq) {
        const { market } = this,
            last = market.columns[DAY_COLUMNS - 1];
        const markRow = Math.floor(Math.log(market.mark / market.firstPx) / market.step);
        const groups = GROUPS.map(([from, to], group) => ({
            leverage_from: from,
            leverage_to: to,
            long_usd: [...last[group].slice(0, markRow)],
            short_usd: [...last[group].map((v, r) => (r >= markRow ? v : 0))]
        }));
        return {
            schema: 1,
            kind: "map",
            source: "sim",
            boot: this.boot,
            seq,
            instrument: "BTCUSDT",
            model,
            ts_ms: Date.now(),
            column: false,
            mark_px: market.mark,
            first_row: 0,
            first_px: market.firstPx,
            step_bp: ROW_BP,
            rows: ROWS,
            groups,
            clusters: [],
            cumulative: [],
            pain_long_px: market.mark * 0.96,
            pain_long_usd: 1.2e8,
            pain_short_px: market.mark * 1.03,
            pain_short_usd: 9e7,
            long_usd: 1e9,
            short_usd: 1e9,
            venues: VENUES.map((venue, i) => ({
                venue,
                prints: i ? "complete" : "sampled",
                live: i < 2,
                oi_usd: 1e9
            })),
            oi_coverage_pct: 78,
            confidence_pct: 41,
            reason: "one day of history",
            theta: [],
            score_vs_ladder: model === "full" ? 0.12 : null,
            score_low: 0.03,
            score_high: 0.21,
            score_hours: 24,
            predicted_usd: 2.3e8,
            printed_usd: 2e8
        };
    }

    bias(mode, seq) {
        const points = { order_flow: 18, order_book: 9, liquidation: -14, momentum: 6, funding: -3 };
        const categories = Object.entries(points).map(([category, value]) => ({
            category,
            points: value,
            score: value / 40,
            confidence: 0.6,
            weight: 0.2,
            state: value > 10 ? "bullish" : value < -10 ? "bearish" : "neutral"
        }));
        return {
            schema: 1,
            kind: "bias",
            source: "sim",
            boot: this.boot,
            seq,
            instrument: "BTCUSDT",
            mode,
            bias: 16,
            state: "bullish",
            conflicted: false,
            confidence_pct: 50,
            confidence_basis: "uncalibrated",
            n_eff: 0,
            outcomes_needed: 200,
            evidence_pct: 65,
            categories,
            silent: [{ category: "options", card: "skew", reason: "no feed of this kind yet", age_s: null }]
        };
    }

    //  --- HTTP

    async answer(route) {
        if (!this.isUp) {
            await route.abort("connectionrefused");
            return;
        }
        const url = new URL(route.request().url());
        const json = (body, status = 200) =>
            route.fulfill({ status, contentType: "application/json", body: JSON.stringify(body) });
        if (url.pathname === "/v1")
            await json({ name: "Leadline", source: "sim", instruments: ["BTCUSDT"], venues: VENUES });
        else if (url.pathname === "/v1/health") await json({ source: "sim", health: this.health() });
        else if (url.pathname === "/v1/heatmap/BTCUSDT") await json(this.heatmap(url.searchParams));
        else if (url.pathname.startsWith("/v1/")) await json({ error: "no such path" }, 404);
        else await this.file(route, url.pathname === "/" ? "/index.html" : url.pathname);
    }

    async file(route, name) {
        try {
            const body = await readFile(path.join(ROOT, path.basename(name)));
            await route.fulfill({ body, contentType: TYPES[name.split(".").pop()] });
        } catch {
            await route.fulfill({ status: 404, body: "no such file" });
        }
    }

    heatmap(query) {
        const { market } = this,
            range = query.get("range"),
            count = HELD[range],
            from = DAY_COLUMNS - count;
        const groups = query.get("groups").split(",").map(Number);
        const venues = query.get("venues")?.split(",") ?? VENUES;
        const share =
            VENUES.reduce((total, venue, i) => total + (venues.includes(venue) ? VENUE_SHARES[i] : 0), 0) *
            (query.get("model") === "ladder" ? 1.7 : 1);
        const data = [];
        for (let x = 0; x < count; x++)
            for (let y = 0; y < ROWS; y++) {
                const amount =
                    groups.reduce((total, group) => total + market.columns[from + x][group][y], 0) * share;
                if (amount > 0) data.push([x, y, amount]);
            }
        return {
            source: "sim",
            instrument: "BTCUSDT",
            model: query.get("model"),
            range,
            ranges: RANGES.map((name) => ({ range: name, held: name in HELD })),
            column_s: COLUMN_MS / 1000,
            update_time: Date.now(),
            venues: VENUES,
            groups: GROUPS.map(([low, high]) => ({ from: low, to: high })),
            row_bp: ROW_BP,
            first_px: market.firstPx,
            y_axis: Array.from(
                { length: ROWS },
                (_, y) => market.firstPx * Math.exp((y + 0.5) * market.step)
            ),
            x_axis: market.candles.slice(from).map(([ms]) => ms),
            liquidation_leverage_data: data,
            price_candlesticks: market.candles.slice(from),
            prints: market.prints.filter(([x]) => x >= from).map(([x, ...rest]) => [x - from, ...rest]),
            max_usd: Math.max(...data.map(([, , usd]) => usd)),
            p997_usd: 0
        };
    }

    health() {
        return VENUES.flatMap((venue, i) =>
            ["trade", "book", "mark", "liquidation"].map((event) => ({
                kind: "health",
                event,
                instrument: "BTCUSDT",
                venue,
                status: i === 2 && event === "liquidation" ? "silent" : "ok",
                seen_per_min: 500,
                coverage: i === 0 && event === "liquidation" ? "sampled" : "complete",
                lost: 0,
                message: ""
            }))
        );
    }
}
