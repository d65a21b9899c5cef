// Numbers as people read them. What is not known is a dash.

export const NOTHING = "–";
const known = (x) => x !== null && x !== undefined && Number.isFinite(x);

/** A share in percent: 0.912 is 91.2 %. */
export const percent = (x, digits = 1) => (known(x) ? `${(100 * x).toFixed(digits)} %` : NOTHING);

/** Two shares: 89.0 to 93.0 %. */
export const range = (low, high, digits = 1) =>
  known(low) && known(high)
    ? `${(100 * low).toFixed(digits)} to ${(100 * high).toFixed(digits)} %`
    : NOTHING;

export const count = (x) => (known(x) ? Math.round(x).toLocaleString("en-US") : NOTHING);

export const number = (x, digits = 2) => (known(x) ? x.toFixed(digits) : NOTHING);

/** Three significant digits, without an exponent as far as possible. */
const short = (x) =>
  x === 0 ? "0" : Math.abs(x) >= 1000 ? Math.round(x).toLocaleString("en-US") : x.toLocaleString("en-US", { maximumSignificantDigits: 3 });

const UNITS = { usd: ["$", ""], joule: ["", " J"] };
const PLAIN = ["", ""];

/** An amount in the unit of cost. */
export const cost = (x, unit) => {
  if (!known(x)) return NOTHING;
  const [before, after] = UNITS[unit] ?? PLAIN;
  return `${x < 0 ? "−" : ""}${before}${short(Math.abs(x))}${after}`;
};

/** A cost per request, for as many requests as make it readable: $0.21 per 1,000. */
export const each = (x, unit) => {
  if (!known(x)) return NOTHING;
  const [before, after] = UNITS[unit] ?? PLAIN;
  if (x === 0 || Math.abs(x) >= 0.1 || unit !== "usd") return `${before}${short(x)}${after}`;
  const size = Math.abs(x) >= 1e-4 ? 1_000 : 1_000_000;
  return `${before}${short(x * size)}${after} per ${size === 1_000 ? "1,000" : "million"}`;
};

export const seconds = (x) => {
  if (!known(x)) return NOTHING;
  if (x < 1) return `${Math.max(1, Math.round(1000 * x))} ms`;
  if (x < 100) return `${short(x)} s`;
  if (x < 6000) return `${Math.round(x / 60)} min`;
  if (x < 172_800) return `${Math.round(x / 3600)} h`;
  return `${Math.round(x / 86_400)} days`;
};

export const bytes = (x) => {
  if (!known(x)) return NOTHING;
  const power = x < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(x) / 3));
  return `${short(x / 1000 ** power)} ${["B", "kB", "MB", "GB", "TB"][power]}`;
};

export const time = (at_s) =>
  known(at_s)
    ? new Date(1000 * at_s).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "medium" })
    : NOTHING;

export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;
