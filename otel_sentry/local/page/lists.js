// The smaller views: metrics as charts, replays, problems of what was sent.

import { ask } from "./api.js";
import { h, show, svg } from "./dom.js";
import { clock, counted, traceLink, valueText } from "./format.js";

const WIDTH = 220;
const HEIGHT = 48;

/** Every metric as a small chart. */
export function metricsView(main) {
  return refreshed(main, "Metrics", "metrics", (series) => h("div", { class: "charts" }, metricCharts(series)));
}

/** Replays, each with its traces. */
export function replaysView(main) {
  return refreshed(main, "Replays", "replays", (replays) => h("div", { class: "list" }, replays.map(replayLine)));
}

/** What Sentry would refuse or strip. */
export function problemsView(main) {
  return refreshed(main, "Problems", "overview", ({ problems, evicted }) => [
    h("p", { class: "soft" }, "refused: Sentry drops it. trimmed: Sentry keeps it without this part. too large: 413."),
    problems.length ? null : h("p", {}, "Everything that was sent is as Sentry wants it."),
    h("ul", { class: "problems" }, problems.slice().reverse().map((one) => h("li", {}, h("b", {}, one.consequence.replace("_", " ")), " ", one.text))),
    evicted ? h("p", {}, `${counted(evicted, "older item")} had to leave for newer ones.`) : null,
  ]);
}

/** Charts of series as the server tells them. */
export function metricCharts(series) {
  return series.map((one) => h("figure", { class: "chart" },
    h("figcaption", {}, h("b", {}, one.name), ` ${one.type}${one.unit ? `, ${one.unit}` : ""}`),
    chart(one.points),
    h("p", { class: "soft" }, `${counted(one.count, "point")}, last ${valueText(one.points.at(-1)?.[1] ?? 0)}`)));
}

/** A replay as a line. */
export function replayLine(replay) {
  const traces = Array.isArray(replay.trace_ids) ? replay.trace_ids : [];
  return h("div", { class: "line" },
    h("span", { class: "name" }, String(replay.urls?.[0] ?? replay.replay_id)),
    h("span", { class: "soft" }, `${counted(replay.segments, "segment")}, ${clock(Number(replay.timestamp))}`),
    h("span", { class: "who" }, String(replay.user?.username ?? replay.user?.id ?? "")),
    traces.map((id) => h("a", { href: traceLink(String(id)) }, `trace ${String(id).slice(0, 8)}`)));
}

function chart(points) {
  const values = points.map((point) => Number(point[1])).filter(Number.isFinite);
  const [least, most] = [Math.min(0, ...values), Math.max(0, ...values)];
  const y = (value) => HEIGHT - 4 - ((value - least) / (most - least || 1)) * (HEIGHT - 8);
  const x = (index) => (values.length > 1 ? (index / (values.length - 1)) * (WIDTH - 4) + 2 : WIDTH / 2);
  const line = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const label = `from ${valueText(values[0] ?? 0)} to ${valueText(values.at(-1) ?? 0)}, at most ${valueText(most)}`;
  return svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": label },
    svg("line", { x1: 0, x2: WIDTH, y1: y(0), y2: y(0), class: "zero" }),
    svg("polyline", { points: line }),
    values.map((value, index) => svg("circle", { cx: x(index), cy: y(value), r: values.length > 40 ? 0.8 : 2 })));
}

async function refreshed(main, title, question, draw) {
  async function refresh() {
    const found = await ask(question);
    const empty = Array.isArray(found) && !found.length ? h("p", {}, "Nothing of the kind has arrived.") : null;
    show(main, h("h1", {}, title), empty, draw(found));
  }

  await refresh();
  return { changed: refresh };
}
