// The page: which part of it is shown, and what is live.

import { html, render, useEffect, useState } from "./vendor/preact-htm.js";
import { ApiError, live as follow, onKey } from "./api.js";
import { Trouble } from "./parts.js";
import Overview from "./overview.js";
import PromisePage from "./promise.js";
import Models from "./models.js";
import Decisions from "./decisions.js";
import Decision from "./decision.js";
import WhatIf from "./whatif.js";

const PAGES = [
  [/^\/$/, Overview, "Overview"],
  [/^\/promise\/(.+)$/, PromisePage, "Promise"],
  [/^\/models$/, Models, "Models"],
  [/^\/decisions$/, Decisions, "Decisions"],
  [/^\/decision\/(.+)$/, Decision, "Decision"],
  [/^\/what-if\/(.+)$/, WhatIf, "What if"],
];
const MENU = [
  ["#/", "Overview"],
  ["#/models", "Models"],
  ["#/decisions", "Decisions"],
];
const SAID = { live: "live", reconnecting: "reconnecting", stopped: "stopped" };

/** Of an address that leads nowhere. */
const Nowhere = () => html`<${Trouble} error=${new ApiError(404, "not_found", "This address leads nowhere.")} />`;

const decoded = (name) => {
  try {
    return decodeURIComponent(name);
  } catch {
    return null; // cut off within a sign, as happens to addresses that are pasted
  }
};

const whereNow = () => {
  const [path, query = ""] = (location.hash.slice(1) || "/").split("?");
  const found = PAGES.find(([pattern]) => pattern.test(path));
  const given = found && path.match(found[0])[1];
  const name = given && decoded(given);
  const [, Page, title] = found && name !== null ? found : [null, Nowhere, "Not found"];
  return {
    Page,
    title: name ? `${title} ${name}` : title,
    name,
    query: new URLSearchParams(query),
    path,
  };
};

const App = () => {
  const [where, go] = useState(whereNow);
  const [overview, setOverview] = useState(null);
  const [state, setState] = useState("reconnecting");
  const [keys, setKeys] = useState(0);

  useEffect(() => {
    const moved = () => {
      const next = whereNow();
      go((was) => {
        if (was.path !== next.path) {
          scrollTo(0, 0);
          document.getElementById("main")?.focus({ preventScroll: true });
        }
        return next;
      });
    };
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  useEffect(() => {
    document.title = `${where.title} · messplus`;
  }, [where.title]);
  useEffect(() => onKey(() => setKeys((n) => n + 1)), []);
  useEffect(() => follow(setOverview, setState), [keys]);

  const locked = state instanceof Error;
  return html`
    <a class="skip" href="#main" onClick=${skip}>Skip to the content</a>
    <header>
      <a class="brand" href="#/"><img src="static/favicon.svg" alt="" width="22" height="22" />messplus</a>
      <nav aria-label="Pages">${MENU.map(
        ([href, name]) => html`<a href=${href} aria-current=${isIn(where.path, href) ? "page" : undefined}>${name}</a>`,
      )}</nav>
      <span class="live ${locked ? "stopped" : state}" role="status"><i aria-hidden="true"></i>${SAID[locked ? "stopped" : state]}</span>
      <${Theme} />
    </header>
    <main id="main" tabindex="-1" key=${keys}>
      ${locked
        ? html`<${Trouble} error=${state} />`
        : html`${overview && state === "reconnecting" && html`<p class="banner" role="alert">The gateway cannot be reached. What is shown is how it was last.</p>`}
          <${where.Page} live=${overview} name=${where.name} query=${where.query} state=${state} />`}
    </main>
    <footer>${overview && html`messplus ${overview.version} · read only · ${location.host}`}</footer>`;
};

const isIn = (path, href) => {
  const place = href.slice(1);
  if (place === "/") return path === "/" || path.startsWith("/promise") || path.startsWith("/what-if");
  return path.startsWith(place) || (place === "/decisions" && path.startsWith("/decision"));
};

const skip = (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
};

const Theme = () => {
  const dark = () =>
    (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const [isDark, set] = useState(dark);
  useEffect(() => {
    const media = matchMedia("(prefers-color-scheme: dark)");
    const changed = () => set(dark());
    media.addEventListener("change", changed);
    return () => media.removeEventListener("change", changed);
  }, []);
  const toggle = () => {
    const theme = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("messplus-theme", theme);
    } catch {
      // A browser that keeps nothing for this site: chosen until the page is left.
    }
    set(theme === "dark");
  };
  return html`<button class="theme" onClick=${toggle} aria-label=${isDark ? "Light theme" : "Dark theme"}>${isDark ? "☀" : "☾"}</button>`;
};

render(html`<${App} />`, document.getElementById("app"));
