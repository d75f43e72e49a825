// The page's questions to the embedded Sentry, and its push.

const GUARD = { "x-otel-sentry": "page" };

/** GET a JSON answer; null when what was asked for is not, or no longer, there. */
export async function ask(path, query = {}) {
  const answer = await fetch(address(path, query));
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** GET text. */
export async function askText(path, query = {}) {
  const answer = await fetch(address(path, query));
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

/** POST bytes or nothing. */
export async function tell(path, body = null) {
  const answer = await fetch(`/local/${path}`, { method: "POST", headers: GUARD, body });
  return answer.json();
}

/** Where a question or download is. */
export function address(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  return `/local/${path}${text ? `?${text}` : ""}`;
}

/** Call `changed(traceIds)` whenever something arrives, `state(text)` when the connection changes. */
export function listen(changed, state) {
  const source = new EventSource("/local/changes");
  let before = null;
  source.addEventListener("open", () => state("live"));
  source.addEventListener("error", () => state("not connected; trying again"));
  source.addEventListener("message", () => {
    if (before !== null) changed(null);
    before = true;
  });
  source.addEventListener("changed", (event) => changed(JSON.parse(event.data).traces));
}
