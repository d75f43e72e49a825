"""Secrets of blockchains in a text: private keys, mnemonics, signed transactions. Hashes and addresses stay. Pure."""

from __future__ import annotations

import re
from typing import Final

from otel_sentry.masking.lazy_pattern import lazy_pattern
from otel_sentry.masking.mark import MASK
from otel_sentry.masking.mnemonic_words import ENGLISH

_KEY_IN_WORDS: Final = lazy_pattern(
    r"((?:priv(?:ate)?|secret|signing|account|signer)[ _\-]{0,3}key[\w \-]{0,24}?[^\w\[]{0,4})"
    r"(?:0x)?[0-9a-f]{64}(?![0-9a-f])",
    re.IGNORECASE,
)
_EXTENDED_KEY: Final = lazy_pattern(r"(?<!\w)[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{50,}")
_IMPORT_KEY: Final = lazy_pattern(r"(?<![\w/])[5KL9c][1-9A-HJ-NP-Za-km-z]{50,51}(?!\w)")
_LONG_HEX: Final = lazy_pattern(r"(?<![0-9A-Za-z])(?:0[xX])?(?P<hex>(?:0[1-4])?[fF][89aA][0-9a-fA-F]{94,})")
_WORDS: Final = lazy_pattern(r"(?<![a-z])[a-z]{3,8}(?:[ \t\r\n,'\"\]\[]{1,4}[a-z]{3,8}){11,}(?![a-z])")
_WORD: Final = lazy_pattern(r"[a-z]+")

MNEMONIC_LENGTHS: Final = (12, 15, 18, 21, 24)
SHORTEST_TRANSACTION: Final = 100
SHORTEST_KEY: Final = 51
_MOST_CUT_OFF: Final = 16
"""Of a transaction that was cut off, at least a sixteenth is there."""
_SMALL_NUMBER: Final = 0x88
"""First byte of a chain id or nonce: itself, or the length of at most eight bytes."""
_SPACES_OF_MNEMONIC: Final = MNEMONIC_LENGTHS[0] - 1


def may_hold_mnemonic(text: str) -> bool:
    """Whether there are words enough, and among them words of the list."""
    if text.count(" ") + text.count("\n") < _SPACES_OF_MNEMONIC:
        return False
    words = _WORD().findall(text) if "," in text or "'" in text or '"' in text else text.split()
    return sum(map(ENGLISH.__contains__, words)) >= MNEMONIC_LENGTHS[0] - 1  # one may end a sentence


def may_hold_key(text: str) -> bool:
    """Whether a text, in lower case, is long enough, and speaks of a key or is one."""
    length = len(text)
    return length >= SHORTEST_KEY and ("key" in text or "prv" in text or "wif" in text or length <= SHORTEST_KEY + 1)


def masked_keys(text: str) -> str:
    """Mask private keys that are called so, extended ones (`xprv…`) and Bitcoin's import format."""
    text = _KEY_IN_WORDS().sub(rf"\g<1>{MASK}", text)
    return _IMPORT_KEY().sub(MASK, _EXTENDED_KEY().sub(MASK, text))


def masked_transactions(text: str) -> str:
    """Mask raw signed transactions, whole or cut off; call data and bytecode stay.

    They are told by their RLP header, whose length fits what follows. Source: Ethereum's yellow paper, appendix B;
    EIP-2718 for the type in front of it.
    """
    return _LONG_HEX().sub(lambda found: MASK if _is_rlp_list(found["hex"]) else found[0], text)


def masked_mnemonics(text: str) -> str:
    """Mask runs of twelve and more words of BIP-39's English list."""
    return _WORDS().sub(_without_mnemonics, text)


def _is_rlp_list(hexadecimal: str) -> bool:
    """Whether a list begins here that fits its header, whole or cut off, and starts with a small number."""
    start = 2 if hexadecimal.startswith("0") else 0
    size_of_length = int(hexadecimal[start : start + 2], 16) - 0xF7
    header = start + 2 + 2 * size_of_length
    declared = int(hexadecimal[start + 2 : header], 16)
    present = (len(hexadecimal) - header) / 2
    return present <= declared <= present * _MOST_CUT_OFF and int(hexadecimal[header : header + 2], 16) <= _SMALL_NUMBER


def _without_mnemonics(found: re.Match[str]) -> str:
    text, done = found[0], 0
    pieces: list[str] = []
    run: list[re.Match[str]] = []
    for word in (*_WORD().finditer(text), None):
        if word is not None and word[0] in ENGLISH:
            run.append(word)
            continue
        if len(run) >= MNEMONIC_LENGTHS[0]:
            pieces += (text[done : run[0].start()], MASK)
            done = run[-1].end()
        run = []
    return "".join((*pieces, text[done:]))
