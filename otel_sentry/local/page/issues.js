// Issues in groups, and one event whole: exceptions, frames with their lines and locals, breadcrumbs, tags.

import { ask } from "./api.js";
import { h, show } from "./dom.js";
import { ago, clock, counted, profile, traceLink, valueText } from "./format.js";
import { moveFocus } from "./traces.js";

/** Groups at the left, the chosen one at the right; `#/issues/<key>`. */
export async function issuesView(main, parts) {
  let chosen = parts[0] ?? null;
  const list = h("div", { class: "list", role: "group", "aria-label": "Issues" });
  const detail = h("section", { class: "side wide", "aria-label": "Issue" });
  show(main, h("h1", { class: "quiet" }, "Issues"), h("div", { class: "split" }, list, detail));

  async function refresh() {
    const groups = (await ask("issues")) ?? [];
    const group = groups.find((one) => one.key === chosen) ?? groups[0];
    show(list, groups.map((one) => groupLine(one, one === group)), groups.length ? null : h("p", {}, "No issue has arrived."));
    show(detail, group ? groupDetail(group) : []);
  }

  await refresh();
  return {
    changed: refresh,
    key: (event) => moveFocus(event, list),
    moved: (moved) => {
      chosen = moved[0] ?? null;
      refresh();
      return true;
    },
  };
}

/** One issue as a line; `act` is called on click. */
export function issueLine(issue, act, when) {
  return h("button", { type: "button", class: "line issue", onclick: act },
    h("span", { class: "name bad" }, issue.title),
    h("span", { class: "soft" }, issue.place ?? ""),
    issue.user ? h("span", { class: "who" }, issue.user) : null,
    h("span", { class: "bad" }, issue.handled ? "" : "unhandled"),
    h("span", { class: "num soft" }, when));
}

/** One group as a link; also used by the profile of a wallet. */
export function groupLine(group, current = false) {
  return h("a", { class: "line", href: `#/issues/${encodeURIComponent(group.key)}`, "aria-current": current ? "true" : null },
    h("span", { class: "name bad" }, group.title),
    h("span", { class: "soft" }, group.place ?? ""),
    h("span", { class: "num" }, counted(group.count, "event")),
    h("span", { class: "num" }, group.users.length ? counted(group.users.length, "user") : ""),
    h("span", { class: "num soft" }, ago(group.last)));
}

function groupDetail(group) {
  const events = group.events.slice(0, 20).map((event) => h("li", {},
    event.trace_id ? h("a", { href: traceLink(event.trace_id, event.span_id) }, clock(event.at)) : clock(event.at),
    " ", event.title, event.user ? [" – ", h("a", { href: profile(event.user) }, event.user)] : null));
  return [
    eventDetail(group.latest),
    h("h3", {}, `${counted(group.count, "event")}, first ${clock(group.first)}, last ${clock(group.last)}`),
    h("ul", { class: "events" }, events),
  ];
}

/** An event whole. */
export function eventDetail(event) {
  const exceptions = listOf(event.exception).slice().reverse();
  return h("article", { class: "event" },
    exceptions.map((exception) => exceptionDetail(exception)),
    exceptions.length ? null : h("h3", { class: "bad" }, messageOf(event)),
    pairs("Tags", event.tags),
    pairs("User", event.user),
    pairs("Extra", event.extra),
    breadcrumbs(listOf(event.breadcrumbs)));
}

function exceptionDetail(exception) {
  const frames = listOf(exception?.stacktrace?.frames).slice().reverse();
  const shownFirst = Math.max(0, frames.findIndex((frame) => frame.in_app));
  const handled = exception?.mechanism?.handled === false ? " (unhandled)" : "";
  return [
    h("h3", { class: "bad" }, `${text(exception?.type)}: ${text(exception?.value)}${handled}`),
    frames.map((frame, index) => frameDetail(frame, index === shownFirst)),
  ];
}

function frameDetail(frame, open) {
  const place = `${text(frame.filename ?? frame.module ?? frame.abs_path)}:${text(frame.lineno)} in ${text(frame.function)}`;
  const lines = [
    ...listOf(frame.pre_context).map((line) => h("span", { class: "code" }, text(line))),
    frame.context_line === undefined ? null : h("span", { class: "code here" }, text(frame.context_line)),
    ...listOf(frame.post_context).map((line) => h("span", { class: "code" }, text(line))),
  ];
  return h("details", { class: frame.in_app ? "frame" : "frame soft", open },
    h("summary", {}, place),
    lines.some(Boolean) ? h("pre", { tabindex: "0" }, lines) : null,
    pairs("Locals", frame.vars));
}

function pairs(title, values) {
  const entries = Array.isArray(values) ? values : Object.entries(values ?? {});
  if (!entries.length) return null;
  const rows = entries.map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, text(name)), h("td", {}, valueText(value))));
  return [h("h4", {}, title), h("table", { class: "attributes" }, h("tbody", {}, rows))];
}

function breadcrumbs(crumbs) {
  if (!crumbs.length) return null;
  const lines = crumbs.slice(-30).map((crumb) => h("li", {}, `${text(crumb.category)} ${text(crumb.message ?? valueText(crumb.data))}`));
  return [h("h4", {}, "Breadcrumbs"), h("ul", {}, lines)];
}

function messageOf(event) {
  return text(event.logentry?.formatted ?? event.logentry?.message ?? event.message ?? "<no message>");
}

function listOf(value) {
  const found = Array.isArray(value) ? value : value?.values;
  return Array.isArray(found) ? found.filter((one) => one !== null && one !== undefined) : [];
}

function text(value) {
  return value === undefined || value === null ? "?" : typeof value === "string" ? value : valueText(value);
}
