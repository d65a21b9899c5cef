// Search in the log. What is asked for is in the address, so that it can be sent to somebody else.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { get } from "./api.js";
import { cost, count, percent, seconds, time } from "./format.js";
import { Card, Loading, Pill, Table, Trouble } from "./parts.js";

const FEEDBACK = { any: "any", judged: "judged", unjudged: "not judged", dissatisfied: "dissatisfied" };
const FLAGS = { "": "any", true: "yes", false: "no" };

export default ({ live, query }) => {
  const [state, set] = useState({ rows: null, next: null, searched: 0, error: null, busy: false });
  const [text, type] = useState(query.get("q") ?? "");
  const asked = query.toString();

  const look = async (before, rows) => {
    set((was) => ({ ...was, busy: true }));
    const more = new URLSearchParams(asked);
    if (before) more.set("before", before);
    try {
      const page = await get(`/decisions?${more}`);
      set((was) => ({
        rows: [...rows, ...page.data],
        next: page.next,
        searched: page.searched + (before ? was.searched : 0),
        error: null,
        busy: false,
      }));
    } catch (error) {
      set((was) => ({ ...was, error, busy: false }));
    }
  };
  useEffect(() => {
    type(query.get("q") ?? "");
    look(null, []);
  }, [asked]);

  const change = (name, value) => {
    const next = new URLSearchParams(asked);
    if (value && value !== "any") next.set(name, value);
    else next.delete(name);
    location.hash = `#/decisions?${next}`;
  };
  if (state.error) return html`<${Trouble} error=${state.error} />`;
  if (!state.rows) return html`<${Loading} />`;
  const routes = [...new Set((live?.promises ?? []).map((one) => one.route))];
  const models = [...new Set((live?.promises ?? []).flatMap((one) => one.models.map((model) => model.id)))];
  const unit = live?.cost_unit ?? "usd";
  const pick = (label, name, options) => html`<label>${label}
    <select value=${query.get(name) ?? options[0][0]} onChange=${(event) => change(name, event.target.value)}>
      ${options.map(([value, word]) => html`<option value=${value} selected=${(query.get(name) ?? options[0][0]) === value}>${word}</option>`)}
    </select></label>`;
  return html`<h1>Decisions</h1>
    <form class="filters" role="search" onSubmit=${(event) => (event.preventDefault(), change("q", text.trim()))}>
      <label class="grow">Search <input type="search" value=${text} onInput=${(event) => type(event.target.value)}
        placeholder=${live?.prompts ? "id, prompt, attribute" : "id, attribute (prompts are not kept)"} /></label>
      ${pick("Route", "route", [["", "any"], ...routes.map((one) => [one, one])])}
      ${pick("Model", "model", [["", "any"], ...models.map((one) => [one, one])])}
      ${pick("Verdict", "feedback", Object.entries(FEEDBACK))}
      ${pick("Explored", "explored", Object.entries(FLAGS))}
      ${pick("Unanswered", "failed", Object.entries(FLAGS))}
      <button type="submit">Search</button>
      <button type="button" onClick=${() => look(null, [])}>Refresh</button>
    </form>
    <p class="hidden" role="status">${count(state.rows.length)} decisions shown</p>
    <${Card}>
      <${Table} caption="Decisions" rows=${state.rows.map((one) => ({ ...one, key: one.id }))} empty=${state.next ? `Nothing fits among the latest ${count(state.searched)}; “Older” goes on.` : "Nothing fits."} columns=${[
        { name: "When", cell: (one) => html`<a href="#/decision/${encodeURIComponent(one.id)}">${time(one.at)}</a><small class="id">${one.id.slice(0, 13)}…</small>` },
        { name: "Route", cell: (one) => html`${one.route}<small>α ${percent(one.alpha)}</small>` },
        { name: "Model", cell: (one) => html`${one.answered_by ?? one.model}${one.explored && html`<small>explored</small>`}${one.answered_by && one.answered_by !== one.model && html`<small>in place of ${one.model}</small>`}` },
        { name: "Predicted", right: true, cell: (one) => percent(one.predicted_satisfaction, 0) },
        { name: "Verdict", cell: (one) => html`<${Said} row=${one} />` },
        { name: "Cost", right: true, cell: (one) => cost(one.cost, unit) },
        { name: "Latency", right: true, cell: (one) => seconds(one.latency_s) },
        { name: "Request", wide: true, cell: (one) => one.prompt ?? html`<small>${Object.entries(one.attributes).map(([key, value]) => `${key}: ${value}`).join(", ")}</small>` },
      ]} />
      <p class="more">${state.next
        ? html`<button disabled=${state.busy} onClick=${() => look(state.next, state.rows)}>${state.busy ? "Looking…" : "Older"}</button>`
        : html`<small>That is all.</small>`} <small>${count(state.rows.length)} shown</small></p>
    <//>`;
};

const Said = ({ row }) => {
  if (row.error && row.answered_by === null) return html`<${Pill} tone="bad" sign="✕">failed<//>`;
  if (row.verdict === null) return html`<span class="quiet">–</span>`;
  const tone = row.verdict >= 0.5 ? "good" : "bad";
  const word = row.verdict === 1 ? "satisfied" : row.verdict === 0 ? "dissatisfied" : percent(row.verdict, 0);
  return html`<${Pill} tone=${tone} sign=${tone === "good" ? "✓" : "✕"}>${word}<//><small>${row.verdict_source}</small>`;
};
