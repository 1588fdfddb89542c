//  How smoothly the heatmap pans: a day of 5-minute columns, 300 rows, all layers on, in headless Chromium.
//
//  The mouse drags the chart to and fro; every frame's time is taken in the page (requestAnimationFrame), and what
//  the main thread did meanwhile from Chromium's own trace.  A frame is late when it came more than a frame of 60 a
//  second (16.7 ms, and 1 ms of timer) after the one before.  A yardstick in the same run: the same drag over an empty
//  page, which is what this machine's software rendering can do at all.

import { drawn, launch, open, part } from "../browser/browser.mjs";

const PAN_MS = 5000,
    LATE_MS = 17.7;
const CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline"];

async function traced(browser, page, body) {
    const session = await page.context().newCDPSession(page);
    const events = [];
    session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
    const complete = new Promise((resolve) => {
        session.once("Tracing.tracingComplete", resolve);
    });
    await session.send("Tracing.start", {
        transferMode: "ReportEvents",
        traceConfig: { includedCategories: CATEGORIES }
    });
    const result = await body();
    await session.send("Tracing.end");
    await complete;
    return { events, result };
}

//  Drags over an element until the time is over; the times of the frames meanwhile.
async function pan(page, selector) {
    const box = await page.locator(selector).boundingBox();
    const y = box.y + box.height / 2,
        left = box.x + box.width * 0.2,
        right = box.x + box.width * 0.7;
    await page.mouse.move(left, y);
    await page.mouse.down();
    await page.evaluate(() => {
        window.frames_ms = [];
        const take = (ms) => {
            window.frames_ms.push(ms);
            window.frame_request = requestAnimationFrame(take);
        };
        window.frame_request = requestAnimationFrame(take);
    });
    const end = Date.now() + PAN_MS;
    for (let i = 0; Date.now() < end; i++) {
        const share = Math.abs(((i / 60) % 2) - 1);
        await page.mouse.move(right + (left - right) * share, y);
    }
    const frames = await page.evaluate(() => {
        cancelAnimationFrame(window.frame_request);
        return window.frames_ms;
    });
    await page.mouse.up();
    return frames;
}

//  Main-thread time of the renderer that was busiest, in ms, and what was spent on what.
function mainThread(events) {
    const names = new Map(
        events
            .filter((event) => event.name === "thread_name")
            .map((event) => [`${event.pid}.${event.tid}`, event.args.name])
    );
    const busy = new Map(),
        spent = new Map();
    for (const event of events) {
        const thread = `${event.pid}.${event.tid}`;
        if (names.get(thread) !== "CrRendererMain" || event.ph !== "X") continue;
        const ms = (event.dur ?? 0) / 1000;
        if (event.name === "RunTask") busy.set(thread, (busy.get(thread) ?? 0) + ms);
        if (
            [
                "FireAnimationFrame",
                "Layout",
                "UpdateLayoutTree",
                "Paint",
                "PrePaint",
                "EventDispatch",
                "Layerize",
                "Commit",
                "MajorGC",
                "MinorGC"
            ].includes(event.name)
        )
            spent.set(event.name, (spent.get(event.name) ?? 0) + ms);
    }
    return { busyMs: Math.max(0, ...busy.values()), spent };
}

function report(name, frames, events) {
    const gaps = frames
        .slice(1)
        .map((ms, i) => ms - frames[i])
        .sort((a, b) => a - b);
    const seconds = (frames[frames.length - 1] - frames[0]) / 1000,
        late = gaps.filter((gap) => gap > LATE_MS).length;
    const { busyMs, spent } = mainThread(events),
        at = (share) => gaps[Math.floor(share * (gaps.length - 1))].toFixed(1);
    console.log(
        `${name}: ${(gaps.length / seconds).toFixed(1)} frames/s over ${seconds.toFixed(1)} s; ` +
            `${((100 * late) / gaps.length).toFixed(1)} % of frames over 16.7 ms; ` +
            `gap p50 ${at(0.5)} p95 ${at(0.95)} p99 ${at(0.99)} ms; ` +
            `main thread ${(busyMs / gaps.length).toFixed(2)} ms a frame`
    );
    const parts = [...spent]
        .sort((a, b) => b[1] - a[1])
        .slice(0, 6)
        .map(([what, ms]) => `${what} ${(ms / gaps.length).toFixed(2)}`)
        .join(", ");
    console.log(`    of it, ms a frame: ${parts}`);
}

const browser = await launch();
try {
    const { page, close } = await open(browser);
    await drawn(page);
    const heatmap = await traced(browser, page, () => pan(page, part("plot")));
    const data = await page.locator(part("heatmap")).evaluate((element) => ({ ...element.dataset }));
    console.log(
        `a day: ${data.columns} columns x ${data.rows} rows, ${data.painted} cells, ${data.prints} circles, 1440 x 900`
    );
    report("panning the heatmap", heatmap.result, heatmap.events);
    await close();
    const empty = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    await empty.setContent(
        "<body style='margin:0'><div data-part='plot' style='height:800px;background:#111'></div>"
    );
    const yardstick = await traced(browser, empty, () => pan(empty, part("plot")));
    report("yardstick, an empty page", yardstick.result, yardstick.events);
} finally {
    await browser.close();
}
