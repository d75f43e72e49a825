"""Writes `user.*` and `wallet.*` where every backend sees them: on local roots and on spans that carry a wallet.

Vendor-neutral (design decision 5): only the Sentry exporters know that Sentry calls it the user.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.attributes import BoundedAttributes

from otel_sentry.convert.sdk_fields import attribute_dict
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.user import (
    ENDUSER_ID,
    REMEMBERED,
    USER_ID,
    WALLET_ADDRESS,
    identity_keys,
    identity_reader,
    user_attributes,
)
from otel_sentry.identity.wallet import canonical_wallet

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, Span

    from otel_sentry.identity.user import Identity
    from otel_sentry.otel.segments import Segment


class IdentityStamp:
    """Reads identity from ended spans and writes it to local roots.

    Args:
        wallet_attributes: span attributes read as the wallet, in order.
    """

    def __init__(self, wallet_attributes: Sequence[str]) -> None:
        self._identity_of = identity_reader(wallet_attributes)
        self._keys = identity_keys(wallet_attributes)
        self._plain = Privacy("plain")
        self._stamps: dict[Identity, dict[str, str]] = {}

    def at_start(self, root: Span, segment: Segment, identity: Identity) -> None:
        """The block or context a local root starts in knows the user; an empty identity means signed out."""
        if not identity:
            return
        segment.learn(identity)
        stamp, own = self._stamp_of(identity), attribute_dict(root)
        if self._keys.isdisjoint(own):
            segment.stamp = stamp
            write(root, stamp)
        else:
            root.set_attributes(_beside(own, stamp))

    def at_end(self, span: ReadableSpan, segment: Segment, attributes: Mapping[str, Any]) -> None:
        """Tell the segment and its open root what an ended span says about the user in its attributes."""
        stamp = segment.stamp
        if stamp and stamp.items() <= attributes.items() and len(self._keys.intersection(attributes)) == len(stamp):
            return  # what was written to the root at its start, and no more
        identity = self._identity_of(attributes)
        if identity is None:
            return
        if segment.identity != identity:
            segment.learn(identity)
        stamp = self._stamp_of(identity)
        if not stamp.keys() <= attributes.keys():
            set_on_ended(span, {key: value for key, value in stamp.items() if key not in attributes})
        root = segment.root
        if root is not None and root.is_recording():
            on_root = attribute_dict(root)
            if not stamp.keys() <= on_root.keys():
                root.set_attributes({key: value for key, value in stamp.items() if key not in on_root})

    def _stamp_of(self, identity: Identity) -> dict[str, str]:
        """What to write, remembered: users come again."""
        stamp = self._stamps.get(identity)
        if stamp is None:
            stamp = user_attributes(identity, self._plain)
            if len(self._stamps) >= REMEMBERED:
                self._stamps.clear()
            self._stamps[identity] = stamp
        return stamp


def write(root: Span, stamp: Mapping[str, str]) -> None:
    """Set attributes of a span that starts: short texts, for which the SDK's own check of each is half of the cost."""
    container: Any = getattr(root, "_attributes", None)
    try:
        if type(container) is BoundedAttributes and container.max_value_len is None:
            # The SDK's own container (its locks and limits): as much as fits without giving anything up.
            with container._lock:  # noqa: SLF001 - see the docstring
                own = container._dict  # noqa: SLF001
                if container.maxlen is None or len(own) + len(stamp) <= container.maxlen:
                    own.update(stamp)
                    return
    except AttributeError:  # it has changed: by its front door, then
        pass
    root.set_attributes(stamp)


def _beside(own: Mapping[str, Any], stamp: Mapping[str, str]) -> dict[str, str]:
    """What to add to a root that names its user itself: that stays, unless it is another wallet."""
    if WALLET_ADDRESS in own and canonical_wallet(own[WALLET_ADDRESS]) != stamp.get(WALLET_ADDRESS):
        return dict(stamp)
    said = {USER_ID, *own} if ENDUSER_ID in own else own.keys()
    return {key: value for key, value in stamp.items() if key not in said}


def set_on_ended(span: ReadableSpan, attributes: Mapping[str, Any]) -> None:
    """Add attributes to a span that has just ended.

    OpenTelemetry's specification lets processors set attributes while a span is ending; the Python SDK closes its
    attributes before it asks them (`Span.end`), so they are opened for this moment. All readers share the container.
    """
    container: Any = getattr(span, "_attributes", None)
    if not attributes or not hasattr(container, "_immutable"):
        return
    container._immutable = False  # noqa: SLF001 - see the docstring
    try:
        for key, value in attributes.items():
            container[key] = value
    finally:
        container._immutable = True  # noqa: SLF001 - see the docstring
