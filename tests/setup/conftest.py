"""Applications as users start them: fresh interpreters, real entry points, the embedded Sentry, an OTLP sink."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import sysconfig
import threading
import venv
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

RunApp = Callable[..., "subprocess.CompletedProcess[str]"]
INSTRUMENT = ["-c", "from opentelemetry.instrumentation.auto_instrumentation import run; run()"]
"""What the script `opentelemetry-instrument` does, with an interpreter that can be chosen."""
INHERITED = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR")


@pytest.fixture(scope="session")
def run_app(tmp_path_factory: pytest.TempPathFactory) -> RunApp:
    """Run Python code in a fresh interpreter with exactly the given variables, and wait for it to end."""

    def run(
        code: str,
        environ: dict[str, str] | None = None,
        *,
        files: dict[str, str] | None = None,
        python: Path | None = None,
        zero_code: bool = False,
    ) -> subprocess.CompletedProcess[str]:
        folder = tmp_path_factory.mktemp("application")
        for name, text in {"app.py": code, **(files or {})}.items():
            (folder / name).write_text(text, encoding="utf-8")
        interpreter = str(python or sys.executable)
        command = [interpreter, *INSTRUMENT, interpreter, "app.py"] if zero_code else [interpreter, "app.py"]
        variables = {name: os.environ[name] for name in INHERITED if name in os.environ} | (environ or {})
        ended = subprocess.run(
            command, capture_output=True, check=False, cwd=folder, env=variables, text=True, timeout=60
        )
        if ended.returncode:
            pytest.fail(f"exit status {ended.returncode}\n{ended.stdout}\n{ended.stderr}")
        return ended

    return run


@pytest.fixture(scope="session")
def python_without_distro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has everything this one has, but no opentelemetry-distro: the entry points are not there."""
    home = tmp_path_factory.mktemp("without-distro")
    venv.create(home, symlinks=True, with_pip=False)
    own = Path(sysconfig.get_path("purelib", vars={"base": str(home)}))
    for name in ("purelib", "platlib"):
        for entry in Path(sysconfig.get_path(name)).iterdir():
            if not entry.name.startswith("opentelemetry_distro") and not (own / entry.name).exists():
                (own / entry.name).symlink_to(entry)
    return home / "bin" / "python"


class OtlpSink:
    """What arrived at an OTLP/HTTP endpoint, decoded from protobuf."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.requests: list[ExportTraceServiceRequest] = []

    @property
    def endpoint(self) -> str:
        """What to type as OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def spans(self) -> list[Any]:
        """The spans, in the order of arrival."""
        scopes = (scope for one in self.requests for resource in one.resource_spans for scope in resource.scope_spans)
        return [span for scope in scopes for span in scope.spans]


@pytest.fixture
def otlp_sink() -> Iterator[OtlpSink]:
    """An OTLP backend on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                sink.requests.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink = OtlpSink(server)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield sink
        server.shutdown()
        thread.join(timeout=5)
