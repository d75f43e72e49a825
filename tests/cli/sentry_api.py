"""As much of Sentry's web API as sentry-cli asks for a release, over real HTTP; keeps what it was told."""

from __future__ import annotations

import gzip
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

_DATE = "2026-01-01T00:00:00Z"
_CHUNKS = re.compile(rb'name="file(?:_gzip)?"; filename="([0-9a-f]+)"\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL)


class SentryApi(ThreadingHTTPServer):
    """Listens on a free port of this machine.

    Attributes:
        calls: method and path of each request, in order.
        releases: version → what was said of it.
        deploys: of all releases.
        bundles: names of files and manifest of each uploaded bundle.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[str] = []
        self.releases: dict[str, dict[str, Any]] = {}
        self.deploys: list[dict[str, Any]] = []
        self.chunks: dict[str, bytes] = {}
        self.bundles: list[tuple[list[str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[SentryApi]:
        """One that answers until the end of the block."""
        with cls() as api:
            threading.Thread(target=api.serve_forever, daemon=True).start()
            yield api
            api.shutdown()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON for a request."""
        for pattern, answering in _ROUTES.items():
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answering(self, body, *map(unquote, found.groups()))
        return 404, {"detail": f"not known here: {method} {path}"}

    def chunk_upload(self, body: bytes) -> tuple[int, Any]:
        for name, data in _CHUNKS.findall(body):
            self.chunks[name.decode()] = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
        return 200, {}

    def chunk_options(self, _: bytes) -> tuple[int, Any]:
        return 200, {
            "url": f"{self.url}/api/0/organizations/acme/chunk-upload/",
            "chunkSize": 8 << 20,
            "chunksPerRequest": 64,
            "maxRequestSize": 32 << 20,
            "maxFileSize": 2 << 30,
            "concurrency": 1,
            "hashAlgorithm": "sha1",
            "compression": ["gzip"],
            "accept": ["sources", "release_files", "artifact_bundles", "artifact_bundles_v2"],
        }

    def assemble(self, body: bytes) -> tuple[int, Any]:
        wanted = json.loads(body)
        missing = [chunk for chunk in wanted["chunks"] if chunk not in self.chunks]
        if not missing:
            blob = b"".join(self.chunks[chunk] for chunk in wanted["chunks"])
            bundle = zipfile.ZipFile(io.BytesIO(blob[blob.find(b"PK\x03\x04") :]))
            self.bundles.append((bundle.namelist(), json.loads(bundle.read("manifest.json"))))
        return 200, {"state": "not_found" if missing else "created", "missingChunks": missing}

    def new_release(self, body: bytes) -> tuple[int, Any]:
        told = json.loads(body)
        self.releases.setdefault(told["version"], {}).update(told)
        return 201, self._release(told["version"])

    def change_release(self, body: bytes, version: str) -> tuple[int, Any]:
        self.releases.setdefault(version, {}).update(json.loads(body))
        return 200, self._release(version)

    def new_deploy(self, body: bytes, version: str) -> tuple[int, Any]:
        self.deploys.append({"id": "1", "dateFinished": _DATE, "release": version, **json.loads(body)})
        return 201, self.deploys[-1]

    def list_deploys(self, _: bytes, version: str) -> tuple[int, Any]:
        return 200, [deploy for deploy in self.deploys if deploy["release"] == version]

    def nothing(self, *_: object) -> tuple[int, Any]:
        return 200, []

    def _release(self, version: str) -> dict[str, Any]:
        return {"version": version, "dateCreated": _DATE, "projects": [], "newGroups": 0, "url": None}


_ORG = "/api/0/organizations/acme"
_ROUTES: dict[str, Any] = {
    f"GET {_ORG}/chunk-upload/": SentryApi.chunk_options,
    f"POST {_ORG}/chunk-upload/": SentryApi.chunk_upload,
    f"POST {_ORG}/artifactbundle/assemble/": SentryApi.assemble,
    f"POST {_ORG}/releases/": SentryApi.new_release,
    f"PUT {_ORG}/releases/([^/]+)/": SentryApi.change_release,
    f"POST {_ORG}/releases/([^/]+)/deploys/": SentryApi.new_deploy,
    f"GET {_ORG}/releases/([^/]+)/deploys/": SentryApi.list_deploys,
    f"GET {_ORG}/repos/": SentryApi.nothing,
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SentryApi

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        path = self.path.partition("?")[0]
        self.server.calls.append(f"{self.command} {path}")
        status, told = self.server.answer(self.command, path, body)
        if self.headers.get("Authorization") != "Bearer t0ken":
            status, told = 401, {"detail": "Invalid token"}
        answer = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self._any()

    def do_POST(self) -> None:
        self._any()

    def do_PUT(self) -> None:
        self._any()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
