"""Ready `wallet_of` functions against the sessions and users of real frameworks, and against what is not there."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import flask
import pytest
from django.conf import settings
from django.contrib.sessions.backends.signed_cookies import SessionStore

from otel_sentry.web.wallet_of import django_user, session_wallet, siwe_session

ALICE = "0x52908400098527886e0f7030069857d2e4169ee7"
MESSAGE = {"address": ALICE, "chainId": 1}


@pytest.fixture(autouse=True, scope="module")
def _django() -> None:
    if not settings.configured:
        settings.configure()


@pytest.mark.parametrize(
    ("wallet_of", "session", "found"),
    [
        pytest.param(session_wallet(), {"wallet": ALICE}, ALICE, id="address"),
        pytest.param(session_wallet("user.wallet"), {"user": {"wallet": ALICE}}, ALICE, id="deeper"),
        pytest.param(session_wallet("user.wallet"), {"user": SimpleNamespace(wallet=ALICE)}, ALICE, id="in an object"),
        pytest.param(session_wallet("user.wallet"), {"user": None}, None, id="signed out"),
        pytest.param(session_wallet(), {}, None, id="empty"),
        pytest.param(siwe_session(), {"siwe": MESSAGE}, (ALICE, None, 1), id="SIWE of JavaScript"),
        pytest.param(
            siwe_session("auth.message"),
            {"auth": {"message": SimpleNamespace(address=ALICE, chain_id=1)}},
            (ALICE, None, 1),
            id="SIWE of Python, deeper",
        ),
        pytest.param(siwe_session(), {"siwe": {"nonce": "n"}}, None, id="SIWE, not signed yet"),
        pytest.param(siwe_session(), {}, None, id="SIWE, empty"),
    ],
)
def test_sessions(wallet_of: Callable[[Any], Any], session: dict[str, Any], found: Any) -> None:
    """The same answer from Starlette's scope, Django's request and Flask's context."""
    app = flask.Flask("shop")
    app.secret_key = "s"  # a test's
    with app.test_request_context():
        flask.session.update(session)
        from_flask = wallet_of(flask.request)

    of_django = SessionStore()
    of_django.update(session)

    assert wallet_of({"type": "http", "session": session}) == found
    assert wallet_of(SimpleNamespace(session=of_django)) == found
    assert from_flask == found


@pytest.mark.parametrize("wallet_of", [session_wallet(), siwe_session()])
def test_no_session_at_all(wallet_of: Callable[[Any], Any]) -> None:
    """Without session middleware there is no wallet, and no error."""
    assert wallet_of({"type": "http"}) is None


class User:
    """A user as Django's are."""

    is_authenticated = True
    wallet_address = ALICE

    def get_username(self) -> str:
        """Users who sign in by wallet."""
        return ALICE.upper()


ANONYMOUS = SimpleNamespace(is_authenticated=False, wallet_address=ALICE)


@pytest.mark.parametrize(
    ("attribute", "user", "found"),
    [
        pytest.param("wallet_address", User(), ALICE, id="field"),
        pytest.param("get_username", User(), ALICE.upper(), id="method"),
        pytest.param("nothing", User(), None, id="no such field"),
        pytest.param(
            "wallet_address", SimpleNamespace(is_authenticated=False, wallet_address=ALICE), None, id="anonymous"
        ),
        pytest.param("wallet_address", None, None, id="no user"),
    ],
)
def test_django_user(attribute: str, user: Any, found: Any) -> None:
    """Only a signed-in user has a wallet."""
    assert django_user(attribute)(SimpleNamespace(user=user)) == found
    assert django_user(attribute)(SimpleNamespace()) is None
