// Spans on their time axis. Only the rows in sight are elements, so ten thousand spans scroll as twenty do.

import { h, show } from "./dom.js";
import { duration, opClass } from "./format.js";

const ROW = 24;
const SPARE_ROWS = 6;
const MAX_INDENT = 24;

/** The tree of one trace as an ARIA treegrid; `chosen(row)` is called when a span is selected. */
export class Waterfall {
  constructor(chosen) {
    this.chosen = chosen;
    this.rows = [];
    this.inSight = [];
    this.folded = new Set();
    this.selected = null;
    this.pool = [];
    this.version = 0;
    this.axis = h("div", { class: "axis", title: "Drag to zoom" });
    this.sheet = h("div", { class: "sheet", role: "rowgroup" });
    this.scroll = h("div", { class: "scroll", role: "treegrid", tabindex: "0", "aria-label": "Spans of the trace" }, this.sheet);
    this.element = h("div", { class: "waterfall" }, this.axis, this.scroll);
    this.scroll.addEventListener("scroll", () => this.draw());
    this.scroll.addEventListener("click", (event) => this.clicked(event));
    this.element.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    this.dragZoom();
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.scroll);
  }

  /** Take a trace as the server tells it; selection, folding and zoom stay. */
  set(trace) {
    this.rows = trace.rows.map((values, index) => {
      const row = Object.fromEntries(trace.columns.map((column, at) => [column, values[at]]));
      return Object.assign(row, { index, key: row.kind === "gap" ? `gap ${row.start}` : row.id });
    });
    const grown = this.end !== undefined && this.to === this.end && this.from === 0;
    this.end = Math.max(trace.duration, 1e-6);
    if (this.to === undefined || grown) [this.from, this.to] = [0, this.end];
    this.layOut();
  }

  layOut() {
    this.inSight = [];
    for (let index = 0; index < this.rows.length; index += 1) {
      const row = this.rows[index];
      this.inSight.push(row);
      if (this.folded.has(row.key)) index += row.descendants;
    }
    this.version += 1;
    this.sheet.style.height = `${this.inSight.length * ROW}px`;
    this.scroll.setAttribute("aria-rowcount", this.inSight.length);
    this.drawAxis();
    this.drawRows();
  }

  draw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = null;
      this.drawRows();
    });
  }

  drawRows() {
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / ROW) - SPARE_ROWS);
    const slots = Math.ceil(this.scroll.clientHeight / ROW) + 2 * SPARE_ROWS;
    while (this.pool.length < slots) this.pool.push(this.newRow());
    for (let position = first; position < first + this.pool.length; position += 1) {
      const parts = this.pool[position % this.pool.length];
      const row = this.inSight[position];
      const look = row && `${position} ${this.version} ${row.key === this.selected}`;
      if (parts.row === row && parts.look === look) continue;
      Object.assign(parts, { row, look });
      parts.element.hidden = !row;
      if (row) this.fillRow(parts, row, position);
    }
    const active = this.pool.find((parts) => !parts.element.hidden && parts.row?.key === this.selected);
    if (active) this.scroll.setAttribute("aria-activedescendant", active.element.id);
    else this.scroll.removeAttribute("aria-activedescendant");
  }

  newRow() {
    const fold = h("span", { class: "fold", "aria-hidden": "true" });
    const mark = h("span", { class: "mark" });
    const text = h("span", { class: "text" });
    const tag = h("span", { class: "tag" });
    const name = h("div", { class: "name", role: "gridcell" }, fold, mark, text, tag);
    const bar = h("span", { class: "bar" });
    const label = h("span", { class: "label" });
    const time = h("div", { class: "time", role: "gridcell" }, bar, label);
    const element = h("div", { class: "row", role: "row", hidden: true }, name, time);
    this.sheet.append(element);
    return { element, fold, mark, text, tag, name, bar, label };
  }

  fillRow(parts, row, position) {
    const { element } = parts;
    element.id = `row-${position}`;
    element.style.transform = `translateY(${position * ROW}px)`;
    element.className = `row ${row.kind}${row.failed ? " failed" : ""}${row.is_segment ? " segment" : ""}`;
    element.setAttribute("aria-level", row.depth + 1);
    element.setAttribute("aria-rowindex", position + 1);
    element.setAttribute("aria-selected", row.key === this.selected);
    if (row.descendants) element.setAttribute("aria-expanded", !this.folded.has(row.key));
    else element.removeAttribute("aria-expanded");
    parts.name.style.paddingLeft = `${Math.min(row.depth, MAX_INDENT) * 12 + 4}px`;
    parts.fold.textContent = row.descendants ? (this.folded.has(row.key) ? "▸" : "▾") : "";
    parts.mark.textContent = row.issues ? `● ${row.issues} ` : row.failed ? "✖ " : "";
    parts.mark.title = row.issues ? "issues happened here" : row.failed ? "failed" : "";
    parts.text.textContent = rowText(row);
    parts.tag.textContent = row.is_segment && row.service ? row.service : "";
    this.placeBar(parts, row);
  }

  placeBar(parts, row) {
    const span = this.to - this.from;
    const left = ((row.start - this.from) / span) * 100;
    const right = ((row.start + row.duration - this.from) / span) * 100;
    const outside = right < 0 || left > 100 || row.kind === "unseen";
    parts.bar.hidden = outside;
    parts.label.hidden = outside;
    if (outside) return;
    const start = Math.max(0, left);
    parts.bar.className = `bar ${row.kind === "gap" ? "gap" : opClass(row.op)}`;
    parts.bar.style.left = `${start}%`;
    parts.bar.style.width = `max(2px, ${Math.min(100, right) - start}%)`;
    parts.label.textContent = duration(row.duration);
    parts.label.style.left = right < 78 ? `calc(${Math.max(0, right)}% + 6px)` : "auto";
    parts.label.style.right = right < 78 ? "auto" : `calc(${100 - start}% + 6px)`;
    parts.label.classList.toggle("inside", right >= 78 && start < 12);
    if (right >= 78 && start < 12) Object.assign(parts.label.style, { left: `calc(${start}% + 6px)`, right: "auto" });
  }

  drawAxis() {
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const tick = h("span", { class: "tick" }, duration(this.from + share * (this.to - this.from)));
      Object.assign(tick.style, share === 1 ? { right: "0" } : { left: `${share * 100}%` });
      return tick;
    });
    show(this.axis, ticks);
  }

  /** Show the times from `from` to `to`, in seconds since the start of the trace. */
  zoom(from, to) {
    const shortest = Math.max(this.end / 1e5, 1e-7);
    const length = Math.min(this.end, Math.max(shortest, to - from));
    this.from = Math.max(0, Math.min(this.end - length, from));
    this.to = this.from + length;
    this.version += 1;
    this.drawAxis();
    this.draw();
  }

  zoomBy(factor, centre = 0.5) {
    const at = this.from + centre * (this.to - this.from);
    this.zoom(at - (at - this.from) * factor, at + (this.to - at) * factor);
  }

  wheeled(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.axis.getBoundingClientRect();
    this.zoomBy(event.deltaY > 0 ? 1.25 : 0.8, Math.min(1, Math.max(0, (event.clientX - box.left) / box.width)));
  }

  dragZoom() {
    let start = null;
    const share = (event) => {
      const box = this.axis.getBoundingClientRect();
      return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    };
    this.axis.addEventListener("pointerdown", (event) => {
      start = share(event);
      this.axis.setPointerCapture(event.pointerId);
    });
    this.axis.addEventListener("pointerup", (event) => {
      const end = share(event);
      if (start !== null && Math.abs(end - start) > 0.01) {
        const length = this.to - this.from;
        this.zoom(this.from + Math.min(start, end) * length, this.from + Math.max(start, end) * length);
      }
      start = null;
    });
  }

  clicked(event) {
    const element = event.target.closest(".row");
    const parts = this.pool.find((one) => one.element === element);
    if (!parts) return;
    if (event.target === parts.fold && parts.row.descendants) this.fold(parts.row, !this.folded.has(parts.row.key));
    else this.select(parts.row.key);
  }

  fold(row, closed) {
    if (closed) this.folded.add(row.key);
    else this.folded.delete(row.key);
    this.layOut();
  }

  /** Select by span id, unfolding and scrolling as needed; false when the span is not here. */
  select(key, { tell = true } = {}) {
    const row = this.rows.find((one) => one.key === key);
    if (!row) return false;
    this.selected = key;
    this.unfoldTo(row);
    this.bringToSight(row);
    this.drawRows();
    if (tell) this.chosen(row);
    return true;
  }

  unfoldTo(row) {
    let changed = false;
    for (let index = row.index - 1, depth = row.depth; index >= 0 && depth > 0; index -= 1) {
      if (this.rows[index].depth < depth) {
        depth = this.rows[index].depth;
        changed = this.folded.delete(this.rows[index].key) || changed;
      }
    }
    if (changed) this.layOut();
  }

  bringToSight(row) {
    const top = this.inSight.indexOf(row) * ROW;
    const { scrollTop, clientHeight } = this.scroll;
    if (top < scrollTop) this.scroll.scrollTop = top - ROW;
    else if (top + ROW > scrollTop + clientHeight) this.scroll.scrollTop = top - clientHeight + 2 * ROW;
  }

  /** Handle a key; true when it was one of ours. */
  key(event) {
    const at = this.inSight.findIndex((row) => row.key === this.selected);
    const row = this.inSight[at];
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: 20, PageUp: -20, Home: -Infinity, End: Infinity }[event.key];
    if (step) return this.select(this.inSight[Math.max(0, Math.min(this.inSight.length - 1, at + step))]?.key);
    const zoom = { "+": 0.5, "=": 0.5, "-": 2 }[event.key];
    if (zoom) this.zoomBy(zoom);
    else if (event.key === "0") this.zoom(0, this.end);
    else if (event.shiftKey && event.key === "ArrowRight") this.pan(0.2);
    else if (event.shiftKey && event.key === "ArrowLeft") this.pan(-0.2);
    else if (event.key === "ArrowRight" && row?.descendants) this.fold(row, false);
    else if (event.key === "ArrowLeft" && row) this.foldOrUp(row, at);
    else return false;
    return true;
  }

  foldOrUp(row, at) {
    if (row.descendants && !this.folded.has(row.key)) return this.fold(row, true);
    for (let index = at - 1; index >= 0; index -= 1) {
      if (this.inSight[index].depth < row.depth) return this.select(this.inSight[index].key);
    }
    return undefined;
  }

  pan(share) {
    const by = share * (this.to - this.from);
    this.zoom(this.from + by, this.to + by);
  }
}

function rowText(row) {
  if (row.kind === "gap") return "no span here";
  if (row.kind === "unseen") return row.id ? `parent ${row.id} not seen` : "without a span";
  return row.name;
}
