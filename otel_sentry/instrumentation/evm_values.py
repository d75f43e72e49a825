"""How numbers, hashes and amounts of an EVM chain become span attributes. Pure.

Rule: nothing here raises, whatever a node answers or an application passes. Integers beyond 64 bits are text, because
no backend takes them as numbers; amounts are text with their unit.
"""

from __future__ import annotations

from typing import Any, Final

_LARGEST: Final = (1 << 63) - 1
_SELECTOR_BYTES: Final = 4
_HASH_BYTES: Final = 32
_LONGEST_QUANTITY: Final = 66  # `0x` and 256 bits
_LONGEST_DATA: Final = 16_384


def as_int(value: Any) -> int | None:
    """A quantity: an int, or text as JSON-RPC writes it (`0x1f`) or as people do (`31`); None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str) or len(value) > _LONGEST_QUANTITY:
        return None
    try:
        return int(value, 16 if value[:2].lower() == "0x" else 10)
    except ValueError:
        return None


def number(value: Any) -> int | str | None:
    """A quantity as an attribute: a number if 64 bits hold it, else decimal digits."""
    found = as_int(value)
    if found is None or found.bit_length() > _LONGEST_QUANTITY * 4:
        return None
    return found if -_LARGEST <= found <= _LARGEST else str(found)


def wei(value: Any) -> str | None:
    """An amount of the chain's own coin: `1500000000 wei`."""
    found = number(value)
    return None if found is None else f"{found} wei"


def hex_text(value: Any) -> str | None:
    """Bytes or hexadecimal text as lower-case `0x…`, at most 16 KiB of digits; None for anything else."""
    if isinstance(value, (bytes, bytearray)):
        return f"0x{bytes(value[: _LONGEST_DATA // 2]).hex()}"
    if not isinstance(value, str) or value[:2].lower() != "0x":
        return None
    digits = value[2:_LONGEST_DATA].lower()
    return f"0x{digits}" if all(digit in "0123456789abcdef" for digit in digits) else None


def transaction_hash(value: Any) -> str | None:
    """A hash of 32 bytes; None for anything else."""
    found = hex_text(value)
    return found if found is not None and len(found) == 2 + 2 * _HASH_BYTES else None


def selector(data: Any) -> str | None:
    """The first four bytes of call data or of a revert, as `0x…`; None if there are fewer."""
    found = hex_text(data[:10] if isinstance(data, str) else data)
    return found[:10] if found is not None and len(found) >= 2 + 2 * _SELECTOR_BYTES else None


def member(value: Any, name: str) -> Any:
    """A key of what a node answered, plain or in web3.py's `AttributeDict`; None if there is none."""
    try:
        return value.get(name)
    except AttributeError:
        return None
