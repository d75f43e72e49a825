// One trace: its waterfall, and beside it the chosen span, issues, logs in time order, metrics and replays.

import { address, ask, askText } from "./api.js";
import { copyButton, h, show } from "./dom.js";
import { clock, counted, duration, profile } from "./format.js";
import { issueLine } from "./issues.js";
import { metricCharts, replayLine } from "./lists.js";
import { spanDetail } from "./span.js";
import { Waterfall } from "./waterfall.js";

/** Draw a trace; `?span=` chooses a span. */
export async function traceView(main, [id], query) {
  show(main, h("p", { class: "soft", role: "status" }, "Fetching the trace"));
  let trace = await ask("trace", { id });
  if (!trace) {
    show(main, h("h1", {}, "This trace is not here"), h("p", {}, "It has not arrived, or had to leave for newer ones."));
    return { changed: async (ids) => (ids === "all" || ids.includes(id) ? "again" : null) };
  }
  const head = h("div", { class: "head" });
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "About the trace" });
  const panel = h("div", { class: "panel", role: "tabpanel", tabindex: "0", id: "panel" });
  const waterfall = new Waterfall((row) => choose(row));
  let tab = query.get("span") || !trace.issues.length ? "span" : "issues";
  show(main, head, h("div", { class: "split" }, waterfall.element, h("section", { class: "side", "aria-label": "Details" }, tabs, panel)));

  function draw() {
    show(head, heading(trace));
    const counts = { span: "Span", issues: `Issues ${trace.issues.length}`, logs: `Logs ${trace.logs.length}` };
    if (trace.metrics.length) counts.metrics = `Metrics ${trace.metrics.length}`;
    if (trace.replays.length) counts.replays = `Replays ${trace.replays.length}`;
    show(tabs, Object.entries(counts).map(([name, label]) => tabButton(name, label)));
  }

  function tabButton(name, label) {
    const choice = () => {
      tab = name;
      draw();
      drawPanel();
      tabs.querySelector(`[data-tab="${name}"]`).focus();
    };
    return h("button", {
      type: "button", role: "tab", "data-tab": name, "aria-selected": String(tab === name), "aria-controls": "panel",
      tabindex: tab === name ? "0" : "-1",
      onclick: choice,
    }, label);
  }

  async function drawPanel() {
    panel.setAttribute("aria-label", tab);
    if (tab === "issues") show(panel, trace.issues.map((issue) => issueInTrace(issue)), none(trace.issues, "No issue in this trace."));
    else if (tab === "logs") show(panel, logTable(trace), none(trace.logs, "No log line in this trace."));
    else if (tab === "metrics") show(panel, metricCharts(byName(trace.metrics)));
    else if (tab === "replays") show(panel, trace.replays.map(replayLine));
    else await drawSpan();
  }

  async function drawSpan() {
    const row = waterfall.rows.find((one) => one.key === waterfall.selected);
    if (!row || row.kind !== "span") {
      show(panel, h("p", { class: "soft" }, row ? "Nothing is known of this." : "Choose a span to see its attributes."));
      return;
    }
    const found = await ask("span", { trace: id, id: row.id });
    if (waterfall.selected === row.key && tab === "span") show(panel, found ? spanDetail(found, trace, row) : "It is gone.");
  }

  function choose(row) {
    history.replaceState(null, "", `#/trace/${id}${row.kind === "span" ? `?span=${row.id}` : ""}`);
    tab = "span";
    draw();
    drawSpan();
  }

  function issueInTrace(issue) {
    return issueLine(issue, () => waterfall.select(issue.span_id), duration(issue.at));
  }

  draw();
  waterfall.set(trace);
  waterfall.select(query.get("span") ?? waterfall.rows.find((row) => row.kind === "span")?.key, { tell: false });
  drawPanel();
  waterfall.scroll.focus({ preventScroll: true });
  return {
    key: (event) => !panel.contains(event.target) && !head.contains(event.target) && (keyOf(event) || waterfall.key(event)),
    moved: (parts, moved) => parts[0] === id && moved.get("span") !== null && waterfall.select(moved.get("span")),
    left: () => waterfall.observer.disconnect(),
    changed: async (ids) => {
      if (ids !== "all" && !ids.includes(id)) return;
      trace = (await ask("trace", { id })) ?? trace;
      draw();
      waterfall.set(trace);
      if (tab !== "span") drawPanel();
    },
  };

  function keyOf(event) {
    if (tabs.contains(event.target)) return moveTab(event);
    if (event.key !== "Enter") return false;
    panel.focus();
    return true;
  }

  function moveTab(event) {
    const step = event.shiftKey ? 0 : { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return false;
    const all = [...tabs.children];
    all[(all.indexOf(event.target) + step + all.length) % all.length].click();
    return true;
  }
}

function heading(trace) {
  const root = trace.rows.find((row) => row[0] === "span");
  const name = root ? root[trace.columns.indexOf("name")] : trace.trace_id;
  const users = [...new Set(trace.rows.map((row) => row[trace.columns.indexOf("user")]).filter(Boolean))];
  return [
    h("h1", {}, name),
    h("p", { class: "facts" },
      h("code", {}, trace.trace_id),
      h("span", {}, counted(trace.spans, "span")),
      h("span", {}, duration(trace.duration)),
      h("span", {}, clock(trace.start)),
      trace.services.length ? h("span", {}, trace.services.join(", ")) : null,
      trace.failed ? h("span", { class: "bad" }, "failed") : null,
      users.slice(0, 5).map((user) => h("a", { href: profile(user) }, user))),
    h("p", { class: "tools" },
      copyButton("Copy link", () => location.href),
      copyButton("Copy as pytest fixture", () => askText("fixture", { trace: trace.trace_id })),
      h("a", { class: "button", href: address("export", { trace: trace.trace_id }), download: "" }, "Export envelopes")),
  ];
}

function none(list, text) {
  return list.length ? null : h("p", { class: "soft" }, text);
}

function logTable(trace) {
  if (!trace.logs.length) return null;
  const lines = trace.logs.map((log) => h("tr", { class: `level-${/^\w+$/.test(log.level) ? log.level : "info"}` },
    h("td", { class: "num" }, duration(log.at)),
    h("td", {}, log.level),
    h("td", { class: "body" }, log.span_id ? h("a", { href: `#/trace/${trace.trace_id}?span=${encodeURIComponent(log.span_id)}` }, log.body) : log.body)));
  return [
    h("table", { class: "logs" },
      h("thead", {}, h("tr", {}, ["after", "level", "text"].map((text) => h("th", { scope: "col" }, text)))),
      h("tbody", {}, lines)),
    trace.more_logs ? h("p", { class: "soft" }, `${trace.more_logs} more log lines are not shown.`) : null,
  ];
}

function byName(metrics) {
  const series = new Map();
  for (const metric of metrics) {
    const key = `${metric.name} ${metric.type} ${metric.unit ?? ""}`;
    const known = series.get(key) ?? { name: metric.name, type: metric.type, unit: metric.unit ?? "", count: 0, points: [] };
    known.count += 1;
    known.points.push([metric.timestamp, metric.value]);
    series.set(key, known);
  }
  return [...series.values()];
}
