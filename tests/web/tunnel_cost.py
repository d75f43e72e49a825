"""What the tunnel costs beside a bare forwarder, run by hand: `python -m tests.web.tunnel_cost`.

One server process holds the tunnel and a forwarder that reads a body and posts it with the same HTTP client in a
thread, without looking at anything. Requests alternate between the two.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import re
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import urllib3

from otel_sentry.settings.settings import Settings
from otel_sentry.web.tunnel import Tunnel
from tests.web.servers import asgi_server

SMALL: Final = 4_000
LARGE: Final = 10_000_000
ROUNDS: Final = 400
AT_ONCE: Final = 6


async def sink(_: Any, receive: Any, send: Any) -> None:
    """A Sentry that forgets."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


def bare(url: str) -> Any:
    """A forwarder that looks at nothing."""
    pool, threads = urllib3.PoolManager(maxsize=16, retries=False), ThreadPoolExecutor(16)

    async def app(_: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(threads, lambda: pool.urlopen("POST", url, body=body))
        length = str(len(answer.data)).encode()
        await send({"type": "http.response.start", "status": answer.status, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": answer.data})

    return app


def serve(make: Any, ports: Any) -> None:
    """Serve what `make` gives until the process is ended."""
    with asgi_server(make()) as port:
        ports.put(port)
        time.sleep(600)


def both(upstream: int) -> Any:
    """Tunnel and bare forwarder in one application, told apart by path."""
    dsn = f"http://key@127.0.0.1:{upstream}/1"
    tunnel = Tunnel([dsn], settings=Settings.from_env({}, tunnel_max_rate=1_000_000))
    forwarder = bare(f"http://127.0.0.1:{upstream}/api/1/envelope/")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await (tunnel if scope["path"] == "/tunnel" else forwarder)(scope, receive, send)

    return app


class Started:
    """A server in a process of its own."""

    def __init__(self, make: Any) -> None:
        spawn = multiprocessing.get_context("fork")
        ports = spawn.Queue()
        self.process = spawn.Process(target=serve, args=(make, ports), daemon=True)
        self.process.start()
        self.port = ports.get(timeout=60)

    def peak_bytes(self) -> int:
        """Most memory it ever had."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def send(connection: HTTPConnection, path: str, body: bytes) -> float:
    """Milliseconds of one request."""
    began = time.perf_counter()
    connection.request("POST", path, body)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}")
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure and print."""
    upstream = Started(lambda: sink)
    server = Started(lambda: both(upstream.port))
    head = f'{{"dsn":"http://key@127.0.0.1:{upstream.port}/1"}}\n{{"type":"session"}}\n'.encode()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    took: dict[str, list[float]] = {"/tunnel": [], "/bare": []}
    for number in range(ROUNDS + 20):
        for path, times in took.items():
            milliseconds = send(connection, path, head + b"x" * SMALL)
            if number >= 20:
                times.append(milliseconds)
    for path, times in took.items():
        quantiles = statistics.quantiles(times, n=20)
        say(f"{path:8} {SMALL} bytes: median {quantiles[9]:.2f} ms, 95 % {quantiles[18]:.2f} ms")
    say(f"difference of medians: {statistics.median(took['/tunnel']) - statistics.median(took['/bare']):.2f} ms")
    for path in took:
        before = server.peak_bytes()
        with ThreadPoolExecutor(AT_ONCE) as clients:
            jobs = [clients.submit(send_large, server.port, path, head) for _ in range(AT_ONCE * 2)]
            slowest = max(job.result() for job in jobs)
        grown = (server.peak_bytes() - before) / 1e6
        say(f"{path:8} {AT_ONCE} x {LARGE:,} bytes at once: {grown:+.1f} MB of memory, slowest {slowest:.0f} ms")


def send_large(port: int, path: str, head: bytes) -> float:
    """One large request on a connection of its own."""
    return send(HTTPConnection("127.0.0.1", port, timeout=120), path, head + b"x" * LARGE)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
