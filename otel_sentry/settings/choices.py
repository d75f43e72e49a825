"""Choices that settings offer, one enum each. The values are what users type."""

from __future__ import annotations

from enum import Enum


class Role(str, Enum):
    """What this process is; chooses the DSN."""

    WEB = "web"
    WORKER = "worker"


class WireFormat(str, Enum):
    """How spans travel to Sentry."""

    SPAN = "span"
    TRANSACTION = "transaction"


class WalletPrivacy(str, Enum):
    """How a wallet address is shown to Sentry."""

    PLAIN = "plain"
    SHORT = "short"
    HASH = "hash"
    OFF = "off"


class SpanEvents(str, Enum):
    """What becomes of span events that are no exceptions."""

    BREADCRUMBS = "breadcrumbs"
    LOGS = "logs"
    OFF = "off"


class ReplayMasking(str, Enum):
    """What session replays hide of a page."""

    ALL = "all"
    INPUTS = "inputs"
    NONE = "none"


class ClientAddress(str, Enum):
    """What the tunnel tells Sentry of a browser's IP address."""

    OFF = "off"
    PEER = "peer"
    FORWARDED = "forwarded"
