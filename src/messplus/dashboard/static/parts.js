// What pages are made of.

import { html, useEffect, useState } from "./vendor/preact-htm.js";
import { get, hasKey, setKey } from "./api.js";
import { percent, range, time } from "./format.js";

const STATUS = {
  certified: ["✓", "certified", "good"],
  on_course: ["✓", "on course", "good"],
  behind: ["!", "behind", "warn"],
  broken: ["✕", "broken", "bad"],
  infeasible: ["✕", "out of reach", "bad"],
  unknown: ["?", "too little known", "quiet"],
};
export const statusWord = (status) => STATUS[status][1];

/** The state of a promise, as a sign and a word. */
export const Status = ({ status }) => {
  const [sign, word, tone] = STATUS[status];
  return html`<${Pill} tone=${tone} sign=${sign}>${word}<//>`;
};

export const Pill = ({ tone = "quiet", sign, children }) =>
  html`<span class="pill ${tone}">${sign && html`<span aria-hidden="true">${sign}</span>`}${children}</span>`;

export const Card = ({ title, note, children, wide }) =>
  html`<section class="card ${wide ? "wide" : ""}">
    ${title && html`<h2>${title}</h2>`}${note && html`<p class="note">${note}</p>`}${children}
  </section>`;

/** One number with its name. */
export const Stat = ({ name, value, note, title }) =>
  html`<div class="stat" title=${title}><dt>${name}</dt><dd>${value}${note && html`<small>${note}</small>`}</dd></div>`;

/**
 * A table. `columns`: {name, cell(row), right?, wide?}; `rows`: anything; `link(row)`: where a row leads.
 */
export const Table = ({ caption, columns, rows, empty = "Nothing yet." }) =>
  rows.length === 0
    ? html`<p class="empty">${empty}</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}>
        <table>
          <caption class="hidden">${caption}</caption>
          <thead><tr>${columns.map((one) => html`<th scope="col" class=${one.right ? "right" : ""}>${one.name}</th>`)}</tr></thead>
          <tbody>${rows.map(
            (row, n) => html`<tr key=${row.key ?? n}>${columns.map(
              (one) => html`<td class="${one.right ? "right" : ""} ${one.wide ? "text" : ""}">${one.cell(row)}</td>`,
            )}</tr>`,
          )}</tbody>
        </table>
      </div>`;

/** Satisfaction on a line from 0 to 100 %: the interval, the estimate, and alpha. */
export const Interval = ({ satisfaction, alpha }) => {
  const { estimate, low, high } = satisfaction;
  const from = Math.max(0, Math.min(alpha, low ?? 1, estimate ?? 1) - 0.08);
  const to = Math.min(1, Math.max(alpha, high ?? 0, estimate ?? 0) + 0.08);
  const place = (x) => `${(100 * (x - from)) / (to - from)}%`;
  const label =
    estimate === null
      ? `alpha ${percent(alpha)}, satisfaction not known`
      : `satisfaction ${percent(estimate)}, between ${range(low, high)}, alpha ${percent(alpha)}`;
  return html`<div class="interval" role="img" aria-label=${label}>
    <div class="track"></div>
    ${estimate !== null &&
    html`<div class="span" style=${{ left: place(low), width: `calc(${place(high)} - ${place(low)})` }}></div>
      <div class="dot" style=${{ left: place(estimate) }}></div>`}
    <div class="alpha" style=${{ left: place(alpha) }}><span>α</span></div>
  </div>`;
};

/** Shares of models, as one bar with a legend. */
export const Shares = ({ models }) =>
  html`<div class="shares">
    <div class="bar" aria-hidden="true">${models.map(
      (one, n) => one.share > 0 && html`<span class="c${n % 6}" style=${{ width: `${100 * one.share}%` }}></span>`,
    )}</div>
    <ul>${models.map(
      (one, n) => html`<li><i class="c${n % 6}" aria-hidden="true"></i>${one.id} <b>${percent(one.share, 0)}</b></li>`,
    )}</ul>
  </div>`;

/** A small curve against a line at alpha. */
export const Spark = ({ values, alpha }) => {
  const known = values.filter((x) => x !== null);
  if (known.length < 2) return html`<div class="spark"></div>`;
  const low = Math.min(alpha, ...known) - 0.01;
  const high = Math.max(alpha, ...known) + 0.01;
  const y = (x) => 28 - (26 * (x - low)) / (high - low) - 1;
  const points = values
    .map((x, n) => (x === null ? null : `${(120 * n) / (values.length - 1)},${y(x).toFixed(1)}`))
    .filter(Boolean);
  return html`<svg class="spark" viewBox="0 0 120 28" role="img" preserveAspectRatio="none"
    aria-label="satisfaction over time, from ${percent(known[0])} to ${percent(known.at(-1))}">
    <line x1="0" x2="120" y1=${y(alpha)} y2=${y(alpha)} /><polyline points=${points.join(" ")} />
  </svg>`;
};

const SIGNS = { critical: ["✕", "bad"], warning: ["!", "warn"], info: ["·", "quiet"] };

/** What has happened, the latest first. */
export const Events = ({ events, empty }) =>
  events.length === 0
    ? html`<p class="empty">${empty}</p>`
    : html`<ul class="events">${events.map((one) => {
        const [sign, tone] = SIGNS[one.severity];
        return html`<li class=${tone}>
          <span class="sign" role="img" aria-label=${one.severity}>${sign}</span>
          <div>${one.route && html`<b>${one.route}</b>${" "}`}${one.text}<time>${time(one.at)}</time></div>
        </li>`;
      })}</ul>`;

/** What went wrong, in words, and what to do. */
export const Trouble = ({ error }) => {
  if (error.status === 401) return html`<${AskForKey} error=${error} />`;
  const title = error.status === 0 ? "The gateway cannot be reached" : error.status === 404 ? "There is no such thing" : "This could not be shown";
  return html`<section class="card trouble" role="alert"><h2>${title}</h2><p>${error.message}</p>
    <p><a href="#/">Back to the overview</a></p></section>`;
};

const AskForKey = ({ error }) => {
  const [text, setText] = useState("");
  const enter = (event) => {
    event.preventDefault();
    setKey(text.trim());
  };
  return html`<form class="card key" onSubmit=${enter}>
    <h2>A key is needed</h2>
    <p>One of <code>keys</code> in the gateway's configuration. It stays in this tab.</p>
    ${hasKey() && html`<p class="bad" role="alert">${error.message}</p>`}
    <label>Key <input type="password" autocomplete="off" required value=${text} onInput=${(event) => setText(event.target.value)} /></label>
    <button type="submit">Show the dashboard</button>
  </form>`;
};

/** A view that is fetched, and again every so many seconds while the page is in sight. */
export const useView = (path, every_s = 0) => {
  const [state, set] = useState({ path, view: null, error: null });
  useEffect(() => {
    const ending = new AbortController();
    let timer;
    const look = async () => {
      if (!document.hidden) {
        try {
          const view = await get(path, ending.signal);
          set({ path, view, error: null });
        } catch (error) {
          if (ending.signal.aborted) return;
          set((was) => ({ path, view: was.path === path ? was.view : null, error }));
          if (error.status === 401 || error.status === 404) return;
        }
      }
      if (every_s) timer = setTimeout(look, 1000 * every_s);
    };
    look();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [path, every_s]);
  return state.path === path ? state : { path, view: null, error: null };
};

export const Loading = ({ what = "Loading" }) => html`<p class="loading" role="status">${what}…</p>`;

