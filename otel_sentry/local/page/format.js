// Numbers and names as people read them. Pure.

/** A duration in seconds: `420 µs`, `12.3 ms`, `1.23 s`, `12 m 04 s`. */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "?";
  if (seconds >= 3600) return `${(seconds / 3600).toFixed(1)} h`;
  if (seconds >= 60) return `${Math.floor(seconds / 60)} m ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
  if (seconds >= 0.9995) return `${digits(seconds)} s`;
  if (seconds >= 0.0009995) return `${digits(seconds * 1e3)} ms`;
  return `${Math.round(Math.max(0, seconds) * 1e6)} µs`;
}

function digits(amount) {
  return amount.toFixed(amount >= 99.95 ? 0 : amount >= 9.995 ? 1 : 2);
}

/** A moment in epoch seconds as local time with milliseconds. */
export function clock(seconds) {
  if (!(seconds > 0) || seconds > 1e11) return "?";
  const date = new Date(seconds * 1000);
  return `${date.toLocaleTimeString(undefined, { hour12: false })}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

/** How long ago, roughly. */
export function ago(seconds) {
  const passed = Date.now() / 1000 - seconds;
  if (passed < 10) return "now";
  if (passed < 60) return `${Math.floor(passed)} s ago`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
  return passed < 86400 ? `${Math.floor(passed / 3600)} h ago` : `${Math.floor(passed / 86400)} d ago`;
}

/** `1 span`, `2 spans`. */
export function counted(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}

const FAMILIES = new Set(["http", "db", "cache", "file", "queue", "rpc", "web3", "gen_ai", "function"]);

/** CSS class of an op: its first part where that has a colour. */
export function opClass(op) {
  const family = op.split(".")[0];
  return FAMILIES.has(family) ? `op-${family}` : "op-other";
}

/** An attribute value as text. */
export function valueText(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Address of a wallet's or user's profile. */
export function profile(user) {
  return `#/wallet/${encodeURIComponent(user)}`;
}

/** Address of a trace, with one span chosen. */
export function traceLink(traceId, spanId = null) {
  return `#/trace/${encodeURIComponent(traceId)}${spanId ? `?span=${encodeURIComponent(spanId)}` : ""}`;
}
