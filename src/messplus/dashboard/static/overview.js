// Every promise in a card, and what is going wrong.

import { html } from "./vendor/preact-htm.js";
import { hasKey } from "./api.js";
import { bytes, count, each, number, percent, plural, range } from "./format.js";
import { Card, Events, Interval, Loading, Shares, Spark, Stat, Status, statusWord } from "./parts.js";

const BASELINES = {
  always_largest: "always the largest",
  cheapest_feasible: "cheapest that suffices",
  static_mix: "best fixed mix",
};

export default ({ live, state }) => {
  if (!live) return html`<${Loading} what=${state === "reconnecting" ? "Looking for the gateway" : "Loading"} />`;
  const { promises, of, alarms, events, log, cost_unit } = live;
  return html`
    <h1 aria-live="polite">${headline(promises, of)}</h1>
    <p class="lead">
      ${plural(log.decisions, "request")} decided${log.store_bytes !== null && html`, ${bytes(log.store_bytes)} of log`}
      ${asleep(promises, of) && html` · ${count(of.routes)} routes, those without a request are not shown`}
      ${log.catching_up && html` · <b>reading the log: ${count(log.behind)} to go</b>`}
    </p>
    ${of.promises > promises.length && html`<p class="lead">The ${count(promises.length)} worst of ${plural(of.promises, "promise")} are shown.</p>`}
    ${log.decisions === 0 && html`<${First} />`}
    <div class="promises">${promises.map((one) => html`<${PromiseCard} key=${one.id} promise=${one} unit=${cost_unit} />`)}</div>
    <div class="columns">
      <${Card} title="What stands against it"><${Events} events=${alarms} empty="Nothing." /><//>
      <${Card} title="What has happened"><${Events} events=${events} empty="Nothing of note yet." /><//>
    </div>`;
};

const BAD = new Set(["broken", "infeasible"]);
const NAMED = 5;
const names = (promises) =>
  promises.slice(0, NAMED).map((one) => one.route).join(", ") + (promises.length > NAMED ? " and others" : "");
const asleep = (promises, of) => of.routes > new Set(promises.map((one) => one.route)).size && of.promises === promises.length;

const headline = (promises, { promises: all, statuses }) => {
  const bad = promises.filter((one) => BAD.has(one.status));
  const behind = promises.filter((one) => one.status === "behind");
  const unknown = promises.filter((one) => one.status === "unknown");
  const total = (...of) => of.reduce((sum, status) => sum + (statuses[status] ?? 0), 0);
  const [nBad, nBehind, nUnknown] = [total(...BAD), total("behind"), total("unknown")];
  const of = all === 1 ? "The promise" : `${count(nBad || nBehind)} of ${count(all)} promises`;
  if (nBad) return `${of} ${nBad === 1 ? "is" : "are"} broken: ${names(bad)}`;
  if (nBehind) return `${of} ${nBehind === 1 ? "is" : "are"} behind: ${names(behind)}`;
  if (nUnknown === all) return "Too little is known yet to say whether promises hold";
  const kept = all - nUnknown;
  if (nUnknown)
    return `${count(kept)} of ${count(all)} promises ${kept === 1 ? "holds" : "hold"}, too little is known of ${names(unknown)}`;
  return kept === 1 ? "The promise holds" : `All ${count(kept)} promises hold`;
};

const bearer = () => (hasKey() ? ' -H "authorization: Bearer $KEY"' : "");

const First = () => html`<${Card} title="No request yet" note="Send one, then say how the answer was:">
  <pre tabindex="0"><code>${`curl ${location.origin}/v1/chat/completions${bearer()} -H 'content-type: application/json' \\
  -d '{"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}'
curl ${location.origin}/v1/feedback${bearer()} -H 'content-type: application/json' \\
  -d '{"id": "ID OF THE ANSWER", "value": true}'`}</code></pre><//>`;

const PromiseCard = ({ promise, unit }) => {
  const { satisfaction } = promise;
  const href = `#/promise/${encodeURIComponent(promise.id)}`;
  return html`<article class="card promise" aria-label=${`${promise.id}, ${statusWord(promise.status)}`}>
    <div class="head">
      <h2><a href=${href}>${promise.route}</a> <small>α ${percent(promise.alpha)}</small></h2>
      <${Status} status=${promise.status} />
    </div>
    <div class="satisfied">
      <strong data-of="satisfaction">${percent(satisfaction.estimate)}</strong>
      <span>satisfied${satisfaction.low !== null && html`<small>${range(satisfaction.low, satisfaction.high)}, ${percent(satisfaction.level, 0)} confidence at all times</small>`}</span>
      <${Spark} values=${promise.spark} alpha=${promise.alpha} />
    </div>
    <${Interval} satisfaction=${satisfaction} alpha=${promise.alpha} />
    <dl class="stats">
      <${Stat} name="Requests" value=${count(promise.requests)} note=${`${number(promise.requests_per_s, 1)}/s`} />
      <${Stat} name="Cost per request" value=${each(promise.cost_mean, unit)} />
      <${Stat} name="Queue" value=${number(promise.queue, 1)} title="Satisfied requests owed" />
      <${Stat} name="Judged" value=${percent(satisfaction.coverage, 0)} note=${satisfaction.verdicts === "none" ? "" : `by ${satisfaction.verdicts}s`} />
    </dl>
    <${Savings} savings=${promise.savings} />
    <${Shares} models=${promise.models} />
  </article>`;
};

export const Savings = ({ savings }) => html`<table class="savings">
  <caption class="hidden">Saved beside</caption>
  <tbody>${savings.map((one) => html`<tr class=${one.saved === null ? "quiet" : ""} title=${one.note || one.policy}>
    <th scope="row">${BASELINES[one.baseline]}<small>${one.policy}</small></th>
    <td>${one.saved === null ? html`<small>${one.note}</small>` : html`<b class=${one.saved >= 0 ? "good" : "warn"}>${percent(Math.abs(one.saved), 0)} ${one.saved >= 0 ? "saved" : "more"}</b>
      <small>${one.saved_low === null ? "by prediction" : one.saved >= 0 ? range(one.saved_low, one.saved_high, 0) : range(-one.saved_high, -one.saved_low, 0)}</small>`}</td>
  </tr>`)}</tbody></table>`;
