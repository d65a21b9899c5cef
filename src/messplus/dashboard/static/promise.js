// One promise in full.

import { html, useState } from "./vendor/preact-htm.js";
import { download } from "./api.js";
import { Calibration, Chart } from "./charts.js";
import { cost, count, each, number, percent, range, seconds } from "./format.js";
import { Card, Events, Interval, Loading, Stat, Status, Table, Trouble, useView } from "./parts.js";
import { Savings } from "./overview.js";

const share = (x) => percent(x, 0);

export default ({ live, name }) => {
  const { view, error } = useView(`/promises/${encodeURIComponent(name)}`, 2);
  if (!view) return error ? html`<${Trouble} error=${error} />` : html`<${Loading} />`;
  const unit = live?.cost_unit ?? "usd";
  const { satisfaction, series } = view;
  const id = encodeURIComponent(view.id);
  return html`
    <p class="crumbs"><a href="#/">Overview</a> / ${view.id}</p>
    <div class="head"><h1>${view.route} <small>α ${percent(view.alpha)}</small></h1><${Status} status=${view.status} /></div>
    <p class="lead" aria-live="polite">${view.says}</p>
    <p class="actions">
      <a class="button" href="#/what-if/${id}">What if?</a>
      <a class="button" href="#/decisions?route=${encodeURIComponent(view.route)}">Decisions</a>
      <${Certificate} id=${view.id} form="html" />
      <${Certificate} id=${view.id} form="json" />
    </p>
    <div class="columns three">
      <${Card} title="Satisfaction">
        <p class="big">${percent(satisfaction.estimate)}</p>
        <${Interval} satisfaction=${satisfaction} alpha=${view.alpha} />
        <dl class="stats">
          <${Stat} name=${`${percent(satisfaction.level, 0)} confidence`} value=${range(satisfaction.low, satisfaction.high)} />
          <${Stat} name="Judged" value=${percent(satisfaction.coverage)} note=${`${count(satisfaction.judged)} of ${count(satisfaction.requests)}`} />
          <${Stat} name="If silence is bad" value=${percent(satisfaction.if_silence_unknown[0])} />
          <${Stat} name="If silence is fine" value=${percent(satisfaction.if_silence_fine)} />
        </dl>
      <//>
      <${Card} title="Cost">
        <p class="big">${each(view.cost_mean, unit)}</p>
        <dl class="stats">
          <${Stat} name="In all" value=${cost(view.cost_total, unit)} />
          <${Stat} name="To learn" value=${cost(view.exploration_cost, unit)} />
          <${Stat} name="Judges" value=${cost(view.judge_cost, unit)} />
          <${Stat} name="Unanswered" value=${count(view.failed)} />
        </dl>
        <${Savings} savings=${view.savings} />
      <//>
      <${Card} title="Standing">
        <p class="big">${number(view.queue, 1)}<small> owed</small></p>
        <dl class="stats">
          <${Stat} name="Price of one more" value=${cost(view.price, unit)} title="What one more satisfied request is worth" />
          <${Stat} name="Debt" value=${number(view.debt, 1)} />
          <${Stat} name="Explored" value=${count(view.explored)} />
          <${Stat} name="In reach" value=${view.feasible} />
        </dl>
        ${view.reachable && html`<p class="warn">The best there is, ${view.reachable.model}, satisfies about ${percent(view.reachable.satisfaction)} at ${each(view.reachable.cost, unit)}.</p>`}
        ${view.warnings.map((one) => html`<p class="warn">${one}</p>`)}
      <//>
    </div>
    ${series.at.length < 2
      ? html`<${Card} title="Over time"><p class="empty">Curves begin with the second moment of traffic.</p><//>`
      : html`<${Curves} view=${view} unit=${unit} />`}
    <div class="columns">
      <${Card} title="Calibration" note="Of answers predicted to satisfy with 80 %, do 80 % satisfy?">
        ${view.calibration.length
          ? html`<${Calibration} models=${view.calibration} /><ul class="legend">${view.calibration.map((one, n) => html`<li><i class="c${n % 6}" aria-hidden="true"></i>${one.model} <small>Brier ${number(one.brier, 3)}, ${count(one.verdicts)} verdicts</small></li>`)}</ul>`
          : html`<p class="empty">No verdict yet.</p>`}
      <//>
      <div>
        <${Card} title="Windows">
          <${Table} caption="Windows" rows=${view.windows} columns=${[
            { name: "", cell: (one) => one.name },
            { name: "Requests", right: true, cell: (one) => count(one.requests) },
            { name: "Satisfied", right: true, cell: (one) => percent(one.satisfaction.estimate) },
            { name: "95 %", right: true, cell: (one) => range(one.satisfaction.low, one.satisfaction.high) },
            { name: "Cost each", right: true, cell: (one) => each(one.cost_mean, unit) },
          ]} />
        <//>
        <${Card} title="Feedback">
          <${Table} caption="Feedback by source" rows=${view.feedback.sources} empty="Nobody has said anything yet." columns=${[
            { name: "Source", cell: (one) => one.source },
            { name: "Verdicts", right: true, cell: (one) => count(one.verdicts) },
            { name: "Satisfied", right: true, cell: (one) => percent(one.satisfied) },
            { name: "Delay, median", right: true, cell: (one) => seconds(one.delay_p50_s) },
            { name: "90 %", right: true, cell: (one) => seconds(one.delay_p90_s) },
          ]} />
        <//>
        <${Card} title="What has happened"><${Events} events=${view.events} empty="Nothing of note yet." /><//>
      </div>
    </div>`;
};

const Certificate = ({ id, form }) => {
  const [error, set] = useState(null);
  const save = () =>
    download(`/promises/${encodeURIComponent(id)}/certificate?format=${form}`, `certificate-${id}.${form}`).catch(set);
  return html`<button onClick=${save}>Certificate (${form.toUpperCase()})</button>${error && html`<span class="bad" role="alert">${error.message}</span>`}`;
};

const Curves = ({ view, unit }) => {
  const { series } = view;
  const flat = (x) => series.at.map(() => x);
  const models = view.models.map((one) => one.id).filter((id) => series.shares[id]);
  const money = (x) => cost(x, unit);
  const line = (name, values, colour = "c0") => [{ name, values, colour }];
  return html`<div class="charts">
    <${Card} title="Satisfaction from the beginning" wide note="With its confidence sequence; each dot is a stretch of time on its own.">
      <${Chart} at=${series.at} label="Satisfaction over time" format=${share} height=${240} band=${[series.low, series.high]} lines=${[
        { name: "satisfied", values: series.satisfaction, colour: "c0", width: 2.5 },
        { name: "alpha", values: flat(view.alpha), colour: "ink", dash: [6, 4], width: 1.25 },
        { name: "stretch", values: series.recent, colour: "faint", dots: true },
      ]} />
    <//>
    <${Card} title="Virtual queue" note="Satisfied requests owed"><${Chart} at=${series.at} label="Virtual queue over time" format=${(x) => number(x, 1)} lines=${line("queue", series.queue)} /><//>
    <${Card} title="Price of satisfaction" note="What one more satisfied request is worth"><${Chart} at=${series.at} label="Price over time" format=${money} lines=${line("price", series.price, "c1")} /><//>
    <${Card} title="Who answers"><${Chart} at=${series.at} stack label="Share of each model over time" format=${share} range=${[0, 1]}
      lines=${models.map((id, n) => ({ name: id, values: series.shares[id], colour: `c${n % 6}` }))} /><//>
    <${Card} title="Cost per request"><${Chart} at=${series.at} label="Cost per request over time" format=${money} lines=${line("cost", series.cost_mean, "c2")} /><//>
    <${Card} title="Latency" note="Mean until the answer is complete"><${Chart} at=${series.at} label="Latency over time" format=${seconds} lines=${line("latency", series.latency_mean_s, "c3")} /><//>
    <${Card} title="Spent to learn"><${Chart} at=${series.at} label="Exploration spend so far" format=${money} lines=${line("spent", series.exploration_cost, "c4")} /><//>
  </div>`;
};
