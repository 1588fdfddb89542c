//  browser - what the tests of the dashboard share: Chromium, a page that keeps what went wrong, waiting
//
//  With LEADLINE_URL the page is that of a running publisher, and LEADLINE_CONTROL (an address of the script that
//  started it) stops and starts its processes.  Without, the numbers of synthetic.mjs answer.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import path from "node:path";

import { ORIGIN, Synthetic } from "./synthetic.mjs";

const require = createRequire(new URL("../../build/web-modules/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";

export const URL_GIVEN = process.env.LEADLINE_URL ?? "";
export const PATIENCE = Number(process.env.PATIENCE ?? 1); // sanitized programs are slower
export const BASE = URL_GIVEN || ORIGIN;
export const INSTRUMENT = "BTCUSDT";

export const launch = (args = []) =>
    chromium.launch({ executablePath: EXECUTABLE, args: ["--no-sandbox", ...args] });

//  A page in a context of its own.  problems: console errors, exceptions, requests to other hosts.
export async function open(
    browser,
    { search = "", viewport = { width: 1440, height: 900 }, ...options } = {}
) {
    const context = await browser.newContext({ viewport, ...options });
    const synthetic = URL_GIVEN ? null : new Synthetic();
    if (synthetic) await synthetic.attach(context);
    const page = await context.newPage();
    const problems = [],
        requests = [],
        sent = [];
    page.setDefaultTimeout(20000 * PATIENCE);
    page.on("console", (message) => {
        if (message.type() === "error") problems.push(message.text());
    });
    page.on("pageerror", (error) => problems.push(error.stack));
    page.on("request", (request) => {
        requests.push(request.url());
        sent.push({ url: request.url(), headers: request.headers() });
        if (new URL(request.url()).host !== new URL(BASE).host)
            problems.push(`foreign request: ${request.url()}`);
    });
    await page.goto(`${BASE}/${search}`);
    const control = async (verb) => {
        if (synthetic) {
            synthetic[verb]();
            return;
        }
        const answer = await fetch(`${process.env.LEADLINE_CONTROL}/${verb}`, { method: "POST" });
        assert.equal(answer.status, 200, `control ${verb}: ${await answer.text()}`);
    };
    const close = async () => {
        synthetic?.detach();
        await context.close();
    };
    return { page, problems, requests, sent, control, close };
}

export const part = (name) => `[data-part="${name}"]`;
export const control = (name) => `[data-control="${name}"]`;

export const dataset = (page, name) =>
    page.locator(part(name)).evaluate((element) => ({ ...element.dataset }));

//  Polls until condition() gives something true, and returns it; fails with `what` after the deadline.
export async function eventually(condition, what, seconds = 20) {
    const end = Date.now() + seconds * 1000 * PATIENCE;
    for (;;) {
        const value = await condition();
        if (value) return value;
        assert.ok(Date.now() < end, `not within ${seconds * PATIENCE} s: ${what}`);
        await new Promise((resolve) => {
            setTimeout(resolve, 30);
        });
    }
}

//  The dataset of a part, once it satisfies the condition.
export const until = (page, name, condition, what = String(condition), seconds = 20) =>
    eventually(
        async () => {
            const data = await dataset(page, name);
            return condition(data) && data;
        },
        what,
        seconds
    );

//  The heatmap is there, drawn, and nothing is on its way.
export const drawn = (page) =>
    until(
        page,
        "heatmap",
        (data) => Number(data.painted) > 0 && data.loading === "false",
        "the heatmap is drawn",
        60
    );

//  Pixels of the chart's main canvas that are not its background.
export const colouredPixels = (page) =>
    page.evaluate(() => {
        const canvas = document.querySelector("[data-part='plot'] td:nth-child(2) canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4)
            if (Math.abs(data[i] - 12) + Math.abs(data[i + 1] - 7) + Math.abs(data[i + 2] - 20) > 24) count++;
        return count;
    });

//  Its colour at a place of the plot, in CSS pixels.
export const pixelAt = (page, x, y) =>
    page.evaluate(
        ([left, top]) => {
            const canvas = document.querySelector("[data-part='plot'] td:nth-child(2) canvas");
            const ratio = canvas.width / canvas.clientWidth;
            return [
                ...canvas
                    .getContext("2d")
                    .getImageData(Math.floor(left * ratio), Math.floor(top * ratio), 1, 1)
                    .data.slice(0, 3)
            ];
        },
        [x, y]
    );

export async function getJson(page, address) {
    const [status, body] = await page.evaluate(async (at) => {
        const answer = await fetch(at);
        return [answer.status, await answer.json()];
    }, address);
    assert.equal(status, 200, `${address}: ${JSON.stringify(body).slice(0, 200)}`);
    return body;
}

export async function screenshot(page, name) {
    if (process.env.SCREENSHOTS)
        await page.screenshot({
            path: path.join(process.env.SCREENSHOTS, `${URL_GIVEN ? "live" : "synthetic"}-${name}.png`)
        });
}
