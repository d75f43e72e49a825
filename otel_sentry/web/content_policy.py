"""What a content security policy says of our inline script. Pure. Source: W3C Content Security Policy Level 3."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIRECTIVES: Final = ("script-src-elem", "script-src", "default-src")
"""The first one that is there rules scripts in the page."""


@dataclass(frozen=True, slots=True)
class ScriptRule:
    """Whether our inline script may run, and with which nonce."""

    allowed: bool
    nonce: str | None = None


def script_rule(policies: Iterable[str], script_hash: str) -> ScriptRule:
    """What all policies of a response together allow.

    Args:
        policies: values of `Content-Security-Policy` headers.
        script_hash: of our script, `sha256-…`.
    """
    nonce: str | None = None
    for policy in (one for value in policies for one in value.split(",")):
        sources = _sources(policy)
        if sources is None:
            continue
        named = next((source[7:-1] for source in sources if source.startswith("'nonce-")), None)
        if named is not None and nonce in (None, named):
            nonce = named
        elif not _allows_inline(sources, script_hash):
            return ScriptRule(allowed=False)
    return ScriptRule(allowed=True, nonce=nonce)


def _sources(policy: str) -> list[str] | None:
    """The sources that rule scripts; None if nothing does."""
    directives = {words[0].lower(): words[1:] for words in map(str.split, policy.split(";")) if words}
    return next((directives[name] for name in _DIRECTIVES if name in directives), None)


def _allows_inline(sources: list[str], script_hash: str) -> bool:
    if f"'{script_hash}'" in sources:
        return True
    has_hash = any(source.startswith(("'sha256-", "'sha384-", "'sha512-", "'nonce-")) for source in sources)
    return "'unsafe-inline'" in sources and not has_hash
