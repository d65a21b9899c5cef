// What another promise would have cost, from the latest part of the log.

import { html, useState } from "./vendor/preact-htm.js";
import { Chart } from "./charts.js";
import { cost, count, each, percent, range } from "./format.js";
import { Card, Loading, Table, Trouble, useView } from "./parts.js";

export default ({ name }) => {
  const { view, error } = useView(`/what-if/${encodeURIComponent(name)}`);
  const [place, move] = useState(null);
  if (!view) return error ? html`<${Trouble} error=${error} />` : html`<${Loading} what="Asking the latest 4,000 decisions" />`;
  const now = view.lines.findIndex((one) => one.alpha === view.alpha);
  const at = place ?? Math.max(now, 0);
  const line = view.lines[at];
  const unit = view.cost_unit;
  const rows = [
    { key: "logged", what: "As it was", ...view.logged },
    { key: "alpha", what: `Promise of ${percent(line.alpha)}`, ...line },
    { key: "mix", what: "Best fixed mix for that", ...view.static_mix[at] },
    ...view.always.map((one) => ({ key: one.policy, what: one.policy.replace("always:", "Always "), ...one })),
  ];
  return html`
    <p class="crumbs"><a href="#/">Overview</a> / <a href="#/promise/${encodeURIComponent(view.promise)}">${view.promise}</a> / what if</p>
    <h1>What another promise would have cost</h1>
    <p class="lead">Estimated from ${count(view.decisions)} logged decisions with a choice, ${count(view.judged)} of them judged.</p>
    <${Card}>
      <label class="slider" for="alpha">Promise <output for="alpha">${percent(line.alpha)}</output></label>
      <input id="alpha" type="range" min="0" max=${view.lines.length - 1} step="1" value=${at}
        aria-valuetext=${percent(line.alpha)} onInput=${(event) => move(Number(event.target.value))} />
      <div class="answer" aria-live="polite"><${Answer} line=${line} logged=${view.logged} unit=${unit} /></div>
    <//>
    <${Curve} view=${view} at=${at} />
    <${Card} title="Beside other policies">
      <${Table} caption="Policies" rows=${rows} columns=${[
        { name: "", cell: (one) => one.what },
        { name: "Satisfied", right: true, cell: (one) => html`<${Share} est=${one.satisfaction} />` },
        { name: "Cost per request", right: true, cell: (one) => html`<${Money} est=${one.cost} unit=${unit} />` },
        { name: "", wide: true, cell: (one) => (one.cost.refused ? html`<small>${one.cost.refused}</small>` : "") },
      ]} />
      ${view.notes.map((one) => html`<p class="note">${one}</p>`)}
    <//>`;
};

const Share = ({ est }) => (est.refused ? html`–` : html`${percent(est.value)}<small>${range(est.low, est.high)}</small>`);
const Money = ({ est, unit }) => (est.refused ? html`–` : html`${each(est.value, unit)}<small>${each(est.low, unit)} to ${each(est.high, unit)}</small>`);

const Answer = ({ line, logged, unit }) => {
  if (line.cost.refused)
    return html`<p class="warn"><b>The log cannot tell:</b> ${line.cost.refused}.</p><p>To do: ${line.cost.fix}.</p>`;
  const change = logged.cost.refused ? null : line.cost.value / logged.cost.value - 1;
  return html`<p class="big">${each(line.cost.value, unit)} <small>${range2(line.cost, unit)}</small></p>
    <p>${change === null ? "" : `${percent(Math.abs(change), 0)} ${change >= 0 ? "more" : "less"} than what was spent, `}with ${line.satisfaction.refused ? "satisfaction that the log cannot tell" : `${percent(line.satisfaction.value)} satisfied (${range(line.satisfaction.low, line.satisfaction.high)})`}.</p>
    ${line.satisfaction.refused && html`<p class="warn">${line.satisfaction.refused}.</p><p>To do: ${line.satisfaction.fix}.</p>`}`;
};
const range2 = (est, unit) => `${each(est.low, unit)} to ${each(est.high, unit)}`;

const Curve = ({ view, at }) => {
  const pick = (lines, field) => lines.map((one) => one.cost[field] ?? null);
  const told = view.lines.filter((one) => !one.cost.refused).length;
  if (told < 2) return null;
  const only = view.lines.map((one, n) => (n === at ? (one.cost.value ?? null) : null));
  const format = (x) => cost(x, view.cost_unit);
  return html`<${Card} title="Cost per request against the promise" note="With 95 % intervals; the grey line is the best fixed mix.">
    <${Chart} at=${view.lines.map((one) => one.alpha)} overTime=${false} xFormat=${(x) => percent(x, 0)} format=${format} height=${240}
      label="Cost against alpha" band=${[pick(view.lines, "low"), pick(view.lines, "high")]} lines=${[
        { name: "messplus", values: pick(view.lines, "value"), colour: "c0", width: 2.25 },
        { name: "fixed mix", values: pick(view.static_mix, "value"), colour: "faint", width: 1.5 },
        { name: "here", values: only, colour: "c1", points: true },
      ]} />
  <//>`;
};
