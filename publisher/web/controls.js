//  controls - chips, ranges, selects and the slider: they show the state and change it, nothing else

import * as format from "./format.js";
import { PALETTES } from "./palette.js";
import { GROUPS, MODELS, RANGES } from "./state.js";

const GROUP_NAMES = ["\u22647.5x", "10\u201315x", "20\u201333x", "50x", "75\u2013125x"];

function chip(text, isOn, press, data) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "chip";
    button.textContent = text;
    button.setAttribute("aria-pressed", String(isOn));
    Object.assign(button.dataset, data);
    button.addEventListener("click", press);
    return button;
}

//  Replaces the children and gives the focus back to the one that had it.
function refill(root, key, children) {
    const had = root.contains(document.activeElement) ? document.activeElement.dataset[key] : undefined;
    root.replaceChildren(...children);
    if (had !== undefined) [...root.children].find((child) => child.dataset[key] === had)?.focus();
}

function options(select, entries, value) {
    if (select.dataset.filled !== JSON.stringify(entries)) {
        select.replaceChildren(...entries.map(([key, text]) => new Option(text, key)));
        select.dataset.filled = JSON.stringify(entries);
    }
    select.value = value;
}

//  One or more stay on: nothing chosen would be an empty picture that looks like an empty market.
function toggled(list, item) {
    const next = list.includes(item) ? list.filter((each) => each !== item) : [...list, item];
    return next.length > 0 ? next : list;
}

export function makeControls(root, state) {
    const find = (name) => root.querySelector(`[data-control="${name}"]`);
    const parts = Object.fromEntries(
        [
            "instrument",
            "view-heatmap",
            "view-map",
            "ranges",
            "model",
            "model-note",
            "palette",
            "groups",
            "venues",
            "threshold",
            "threshold-note",
            "per-side",
            "circles"
        ].map((name) => [name, find(name)])
    );
    parts.instrument.addEventListener("change", () =>
        state.set({ instrument: parts.instrument.value, venues: null })
    );
    parts.model.addEventListener("change", () => state.set({ model: parts.model.value }));
    parts.palette.addEventListener("change", () => state.set({ palette: parts.palette.value }));
    parts.threshold.addEventListener("input", () => state.set({ threshold: Number(parts.threshold.value) }));
    parts["per-side"].addEventListener("change", () => state.set({ isPerSide: parts["per-side"].checked }));
    parts.circles.addEventListener("change", () => state.set({ areCirclesShown: parts.circles.checked }));
    for (const view of ["heatmap", "map"])
        parts[`view-${view}`].addEventListener("click", () => state.set({ view }));
    return (known) => showControls(parts, state, known);
}

//  known: {instruments, venues, held: Map(range -> bool), hideBelowUsd}
function showControls(parts, state, known) {
    const now = state.get();
    options(
        parts.instrument,
        known.instruments.map((name) => [name, name]),
        now.instrument
    );
    options(
        parts.model,
        Object.entries(MODELS).map(([key, [name]]) => [key, name]),
        now.model
    );
    options(parts.palette, PALETTES, now.palette);
    parts["model-note"].textContent = MODELS[now.model][1];
    for (const view of ["heatmap", "map"])
        parts[`view-${view}`].setAttribute("aria-pressed", String(now.view === view));
    refill(
        parts.ranges,
        "range",
        RANGES.map((range) => {
            const button = chip(range, now.range === range, () => state.set({ range }), { range });
            const isHeld = known.held.get(range) ?? false;
            button.disabled = !isHeld && range !== now.range;
            button.title = isHeld ? `The last ${range}` : `Less than ${range} is held`;
            return button;
        })
    );
    refill(
        parts.groups,
        "group",
        GROUPS.map((group) =>
            chip(
                GROUP_NAMES[group],
                now.groups.includes(group),
                () => state.set({ groups: toggled(state.get().groups, group).sort() }),
                { group: String(group) }
            )
        )
    );
    refill(
        parts.venues,
        "venue",
        known.venues.map((venue) => {
            const isOfAll = now.model !== "full",
                on = isOfAll || !now.venues ? known.venues : now.venues;
            const button = chip(
                format.venueName(venue),
                on.includes(venue),
                () => {
                    const next = toggled(state.get().venues ?? known.venues, venue).filter((each) =>
                        known.venues.includes(each)
                    );
                    state.set({
                        venues: next.length === known.venues.length || next.length === 0 ? null : next
                    });
                },
                { venue }
            );
            button.disabled = isOfAll;
            button.title = isOfAll ? "The ladder is of all venues together" : "";
            return button;
        })
    );
    parts.threshold.value = now.threshold;
    const note = now.threshold > 0 ? `hides cells below ${format.usd(known.hideBelowUsd)}` : "shows all";
    parts["threshold-note"].textContent = note;
    parts.threshold.setAttribute("aria-valuetext", `${now.threshold.toFixed(2)}, ${note}`);
    parts["per-side"].checked = now.isPerSide;
    parts.circles.checked = now.areCirclesShown;
}
