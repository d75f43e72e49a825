"""What sentry-sdk sends itself loses its secrets last of all."""

from __future__ import annotations

from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from otel_sentry.convert.log import PARAMETER_PREFIX, TEMPLATE
from otel_sentry.masking.mark import MASK
from otel_sentry.settings.settings import Settings
from otel_sentry.setup.private_payloads import event_processor, private_payload, private_text

WALLET = "0x52908400098527886e0f7030069857d2e4169ee7"
HIDDEN = "0x5290…9ee7"
SETTINGS = Settings.from_env({}, wallet_privacy="short", secret_patterns=["ACME-[0-9]+"])


def _logs(body: str, template: str, parameter: str) -> dict[str, Any]:
    texts = {TEMPLATE: template, f"{PARAMETER_PREFIX}0": parameter}
    return {"items": [{"body": body, "attributes": {name: {"type": "string", "value": texts[name]} for name in texts}}]}


class Kept(Transport):
    """A transport of the application's own."""

    def __init__(self) -> None:
        super().__init__({"dsn": "http://key@127.0.0.1:9/1"})
        self.envelopes: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.envelopes.append(envelope)


@pytest.mark.parametrize(
    ("kind", "payload", "private"),
    [
        pytest.param(
            "event",
            {"message": f"password=x {WALLET}", "logentry": {"message": "pwd=%s", "params": ["x"]}},
            {"message": f"password={MASK} {HIDDEN}", "logentry": {"message": f"pwd={MASK}", "params": [MASK]}},
            id="event",
        ),
        pytest.param("log", _logs("pwd=abc", "pwd=%s", "abc"), _logs(f"pwd={MASK}", f"pwd={MASK}", MASK), id="log"),
        pytest.param("check_in", {"monitor_slug": "ACME-1"}, {"monitor_slug": MASK}, id="check-in"),
        pytest.param("client_report", {"secret": "kept"}, {"secret": "kept"}, id="client report"),
    ],
)
def test_hides_what_an_item_holds(kind: str, payload: Any, private: Any) -> None:
    """By its kind; reports and sessions hold no text."""
    assert private_payload(SETTINGS)(kind, payload) == private


def test_hides_both_in_a_text() -> None:
    """Secrets and private wallets."""
    assert private_text(SETTINGS)(f"ACME-7 {WALLET}") == f"{MASK} {HIDDEN}"


def test_looks_at_events_where_another_transport_sends_them() -> None:
    """Ours is asked later; what is not ours, now. Wallets are hidden in both."""
    process = event_processor(SETTINGS)
    client = sentry_sdk.Client(dsn="http://key@127.0.0.1:9/1", transport=Kept(), default_integrations=False)
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        foreign = process({"message": f"ACME-7 {WALLET}"}, {})

    assert foreign == {"message": f"{MASK} {HIDDEN}"}
