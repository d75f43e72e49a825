"""Secrets in URLs: user and password, and keys in the paths of RPC providers and webhooks. Hosts stay readable. Pure.

Keys in query strings are named there; `pairs` finds them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from otel_sentry.masking.lazy_pattern import lazy_pattern
from otel_sentry.masking.mark import MASK

KEYED_HOSTS: Final = frozenset(
    {
        *(
            "infura.io",
            "alchemy.com",
            "alchemyapi.io",
            "quiknode.pro",
            "ankr.com",
            "chainstack.com",
            "chainstacklabs.com",
        ),
        *("blastapi.io", "getblock.io", "nodereal.io", "drpc.org", "onfinality.io", "moralis-nodes.com", "tenderly.co"),
        *("llamarpc.com", "blockpi.network", "validationcloud.io", "chainnodes.org", "pokt.network", "1rpc.io"),
        *("thirdweb.com", "zan.top", "helius-rpc.com", "rpcpool.com", "syndica.io", "tatum.io", "dwellir.com"),
        *("allthatnode.com", "unifra.io", "gateway.tenderly.co", "merkle.io", "nownodes.io", "grove.city"),
        *("hooks.slack.com", "api.telegram.org", "discord.com", "discordapp.com", "webhook.office.com"),
    }
)
"""Hosts, with all below them, whose paths hold keys."""

SHORTEST_SEGMENT: Final = 32
_URL: Final = lazy_pattern(
    r"://(?P<user>(?!\d*/)[^/@\s:]*:(?!\d{0,5}/)[^\s\"'<>]*@(?=[\w.\-]+(?::\d+)?(?:[/?\s\"']|$))|[^/?#\s\"'<>\\]+@)?"
    r"(?P<host>[^/:?#\s\"'<>@\\]*)(?P<port>:\d+)?(?P<path>/[^\s\"'?#<>\\)\],;}]*)?"
)
_VERSIONED: Final = lazy_pattern(r"/v(\d)/(?!0x)(?=[\w\-]*\d)(?=[\w\-]*[A-Za-z])[\w\-]{32,}(?![\w\-])")
_KEY_SEGMENT: Final = lazy_pattern(r"(?<=/)(?!0x)(?:bot\d+:[\w\-]+|(?=[^/]*\d)[\w\-]{16,}|[\w\-]{24,})(?=/|$)")


def may_hold_keys(text: str) -> bool:
    """Whether a text with a URL in it may hold a secret there; cheap for a text that is one URL."""
    _, _, rest = text.partition("://")
    return "@" in rest or "://" in rest or is_keyed(rest.partition("/")[0])


def masked_urls(text: str) -> str:
    """Mask what is secret in the URLs of a text."""
    return _URL().sub(_masked, text)


def may_hold_key_in_path(text: str) -> bool:
    """Whether a part of a path is long enough."""
    return max(map(len, text.split("/"))) >= SHORTEST_SEGMENT


def masked_paths(text: str) -> str:
    """Mask `/v3/<key>`, which is how most providers do it, where the host is not known."""
    return _VERSIONED().sub(rf"/v\g<1>/{MASK}", text)


def _masked(found: re.Match[str]) -> str:
    path = found["path"] or ""
    if path and is_keyed(found["host"]):
        path = _KEY_SEGMENT().sub(MASK, path)
    user = f"{MASK}@" if found["user"] else ""
    return f"://{user}{found['host']}{found['port'] or ''}{path}"


@lru_cache(maxsize=1024)
def is_keyed(host: str) -> bool:
    """Whether paths of this host, a port at its end does not count, hold keys."""
    labels = host.lower().partition(":")[0].split(".")
    return any(".".join(labels[start:]) in KEYED_HOSTS for start in range(len(labels) - 1))
