//  state - what the reader chose, kept in the address so that a view can be sent to somebody

export const RANGES = ["12h", "24h", "48h", "3d", "1w", "2w", "1m", "3m", "6m", "1y"];
export const GROUPS = [0, 1, 2, 3, 4];
export const MODELS = {
    full: [
        "Full mixture",
        "Positions opened and closed as flow and open interest say, over the learned mix of " +
            "leverage. Bands fade when positions close and end where price swept them."
    ],
    ladder: [
        "Classic ladder (5/10/25/50/100x, no closes) for comparison",
        "What most charts draw: every trade " +
            "opens at 5, 10, 25, 50 and 100x and stays until price reaches it. Overstates what is left."
    ]
};
const VIEWS = ["heatmap", "map"];
const MODES = ["scalp", "day", "swing"];

const DEFAULTS = {
    instrument: "",
    range: "24h",
    model: "full",
    view: "heatmap",
    palette: "viridis",
    groups: GROUPS,
    venues: null,
    isRangeChosen: false,
    threshold: 0,
    isPerSide: false,
    areCirclesShown: true,
    mode: "day"
};

const oneOf = (value, allowed, otherwise) => (allowed.includes(value) ? value : otherwise);

//  Reads what it knows and ignores the rest: a bad address still opens.
export function parse(search) {
    const query = new URLSearchParams(search);
    const groups = (query.get("groups") ?? "")
        .split(",")
        .filter((text) => /^[0-4]$/.test(text))
        .map(Number);
    const venues = (query.get("venues") ?? "").split(",").filter((text) => /^[a-z0-9_-]+$/.test(text));
    const instrument = query.get("instrument") ?? "";
    return {
        ...DEFAULTS,
        instrument: /^[A-Z0-9]{2,23}$/.test(instrument) ? instrument : "",
        range: oneOf(query.get("range"), RANGES, DEFAULTS.range),
        isRangeChosen: RANGES.includes(query.get("range")),
        model: oneOf(query.get("model"), Object.keys(MODELS), DEFAULTS.model),
        view: oneOf(query.get("view"), VIEWS, DEFAULTS.view),
        mode: oneOf(query.get("mode"), MODES, DEFAULTS.mode),
        palette: query.get("palette") ?? DEFAULTS.palette,
        groups: groups.length > 0 ? [...new Set(groups)].sort() : GROUPS,
        venues: venues.length > 0 ? venues : null
    };
}

//  Only what differs from the defaults, but the four that name a view always.
export function format(state) {
    const query = new URLSearchParams();
    for (const key of ["instrument", "range", "model", "view"]) query.set(key, state[key]);
    for (const key of ["palette", "mode"]) if (state[key] !== DEFAULTS[key]) query.set(key, state[key]);
    if (state.groups.length < GROUPS.length) query.set("groups", state.groups.join(","));
    if (state.venues) query.set("venues", state.venues.join(","));
    return `?${query.toString().replaceAll("%2C", ",")}`;
}

//  A store: set() merges, writes the address and tells everyone what changed.
export function makeState(initial, write) {
    let state = initial;
    const listeners = [];
    return {
        get: () => state,
        listen: (listener) => listeners.push(listener),
        set(change) {
            const changed = Object.keys(change).filter((key) => change[key] !== state[key]);
            if (changed.length === 0) return;
            state = { ...state, ...change };
            write(format(state));
            for (const listener of listeners) listener(state, changed);
        }
    };
}
