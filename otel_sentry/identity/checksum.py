"""EIP-55: the mixed-case form in which people read EVM addresses. Pure; for display only (a millisecond each).

Keccak-256 is written out here (the sponge of FIPS 202, with the padding that Ethereum took before the standard changed
it) because no hash library of the base dependencies has it and one 40-byte block needs no fast one.
"""

from __future__ import annotations

from otel_sentry.identity.wallet import canonical_wallet, is_evm_address

_LANE = (1 << 64) - 1
_RATE_BYTES = 136


def checksum_address(text: str) -> str:
    """The EIP-55 form of an EVM address in any spelling; other wallets in their canonical form."""
    address = canonical_wallet(text)
    if not is_evm_address(address):
        return address
    digits = address[2:]
    nibbles = keccak_256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit for digit, nibble in zip(digits, nibbles, strict=False)
    )


def checksum_disagrees(text: str) -> bool:
    """Whether `text` is a mixed-case EVM address whose case does not match its checksum: most likely a typing error."""
    digits = text[2:]
    mixed = digits not in (digits.lower(), digits.upper())
    return is_evm_address(text) and mixed and checksum_address(text)[2:] != digits


def keccak_256(data: bytes) -> bytes:
    """Ethereum's Keccak-256 of `data`, 32 bytes."""
    lanes = [0] * 25
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % _RATE_BYTES)
    padded[-1] |= 0x80
    for block in range(0, len(padded), _RATE_BYTES):
        for lane in range(_RATE_BYTES // 8):
            lanes[lane] ^= int.from_bytes(padded[block + 8 * lane : block + 8 * lane + 8], "little")
        lanes = _permuted(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permuted(lanes: list[int]) -> list[int]:
    """Keccak-f[1600]; lane (x, y) of the standard is `lanes[x + 5 * y]`."""
    register = 1
    for _ in range(24):
        lanes = _chi(_rho_and_pi(_theta(lanes)))
        for bit in range(7):
            lanes[0] ^= (register & 1) << ((1 << bit) - 1)
            register = _next(register)
    return lanes


def _next(register: int) -> int:
    """The next state of the 8-bit shift register that the round constants come from."""
    return ((register << 1) ^ 0x171) if register & 0x80 else register << 1


def _theta(lanes: list[int]) -> list[int]:
    parity = [lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20] for x in range(5)]
    column = [parity[x - 1] ^ _rotated(parity[(x + 1) % 5], 1) for x in range(5)]
    return [lane ^ column[index % 5] for index, lane in enumerate(lanes)]


def _rho_and_pi(lanes: list[int]) -> list[int]:
    moved = list(lanes)
    x, y = 1, 0
    for step in range(24):
        source = x + 5 * y
        x, y = y, (2 * x + 3 * y) % 5
        moved[x + 5 * y] = _rotated(lanes[source], (step + 1) * (step + 2) // 2 % 64)
    return moved


def _chi(lanes: list[int]) -> list[int]:
    return [
        lane ^ (~lanes[(index + 1) % 5 + index // 5 * 5] & _LANE & lanes[(index + 2) % 5 + index // 5 * 5])
        for index, lane in enumerate(lanes)
    ]


def _rotated(lane: int, by: int) -> int:
    return (lane << by | lane >> (64 - by)) & _LANE
