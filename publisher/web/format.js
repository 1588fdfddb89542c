//  format - numbers and times as people read them; pure

//  Four significant digits at most: $12.4M, $950K, $3.21B.
export function usd(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "n/a";
    const size = Math.abs(value);
    for (const [unit, name] of [
        [1e9, "B"],
        [1e6, "M"],
        [1e3, "K"]
    ])
        if (size >= unit * 0.9995) {
            const scaled = value / unit;
            return `$${scaled.toFixed(Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2)}${name}`;
        }
    return `$${value.toFixed(size >= 10 || size === 0 ? 0 : 2)}`;
}

//  Decimals by size: 94,200.5 but 0.08213.
export function price(value) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "n/a";
    const digits = priceDigits(value);
    return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function priceDigits(value) {
    const size = Math.abs(value);
    if (size >= 10000) return 1;
    if (size >= 100) return 2;
    if (size >= 1) return 4;
    return size > 0 ? Math.min(10, 4 - Math.floor(Math.log10(size))) : 2;
}

//  Ticks of an axis: no more decimals than tell them apart.
export function ticks(values) {
    const most = priceDigits(Math.max(...values.map(Math.abs)));
    const digits = values.every((value) => Math.abs(value - Math.round(value)) < 1e-9) ? 0 : most;
    return values.map((value) =>
        value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    );
}

export function signed(value, digits = 1) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "n/a";
    return `${value > 0 ? "+" : value < 0 ? "\u2212" : ""}${Math.abs(value).toFixed(digits)}`;
}

const two = (value) => String(value).padStart(2, "0");

//  All times are UTC, as the axis says.
export function time(ms) {
    const at = new Date(ms);
    return (
        `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ` +
        `${two(at.getUTCHours())}:${two(at.getUTCMinutes())} UTC`
    );
}

export function duration(seconds) {
    if (!Number.isFinite(seconds)) return "n/a";
    if (seconds < 120) return `${Math.floor(seconds)} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
    return `${Math.floor(seconds / 3600)} h`;
}

//  Leverage groups as on the chips: "\u22647.5x", "10\u201315x", "50x".
export function leverage(from, to, isFirst) {
    if (isFirst) return `\u2264${to}x`;
    return from === to ? `${from}x` : `${from}\u2013${to}x`;
}

export const venueName = (venue) =>
    ({ okx: "OKX", bybit: "Bybit", binance: "Binance" })[venue] ??
    venue.charAt(0).toUpperCase() + venue.slice(1);
