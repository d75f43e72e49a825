// The list of traces: search line, services, export and import.

import { address, ask, tell } from "./api.js";
import { h, show } from "./dom.js";
import { ago, counted, duration, opClass, profile, traceLink } from "./format.js";

const HINT = 'alice op:db service:web status:error duration:>100ms wallet:0x… "two words"';

/** Draw the list; the search is part of the address, so it can be linked to. */
export async function tracesView(main, _parts, query) {
  const search = h("input", {
    id: "search", type: "search", placeholder: HINT, "aria-label": "Search traces", value: query.get("q") ?? "",
    autocomplete: "off", spellcheck: "false",
  });
  const services = h("select", { "aria-label": "Service" });
  const told = h("p", { class: "told", role: "status" });
  const list = h("div", { class: "list", role: "group", "aria-label": "Traces" });
  show(main, h("h1", { class: "quiet" }, "Traces"), h("div", { class: "tools" }, search, services, ...fileButtons(told, refresh)), told, list);

  async function refresh() {
    const found = await ask("traces", { search: search.value });
    if (!found) return;
    drawServices(services, found.services, search.value);
    const unknown = found.unknown.length ? ` Not understood: ${found.unknown.join(" ")}` : "";
    const shown = found.traces.length < found.found ? ` The newest ${found.traces.length} are shown.` : "";
    told.textContent = `${counted(found.found, "trace")} of ${found.all}.${shown}${unknown}`;
    const focused = document.activeElement?.dataset?.trace;
    show(list, found.traces.length ? found.traces.map(traceLine) : emptyText(found.all));
    if (focused) list.querySelector(`[data-trace="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }

  let timer = null;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      history.replaceState(null, "", search.value ? `#/traces?q=${encodeURIComponent(search.value)}` : "#/traces");
      refresh();
    }, 150);
  });
  services.addEventListener("change", () => {
    const rest = search.value.replace(/service:("[^"]*"|\S+)\s*/g, "").trim();
    search.value = services.value ? `service:"${services.value}" ${rest}`.trim() : rest;
    search.dispatchEvent(new Event("input"));
  });
  await refresh();
  return { changed: refresh, key: (event) => moveFocus(event, list) };
}

/** One trace as a line that is a link; also used by the profile of a wallet. */
export function traceLine(trace) {
  const bad = trace.failed || trace.issues;
  return h(
    "a", { class: "line trace", href: traceLink(trace.trace_id), "data-trace": trace.trace_id },
    h("span", { class: `dot ${opClass(trace.op)}`, "aria-hidden": "true" }),
    h("span", { class: "name" }, trace.name),
    h("span", { class: "soft op" }, trace.op),
    h("span", { class: "soft services" }, trace.services.join(", ")),
    h("span", { class: "who" }, trace.users.join(", ")),
    h("span", { class: "num" }, counted(trace.spans, "span")),
    h("span", { class: "num bad" }, trace.issues ? counted(trace.issues, "issue") : bad ? "failed" : ""),
    h("span", { class: "num" }, duration(trace.duration)),
    h("span", { class: "num soft" }, ago(trace.start)),
  );
}

/** Move the focus along links; true when the key was one for that. */
export function moveFocus(event, list) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  if (!step) return false;
  const lines = [...list.querySelectorAll("a.line")];
  const at = lines.indexOf(document.activeElement);
  lines[Math.max(0, Math.min(lines.length - 1, at < 0 ? 0 : at + step))]?.focus();
  return true;
}

/** A link to someone's profile. */
export function userLink(user) {
  return h("a", { href: profile(user) }, user);
}

function drawServices(select, services, search) {
  const options = services.map((name) => h("option", { value: name, selected: search.includes(`service:"${name}"`) }, name));
  show(select, h("option", { value: "" }, "all services"), options);
}

function emptyText(all) {
  if (all) return h("p", {}, "No trace meets the search.");
  return h("div", { class: "empty" },
    h("p", {}, "Nothing has arrived yet. In the terminal of your application type:"),
    h("pre", {}, `export SENTRY_DSN=http://local@${location.host}/1`));
}

function fileButtons(told, refresh) {
  const file = h("input", { type: "file", accept: ".envelopes,.envelope,.gz", class: "hidden", "aria-label": "Envelope file", tabindex: "-1" });
  file.addEventListener("change", async () => {
    if (!file.files.length) return;
    const done = await tell("import", file.files[0]);
    await refresh();
    told.textContent = [`${counted(done.added, "envelope")} read.`, ...done.complaints].join(" ");
    file.value = "";
  });
  return [
    h("a", { class: "button", href: address("export"), download: "" }, "Export"),
    h("button", { type: "button", onclick: () => file.click() }, "Import"),
    file,
    h("button", { type: "button", onclick: async () => { await tell("clear"); await refresh(); } }, "Clear"),
  ];
}
