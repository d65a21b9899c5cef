// Who does the work, how well, and whether that is what is predicted.

import { html } from "./vendor/preact-htm.js";
import { count, each, number, percent, range, seconds } from "./format.js";
import { Card, Loading, Pill, Table, Trouble, useView } from "./parts.js";

const CIRCUIT = { closed: ["✓", "healthy", "good"], "half-open": ["!", "being tried", "warn"], open: ["✕", "passed over", "bad"] };

const Health = ({ model }) => {
  if (!model.in_zoo) return html`<${Pill} tone="quiet" sign="–">left the zoo<//>`;
  const [sign, word, tone] = CIRCUIT[model.circuit];
  return html`<${Pill} tone=${tone} sign=${sign}>${word}<//>`;
};

const Drift = ({ drift }) => {
  if (!drift.alarm) return html`<span class="quiet">none</span>`;
  const way = drift.direction === "down" ? "fewer satisfied" : "more satisfied";
  return html`<${Pill} tone="warn" sign=${drift.direction === "down" ? "↓" : "↑"}>${way}<//>`;
};

export default () => {
  const { view, error } = useView("/models", 2);
  if (!view) return error ? html`<${Trouble} error=${error} />` : html`<${Loading} />`;
  const unit = view.cost_unit;
  const troubled = view.models.filter((one) => one.last_error && one.in_zoo);
  return html`<h1>Models</h1>
    <p class="lead">In ascending list price. Satisfaction is with the answers that were judged: harder requests go to dearer models.</p>
    <${Card}>
      <${Table} caption="Models" rows=${view.models.map((one) => ({ ...one, key: one.id }))} empty="No model." columns=${[
        { name: "Model", cell: (one) => html`<b>${one.id}</b><small>${one.provider ?? ""}</small>` },
        { name: "Health", cell: (one) => html`<${Health} model=${one} /><small>${one.in_flight} under way${one.failures_in_a_row ? `, ${one.failures_in_a_row} failed in a row` : ""}</small>` },
        { name: "Requests", right: true, cell: (one) => html`${count(one.requests)}<small>${percent(one.share, 0)}</small>` },
        { name: "Failed", right: true, cell: (one) => count(one.failed) },
        { name: "Satisfied", right: true, cell: (one) => html`${percent(one.satisfaction.estimate)}<small>${range(one.satisfaction.low, one.satisfaction.high)}</small>` },
        { name: "Predicted", right: true, cell: (one) => html`${percent(one.predicted)}<small>Brier ${number(one.brier, 3)}</small>` },
        { name: "Drift", cell: (one) => html`<${Drift} drift=${one.drift} />` },
        { name: "Latency", right: true, cell: (one) => html`${seconds(one.latency_p50_s)}<small>p95 ${seconds(one.latency_p95_s)}</small>` },
        { name: "Cost per call", right: true, cell: (one) => html`${each(one.cost_mean, unit)}<small>${one.output_tokens_mean === null ? "" : `${count(one.output_tokens_mean)} tokens`}</small>` },
        { name: "Routes", cell: (one) => one.routes.join(", ") || "–" },
      ]} />
    <//>
    ${troubled.length > 0 && html`<${Card} title="Latest errors"><ul class="plain">${troubled.map((one) => html`<li><b>${one.id}</b> ${one.last_error}</li>`)}</ul><//>`}`;
};
