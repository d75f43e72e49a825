"""The other end of the wire: a process that takes every POST, answers 200 after a set delay, and counts when asked.

While load runs it only frames and stores; commands come as lines on standard input, answers leave on standard output.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import Final, cast

from tests.benchmarks.message import say
from tests.benchmarks.received import Head, Received, read_body, read_head
from tests.benchmarks.tally import tally

_ANSWERS: Final = {
    False: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    True: b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n",
}
"""By whether the request was protobuf."""


class Sink:
    """What has arrived, and when answers may leave."""

    def __init__(self, delay_seconds: float) -> None:
        self.delay_seconds = delay_seconds
        self.arrived: list[Received] = []
        self.open_connections = 0
        self.most_connections = 0
        self._held: list[tuple[asyncio.Transport, bytes]] | None = None

    def take(self, request: Received, transport: asyncio.Transport) -> None:
        """Store a request and answer it when its time has come."""
        self.arrived.append(request)
        answer = _ANSWERS["protobuf" in request.headers.get("content-type", "")]
        if self._held is not None:
            self._held.append((transport, answer))
        elif self.delay_seconds:
            asyncio.get_running_loop().call_later(self.delay_seconds, transport.write, answer)
        else:
            transport.write(answer)

    def command(self, line: str) -> dict[str, object]:
        """Obey `reset`, `hold` (answer nothing from now on), `release` or `count`."""
        match line.strip():
            case "reset":
                self.arrived.clear()
                self.most_connections = self.open_connections
            case "hold":
                self._held = []
            case "release":
                held, self._held = self._held or [], None
                for transport, answer in held:
                    transport.write(answer)
            case "count":
                return {**tally(self.arrived).as_dict(), "connections": self.most_connections}
            case unknown:
                return {"error": f"unknown command {unknown!r}"}
        return {}


class Connection(asyncio.Protocol):
    """One kept-alive HTTP/1.1 connection."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._head: Head | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._sink.open_connections += 1
        self._sink.most_connections = max(self._sink.most_connections, self._sink.open_connections)

    def connection_lost(self, exc: Exception | None) -> None:
        self._sink.open_connections -= 1

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._next_request():
            pass

    def _next_request(self) -> bool:
        transport = cast("asyncio.Transport", self._transport)
        if self._head is None:
            self._head = read_head(self._buffer)
            if self._head is None:
                return False
            if self._head.headers.get("expect", "").lower() == "100-continue":
                transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        found = read_body(self._buffer, self._head)
        if found is None:
            return False
        body, end = found
        request = Received(self._head.path, self._head.headers, body, self._head.size)
        self._head = None
        del self._buffer[:end]
        self._sink.take(request, transport)
        return bool(self._buffer)


async def serve(delay_seconds: float) -> None:
    """Listen on a free port of loopback, say which, obey until standard input ends."""
    loop = asyncio.get_running_loop()
    sink = Sink(delay_seconds)
    server = await loop.create_server(lambda: Connection(sink), "127.0.0.1", 0)
    done = loop.create_future()

    def obey() -> None:
        line = sys.stdin.readline()
        if line:
            say(sink.command(line))
        elif not done.done():
            done.set_result(None)

    loop.add_reader(sys.stdin.fileno(), obey)
    say({"port": server.sockets[0].getsockname()[1]})
    await done


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--delay", type=float, default=0.0, help="seconds between request and answer")
    asyncio.run(serve(arguments.parse_args().delay))
