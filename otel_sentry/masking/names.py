"""Which names hold secrets: of attributes, local variables, headers, query parameters, keys of mappings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import cached_property
from typing import Final

from otel_sentry.masking.lazy_pattern import lazy_pattern

ALWAYS: Final = (
    *("password", "passwd", "passphrase", "pwd"),
    *("secret", "secret key", "client secret", "credential", "jwt"),
    *("api key", "access key", "auth key", "encryption key", "master key", "signing key", "signer key", "dkey"),
    *("private key", "priv key", "key pair", "mnemonic", "seed phrase", "recovery phrase", "secret phrase"),
    *("authorization", "auth header", "cookie", "csrf", "xsrf"),
    *("access token", "api token", "auth token", "bearer token", "bot token", "csrf token", "id token"),
    *("refresh token", "secret token", "session token", "xsrf token"),
    *("session id", "sessionid", "sess id", "connect.sid", "aiohttp session", "user session", "symfony"),
    *("raw transaction", "raw tx", "signed transaction", "signed tx"),
)
"""Whatever they hold is a secret. Spaces stand for any of `_`, `-`, `.` or nothing; case never counts."""

IF_OPAQUE: Final = ("token", "session", "sid", "auth", "otp", "seed")
"""These hold secrets only if the value looks like one: `token` is as often the symbol or address of a coin."""

IF_KEY: Final = ("key", "pk", "sk", "priv")
"""As whole names these hold a secret if the value is 32 bytes, as private keys are."""

HINTS: Final = (
    *("pass", "pwd", "secret", "key", "mnemonic", "phrase", "auth", "cookie", "token", "cred", "jwt"),
    *("sess", "sid", "srf", "raw", "signed", "seed", "otp", "symfony", "pk", "sk", "priv"),
)
"""Without any of these in it, a text names no secret of the tables above; a test holds that."""

_AFTER: Final = r"s?(?:\d*|raw|hash|hex|bytes|text|str|string|value|b64|base64|plain|old|new|confirm|confirmation)"
"""What may follow: `password2`, `api_keys`, `password_hash`."""
_IN_FRONT: Final = lazy_pattern(r"^(?:http\.(?:request|response)\.header|db\.(?:query|operation)\.parameter)\.")
"""What OpenTelemetry writes in front of names that others chose."""
_PUNCTUATION: Final = lazy_pattern(r"[^a-z0-9]+")
_OPAQUE: Final = lazy_pattern(r"(?=[^\d]*\d)[\w+/=.~%:-]{16,4096}")
_NOT_OPAQUE: Final = lazy_pattern(r"0x[0-9a-fA-F]{40}|0x[0-9a-fA-F]{64}|[\d.:-]+|(?:\w+:)?/.*|\.{1,2}/.*|[%$].*")
_KEY: Final = lazy_pattern(r"(?:^|[^0-9a-zA-Z]|0x)[0-9a-fA-F]{64}(?:$|[^0-9a-zA-Z])|^b['\"].{32}")
_MAX_KNOWN: Final = 4096
_LONGEST: Final = 200


class Holds(Enum):
    """What a name says about its value."""

    NOTHING = "nothing"
    SECRET = "secret"  # noqa: S105 - a word
    OPAQUE = "opaque"
    KEY = "key"


class Names:
    """Tells names of secrets; remembers, bounded.

    Args:
        own: further names of the application, written as in `ALWAYS`.

    Attributes:
        hints: what must be in a text, in lower case, for it to name a secret: one of these.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        own = tuple(own)
        self.hints = ("",) if own else HINTS
        self._own = own
        self._known: dict[str, Holds] = {}

    @cached_property
    def _always(self) -> re.Pattern[str]:
        return re.compile(rf".*(?:{_alternatives(*ALWAYS, *self._own)}){_AFTER}")

    @cached_property
    def _opaque(self) -> re.Pattern[str]:
        return re.compile(rf".*(?:{_alternatives(*IF_OPAQUE)})")

    def holds(self, name: str) -> Holds:
        """What a value of this name is."""
        found = self._known.get(name)
        if found is None:
            found = self._found(_squeezed(_IN_FRONT().sub("", name[-_LONGEST:])))
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[name] = found
        return found

    def is_secret(self, name: str, value: str) -> bool:
        """Whether `value`, as text, is a secret under this name."""
        holds = self.holds(name)
        if holds is Holds.OPAQUE:
            return is_opaque(value)
        return holds is Holds.SECRET or (holds is Holds.KEY and _KEY().search(value) is not None)

    def _found(self, squeezed: str) -> Holds:
        if self._always.fullmatch(squeezed):
            return Holds.SECRET
        if squeezed in IF_KEY:
            return Holds.KEY
        return Holds.OPAQUE if self._opaque.fullmatch(squeezed) else Holds.NOTHING


def is_opaque(value: str) -> bool:
    """Whether a value looks drawn at random: one long word with a digit, no address, hash, number, path or template."""
    bare = value.strip("'\"")
    return _OPAQUE().fullmatch(bare) is not None and _NOT_OPAQUE().fullmatch(bare) is None


def _alternatives(*names: str) -> str:
    return "|".join(map(_squeezed, names))


def _squeezed(name: str) -> str:
    """Lower case without punctuation: one spelling of `apiKey`, `API_KEY`, `x-api-key`."""
    return _PUNCTUATION().sub("", name.lower())
