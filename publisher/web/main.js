//  main - puts the page together: what was chosen, what came, what is shown
//
//  Flow  state (the address) -> request -> heatmap;  feed -> freshness, map, bias;  a clock -> banner.
//        Whatever fails is said in the banner and tried again; what was shown before stays, greyed.

import { Feed, backoffMs, getJson, heatmapPath, takeToken } from "./api.js";
import { makeControls } from "./controls.js";
import { Freshness } from "./freshness.js";
import { Heatmap } from "./heatmap.js";
import { MapView } from "./map_view.js";
import { showAccuracy, showBiases, showHealth, showLadder } from "./panels.js";
import { makeState, parse } from "./state.js";

const TICK_MS = 250,
    HEALTH_MS = 5000,
    REFRESH_LEAST_MS = 5000,
    REFRESH_MOST_MS = 60000;
const ROWS_LEAST = 200,
    ROWS_MOST = 400;
const MODES = ["scalp", "day", "swing"];

const part = (name) => document.querySelector(`[data-part="${name}"]`);
const token = takeToken();
const state = makeState(parse(location.search), (address) => history.replaceState(null, "", address));
const known = { instruments: [], venues: [], held: new Map(), hideBelowUsd: 0 };
const errors = new Map(); // place -> text
const freshness = new Freshness(Date.now());
const link = { isOpen: false, retryAt: 0 };
const biases = {};
let health = [];
let frame = null; // of the model shown
const lastFrames = new Map(); // by model
let request = null; // of the heatmap, running
let timer = null;
let tries = 0;
let besideRequest = 0;

const announce = (text) => {
    part("live").textContent = text ?? "";
};
const heatmap = new Heatmap(part("heatmap"), announce);
const mapView = new MapView(part("map-view"), announce);
const showControls = makeControls(document, state);

heatmap.onThreshold = (usd) => {
    known.hideBelowUsd = usd;
    showControls(known);
};

//  --- requests

function fail(place, error) {
    errors.set(place, error.message);
    showBanner();
}

async function loadKnown() {
    try {
        const root = await getJson("/v1", { token }).catch((error) => {
            if (error.status === 401 || error.status === 0) throw error;
            return {};
        });
        let instruments = root.instruments ?? [];
        if (instruments.length === 0)
            instruments = [
                ...new Set((await getJson("/v1/bias", { token })).biases.map((bias) => bias.instrument))
            ];
        errors.delete("instruments");
        known.instruments = instruments.map((each) => each.instrument ?? each.name ?? each);
        known.venues = (root.venues ?? []).map((each) => each.venue ?? each.name ?? each);
        if (root.source) showSource(root.source);
        if (known.instruments.length === 0) throw new Error("no instrument is known yet");
        const chosen = state.get().instrument;
        if (!known.instruments.includes(chosen))
            state.set({
                instrument: known.instruments.includes("BTCUSDT") ? "BTCUSDT" : known.instruments[0]
            });
        else change(state.get(), ["instrument"]);
        tries = 0;
        loadHealth();
    } catch (error) {
        fail("instruments", error);
        setTimeout(loadKnown, backoffMs(tries++));
    }
}

function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(() => loadHeatmap(false), ms);
}

async function loadHeatmap(isNew) {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    clearTimeout(timer);
    const asked = state.get();
    const height = part("plot").clientHeight;
    const rows = Math.max(ROWS_LEAST, Math.min(ROWS_MOST, Math.round(height / 50) * 25));
    const path = heatmapPath(asked, rows);
    part("heatmap").dataset.loading = "true";
    try {
        const answer = await getJson(path, { token, signal: mine.signal });
        if (request !== mine) return;
        errors.delete("heatmap");
        tries = 0;
        known.held = new Map(answer.ranges.map(({ range, held }) => [range, held]));
        if (answer.venues.length > 0) known.venues = [...answer.venues].sort();
        showSource(answer.source);
        if (preferHeld(answer)) return;
        heatmap.load(answer, state.get(), isNew);
        part("heatmap").dataset.path = path;
        part("empty").hidden = answer.liquidation_leverage_data.length > 0;
        later(Math.min(REFRESH_MOST_MS, Math.max(REFRESH_LEAST_MS, answer.column_s * 100)));
    } catch (error) {
        if (mine.signal.aborted || request !== mine) return;
        fail("heatmap", error);
        timer = setTimeout(() => loadHeatmap(isNew), backoffMs(tries++));
    } finally {
        if (request === mine) {
            request = null;
            part("heatmap").dataset.loading = "false";
        }
        showControls(known);
        showBanner();
    }
}

//  Nobody chose this range and less than it is held: the longest that is held takes its place.
function preferHeld({ range, ranges }) {
    const held = ranges.filter((each) => each.held).map((each) => each.range);
    const isFine = held.includes(range) || held.length === 0 || state.get().isRangeChosen;
    if (!isFine) state.set({ range: held[held.length - 1], isRangeChosen: true });
    return !isFine;
}

async function loadHealth() {
    try {
        health = (await getJson("/v1/health", { token })).health;
        errors.delete("feed health");
        showHealth(part("health"), health, state.get().instrument);
    } catch (error) {
        fail("feed health", error);
    }
    setTimeout(loadHealth, HEALTH_MS);
}

//  --- the feed

//  The maps of both models: the full one each second, the ladder's once a minute.
function topics({ instrument }) {
    return [
        `v1.map.${instrument}.`,
        ...MODES.map((mode) => `v1.bias.${mode}.${instrument}.`)
    ];
}

function onMessage({ data }) {
    const now = state.get();
    if (data.instrument !== now.instrument) return;
    showSource(data.source);
    if (data.kind === "map") onMap(data, now.model);
    if (data.kind === "bias") {
        biases[data.mode] = data;
        //  the modes come together: shown together, once
        if (!besideRequest) besideRequest = requestAnimationFrame(showBeside);
    }
}

function onMap(next, model) {
    lastFrames.set(next.model, next);
    if (next.model === "full") {
        freshness.take(next, Date.now());
        showAccuracy(part("accuracy"), next);
        showBanner();
    }
    if (next.model === model) onFrame(next);
}

function onFrame(next) {
    frame = next;
    heatmap.take(next);
    if (state.get().view === "map") mapView.show(next, state.get());
    //  a column has closed: the heatmap has one more
    if (next.column && !request) later(REFRESH_LEAST_MS / 5);
}

function onStatus({ isOpen, retryAt = 0, error }) {
    if (error) errors.set("feed", error);
    else if (isOpen) errors.delete("feed");
    if (!isOpen) freshness.reconnect();
    Object.assign(link, { isOpen, retryAt });
    showBanner();
}

//  --- showing

function showSource(source) {
    part("simulated").hidden = source !== "sim";
    document.body.dataset.source = source;
}

function showBeside() {
    besideRequest = 0;
    const mode = state.get().mode;
    showBiases(part("biases"), biases, mode, (chosen) => state.set({ mode: chosen }));
    showLadder(part("ladder"), biases[mode]);
    part("ladder-mode").textContent = mode;
}

function showBanner() {
    const now = Date.now(),
        lines = [];
    if (!link.isOpen) {
        const wait = Math.max(0, Math.ceil((link.retryAt - now) / 1000));
        lines.push(`Connection lost, retrying${link.retryAt > now ? ` in ${wait} s` : ""}`);
    }
    const stale = state.get().instrument ? freshness.text(now) : "";
    if (stale) lines.push(stale);
    for (const [place, text] of errors) lines.push(`${place}: ${text}`);
    const banner = part("banner");
    banner.hidden = lines.length === 0;
    if (part("banner-text").textContent !== lines.join(" \u00b7 "))
        part("banner-text").textContent = lines.join(" \u00b7 ");
    //  the live region speaks of a change of kind, not of every second
    const kind = [!link.isOpen && "connection lost", stale && "the map is stale", ...errors.keys()]
        .filter(Boolean)
        .join(", ");
    const alert = part("alert");
    if (alert.dataset.kind !== kind) {
        alert.dataset.kind = kind;
        alert.textContent = kind ? `Warning: ${lines.join(". ")}` : "Live again";
    }
    document.body.classList.toggle("is-stale", !link.isOpen || stale !== "");
    const [style, word] = !link.isOpen
        ? ["lost", "offline"]
        : stale
          ? ["stale", "stale"]
          : freshness.hasNews()
            ? ["live", "live"]
            : ["", "waiting"];
    part("link").className = `link ${style}`;
    part("link").textContent = word;
}

function change(now, changed) {
    const is = (...keys) => keys.some((key) => changed.includes(key));
    const view = now.view === "map" ? "liquidation map" : "liquidation heatmap";
    document.title = `${now.instrument || "Leadline"} \u00b7 ${view} \u00b7 Leadline`;
    part("heatmap").hidden = now.view !== "heatmap";
    part("map-view").hidden = now.view !== "map";
    document.body.classList.toggle("is-map", now.view === "map");
    showControls(known);
    if (is("instrument")) {
        freshness.restart(Date.now());
        lastFrames.clear();
        for (const mode of MODES) delete biases[mode];
        feed.want(topics(now));
        showHealth(part("health"), health, now.instrument);
    }
    if (is("instrument", "model")) {
        heatmap.forget();
        frame = null;
        if (lastFrames.has(now.model)) onFrame(lastFrames.get(now.model));
    }
    if (is("instrument", "mode")) showBeside();
    if (is("instrument", "model", "range", "groups", "venues"))
        loadHeatmap(is("instrument", "range", "model"));
    if (is("palette", "threshold", "isPerSide", "areCirclesShown", "groups", "venues"))
        heatmap.restyle(now, changed);
    if (frame && now.view === "map" && is("view", "groups")) mapView.show(frame, now);
}

//  --- start

part("more").addEventListener("click", () => {
    const isOpen = document.querySelector(".controls").classList.toggle("is-open");
    part("more").setAttribute("aria-expanded", String(isOpen));
});
part("legend-toggle").addEventListener("click", () => {
    const isShown = part("legend").toggleAttribute("hidden") === false;
    part("legend-toggle").setAttribute("aria-expanded", String(isShown));
});
const feed = new Feed({ token, onMessage, onStatus });
state.listen(change);
setInterval(showBanner, TICK_MS);
showControls(known);
showBeside();
loadKnown();
