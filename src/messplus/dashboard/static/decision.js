// Why a request went where it went, and what came of it.

import { html } from "./vendor/preact-htm.js";
import { cost, count, number, percent, seconds, time } from "./format.js";
import { Card, Loading, Pill, Stat, Table, Trouble, useView } from "./parts.js";

export default ({ live, name }) => {
  const { view, error } = useView(`/decisions/${encodeURIComponent(name)}`, 5);
  if (!view) return error ? html`<${Trouble} error=${error} />` : html`<${Loading} />`;
  const unit = live?.cost_unit ?? "usd";
  const chosen = view.models.find((one) => one.chosen);
  const dearest = Math.max(...view.models.map((one) => Math.abs(one.score ?? 0)), 1e-300);
  return html`
    <p class="crumbs"><a href="#/decisions">Decisions</a> / <span class="id">${view.id}</span></p>
    <h1>${sentence(view, chosen)}</h1>
    <p class="lead">${time(view.created)} · <a href="#/promise/${encodeURIComponent(`${view.route}@${Number(view.alpha.toPrecision(6))}`)}">${view.route}, α ${percent(view.alpha)}</a></p>
    <${Card} title="Who could have answered" note="The score is expected cost - price × predicted satisfaction: the lower the better.">
      <${Table} caption="Models" rows=${view.models.map((one) => ({ ...one, key: one.id }))} columns=${[
        { name: "Model", cell: (one) => html`<b>${one.id}</b>${one.chosen && html` <${Pill} tone="good" sign="✓">chosen<//>`}` },
        { name: "Predicted", right: true, cell: (one) => percent(one.predicted_satisfaction) },
        { name: "Expected cost", right: true, cell: (one) => html`${cost(one.expected_cost, unit)}<small>${beside(one, chosen)}</small>` },
        { name: "Score", right: true, cell: (one) => html`${cost(one.score, unit)}<${Bar} score=${one.score} most=${dearest} />` },
        { name: "Asked", cell: (one) => (one.asked ? "yes" : one.available ? "no" : "could not be") },
        { name: "Why", wide: true, cell: (one) => one.why },
      ]} />
      <dl class="stats">
        <${Stat} name="Queue" value=${number(view.queue, 2)} note="owed then" />
        <${Stat} name="Price" value=${cost(view.price, unit)} note="of one more satisfied" />
        <${Stat} name="Propensity" value=${percent(view.propensity)} note="of this choice" />
        <${Stat} name="Explored" value=${view.explored ? "yes" : "no"} />
      </dl>
    <//>
    <div class="columns">
      <${Card} title="What the models did">
        <${Table} caption="Calls" rows=${view.outcomes} empty="No outcome was reported." columns=${[
          { name: "Model", cell: (one) => one.model },
          { name: "Cost", right: true, cell: (one) => cost(one.cost, unit) },
          { name: "Latency", right: true, cell: (one) => seconds(one.latency_s) },
          { name: "Tokens", right: true, cell: (one) => `${count(one.prompt_tokens)} / ${count(one.output_tokens)}` },
          { name: "Error", wide: true, cell: (one) => one.error ?? "–" },
        ]} />
      <//>
      <${Card} title="What was said of it">
        <${Table} caption="Feedback" rows=${view.feedback} empty="Nobody has said anything." columns=${[
          { name: "When", cell: (one) => time(one.at) },
          { name: "Source", cell: (one) => html`${one.source}<small>${one.metadata.by ?? ""}</small>` },
          { name: "Value", right: true, cell: (one) => number(one.value, 2) },
          { name: "Comment", wide: true, cell: (one) => one.comment ?? "–" },
        ]} />
      <//>
    </div>
    <${Card} title="The request">
      ${view.prompt === null
        ? html`<p class="empty">Prompts are not kept; <code>server.keep_prompts: true</code> keeps them.</p>`
        : html`<pre tabindex="0">${view.prompt}</pre>`}
      <dl class="stats">${Object.entries(view.attributes).map(([key, value]) => html`<${Stat} name=${key} value=${value} />`)}</dl>
    <//>`;
};

const sentence = (view, chosen) => {
  const failed = view.outcomes.length > 0 && view.outcomes.every((one) => one.error);
  if (failed) return `Nobody answered: ${view.outcomes.at(-1).error}`;
  const who = view.outcomes.length === 0 ? `${view.model} was to answer` : `${view.answered_by} answered`;
  const by = view.models.find((one) => one.id === view.answered_by) ?? chosen;
  return `${who}: ${by.why}`;
};

const beside = (one, chosen) => {
  if (one.chosen || !chosen.expected_cost || one.expected_cost === null) return "";
  const times = one.expected_cost / chosen.expected_cost;
  return times >= 1 ? `${number(times, times < 10 ? 1 : 0)} times as much` : `${percent(1 - times, 0)} less`;
};

const Bar = ({ score, most }) =>
  html`<span class="scorebar" aria-hidden="true"><i class=${score < 0 ? "under" : "over"} style=${{ width: `${(50 * Math.abs(score ?? 0)) / most}%` }}></i></span>`;
