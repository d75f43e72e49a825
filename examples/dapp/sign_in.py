"""Sign-in with Ethereum (EIP-4361): a wallet proves itself by signing a message that holds our nonce."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from opentelemetry import trace
from siwe import SiweMessage, VerificationError, generate_nonce

if TYPE_CHECKING:
    from store import Store

DOMAIN = "dapp.example"
tracer = trace.get_tracer(__name__)


class NotSignedIn(Exception):
    """The message, its nonce or its signature is wrong."""


def new_nonce(store: Store) -> str:
    """A nonce for the next message, good for one sign-in."""
    nonce = generate_nonce()
    store.add_nonce(nonce)
    return nonce


def sign_in(store: Store, text: str, signature: str) -> tuple[str, str]:
    """Check a signed message and open a session.

    Returns:
        Session token and wallet.

    Raises:
        NotSignedIn: without saying more than the visitor needs to know.
    """
    wallet = verified_wallet(store, text, signature)
    token = secrets.token_urlsafe()
    store.open_session(token, wallet)
    return token, wallet


@tracer.start_as_current_span("auth.verify_signature")
def verified_wallet(store: Store, text: str, signature: str) -> str:
    """The wallet that signed `text`."""
    try:
        message = SiweMessage.from_message(text)
        message.verify(signature, domain=DOMAIN)
    except (ValueError, VerificationError) as error:
        raise NotSignedIn from error
    if not store.use_nonce(message.nonce):
        raise NotSignedIn
    return str(message.address)
