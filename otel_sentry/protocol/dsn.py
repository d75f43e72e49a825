"""A Sentry DSN, taken apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

_ORG_ID = re.compile(r"^o(\d+)\.")
_DEFAULT_PORT = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Dsn:
    """`{scheme}://{public_key}[:{secret}]@{host[:port]}{/path}/{project_id}`. Source: develop docs "DSN"."""

    scheme: str
    public_key: str
    host: str
    port: int
    path: str
    project_id: str
    secret_key: str | None = None

    @classmethod
    def parse(cls, text: str) -> Dsn:
        """Read a DSN.

        Raises:
            ValueError: says which part is missing or wrong; never repeats the text, which holds a key.
        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port
            host = parts.hostname
        except ValueError:
            raise ValueError("host or port cannot be read") from None
        if parts.scheme not in _DEFAULT_PORT:
            raise ValueError("scheme must be http or https")
        path, _, project_id = parts.path.rpartition("/")
        if not parts.username:
            raise ValueError("public key is missing")
        if not host:
            raise ValueError("host is missing")
        if not (project_id.isascii() and project_id.isdigit()):
            raise ValueError("project id must be a number at the end of the path")
        return cls(
            scheme=parts.scheme,
            public_key=parts.username,
            host=host,
            port=port or _DEFAULT_PORT[parts.scheme],
            path=path,
            project_id=project_id,
            secret_key=parts.password or None,
        )

    @property
    def netloc(self) -> str:
        """Host with its port where that is not the scheme's own; IPv6 in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORT[self.scheme] else f"{host}:{self.port}"

    @property
    def envelope_url(self) -> str:
        """Where envelopes are POSTed."""
        return f"{self.scheme}://{self.netloc}{self.path}/api/{self.project_id}/envelope/"

    @property
    def org_id(self) -> str | None:
        """Organisation id of a host such as `o12.ingest.sentry.io`, else None."""
        found = _ORG_ID.match(self.host)
        return found.group(1) if found else None

    @property
    def masked(self) -> str:
        """The DSN as it may be shown: keys replaced."""
        return f"{self.scheme}://***@{self.netloc}{self.path}/{self.project_id}"

    def __str__(self) -> str:
        secret = f":{self.secret_key}" if self.secret_key else ""
        return f"{self.scheme}://{self.public_key}{secret}@{self.netloc}{self.path}/{self.project_id}"

    def __repr__(self) -> str:
        return f"Dsn({self.masked!r})"
