"""Issues in a real Bugsink: they arrive with user, trace and stack trace, and group as sentry-sdk's own do.

Run as `python -m tests.real.bugsink_check [--folder FOLDER]`, with Python 3.11 or later. Makes a virtual environment
with Bugsink from PyPI in the folder (a temporary one by default; about 200 MB), serves it on a free port of loopback,
lets `bugsink_app.py` fail into two projects, once watched by this package and once by sentry-sdk alone, and compares.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

APP = Path(__file__).with_name("bugsink_app.py")
ROOT = Path(__file__).parents[2]
PEERS = ("otel_sentry", "sentry_sdk")
WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"

PREPARE = """
import json
from django.contrib.auth import get_user_model
from bsmain.models import AuthToken
from projects.models import Project
from teams.models import Team
get_user_model().objects.create_superuser(username="a@example.org", email="a@example.org", password="a")
team = Team.objects.create(name="team")
dsns = {name: Project.objects.create(name=name, team=team).dsn for name in ("otel_sentry", "sentry_sdk")}
print(json.dumps({"dsns": dsns, "token": AuthToken.create_full_access().token}))
"""


@dataclass
class Bugsink:
    """A Bugsink that is being served.

    Attributes:
        url: where.
        token: of its API.
        dsns: by project.
    """

    url: str
    token: str
    dsns: dict[str, str]

    def get(self, path: str) -> Any:
        """One answer of the API."""
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        """The same where it is no JSON."""
        request = urllib.request.Request(  # noqa: S310  loopback
            f"{self.url}/api/canonical/0/{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            return str(answer.read().decode())

    def issues(self, peer: str) -> list[list[dict[str, Any]]]:
        """The events of each issue of a project."""
        project = self.dsns[peer].rpartition("/")[2]
        issues = self.get(f"issues/?project={project}")["results"]
        return [self._events(issue["id"]) for issue in issues]

    def _events(self, issue: str) -> list[dict[str, Any]]:
        found = self.get(f"events/?issue={issue}")["results"]
        return [self.get(f"events/{event['id']}/")["data"] for event in found]


def installed(folder: Path) -> Path:
    """The folder of Bugsink's commands, after installing it."""
    home = folder / "venv"
    if not (home / "bin" / "bugsink-manage").exists():
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", "bugsink"], check=True)
    return home / "bin"


@contextmanager
def bugsink(folder: Path) -> Iterator[Bugsink]:
    """Serve a new Bugsink while the block runs."""
    commands = installed(folder)
    with tempfile.TemporaryDirectory(dir=folder) as name, socket.create_server(("127.0.0.1", 0)) as listener:
        home, port = Path(name), listener.getsockname()[1]
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "bugsink_conf", "PYTHONPATH": name}
        options = ["--template=local", "--host=127.0.0.1", f"--port={port}"]
        subprocess.run([commands / "bugsink-create-conf", *options, "-o", "bugsink_conf.py"], cwd=home, check=True)
        _silence(home / "bugsink_conf.py")
        manage: Any = partial(subprocess.run, cwd=home, env=environ, check=True, stdout=subprocess.PIPE)
        manage([commands / "bugsink-manage", "migrate", "--verbosity=0"])
        manage([commands / "bugsink-manage", "migrate", "snappea", "--database=snappea", "--verbosity=0"])
        ended = manage([commands / "bugsink-manage", "shell", "--verbosity=0"], input=PREPARE.encode())
        found = json.loads(ended.stdout.splitlines()[-1])
        listener.close()
        serve = [commands / "gunicorn", f"--bind=127.0.0.1:{port}", "--workers=1", "bugsink.wsgi", "--log-level=error"]
        with subprocess.Popen(serve, cwd=home, env=environ) as server:
            try:
                _wait_for(f"http://127.0.0.1:{port}/health/ready")
                yield Bugsink(f"http://127.0.0.1:{port}", found["token"], found["dsns"])
            finally:
                server.terminate()


def _silence(settings: Path) -> None:
    """Let it call nobody, keep everything beside itself, and check events by Sentry's schema."""
    own = f"""
    "PHONEHOME": False,
    "INGEST_STORE_BASE_DIR": "{settings.parent / "ingestion"}",
    "VALIDATE_ON_DIGEST": "strict",
    "SINGLE_USER": True,"""
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace('"SINGLE_USER": True,', own, 1), encoding="utf-8")


def _wait_for(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310  loopback
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


def title(event: dict[str, Any]) -> str:
    """Type and message of what an event is about."""
    last = event["exception"]["values"][-1]
    return f"{last['type']}: {last['value']}"


def relevant_frames(event: dict[str, Any]) -> list[list[tuple[str, str, str]]]:
    """What grouping looks at, by exception: module, function and line of the application's own frames."""
    return [
        [
            (frame["module"], frame["function"], frame["context_line"].strip())
            for frame in value["stacktrace"]["frames"]
            if frame.get("in_app")
        ]
        for value in event["exception"]["values"]
    ]


def partition(issues: list[list[dict[str, Any]]]) -> list[tuple[str, int, Any]]:
    """Issues by title, with the number of their events and the frames of each."""
    return sorted((title(events[0]), len(events), sorted(map(relevant_frames, events))) for events in issues)


def faults(ours: list[list[dict[str, Any]]], theirs: list[list[dict[str, Any]]]) -> Iterator[str]:
    """What is missing from our issues, and where they differ from sentry-sdk's."""
    for event in (event for events in ours for event in events):
        if len(event["contexts"]["trace"]["trace_id"]) != 32 or not event.get("transaction"):
            yield f"{title(event)}: no trace"
        if "buy" in event["transaction"] and event.get("user", {}).get("id") != WALLET:
            yield f"{title(event)}: user is {event.get('user')}"
        if not all(value["stacktrace"]["frames"] for value in event["exception"]["values"]):
            yield f"{title(event)}: no frames"
    mine, own = partition(ours), partition(theirs)
    for issue in mine:
        if issue not in own:
            yield f"sentry-sdk has no issue like {issue}"
    for issue in own:
        if issue not in mine:
            yield f"there is no issue like sentry-sdk's {issue}"


def main() -> int:
    """Compare, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where Bugsink is installed and kept between runs")
    folder = parser.parse_args().folder or Path(tempfile.mkdtemp(prefix="bugsink-"))
    folder.mkdir(parents=True, exist_ok=True)
    with bugsink(folder) as server:
        for peer in PEERS:
            environ = {**os.environ, "SENTRY_DSN": server.dsns[peer], "PYTHONPATH": str(ROOT)}
            subprocess.run([sys.executable, APP, peer], env=environ, check=True, stderr=subprocess.DEVNULL)
        ours, theirs = (server.issues(peer) for peer in PEERS)
    found = list(faults(ours, theirs))
    for name, count, events in partition(ours):
        print(f"{count} × {name}")
        for frames in events:
            print("    " + "; caused ".join(" → ".join(function for _, function, _ in one) for one in frames))
    print(*found or [f"{len(ours)} issues, grouped as sentry-sdk's own, with user, trace and stack trace"], sep="\n")
    return 1 if found or not ours else 0


if __name__ == "__main__":
    sys.exit(main())
