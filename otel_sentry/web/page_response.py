"""One response that may be a page: holds its start back until the place for the snippet is known. Pure but for zlib.

Knows neither ASGI nor WSGI; both shells feed it headers and bytes, and send on what it gives.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from typing import Final

from otel_sentry.web.content_policy import ScriptRule, script_rule
from otel_sentry.web.html_insertion import Place, insertion_offset

Header = tuple[str, str]
_VALIDATORS: Final = frozenset({"etag", "last-modified", "content-md5", "digest", "repr-digest", "content-digest"})
"""They speak of the page as it was; with a trace in it no two answers are the same."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_SHARED: Final = re.compile(r"\b(?:public|s-maxage|immutable)\b", re.IGNORECASE)
_UNREADABLE_CHARSET: Final = re.compile(r"charset\s*=\s*\"?utf-?(?:16|32|7)", re.IGNORECASE)
_BODILESS: Final = frozenset({204, 205, 206, 304})


class PageResponse:
    """A page on its way out.

    Args:
        headers: of the response; names in any case.
        snippet: makes the snippet from nonce, whether it may be personal, and whether scripts may run.
        script_hash: see `BrowserPage.script_hash`.
    """

    def __init__(self, headers: list[Header], snippet: Callable[..., str], script_hash: str) -> None:
        self._headers = headers
        self._content_type = _one(headers, "content-type")
        self._personal = _SHARED.search(_one(headers, "cache-control")) is None
        self._gzip = _Recoder() if _one(headers, "content-encoding").lower() in ("gzip", "x-gzip") else None
        policies = [value for name, value in headers if name.lower() == "content-security-policy"]
        self.rule: ScriptRule = script_rule(policies, script_hash)
        told = snippet(nonce=self.rule.nonce, personal=self._personal, scripts=self.rule.allowed)
        self._snippet = told.encode("ascii", "xmlcharrefreplace")
        self._held: bytearray | None = bytearray() if self._snippet else None
        self._inserted = False
        self._whole: int | None = None

    @property
    def decided(self) -> bool:
        """Whether the headers are known."""
        return self._held is None

    def feed(self, piece: bytes, *, last: bool) -> bytes:
        """Take a piece of the body; gives what may go out now."""
        if self._gzip is None:
            return self._placed(piece, last=last)
        first = not self.decided
        packed = self._gzip.packed(self._placed(self._gzip.plain(piece), last=last), last=last)
        if first and last:
            self._whole = len(packed)
        return packed

    def headers(self) -> list[Header]:
        """The response's headers, once `decided`."""
        if not self._inserted and self._gzip is None:
            return self._headers
        kept = [header for header in self._headers if header[0].lower() not in self._outdated]
        length = self._length()
        kept += [("content-length", str(length))] if length is not None else []
        if self._personal and not _one(self._headers, "cache-control"):
            kept.append(("cache-control", "private"))
        return kept

    @property
    def _outdated(self) -> frozenset[str]:
        return frozenset({"content-length", "accept-ranges"}) | (_VALIDATORS if self._inserted else frozenset())

    def _length(self) -> int | None:
        if self._gzip is not None:
            return self._whole
        before = _one(self._headers, "content-length")
        return int(before) + len(self._snippet) if before.isdigit() else None

    def _placed(self, piece: bytes, *, last: bool) -> bytes:
        if self._held is None:
            return piece
        self._held += piece
        start = bytes(self._held)
        charset_known = "charset" in self._content_type.lower()
        place = insertion_offset(start, complete=last, charset_known=charset_known)
        if place is Place.NOT_YET:
            return b""
        self._held = None
        if isinstance(place, Place):
            return start
        self._inserted = True
        return start[:place] + self._snippet + start[place:]


class _Recoder:
    """Unpacks a gzip stream and packs it again, piece by piece."""

    def __init__(self) -> None:
        self._unpacking = zlib.decompressobj(_GZIP)
        self._packing = zlib.compressobj(6, zlib.DEFLATED, _GZIP)

    def plain(self, piece: bytes) -> bytes:
        return self._unpacking.decompress(piece)

    def packed(self, piece: bytes, *, last: bool) -> bytes:
        """Every piece can be read by the browser at once, as those of the application could."""
        done = self._packing.compress(piece) if piece else b""
        if last:
            return done + self._packing.flush(zlib.Z_FINISH)
        return done + self._packing.flush(zlib.Z_SYNC_FLUSH) if piece else b""


def is_page(method: str, status: int, headers: list[Header]) -> bool:
    """Whether a response is an HTML page that can be read and changed."""
    kind = _one(headers, "content-type")
    return (
        method == "GET"
        and status not in _BODILESS
        and kind.lower().startswith("text/html")
        and _UNREADABLE_CHARSET.search(kind) is None
        and "attachment" not in _one(headers, "content-disposition").lower()
        and _one(headers, "content-encoding").lower() in ("", "identity", "gzip", "x-gzip")
    )


def _one(headers: list[Header], name: str) -> str:
    """The value of a header; empty if it is not there."""
    return next((value for key, value in headers if key.lower() == name), "")
