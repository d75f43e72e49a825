"""Does this machine's clock agree with the server's? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from otel_sentry.doctor.finding import Finding, warning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from otel_sentry.doctor.answer import Answer

_WORTH_TELLING_SECONDS: Final = 30.0


def skew(answers: Sequence[Answer]) -> Iterator[Finding]:
    """The smallest difference counts: a slow answer looks like a fast clock."""
    differences = [answer.skew_seconds for answer in answers if answer.skew_seconds is not None]
    if not differences:
        return
    ahead = min(differences, key=abs)
    if abs(ahead) < _WORTH_TELLING_SECONDS:
        return
    yield warning(
        "clock-skew",
        f"This machine's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} the server's: spans of "
        "several services do not line up, and what seems to come from the future may be dropped.",
        "Set the clock by NTP (chronyc makestep, timedatectl set-ntp true)",
    )
