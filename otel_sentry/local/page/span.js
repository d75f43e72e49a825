// Everything of one span: times, user, attributes, links, what happened in it.

import { copyButton, h, show } from "./dom.js";
import { clock, duration, profile, traceLink, valueText } from "./format.js";
import { eventDetail } from "./issues.js";

/** What is shown of a chosen span; `found` is the server's answer, `row` its line in the waterfall. */
export function spanDetail(found, trace, row) {
  const { span, events } = found;
  const attributes = span.attributes ?? {};
  return [
    h("h2", {}, String(span.name ?? "<unknown>")),
    h("dl", { class: "facts" },
      fact("op", row.op || "none"),
      fact("status", h("span", { class: row.failed ? "bad" : "good" }, String(span.status ?? "?"), message(attributes))),
      fact("duration", duration(row.duration)),
      fact("own time", duration(ownTime(trace, row))),
      fact("starts", `${duration(row.start)} after the trace, ${clock(trace.start + row.start)}`),
      fact("service", row.service ?? "unknown"),
      row.user ? fact("user", h("a", { href: profile(row.user) }, row.user)) : null,
      fact("span id", h("code", {}, row.id)),
      span.parent_span_id ? fact("parent", h("a", { href: traceLink(trace.trace_id, span.parent_span_id) }, String(span.parent_span_id))) : null),
    events.map((event) => eventDetail(event)),
    attributeTable(attributes),
    linkList(span.links),
    h("p", { class: "tools" }, copyButton("Copy as JSON", JSON.stringify(span, null, 2))),
  ];
}

function fact(name, value) {
  return [h("dt", {}, name), h("dd", {}, value)];
}

function message(attributes) {
  const text = attributes["sentry.status.message"];
  return text ? `: ${valueText(text)}` : "";
}

/** Time of a span in which none of its children ran. */
function ownTime(trace, row) {
  const at = Object.fromEntries(trace.columns.map((column, index) => [column, index]));
  const below = trace.rows.slice(row.index + 1, row.index + 1 + row.descendants);
  const children = below.filter((child) => child[at.depth] === row.depth + 1 && child[at.kind] === "span");
  let covered = 0;
  let until = row.start;
  for (const child of children) {
    const start = Math.max(until, child[at.start]);
    const end = Math.min(row.start + row.duration, child[at.start] + child[at.duration]);
    if (end > start) [covered, until] = [covered + end - start, end];
  }
  return row.duration - covered;
}

function attributeTable(attributes) {
  const names = Object.keys(attributes).sort();
  if (!names.length) return h("p", { class: "soft" }, "This span has no attributes.");
  const body = h("tbody");
  const filter = h("input", { type: "search", placeholder: "Filter attributes", "aria-label": "Filter attributes" });
  const draw = () => {
    const part = filter.value.toLowerCase();
    const met = names.filter((name) => `${name} ${valueText(attributes[name])}`.toLowerCase().includes(part));
    show(body, met.map((name) => h("tr", {}, h("th", { scope: "row" }, name), h("td", {}, valueText(attributes[name])))));
  };
  filter.addEventListener("input", draw);
  draw();
  const heading = h("tr", {}, h("th", { scope: "col" }, "attribute"), h("th", { scope: "col" }, "value"));
  return [h("h3", {}, "Attributes"), filter, h("table", { class: "attributes" }, h("thead", {}, heading), body)];
}

function linkList(links) {
  if (!Array.isArray(links) || !links.length) return null;
  const lines = links.map((link) => h("li", {},
    h("a", { href: traceLink(String(link.trace_id), String(link.span_id)) }, `span ${link.span_id} of trace ${link.trace_id}`)));
  return [h("h3", {}, "Links"), h("ul", {}, lines)];
}
