// The profile of one wallet or user: all its traces, issues and replays.

import { ask } from "./api.js";
import { h, show } from "./dom.js";
import { counted } from "./format.js";
import { groupLine } from "./issues.js";
import { replayLine } from "./lists.js";
import { moveFocus, traceLine } from "./traces.js";

/** `#/wallet/<the text that names the user>`. */
export async function walletView(main, [user]) {
  async function refresh() {
    const found = await ask("wallet", { user });
    show(main,
      h("h1", {}, user),
      h("p", { class: "soft" }, `${counted(found.traces.length, "trace")}, ${counted(found.issues.length, "issue")}, ${counted(found.replays.length, "replay")}`),
      section("Traces", found.traces.map(traceLine)),
      section("Issues", found.issues.map((group) => groupLine(group))),
      section("Replays", found.replays.map(replayLine)));
  }

  await refresh();
  return { changed: refresh, key: (event) => moveFocus(event, main) };
}

function section(title, lines) {
  return lines.length ? h("section", { "aria-label": title }, h("h2", {}, title), h("div", { class: "list" }, lines)) : null;
}
