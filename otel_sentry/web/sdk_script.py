"""Where pages get Sentry's browser SDK from: Sentry's CDN, another URL, or a file that we serve."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from otel_sentry.settings.settings import Settings

SDK_VERSION: Final = "11.6.0"
CDN_URL: Final = f"https://browser.sentry-cdn.com/{SDK_VERSION}/bundle.tracing.replay.min.js"
CDN_INTEGRITY: Final = "sha384-Sxg7cMUjNMIulvW16S83vtu2xGk2jl1hCbuN/vdJXLeFUB0rrAcvT2WuFJHf2XsU"
"""Of that file of that version. Source: getsentry/sentry-release-registry, packages/npm/@sentry/browser/11.6.0.json."""

PATH: Final = "/otel-sentry/"
"""Below it `BrowserMiddleware` answers itself."""


@dataclass(frozen=True, slots=True)
class SdkScript:
    """One script.

    Attributes:
        url: for the page.
        integrity: what the browser checks it against; None if nobody knows.
        content: what to serve at `url`; None if somebody else does.
    """

    url: str
    integrity: str | None = None
    content: bytes | None = None

    @property
    def is_foreign(self) -> bool:
        """Whether it comes from another host, so that integrity needs CORS."""
        return "//" in self.url


def sdk_script(settings: Settings) -> SdkScript:
    """The script that the settings name. A file is read now, and served under a name that changes with it."""
    named = settings.browser_sdk
    if named is None:
        return SdkScript(CDN_URL, settings.browser_sdk_integrity or CDN_INTEGRITY)
    if not Path(named).is_file():
        return SdkScript(named, settings.browser_sdk_integrity)
    content = Path(named).read_bytes()
    digest = hashlib.sha384(content).digest()
    return SdkScript(f"{PATH}sentry-{digest.hex()[:16]}.js", f"sha384-{base64.b64encode(digest).decode()}", content)
