"""The table of rules for texts. The documentation prints it, a test runs its examples. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from otel_sentry.masking.chain import (
    SHORTEST_TRANSACTION,
    masked_keys,
    masked_mnemonics,
    masked_transactions,
    may_hold_key,
    may_hold_mnemonic,
)
from otel_sentry.masking.names import Names
from otel_sentry.masking.pairs import masked_pairs, may_name_secrets
from otel_sentry.masking.tokens import (
    masked_pem,
    masked_schemes,
    masked_vendor_tokens,
    masked_web_tokens,
    may_hold_scheme,
    may_hold_vendor_token,
)
from otel_sentry.masking.urls import masked_paths, masked_urls, may_hold_key_in_path, may_hold_keys


class Rule(NamedTuple):
    """One kind of secret.

    Attributes:
        title: for the documentation.
        needs: what a text, in lower case, must have in it to hold one; a look for it costs next to nothing.
        suspects: whether such a text may hold one; cheap, for most texts hold none.
        masked: text → text without them.
        example: a text that holds one.
        result: what becomes of it.
    """

    title: str
    needs: str
    suspects: Callable[[str], bool]
    masked: Callable[[str], str]
    example: str
    result: str


def rules(names: Names, *, source: bool = False) -> tuple[Rule, ...]:
    """All rules, in the order in which they look at a text.

    Args:
        names: which names hold secrets.
        source: for lines of source code: a bare word behind `password=` is a variable there, and stays.
    """
    return (
        Rule(
            "Users and passwords in URLs; keys in paths of RPC providers and webhooks",
            "://",
            may_hold_keys,
            masked_urls,
            "postgres://dapp:hunter2@db:5432/dapp https://mainnet.infura.io/v3/9aa3d95b3bc440fa88ea12eaa4456161",
            "postgres://[Filtered]@db:5432/dapp https://mainnet.infura.io/v3/[Filtered]",
        ),
        Rule(
            "Keys behind a version in a path",
            "/v",
            may_hold_key_in_path,
            masked_paths,
            "/v2/demo4Kx1bPq8sT7uVw0yZ3aB6cD9eF2g",
            "/v2/[Filtered]",
        ),
        Rule(
            "HTTP authentication",
            " ",
            may_hold_scheme,
            masked_schemes,
            "sent Bearer 8f14e45fceea167a",
            "sent Bearer [Filtered]",
        ),
        Rule(
            "Values behind a name that holds secrets",
            "",
            lambda text: may_name_secrets(text, names.hints),
            lambda text: masked_pairs(text, names, quoted_only=source),
            "password=hunter2&page=3 {'apiKey': 'k-12'} Cookie: sid=1; theme=dark",
            "password=[Filtered]&page=3 {'apiKey': '[Filtered]'} Cookie: [Filtered]",
        ),
        Rule(
            "Private keys in PEM",
            "private key",
            _certainly,
            masked_pem,
            "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----",
            "[Filtered]",
        ),
        Rule(
            "JSON web tokens",
            "eyj",
            _certainly,
            masked_web_tokens,
            "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP",
            "got [Filtered]",
        ),
        Rule(
            "Tokens of vendors, told by how they begin",
            "",
            may_hold_vendor_token,
            masked_vendor_tokens,
            "charged with sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "charged with [Filtered]",
        ),
        Rule(
            "Private keys that are called so; extended keys; Bitcoin's import format",
            "",
            may_hold_key,
            masked_keys,
            f"invalid private key 0x{'4c08' * 16}",
            "invalid private key [Filtered]",
        ),
        Rule(
            "Raw signed transactions",
            "f",
            lambda text: len(text) >= SHORTEST_TRANSACTION,
            masked_transactions,
            f"0x02f86b01{'80' * 106}",
            "[Filtered]",
        ),
        Rule(
            "Mnemonics (BIP-39, English, 12 words and more)",
            "",
            may_hold_mnemonic,
            masked_mnemonics,
            "words: test test test test test test test test test test test junk",
            "words: [Filtered]",
        ),
    )


def _certainly(_: str) -> bool:
    return True
