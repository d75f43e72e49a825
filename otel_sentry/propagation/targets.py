"""Which addresses get trace headers. Pure.

Rule: an address is `scheme://host:port/path`; user info, query and fragment never count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}

Targets = tuple[Callable[[str], object], ...]
"""One test per entry; empty admits nobody."""


class Address(NamedTuple):
    """Where a request goes.

    Attributes:
        scheme: lower-case.
        host: lower-case.
        port: the scheme's own if none was said, 0 if unknown.
        path: begins with `/`.
        written_host: the host as it was written, if that differs.
    """

    scheme: str
    host: str
    port: int
    path: str
    written_host: str = ""

    @property
    def spellings(self) -> tuple[str, ...]:
        """The address as text: as people write it, with the port where that is the scheme's own, in lower case."""
        ports = [f":{self.port}"] if self.port else [""]
        if DEFAULT_PORTS.get(self.scheme) == self.port:
            ports.insert(0, "")
        hosts = [host for host in (self.written_host, self.host) if host] or [""]
        return tuple(f"{self.scheme}://{_bracketed(host)}{port}{self.path}" for host in hosts for port in ports)

    @property
    def host_and_own_port(self) -> tuple[str, int | None]:
        """Host and port, None for the port that http or https has anyway: one server, whatever the scheme."""
        return self.host, None if self.port in (80, 443) else self.port


def address_of(url: str) -> Address | None:
    """Take a URL apart; None when it is not absolute or cannot be read."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not parts.scheme or host is None:
        return None
    start = parts.netloc.lower().rfind(host)
    written = parts.netloc[start : start + len(host)]
    scheme = parts.scheme
    port = port or DEFAULT_PORTS.get(scheme, 0)
    return Address(scheme, host, port, parts.path or "/", "" if written == host else written)


def compile_targets(entries: Iterable[str] | None) -> Targets | None:
    """Entries of `OTEL_SENTRY_TRACE_PROPAGATION_TARGETS`, ready to be asked; None (not set) admits everybody.

    Args:
        entries: plain text is a substring of the address, `/…/` a regular expression that is searched in it.

    Raises:
        re.error: an expression cannot be read; the settings have refused it before.
    """
    return None if entries is None else tuple(_test(entry) for entry in entries)


def matches(url: str, targets: Sequence[str]) -> bool:
    """Whether a URL is among targets as users type them."""
    address = address_of(url)
    return address is not None and admits(compile_targets(targets), address)


def admits(targets: Targets | None, address: Address | None) -> bool:
    """Whether `address` may get headers. An unknown one may only if no targets are set."""
    if targets is None:
        return True
    return address is not None and any(test(text) for text in address.spellings for test in targets)


def is_host_among(hosts: Iterable[str], address: Address) -> bool:
    """Whether a host was named: `api.example.com`, `api.example.com:8443`, or `*.example.com` for its subdomains."""
    return any(_is_host(named.lower(), address) for named in hosts)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _test(entry: str) -> Callable[[str], object]:
    if len(entry) > 2 and entry.startswith("/") and entry.endswith("/"):
        return re.compile(entry[1:-1]).search
    return lambda text: entry in text


def _is_host(named: str, address: Address) -> bool:
    if named.startswith("*."):
        return address.host.endswith(named[1:])
    return named in {address.host, f"{address.host}:{address.port}", f"[{address.host}]:{address.port}"}
