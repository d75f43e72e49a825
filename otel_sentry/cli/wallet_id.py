"""`otel-sentry wallet-id ADDRESS`: what a wallet is called in Sentry, so that support finds a hashed user."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from otel_sentry.errors import InvalidSetting
from otel_sentry.identity.checksum import checksum_address, checksum_disagrees
from otel_sentry.identity.privacy import Privacy
from otel_sentry.identity.wallet import canonical_wallet
from otel_sentry.settings.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Print what a wallet is called in Sentry under the privacy mode of this environment.

The first line of the output is the user id of today. With OTEL_SENTRY_WALLET_PRIVACY=hash
and a rotated key (OTEL_SENTRY_WALLET_HASH_KEY=new,old) the following lines are the ids that
the wallet had before. Everything else is said on the standard error output.

Run it where the application's environment is set, or set the two variables for this call:

  $ export OTEL_SENTRY_WALLET_PRIVACY=hash OTEL_SENTRY_WALLET_HASH_KEY=...
  $ otel-sentry wallet-id 0x52908400098527886E0F7030069857D2E4169EE7

Exit status 0: printed. 1: Sentry gets no wallet in this mode. 2: no wallet, or a setting cannot be used.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the id of one wallet; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="otel-sentry wallet-id", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", help="in any spelling: checksum form, lower-case, CAIP-10, base58, bech32, ENS")
    address = parser.parse_args(arguments).address
    try:
        settings = Settings.from_env()
        privacy = Privacy(settings.wallet_privacy.value, settings.wallet_hash_key)
    except InvalidSetting as refused:
        _note(str(refused))
        return 2
    if not canonical_wallet(address):
        _note("That is no wallet.")
        return 2
    return _tell(address, privacy)


def _tell(address: str, privacy: Privacy) -> int:
    shown = checksum_address(address)
    if checksum_disagrees(address.rpartition(":")[2]):
        _note(
            f"The upper and lower case of this address do not fit its checksum: a typing error? It should read {shown}"
        )
    name = privacy.address(address)
    if name is None:
        _note(f"Sentry gets no wallet: OTEL_SENTRY_WALLET_PRIVACY={privacy.mode}")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in (name, *privacy.former_addresses(address))))
    _note(f'{shown} is found in Sentry by user.id:"{name}" (OTEL_SENTRY_WALLET_PRIVACY={privacy.mode})')
    return 0


def _note(text: str) -> None:
    sys.stderr.write(f"{text}\n")
