//  palette - colours by value, as tables of 256 entries; pure
//
//  Viridis is what people expect of a liquidation heatmap.  Cividis reads the same with and without colour
//  blindness; every palette grows evenly in lightness, so that brightness alone tells the amount.

const STOPS = {
    viridis: [
        "440154",
        "482475",
        "414487",
        "355f8d",
        "2a788e",
        "21918c",
        "22a884",
        "44bf70",
        "7ad151",
        "bddf26",
        "fde725"
    ],
    cividis: [
        "00224e",
        "123570",
        "3b496c",
        "575d6d",
        "707173",
        "8a8678",
        "a59c74",
        "c3b369",
        "e1cc55",
        "fee838"
    ],
    inferno: [
        "160b39",
        "420a68",
        "6a176e",
        "932667",
        "bc3754",
        "dd513a",
        "f37819",
        "fca50a",
        "f6d746",
        "fcffa4"
    ],
    grey: ["1c1c22", "f7f7fa"]
};

export const PALETTES = [
    ["viridis", "Viridis"],
    ["cividis", "Cividis (colour-blind safe)"],
    ["inferno", "Inferno"],
    ["grey", "Greyscale"]
];

const EXPONENT = 0.6; // lifts small amounts without flattening large ones

const channels = (hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));

//  256 x (r, g, b).
export function table(name) {
    const stops = (STOPS[name] ?? STOPS.viridis).map(channels);
    const out = new Uint8Array(256 * 3);
    for (let i = 0; i < 256; i++) {
        const at = (i / 255) * (stops.length - 1);
        const low = Math.min(Math.floor(at), stops.length - 2);
        for (let k = 0; k < 3; k++)
            out[i * 3 + k] = Math.round(stops[low][k] + (stops[low + 1][k] - stops[low][k]) * (at - low));
    }
    return out;
}

//  Place of an amount in the table: (value / full)^0.6, at most the last.
export function shade(value, full) {
    if (!(value > 0) || !(full > 0)) return 0;
    return Math.min(255, Math.round(255 * Math.pow(value / full, EXPONENT)));
}

//  The amount a place of the colour bar stands for; share 0 is the bottom, 1 the top.
export function amountAt(share, full) {
    return full * Math.pow(share, 1 / EXPONENT);
}

export function css(colours, index) {
    return `rgb(${colours[index * 3]}, ${colours[index * 3 + 1]}, ${colours[index * 3 + 2]})`;
}
