//  dashboard - the page in headless Chromium: what a reader sees, moves, reads and is warned of

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { shade, table } from "../../publisher/web/palette.js";
import {
    INSTRUMENT,
    colouredPixels,
    control,
    dataset,
    drawn,
    eventually,
    getJson,
    launch,
    open,
    part,
    pixelAt,
    screenshot,
    until
} from "./browser.mjs";

let browser;
before(async () => {
    browser = await launch();
});
after(() => browser?.close());

//  A page for one test; afterwards nothing may have gone wrong in it, but what `mayFail` names.
function onPage(name, options, body, mayFail = () => false) {
    test(name, async () => {
        const opened = await open(browser, options);
        try {
            await body(opened);
            assert.deepEqual(
                opened.problems.filter((problem) => !mayFail(problem)),
                []
            );
        } finally {
            await opened.close();
        }
    });
}

//  A map has come that was not there before, and nothing is wrong.
const live = (page) =>
    eventually(
        async () =>
            (await page.locator(part("link")).innerText()) === "live" &&
            !(await page.locator(part("banner")).isVisible()),
        "live",
        60
    );

const answerOf = async (page) => getJson(page, (await dataset(page, "heatmap")).path);
const isNetwork = (problem) => /ERR_CONNECTION|WebSocket|Failed to load resource|net::/.test(problem);

onPage("the page loads, draws cells and says what it is", {}, async ({ page, requests }) => {
    await drawn(page);
    assert.ok((await colouredPixels(page)) > 1000, "cells on the canvas");
    const answer = await eventually(async () => {
        const asked = await answerOf(page),
            data = await dataset(page, "heatmap");
        const cells = new Set(asked.liquidation_leverage_data.map(([x, y]) => `${x},${y}`)).size;
        return Number(data.rows) === asked.y_axis.length && Number(data.painted) === cells && asked;
    }, "what is painted is what the API has");
    assert.ok(await page.getByText("Not financial advice").first().isVisible());
    assert.equal(await page.locator(part("simulated")).isVisible(), answer.source === "sim");
    assert.equal(await page.locator(".legend").getByText("estimates").first().isVisible(), true);
    await until(page, "accuracy", (found) => found.coverage !== undefined, "the accuracy line");
    assert.match(
        await page.locator(part("accuracy")).innerText(),
        /OI coverage[\s\S]*Venues live[\s\S]*Score against the ladder/
    );
    assert.ok(requests.length > 5);
    await screenshot(page, "heatmap");
});

onPage(
    "a cell is drawn where the tooltip says it is, in the colour of its amount",
    { search: "?palette=inferno" },
    async ({ page }) => {
        await drawn(page);
        await page.locator(control("circles")).uncheck();
        const box = await page.locator(part("plot")).boundingBox(),
            colours = table("inferno");
        let full = 0,
            matching = 0,
            answer = await answerOf(page);
        for (let i = 0; i < 60 && full < 12; i++) {
            const x = Math.round(box.width * (0.06 + 0.76 * ((i * 0.381) % 1))),
                y = Math.round(box.height * (0.04 + 0.84 * ((i * 0.618) % 1)));
            await page.mouse.move(box.x + x, box.y + y);
            if (!(await page.locator(part("tooltip")).isVisible())) continue;
            const told = await dataset(page, "tooltip"),
                text = await page.locator(part("tooltip")).innerText();
            if (Number((await dataset(page, "heatmap")).updateTime) > answer.update_time)
                answer = await answerOf(page);
            const column = answer.x_axis.indexOf(Number(told.timeMs));
            const row = Math.floor(
                Math.log(Number(told.price) / answer.first_px) / (answer.row_bp * 1e-4) + 1e-9
            );
            const amount = answer.liquidation_leverage_data
                .filter(([at, y]) => at === column && y === row)
                .reduce((sum, [, , usd]) => sum + usd, 0);
            assert.ok(
                Math.abs(Number(told.usd) - amount) <= 1e-6 * amount,
                `${JSON.stringify(told)}: the API says ${amount}`
            );
            assert.match(
                text,
                /^\d{4}-\d\d-\d\d \d\d:\d\d UTC\nPrice [\d.,]+\nLiquidation leverage: \$[\d.]+[KMB]? \(est\.\)/
            );
            if (!(amount > 0)) continue;
            full++;
            const at = shade(amount, Number((await dataset(page, "heatmap")).scaleUsd)) * 3;
            //  the plot may begin within a pixel of the screen: then the pointer is between two of its own
            const above = await pixelAt(page, x, y + (box.y % 1 === 0 ? 0 : -1)),
                here = await pixelAt(page, x, y);
            if ([above, here].some((seen) => seen.every((channel, k) => channel === colours[at + k])))
                matching++;
        }
        assert.ok(full >= 6, `${full} cells found`);
        //  candles, the price line and the rounding of an edge may cover a few
        assert.ok(matching >= full * 0.7, `${matching} of ${full} have their colour`);
    }
);

onPage(
    "the threshold hides small cells and gives them back; profile and request stay",
    {},
    async ({ page, requests }) => {
        await drawn(page);
        const all = Number((await dataset(page, "heatmap")).painted),
            pixels = await colouredPixels(page);
        const profile = (await dataset(page, "profile")).mostUsd,
            asked = requests.filter((url) => url.includes("/heatmap/")).length;
        await page.locator(control("threshold")).fill("1");
        const few = await until(page, "heatmap", (data) => Number(data.hideBelowUsd) > 0, "cells are hidden");
        assert.ok(Number(few.painted) < all / 2, `${few.painted} of ${all} at 1`);
        assert.ok((await colouredPixels(page)) < pixels, "fewer pixels");
        assert.match(await page.locator(control("threshold-note")).innerText(), /hides cells below \$/);
        await page.locator(control("threshold")).focus();
        for (let i = 0; i < 50; i++) await page.keyboard.press("ArrowLeft");
        const half = await until(
            page,
            "heatmap",
            (data) => Number(data.painted) > Number(few.painted),
            "more at a half"
        );
        assert.ok(Number(half.painted) < all);
        await page.locator(control("threshold")).fill("0");
        await until(
            page,
            "heatmap",
            (data) => Number(data.hideBelowUsd) === 0 && Number(data.painted) >= all,
            "all are back"
        );
        assert.ok((await colouredPixels(page)) > 0.9 * pixels);
        assert.ok(
            requests.filter((url) => url.includes("/heatmap/")).length - asked <= 2,
            "the slider asks nothing"
        );
        assert.ok(
            Math.abs(Number((await dataset(page, "profile")).mostUsd) / Number(profile) - 1) < 0.5,
            "the profile keeps everything"
        );
    }
);

onPage("leverage and venue chips change the request and the amounts", {}, async ({ page }) => {
    await drawn(page);
    const total = Number((await dataset(page, "heatmap")).totalUsd);
    await page.locator(`${control("groups")} [data-group="1"]`).click();
    await page.locator(`${control("groups")} [data-group="2"]`).click();
    await until(
        page,
        "heatmap",
        (data) => data.path.includes("groups=0,3,4") && data.loading === "false",
        "without two groups"
    );
    const groups = await dataset(page, "heatmap"),
        answer = await answerOf(page);
    assert.ok(Number(groups.totalUsd) < total, `${groups.totalUsd} of ${total}`);
    const sum = answer.liquidation_leverage_data.reduce((all, [, , usd]) => all + usd, 0);
    assert.ok(Math.abs(Number(groups.totalUsd) / sum - 1) < 0.05, "the picture is the answer");
    const venues = await page.locator(`${control("venues")} button`).count();
    assert.ok(venues >= 2, `${venues} venues`);
    await page
        .locator(`${control("venues")} button`)
        .first()
        .click();
    const without = await until(
        page,
        "heatmap",
        (data) => data.path.includes("venues=") && data.loading === "false",
        "without a venue"
    );
    assert.ok(Number(without.totalUsd) < Number(groups.totalUsd));
    assert.equal(
        await page
            .locator(`${control("venues")} button`)
            .first()
            .getAttribute("aria-pressed"),
        "false"
    );
    assert.match(page.url(), /groups=0,3,4&venues=/);
});

onPage("only ranges with data can be chosen; choosing one asks for it", {}, async ({ page }) => {
    await drawn(page);
    const answer = await answerOf(page);
    assert.equal(answer.ranges.length, 10);
    for (const { range, held } of answer.ranges) {
        const button = page.locator(`${control("ranges")} [data-range="${range}"]`);
        assert.equal(await button.isEnabled(), held || range === answer.range, range);
    }
    const other = answer.ranges.find(({ range, held }) => held && range !== answer.range);
    if (!other) return; // a pipeline that has just begun holds one
    await page.locator(`${control("ranges")} [data-range="${other.range}"]`).click();
    await until(
        page,
        "heatmap",
        (data) => data.path.includes(`range=${other.range}&`) && data.loading === "false"
    );
    assert.equal((await answerOf(page)).range, other.range);
    assert.match(page.url(), new RegExp(`range=${other.range}`));
});

onPage("the classic ladder is another request, and said to be for comparison", {}, async ({ page }) => {
    await drawn(page);
    const note = await page.locator(control("model-note")).innerText();
    const data = await dataset(page, "heatmap");
    await page.locator(control("model")).selectOption("ladder");
    await until(page, "heatmap", (found) => found.path.includes("model=ladder") && found.loading === "false");
    assert.equal((await answerOf(page)).model, "ladder");
    assert.notEqual((await dataset(page, "heatmap")).totalUsd, data.totalUsd);
    assert.notEqual(await page.locator(control("model-note")).innerText(), note);
    assert.match(
        await page.locator(`${control("model")} option[value="ladder"]`).innerText(),
        /5\/10\/25\/50\/100x, no closes.*comparison/
    );
});

onPage(
    "the ladder's own map comes once a minute: the full one tells whether the feed lives, and how good it is",
    { search: "?model=ladder&view=map" },
    async ({ page }) => {
        await until(page, "map-view", (found) => Number(found.bars) > 0, "the ladder as a map");
        await live(page);
        assert.ok(Number((await dataset(page, "accuracy")).coverage) > 0);
    }
);

onPage("palettes and scaling per side repaint without asking", {}, async ({ page, requests }) => {
    await drawn(page);
    const asked = requests.filter((url) => url.includes("/heatmap/")).length;
    const middle = async () => pixelAt(page, ...(await fullCell(page)));
    const viridis = await middle();
    await page.locator(control("palette")).selectOption("grey");
    const [red, green] = await eventually(async () => {
        const seen = await middle();
        return seen.join() !== viridis.join() && seen;
    }, "another colour");
    assert.ok(Math.abs(red - green) < 4, "grey");
    await page.locator(control("per-side")).check();
    assert.equal(await page.locator(`${part("bar")} [data-at="0.5"]`).innerText(), "per side");
    assert.ok(requests.filter((url) => url.includes("/heatmap/")).length - asked <= 1);
});

//  Where a cell that is not empty is drawn, away from candles: found by pointing.
async function fullCell(page) {
    const box = await page.locator(part("plot")).boundingBox();
    for (let i = 0; i < 200; i++) {
        const x = Math.round(box.width * (0.1 + 0.7 * ((i * 0.381) % 1))),
            y = Math.round(box.height * ((i % 2 ? 0.65 : 0.05) + 0.25 * ((i * 0.618) % 1)));
        await page.mouse.move(box.x + x, box.y + y);
        if (Number((await dataset(page, "tooltip")).usd) > 0) return [x, y];
    }
    throw new assert.AssertionError({ message: "no cell found" });
}

onPage(
    "liquidations are circles that can be put away, and sampled venues are named",
    {},
    async ({ page }) => {
        await drawn(page);
        const answer = await answerOf(page);
        assert.equal(Number((await dataset(page, "heatmap")).prints), answer.prints.length);
        if (answer.prints.length === 0) return;
        //  drawn on top of the cells, on the canvas of the crosshair
        const reds = () =>
            page.evaluate(() => {
                const canvas = document.querySelectorAll("[data-part='plot'] td:nth-child(2) canvas")[1];
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                let count = 0;
                for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
                return count;
            });
        await page.mouse.move(2, 2);
        const shown = await reds();
        await page.locator(control("circles")).uncheck();
        await eventually(async () => (await reds()) < shown, "the circles are gone");
        await page.locator(control("circles")).check();
        await eventually(async () => (await reds()) >= shown, "and back");
        const sampled = answer.prints.find(([, , , , , , coverage]) => coverage === "sampled");
        if (!sampled) return;
        await page.locator(part("plot")).focus();
        const wanted = answer.x_axis[sampled[0]];
        for (let i = 0; i < answer.x_axis.length * 2; i++) {
            await page.keyboard.press("ArrowLeft");
            const at = Number((await dataset(page, "tooltip")).timeMs);
            if (at <= wanted) break;
        }
        assert.equal(Number((await dataset(page, "tooltip")).timeMs), wanted);
        const text = await page.locator(part("tooltip")).innerText();
        assert.match(text, /liquidated: \$/);
        assert.match(text, /shows at most one a second/);
    }
);

onPage(
    "the map shows bars by leverage, curves that rise outward, and max pain",
    { search: "?view=map" },
    async ({ page }) => {
        const data = await until(page, "map-view", (found) => Number(found.bars) > 20, "bars");
        const [long, short] = [JSON.parse(data.cumulativeLong), JSON.parse(data.cumulativeShort)];
        for (const curve of [long, short]) {
            assert.ok(curve.length > 5 && curve[curve.length - 1] > 0, "a curve that ends above 0");
            curve.forEach((value, i) => assert.ok(i === 0 || value >= curve[i - 1], `falls at ${i}`));
        }
        const inked = await page.locator(part("map")).evaluate((canvas) => {
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return pixels.filter((value, i) => i % 4 === 3 && value > 0).length;
        });
        assert.ok(inked > 2000, `${inked} pixels`);
        await page.locator(part("map")).focus();
        await page.keyboard.press("Shift+ArrowLeft");
        const left = Number((await dataset(page, "map-tooltip")).cumulative);
        await page.keyboard.press("Shift+ArrowLeft");
        assert.ok(Number((await dataset(page, "map-tooltip")).cumulative) >= left);
        assert.match(
            await page.locator(part("map-tooltip")).innerText(),
            /x: \$[\s\S]*Cumulative longs to this price: \$.*\(est\.\)/
        );
        await screenshot(page, "map");
        await page.locator(`${control("groups")} [data-group="0"]`).click();
        await until(
            page,
            "map-view",
            (found) => JSON.parse(found.cumulativeLong).at(-1) < long.at(-1),
            "less without a group"
        );
        await page.locator(part("from")).fill("40");
        await until(
            page,
            "map-view",
            (found) => JSON.parse(found.cumulativeLong).length < long.length,
            "the brush cuts"
        );
        await page.reload();
        await until(page, "map-view", (found) => Number(found.bars) > 20, "the address keeps the view");
        assert.match(page.url(), new RegExp(`instrument=${INSTRUMENT}&range=\\w+&model=full&view=map`));
    }
);

onPage("bias, ladder and health stand beside it", {}, async ({ page }) => {
    const day = page.locator(`${part("biases")} [data-mode="day"]`);
    await eventually(
        async () => (await page.locator(`${part("biases")} [data-bias]`).count()) === 3,
        "three biases",
        60
    );
    assert.match(
        await day.innerText(),
        /confidence \d+ %[\s\S]*(uncalibrated|outcomes)[\s\S]*evidence \d+ %/
    );
    const rows = page.locator(`${part("ladder")} [data-points]`);
    assert.ok((await rows.count()) >= 3);
    const points = await rows.evaluateAll((all) => all.map((row) => Math.abs(Number(row.dataset.points))));
    assert.deepEqual(
        points,
        [...points].sort((a, b) => b - a),
        "largest first"
    );
    await page.locator(`${part("biases")} [data-mode="scalp"]`).click();
    await eventually(
        async () => (await page.locator(part("ladder-mode")).innerText()) === "scalp",
        "the ladder of another mode"
    );
    const cell = page.locator(`${part("health")} [data-kind="mark"]`).first();
    await eventually(() => cell.isVisible(), "health");
    assert.match(await cell.innerText(), /(ok|silent|broken|disconnected|absent|unknown)/);
});

onPage(
    "every control can be reached with Tab, shows its focus, and arrow keys move the crosshair",
    {},
    async ({ page }) => {
        await drawn(page);
        await eventually(
            async () => (await page.locator(`${part("biases")} [data-bias]`).count()) === 3,
            "three biases",
            60
        );
        const wanted = await page.evaluate(() => {
            const found = [
                ...document.querySelectorAll("select, button, input, a[href], [tabindex='0']")
            ].filter((element) => !element.disabled && element.checkVisibility());
            return found.map((element) =>
                Object.values({
                    tag: element.tagName,
                    ...element.dataset,
                    bias: "",
                    filled: "",
                    href: element.getAttribute("href") ?? ""
                }).join(" ")
            );
        });
        const reached = new Set();
        for (let i = 0; i < wanted.length + 10; i++) {
            await page.keyboard.press("Tab");
            reached.add(
                await page.evaluate(() => {
                    const element = document.activeElement;
                    return Object.values({
                        tag: element.tagName,
                        ...element.dataset,
                        bias: "",
                        filled: "",
                        href: element.getAttribute("href") ?? ""
                    }).join(" ");
                })
            );
        }
        assert.deepEqual(
            wanted.filter((name) => !reached.has(name)),
            []
        );
        assert.ok(wanted.length > 20);
        await page.locator(part("plot")).focus();
        await page.keyboard.press("ArrowUp");
        const first = await dataset(page, "tooltip");
        assert.notEqual(
            await page.locator(part("plot")).evaluate((element) => getComputedStyle(element).outlineStyle),
            "none"
        );
        await page.keyboard.press("ArrowLeft");
        await page.keyboard.press("ArrowUp");
        const second = await dataset(page, "tooltip");
        assert.equal(Number(second.x), Number(first.x) - 1);
        assert.equal(Number(second.y), Number(first.y) + 1);
        assert.match(await page.locator(part("live")).innerText(), /Liquidation leverage: .*\(est\.\)/);
        await page.keyboard.press("Escape");
        assert.equal(await page.locator(part("tooltip")).isVisible(), false);
        const unnamed = await page.evaluate(() =>
            [...document.querySelectorAll("select, button, input, [tabindex='0']")]
                .filter(
                    (element) =>
                        element.checkVisibility() &&
                        !element.textContent.trim() &&
                        !element.ariaLabel &&
                        !element.labels?.length &&
                        !element.getAttribute("aria-labelledby")
                )
                .map((element) => element.outerHTML.slice(0, 90))
        );
        assert.deepEqual(unnamed, [], "every control has a name");
    }
);

for (const width of [420, 360])
    onPage(
        `on a phone of ${width} px everything stacks and nothing scrolls sideways`,
        { viewport: { width, height: 800 }, hasTouch: true, isMobile: true, reducedMotion: "reduce" },
        async ({ page }) => {
            await drawn(page);
            const wide = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
            assert.equal(await wide(), 0);
            const box = await page.locator(part("plot")).boundingBox();
            await page.touchscreen.tap(box.x + box.width * 0.4, box.y + box.height * 0.4);
            await screenshot(page, `phone-${width}`);
            assert.equal(
                await page
                    .locator(".chip")
                    .first()
                    .evaluate((element) => getComputedStyle(element).transitionDuration),
                "0s"
            );
            await page.locator(part("more")).tap();
            assert.ok(
                await page
                    .locator(`${control("groups")} button`)
                    .first()
                    .isVisible()
            );
            assert.equal(await wide(), 0);
            await page.locator(control("view-map")).tap();
            await until(page, "map-view", (data) => Number(data.bars) > 10, "bars");
            assert.equal(await wide(), 0);
        }
    );

onPage(
    "an error of the publisher is told in its own words, and what was shown stays",
    {},
    async ({ page }) => {
        await drawn(page);
        const before = await dataset(page, "heatmap");
        let isBroken = true;
        await page.route(/\/v1\/heatmap\//, (route) =>
            isBroken
                ? route.fulfill({
                      status: 503,
                      contentType: "application/json",
                      body: '{"error":"the ring is being written"}'
                  })
                : route.fallback()
        );
        await page.locator(`${control("groups")} [data-group="3"]`).click();
        const banner = page.locator(part("banner"));
        await eventually(
            async () => (await banner.innerText()).includes("heatmap: HTTP 503: the ring is being written"),
            "the banner"
        );
        assert.match(await page.locator(part("alert")).innerText(), /heatmap/);
        assert.equal((await dataset(page, "heatmap")).painted, before.painted);
        isBroken = false;
        await eventually(async () => !(await banner.isVisible()), "tried again by itself", 30);
        await until(page, "heatmap", (data) => data.path.includes("groups=0,1,2,4"));
    },
    isNetwork
);

onPage(
    "no map for five seconds: the banner says so, old data stays greyed, and recovery clears it",
    {},
    async ({ page, control: act }) => {
        await drawn(page);
        const banner = page.locator(part("banner"));
        await live(page);
        await act("pause");
        const paused = Date.now();
        await eventually(async () => /STALE: no map for \d+ s/.test(await banner.innerText()), "stale", 9);
        assert.ok(Date.now() - paused > 3500, "not before its time");
        assert.ok(await page.locator("body").evaluate((body) => body.classList.contains("is-stale")));
        assert.match(
            await page.locator(part("plot")).evaluate((element) => getComputedStyle(element).filter),
            /grayscale/
        );
        assert.ok((await colouredPixels(page)) > 1000, "old data is still there");
        await screenshot(page, "stale");
        await act("resume");
        await eventually(async () => !(await banner.isVisible()), "fresh again", 60);
        assert.ok(!(await page.locator("body").evaluate((body) => body.classList.contains("is-stale"))));
    },
    isNetwork
);

onPage(
    "a lost publisher is told at once, tried again, and comes back by itself",
    {},
    async ({ page, control: act }) => {
        await drawn(page);
        const banner = page.locator(part("banner"));
        await live(page);
        await act("stop");
        await eventually(async () => /Connection lost, retrying/.test(await banner.innerText()), "lost", 5);
        await eventually(
            async () => /STALE: no map for \d+ s/.test(await banner.innerText()),
            "and stale",
            10
        );
        await act("start");
        await live(page);
    },
    isNetwork
);

onPage(
    "a read token leaves the address, and goes with every request of this tab",
    { search: "?token=abc123&range=12h" },
    async ({ page, sent }) => {
        await drawn(page);
        assert.ok(!page.url().includes("abc123"), page.url());
        const asked = await eventually(() => {
            const found = sent.filter(({ url }) => /\/v1(\/(?!feed)|$)/.test(url));
            return found.some(({ url }) => url.endsWith("/v1/health")) && found;
        }, "what is known, heatmap and health are asked for");
        assert.ok(asked.length >= 3);
        assert.deepEqual(
            asked.filter(({ headers }) => headers.authorization !== "Bearer abc123").map(({ url }) => url),
            []
        );
        assert.ok(asked.every(({ url }) => !url.includes("abc123")));
        await page.reload();
        const before = sent.length;
        await eventually(
            () =>
                sent
                    .slice(before)
                    .some(({ url, headers }) => url.includes("/v1/heatmap/") && headers.authorization),
            "still known after a reload"
        );
    }
);
