// The frame: which view is at which address, keys, theme, push.
// A view is a function (its own element, parts, query) → {changed?(traceIds), key?(event), moved?(parts, query), left?()}.

import { ask, listen } from "./api.js";
import { h, show } from "./dom.js";
import { issuesView } from "./issues.js";
import { metricsView, problemsView, replaysView } from "./lists.js";
import { traceView } from "./trace.js";
import { tracesView } from "./traces.js";
import { walletView } from "./wallet.js";

const VIEWS = {
  traces: { label: "Traces", view: tracesView },
  issues: { label: "Issues", view: issuesView, count: "issue" },
  metrics: { label: "Metrics", view: metricsView, count: "metric" },
  replays: { label: "Replays", view: replaysView, count: "replay" },
  problems: { label: "Problems", view: problemsView },
  trace: { view: traceView },
  wallet: { view: walletView },
};
const KEYS = [
  ["/", "search traces"],
  ["↑ ↓ or k j", "move through a list or the spans"],
  ["Enter", "open a trace, show a span"],
  ["← →", "fold and unfold a span, or go to its parent"],
  ["← → on a tab", "go to the tab beside it"],
  ["+ − 0", "zoom into the time of a trace, out, all"],
  ["Shift ← →", "move the zoomed time"],
  ["Esc", "back to the list"],
  ["t i m r p", "traces, issues, metrics, replays, problems"],
  ["?", "this list"],
];
const SHORTCUTS = { t: "traces", i: "issues", m: "metrics", r: "replays", p: "problems" };

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const state = document.getElementById("state");
const keys = document.getElementById("keys");
let current = {};
let overview = { counts: {}, problems: [] };
let waiting = null;
let missed = false;

function address() {
  const [path, query] = (location.hash.replace(/^#\/?/, "") || "traces").split("?");
  const [name, ...parts] = path.split("/").map(decoded);
  return { name: VIEWS[name] ? name : "traces", parts, query: new URLSearchParams(query) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function open() {
  const { name, parts, query } = address();
  if (current.name === name && current.moved?.(parts, query)) return;
  current.left?.();
  current = { name };
  drawNav();
  const label = VIEWS[name].label ?? "Trace";
  document.title = `${label} – otel-sentry`;
  const stage = h("div", { class: "view" });
  show(main, stage);
  current.opening = stage;
  const view = { name, ...(await VIEWS[name].view(stage, parts, query)) };
  if (current.opening !== stage) return view.left?.();
  current = view;
  if (missed) await follow("all");
  return undefined;
}

/** Let the view take in what arrived; one that answers "again" is opened anew. */
async function follow(traces) {
  missed = current.opening !== undefined;
  if (!missed && (await current.changed?.(traces)) === "again") {
    current = {};
    await open();
  }
}

function drawNav() {
  const links = Object.entries(VIEWS).filter(([, entry]) => entry.label).map(([name, entry]) => {
    const count = name === "problems" ? overview.problems.length : overview.counts[entry.count];
    const chosen = name === current.name || (current.name === "trace" && name === "traces");
    return h("a", { href: `#/${name}`, "aria-current": chosen ? "page" : null }, entry.label, count ? ` ${count}` : "");
  });
  show(nav, links);
}

async function changed(traces) {
  if (waiting) {
    waiting = traces === null || waiting === "all" ? "all" : [...waiting, ...traces];
    return;
  }
  waiting = traces ?? "all";
  await new Promise((done) => setTimeout(done, document.hidden ? 2000 : 400));
  const arrived = waiting;
  waiting = null;
  await count();
  await follow(arrived);
}

async function count() {
  overview = (await ask("overview")) ?? overview;
  drawNav();
}

function chooseTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem("theme", theme);
  } catch {
    // a page without storage forgets it
  }
}

function firstTheme() {
  let saved = null;
  try {
    saved = localStorage.getItem("theme");
  } catch {
    // see above
  }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = saved ?? (dark ? "dark" : "light");
}

function showKeys() {
  const rows = KEYS.map(([key, what]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, what)));
  const close = h("button", { type: "button", onclick: () => keys.close() }, "Close");
  show(keys, h("h2", { id: "keys-title" }, "Keys"), h("table", {}, h("tbody", {}, rows)), close);
  keys.showModal();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, dialog");
  if (typing && event.key !== "Escape") return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (current.key?.(event)) event.preventDefault();
  else if (event.key === "?") showKeys();
  else if (SHORTCUTS[event.key]) location.hash = `#/${SHORTCUTS[event.key]}`;
  else if (event.key === "/") {
    event.preventDefault();
    if (current.name !== "traces") location.hash = "#/traces";
    setTimeout(() => document.getElementById("search")?.focus(), 50);
  } else if (event.key === "Escape" && current.name !== "traces") location.hash = "#/traces";
});
document.getElementById("help").addEventListener("click", showKeys);
document.getElementById("theme").addEventListener("click", () => {
  chooseTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
});
window.addEventListener("hashchange", open);

firstTheme();
open();
count();
listen(changed, (text) => (state.textContent = text));
