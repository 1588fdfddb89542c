//  panels - beside the charts: accuracy of the map, bias of the modes, category ladder, health of the feeds
//
//  Each fills its element from one message and keeps no state; missing numbers are said, never drawn as zero.

import * as format from "./format.js";

function make(tag, { text, className, data, style, children, attributes } = {}) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    if (data) Object.assign(element.dataset, data);
    for (const [name, value] of Object.entries(style ?? {})) element.style.setProperty(name, value);
    for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, value);
    if (children) element.append(...children);
    return element;
}

const tone = (value) => (value > 0 ? "up" : value < 0 ? "down" : "flat");
const percent = (value) => (Number.isFinite(value) ? `${Math.round(value)} %` : "n/a");

//  --- accuracy

//  Score against the classic ladder, in words; pure.
export function scoreText({ score_vs_ladder: score, score_low: low, score_high: high, score_hours: hours }) {
    const long = `${(hours ?? 0).toFixed(hours >= 10 ? 0 : 1)} h`;
    if (score === null || score === undefined) return `not scored yet: ${long}`;
    const interval =
        low === null || low === undefined ? "" : ` [${format.signed(low, 2)}, ${format.signed(high, 2)}]`;
    return `${format.signed(score, 2)} nats/h${interval} over ${long}`;
}

export function showAccuracy(root, frame) {
    const live = frame.venues.filter((venue) => venue.live).map((venue) => format.venueName(venue.venue));
    const silent = frame.venues.filter((venue) => !venue.live).map((venue) => format.venueName(venue.venue));
    const score = frame.score_vs_ladder;
    const fact = (name, value, title, state = "") =>
        make("div", {
            className: `fact ${state}`,
            attributes: { title },
            children: [make("dt", { text: name }), make("dd", { text: value })]
        });
    root.replaceChildren(
        fact(
            "OI coverage",
            percent(frame.oi_coverage_pct),
            "Share of the venues, by open interest, whose open interest is fresh",
            frame.oi_coverage_pct < 60 ? "warn" : ""
        ),
        fact(
            "Venues live",
            `${live.length} of ${frame.venues.length}: ${live.join(", ") || "none"}` +
                (silent.length > 0 ? ` (silent: ${silent.join(", ")})` : ""),
            "Whose marks and trades flow",
            silent.length > 0 ? "warn" : ""
        ),
        fact(
            "Score against the ladder",
            scoreText(frame),
            "Log-likelihood of the liquidations that were printed, " +
                "over the classic ladder's, with its 95 % interval. Above 0: this map foresaw them better.",
            score === null || score === undefined ? "" : score > 0 ? "good" : "warn"
        ),
        fact(
            "Predicted / printed",
            `${format.usd(frame.predicted_usd)} / ${format.usd(frame.printed_usd)}`,
            "Mass that price swept, and liquidations that were seen, un-throttled, in those hours"
        ),
        fact(
            "Map confidence",
            `${percent(frame.confidence_pct)}${frame.reason ? `: ${frame.reason}` : ""}`,
            "Coverage x history; says nothing about where price goes",
            frame.confidence_pct < 50 ? "warn" : ""
        )
    );
    Object.assign(root.dataset, {
        coverage: frame.oi_coverage_pct,
        confidence: frame.confidence_pct,
        live: live.length,
        score: score ?? ""
    });
}

//  --- bias of the modes

const HORIZONS = { scalp: "minutes", day: "hours", swing: "days" };

function biasCard(mode, bias, isChosen, choose) {
    const button = make("button", {
        className: `bias ${isChosen ? "chosen" : ""}`,
        data: { mode },
        attributes: { type: "button", "aria-pressed": String(isChosen) }
    });
    button.addEventListener("click", () => choose(mode));
    if (!bias) {
        button.append(
            make("span", { className: "bias-mode", text: mode }),
            make("span", { className: "bias-value flat", text: "\u2013" }),
            make("span", { className: "faint", text: "nothing yet" })
        );
        return button;
    }
    const calibrated =
        bias.confidence_basis === "calibrated"
            ? ""
            : `uncalibrated${bias.outcomes_needed > 0 ? ` (${bias.outcomes_needed} to go)` : ""}`;
    button.dataset.bias = bias.bias;
    button.append(
        make("span", {
            className: "bias-mode",
            text: mode,
            attributes: { title: `looks ${HORIZONS[mode]} ahead` }
        }),
        make("span", { className: `bias-value ${tone(bias.bias)}`, text: format.signed(bias.bias, 0) }),
        make("span", {
            className: "bias-state",
            text: `${bias.state}${bias.conflicted ? ", conflicted" : ""}`
        }),
        make("span", {
            className: "gauge",
            attributes: { "aria-hidden": "true" },
            children: [
                make("i", {
                    className: tone(bias.bias),
                    style: {
                        "--from": `${50 + Math.min(0, bias.bias) / 2}%`,
                        "--size": `${Math.abs(bias.bias) / 2}%`
                    }
                })
            ]
        }),
        make("span", { className: "faint", text: `confidence ${percent(bias.confidence_pct)}` }),
        make("span", { className: "faint", text: calibrated || `${Math.round(bias.n_eff)} outcomes` }),
        make("span", { className: "faint", text: `evidence ${percent(bias.evidence_pct)}` })
    );
    return button;
}

export function showBiases(root, biases, chosen, choose) {
    const focused = root.contains(document.activeElement) ? document.activeElement.dataset.mode : null;
    root.replaceChildren(
        ...["scalp", "day", "swing"].map((mode) => biasCard(mode, biases[mode], mode === chosen, choose))
    );
    if (focused) root.querySelector(`[data-mode="${focused}"]`)?.focus();
}

//  --- category ladder

export function showLadder(root, bias) {
    if (!bias) {
        root.replaceChildren(make("p", { className: "faint", text: "No bias of this mode yet." }));
        return;
    }
    const most = Math.max(1, ...bias.categories.map((category) => Math.abs(category.points)));
    const rows = [...bias.categories]
        .sort((a, b) => Math.abs(b.points) - Math.abs(a.points))
        .map((category) =>
            make("tr", {
                data: { category: category.category, points: category.points },
                children: [
                    make("th", {
                        text: category.category.replaceAll("-", " ").replaceAll("_", " "),
                        attributes: { scope: "row" },
                        children: [make("span", { className: "state", text: category.state })]
                    }),
                    make("td", {
                        className: "bars",
                        children: [
                            make("i", {
                                className: tone(category.points),
                                attributes: { "aria-hidden": "true" },
                                style: {
                                    "--from": `${50 + (Math.min(0, category.points) / most) * 50}%`,
                                    "--size": `${(Math.abs(category.points) / most) * 50}%`
                                }
                            })
                        ]
                    }),
                    make("td", {
                        className: `number ${tone(category.points)}`,
                        text: format.signed(category.points, 1)
                    }),
                    make("td", { className: "number faint", text: format.signed(category.score, 2) }),
                    make("td", { className: "number faint", text: percent(category.confidence * 100) }),
                    make("td", { className: "number faint", text: percent(category.weight * 100) })
                ]
            })
        );
    const head = make("thead", {
        children: [
            make("tr", {
                children: ["Category", "", "Points", "Score", "Conf.", "Weight"].map((text) =>
                    make("th", { text, attributes: { scope: "col" } })
                )
            })
        ]
    });
    const silent = bias.silent.length;
    root.replaceChildren(
        make("table", { className: "ladder", children: [head, make("tbody", { children: rows })] }),
        make("p", {
            className: "faint",
            text:
                `Points add up to the bias of ${format.signed(bias.bias, 1)}.` +
                (silent > 0
                    ? ` ${silent} card${silent > 1 ? "s are" : " is"} silent: ${silentReasons(bias.silent)}.`
                    : "")
        })
    );
}

function silentReasons(silent) {
    const counts = new Map();
    for (const { reason } of silent) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1]);
    const told = sorted
        .slice(0, 3)
        .map(([reason, count]) => `${reason} (${count})`)
        .join("; ");
    return sorted.length > 3 ? `${told}; and others` : told;
}

//  --- health of the feeds

const MARKS = {
    ok: "\u25cf",
    silent: "\u25d0",
    broken: "\u2715",
    disconnected: "\u2715",
    absent: "\u2013",
    unknown: "?"
};

export function showHealth(root, rows, instrument) {
    const mine = rows.filter((row) => row.instrument === instrument);
    if (mine.length === 0) {
        root.replaceChildren(
            make("p", {
                className: "faint",
                text: `No feed of ${instrument || "this instrument"} is known yet.`
            })
        );
        return;
    }
    const kinds = [...new Set(mine.map((row) => row.event))].sort();
    const venues = [...new Set(mine.map((row) => row.venue))].sort();
    const cell = (kind, venue) => {
        const row = mine.find((each) => each.event === kind && each.venue === venue);
        if (!row) return make("td", { className: "faint", text: "\u00b7" });
        const sampled = row.coverage === "sampled" ? " sampled" : "";
        return make("td", {
            className: `health ${row.status}`,
            data: { venue, kind, status: row.status },
            attributes: {
                title:
                    `${row.message || row.status}; ${Math.round(row.seen_per_min)}/min` +
                    (row.lost > 0 ? `, ${row.lost} lost` : "")
            },
            text: `${MARKS[row.status] ?? "?"} ${row.status}${sampled}`
        });
    };
    const head = make("thead", {
        children: [
            make("tr", {
                children: ["Feed", ...venues.map(format.venueName)].map((text) =>
                    make("th", { text, attributes: { scope: "col" } })
                )
            })
        ]
    });
    root.replaceChildren(
        make("table", {
            className: "health-table",
            children: [
                head,
                make("tbody", {
                    children: kinds.map((kind) =>
                        make("tr", {
                            children: [
                                make("th", { text: kind.replaceAll("_", " "), attributes: { scope: "row" } }),
                                ...venues.map((venue) => cell(kind, venue))
                            ]
                        })
                    )
                })
            ]
        })
    );
}
