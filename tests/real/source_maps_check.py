"""A minified error comes back as its source in a real Bugsink, after `otel-sentry release` with the real sentry-cli.

Run as `python -m tests.real.source_maps_check [--folder FOLDER]`; needs Node. esbuild from npm minifies a script, the
release command writes its debug id and uploads its map, Node runs it until it throws, and the event that a browser SDK
would make of that is sent.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

import sentry_sdk
from sentry_sdk.envelope import Envelope

from tests.real.bugsink_check import Bugsink, bugsink

SOURCE = """\
function balanceOf(account: { wallet?: { balance: number } }): number {
  return account.wallet!.balance;
}

export function showBalance(): number {
  return balanceOf({});
}

showBalance();
"""
FAILING_LINE = "return account.wallet!.balance;"
THROWN = """\
try { require(process.argv[1]) } catch (error) {
  const ids = Object.entries(globalThis._sentryDebugIds ?? {}).filter(([stack]) => stack.includes(process.argv[1]));
  console.log(JSON.stringify({ type: error.name, value: error.message, stack: error.stack, debugId: ids[0][1] }));
}
"""
SERVED_AS = "http://127.0.0.1/static/app.js"


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(f"{name} is not installed: this check needs Node")
    return found


def minified(folder: Path) -> Path:
    """A folder with the script and its map, made by esbuild."""
    (folder / "app.ts").write_text(SOURCE)
    made = folder / "static" / "app.js"
    subprocess.run([_tool("npm"), "install", "--silent", "--no-audit", "--no-fund", "esbuild"], cwd=folder, check=True)
    options = ["--bundle", "--minify", "--sourcemap", "--platform=node", f"--outfile={made}", "--log-level=error"]
    subprocess.run([_tool("npx"), "esbuild", "app.ts", *options], cwd=folder, check=True)
    return made


def released(server: Bugsink, folder: Path) -> None:
    """Run the command as a user does."""
    environ = {
        **os.environ,
        "SENTRY_URL": server.url,
        "SENTRY_AUTH_TOKEN": server.token,
        "SENTRY_ORG": "bugsinkhasnoorgs",
        "SENTRY_PROJECT": "otel_sentry",
        "SENTRY_RELEASE": "dapp@1.0",
    }
    command = Path(sys.executable).with_name("otel-sentry")
    subprocess.run([command, "release", "--source-maps", folder, "--source-maps-only"], env=environ, check=True)


def event_of(script: Path) -> dict[str, Any]:
    """What a browser SDK makes of the error that the script throws."""
    ended = subprocess.run([_tool("node"), "-e", THROWN, script], capture_output=True, text=True, check=True)
    thrown = json.loads(ended.stdout)
    places = re.findall(rf"at (?:(\S+) \()?{re.escape(str(script))}:(\d+):(\d+)", thrown["stack"])
    frames = [
        {
            "filename": SERVED_AS,
            "abs_path": SERVED_AS,
            "function": name or "?",
            "lineno": int(line),
            "colno": int(column),
        }
        for name, line, column in reversed(places)
    ]
    return {
        "event_id": uuid.uuid4().hex,
        "timestamp": time.time(),
        "platform": "javascript",
        "release": "dapp@1.0",
        "exception": {"values": [{"type": thrown["type"], "value": thrown["value"], "stacktrace": {"frames": frames}}]},
        "debug_meta": {"images": [{"type": "sourcemap", "code_file": SERVED_AS, "debug_id": thrown["debugId"]}]},
    }


def shown(server: Bugsink, event: dict[str, Any]) -> str:
    """The stack trace as Bugsink shows it."""
    envelope = Envelope(headers={"event_id": event["event_id"]})
    envelope.add_event(event)
    client = sentry_sdk.Client(dsn=server.dsns["otel_sentry"], default_integrations=False)
    assert client.transport is not None
    client.transport.capture_envelope(envelope)
    client.close(timeout=10)
    for _ in range(50):
        if issues := server.get(f"issues/?project={server.dsns['otel_sentry'].rpartition('/')[2]}")["results"]:
            (found,) = server.get(f"events/?issue={issues[0]['id']}")["results"]
            return server.text(f"events/{found['id']}/stacktrace/")
        time.sleep(0.2)
    raise TimeoutError("the event did not arrive")


def main() -> int:
    """Release, fail, look."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where Bugsink is installed and kept between runs")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="bugsink-"))
    folder.mkdir(parents=True, exist_ok=True)
    with bugsink(folder) as server, tempfile.TemporaryDirectory(dir=folder) as work:
        script = minified(Path(work))
        released(server, script.parent)
        trace = shown(server, event_of(script))
    print(trace)
    found = FAILING_LINE in trace and "app.ts" in trace
    print("the source is shown" if found else "the source is not shown")
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
