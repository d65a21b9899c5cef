// Curves over time, drawn by uPlot in the colours of the theme, with their numbers in words beside them.

import { html, useEffect, useRef } from "./vendor/preact-htm.js";

const HEIGHT = 180;
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Redraws when the theme changes. */
const themed = (draw) => {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new MutationObserver(draw);
  watcher.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  media.addEventListener("change", draw);
  return () => {
    watcher.disconnect();
    media.removeEventListener("change", draw);
  };
};

const axis = (format) => ({
  stroke: colour("quiet"),
  grid: { stroke: colour("line"), width: 1 },
  ticks: { show: false },
  font: "11px system-ui, sans-serif",
  ...(format ? { values: (_, ticks) => ticks.map(format), size: 64 } : {}),
});

/**
 * Curves. `at`: times in seconds, or numbers where `overTime` is false; `lines`: {name, values, colour, dash?, width?, points?, dots?};
 * `band`: [low, high] values around the first line; `format`: of the values; `stack`: lines on top of each other;
 * `label`: what it shows, for those who cannot see it.
 */
export const Chart = ({ at, lines, band, format, stack, label, overTime = true, range, xFormat, height = HEIGHT }) => {
  const place = useRef(null);
  const plot = useRef(null);
  const shape = JSON.stringify([lines.map((one) => one.name), Boolean(band), stack, overTime]);
  const data = columns(at, lines, band, stack);
  // What is drawn outlives a render: it asks for the numbers and the unit of now, not of when it was made.
  const now = useRef(null);
  now.current = { data, lines, format, xFormat };

  useEffect(() => {
    const draw = () => {
      plot.current?.destroy();
      const options = {
        width: place.current.clientWidth || 300,
        height,
        padding: [8, 8, 0, 0],
        legend: { live: true },
        cursor: { points: { size: 6 }, drag: { x: false, y: false } },
        scales: { x: { time: overTime }, y: range ? { range } : {} },
        axes: [overTime ? axis() : axis((x) => now.current.xFormat(x)), axis((y) => (now.current.format ?? String)(y))],
        series: series(now, band, stack),
        bands: bands(lines, band, stack),
      };
      plot.current = new uPlot(options, now.current.data, place.current);
    };
    draw();
    const still = themed(draw);
    const sizes = new ResizeObserver(() => {
      const width = place.current?.clientWidth;
      if (width && plot.current && width !== plot.current.width) plot.current.setSize({ width, height });
    });
    sizes.observe(place.current);
    return () => {
      still();
      sizes.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [data]);

  return html`<figure class="chart" role="img" aria-label="${label}. ${inWords(lines, format)}"><div ref=${place}></div></figure>`;
};

const columns = (at, lines, band, stack) => {
  if (!stack) return [at, ...lines.map((one) => one.values), ...(band ?? [])];
  const below = at.map(() => 0);
  const tops = lines.map((one) =>
    one.values.map((x, n) => (x === null ? null : (below[n] += x))),
  );
  return [at, ...tops];
};

const written = (now, x) => (x === null || x === undefined ? "–" : (now.current.format ?? String)(x));

const series = (now, band, stack) => [
  now.current.xFormat ? { value: (_, x) => (x === null ? "–" : now.current.xFormat(x)) } : {},
  ...now.current.lines.map((one, n) => ({
    label: one.name,
    stroke: colour(one.colour),
    width: one.width ?? 1.75,
    ...(one.dots ? { paths: () => null } : {}),
    dash: one.dash,
    spanGaps: true,
    points: { show: one.dots ?? one.points ?? fewPoints(one.values), size: one.dots ? 3 : 5, fill: colour(one.colour) },
    fill: stack && n === 0 ? colour(`${one.colour}-soft`) : undefined,
    value: (_, x, __, place) => written(now, stack && place !== null ? now.current.lines[n].values[place] : x),
  })),
  ...(band ?? []).map((_, n) => ({
    label: n ? "upper end" : "lower end",
    stroke: "transparent",
    points: { show: false },
    spanGaps: true,
    value: (_, x) => written(now, x),
  })),
];

const fewPoints = (values) => values.filter((x) => x !== null).length < 3;

const bands = (lines, band, stack) => {
  if (band) return [{ series: [lines.length + 2, lines.length + 1], fill: colour("band") }];
  if (!stack) return [];
  return lines.slice(1).map((one, n) => ({ series: [n + 2, n + 1], fill: colour(`${one.colour}-soft`) }));
};

const inWords = (lines, format = String) =>
  lines
    .map((one) => {
      const last = one.values.findLast((x) => x !== null && x !== undefined);
      return last === undefined ? `${one.name}: not known` : `${one.name}: ${format(last)} at last`;
    })
    .join("; ");

/** Predicted against satisfied, with intervals and the diagonal. */
export const Calibration = ({ models }) => {
  const y = (x) => 200 - 190 * x - 5;
  const x = (p) => 190 * p + 25;
  const words = models
    .map((one) => `${one.model}: ${one.bins.map((b) => `predicted ${Math.round(100 * b.predicted)} %, satisfied ${Math.round(100 * b.satisfied)} % of ${b.count}`).join("; ")}`)
    .join(". ");
  return html`<svg class="calibration" viewBox="0 0 225 225" role="img" aria-label="Calibration. ${words}">
    ${[0, 0.5, 1].map((t) => html`<line class="grid" x1=${x(0)} x2=${x(1)} y1=${y(t)} y2=${y(t)} /><line class="grid" x1=${x(t)} x2=${x(t)} y1=${y(0)} y2=${y(1)} />
      <text x=${x(0) - 4} y=${y(t) + 3} text-anchor="end">${100 * t}</text><text x=${x(t)} y=${y(0) + 13} text-anchor="middle">${100 * t}</text>`)}
    <line class="diagonal" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />
    ${models.map((one, n) => one.bins.map((b) => html`<g class="m${n % 6}"><line x1=${x(b.predicted)} x2=${x(b.predicted)} y1=${y(b.low)} y2=${y(b.high)} />
      <circle cx=${x(b.predicted)} cy=${y(b.satisfied)} r=${Math.min(7, 2 + Math.log10(b.count) * 1.6)} /></g>`))}
    <text x="120" y="223" text-anchor="middle">predicted, %</text>
    <text x="-100" y="7" text-anchor="middle" transform="rotate(-90)">satisfied, %</text>
  </svg>`;
};
