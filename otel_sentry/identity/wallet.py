"""One spelling for each wallet. Pure: text in, text out, never raises.

EVM and other `0x` addresses are lower-case, bech32 is lower-case, base58 stays as it is (its case carries meaning),
CAIP-10 splits into address and chain, everything else passes through as bounded text.
"""

from __future__ import annotations

from typing import NamedTuple

from otel_sentry.masking.lazy_pattern import lazy_pattern

MAX_LENGTH = 128
"""Characters that Sentry keeps of a user's id and name."""

_LONGEST_INTEGER_BITS = 512  # str() of an int beyond 4,300 digits raises; nobody's id is that long
_EVM_ADDRESS_BYTES = 20

_UNPRINTABLE = lazy_pattern("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters, direction overrides, and lone surrogates (no UTF-8 can hold them)."""

# A closed list (namespaces.chainagnostic.org): an application's `acct:prod:77` must not lose its first parts.
_CAIP2_PATTERN = (
    r"(?:algorand|antelope|aptos|arweave|bip122|cip34|cosmos|eip155|fil|hedera|lip9|near|polkadot|reef|solana|stacks"
    r"|starknet|stellar|sui|tezos|tvm|wax|xrpl):[-_a-zA-Z0-9]{1,32}"
)
_CAIP2 = lazy_pattern(_CAIP2_PATTERN)
_CAIP10 = lazy_pattern(rf"(?:did:pkh:)?(?P<chain>{_CAIP2_PATTERN}):(?P<address>[-.%a-zA-Z0-9]{{1,128}})")
_CASELESS = lazy_pattern(
    r"0[xX][0-9a-fA-F]+"  # EVM, Starknet, Aptos, Sui
    r"|[A-Z]{1,20}1[02-9AC-HJ-NP-Z]{6,}"  # bech32 as QR codes carry it; a mixed-case one is no bech32
    r"|[-a-zA-Z0-9_.]+\.[eE][tT][hH]"  # ENS; other alphabets need ENSIP-15 and stay as they are
)
_EVM_ADDRESS = lazy_pattern(r"0[xX][0-9a-fA-F]{40}")
_RECOGNISED = lazy_pattern(r"0x[0-9a-f]{40,64}|[-a-z0-9_.]+\.eth|bc1[02-9ac-hj-np-z]{6,}")
_CHAIN_ID = lazy_pattern(r"(?:eip155:)?(0[xX][0-9a-fA-F]{1,16}|[0-9]{1,20})")


class Wallet(NamedTuple):
    """A wallet as it is compared and shown.

    Attributes:
        address: canonical address, 1 to 128 characters.
        chain: CAIP-2 chain that the text itself named, None if it named none.
    """

    address: str
    chain: str | None = None


def bounded_text(value: object) -> str | None:
    """What `value` says in at most 128 printable characters; None for empty text, booleans, sequences and objects."""
    text = _text_of(value)
    if text is None:
        return None
    # Cut before the expensive step: somebody hands over megabytes one day.
    printable = _UNPRINTABLE().sub("", text[: MAX_LENGTH * 4]).strip()
    return printable[:MAX_LENGTH].rstrip() or None


def parse_wallet(value: object) -> Wallet | None:
    """The wallet that `value` names: address text, CAIP-10, `did:pkh`, or the 20 bytes of an EVM one."""
    text = bounded_text(_hex_address(value) if isinstance(value, bytes) else value)
    if text is None:
        return None
    caip10 = _CAIP10().fullmatch(text)
    if caip10 is None:
        return Wallet(_spelling(text))
    return Wallet(_spelling(caip10["address"]), canonical_chain(caip10["chain"]))


def canonical_wallet(text: object) -> str:
    """The one spelling of the wallet that `text` names, empty if it names none. Idempotent."""
    wallet = parse_wallet(text)
    return wallet.address if wallet else ""


def canonical_chain(value: object) -> str | None:
    """A chain as CAIP-2: EVM chain ids (`1`, `"1"`, `"0x1"`) become `eip155:1`, other text is kept, bounded."""
    text = bounded_text(value)
    chain_id = _CHAIN_ID().fullmatch(text) if text else None
    if chain_id is None:
        return text
    number = chain_id[1]
    return f"eip155:{int(number, 16 if number[:2].lower() == '0x' else 10)}"


def is_wallet(text: str) -> bool:
    """Whether `text` is a wallet for certain: EVM and kin, CAIP-10, `bc1…`, `.eth`. Base58 looks like any other id."""
    return _CAIP10().fullmatch(text) is not None or _RECOGNISED().fullmatch(canonical_wallet(text)) is not None


def is_caip2(text: str) -> bool:
    """Whether `text` is a CAIP-2 chain of a namespace that is known."""
    return _CAIP2().fullmatch(text) is not None


def is_evm_address(text: str) -> bool:
    """Whether `text` is `0x` and 40 hexadecimal digits."""
    return _EVM_ADDRESS().fullmatch(text) is not None


def _spelling(text: str) -> str:
    return text.lower() if _CASELESS().fullmatch(text) else text


def _text_of(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if value.bit_length() <= _LONGEST_INTEGER_BITS else None
    return str(value) if isinstance(value, float) else None


def _hex_address(value: bytes) -> bytes | str:
    return f"0x{value.hex()}" if len(value) == _EVM_ADDRESS_BYTES else value
