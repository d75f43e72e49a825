"""The page of the documentation about secrets, printed from the tables: `python -m otel_sentry.masking.page`."""

from __future__ import annotations

import sys
from typing import Final

from otel_sentry.masking.names import ALWAYS, IF_KEY, IF_OPAQUE, Names
from otel_sentry.masking.rules import Rule, rules
from otel_sentry.masking.tokens import BARE_PREFIXES, PREFIXES
from otel_sentry.masking.urls import KEYED_HOSTS

_OPENING: Final = """\
# Secrets

What this package sends, spools or logs holds no secrets: `[Filtered]` stands in their place.
That holds for names, attributes, links, status messages and events of spans, and for logs with their parameters.
It holds for issues with their messages, local variables, request data and breadcrumbs.
It holds for metrics, for the trace header and `baggage`, and for our own log lines.
It also holds for what sentry-sdk sends through our transport, after its own scrubber and every hook of yours.
Hashes of transactions, addresses, call data and the hosts of RPC providers stay readable.
Other backends get what the application recorded; the OpenTelemetry Collector has a redaction processor for them.
What a span processor of the application changes in a span that has ended is sent only if it was registered before ours;
`before_send_span` sees every span.

## Further secrets

`OTEL_SENTRY_SECRET_PATTERNS` names a file; `configure(secret_patterns=[…])` takes its lines.

```text
# one a line: a regular expression, or the name of an attribute, variable, header or parameter
ACME-\\d{6}
card (?P<secret>\\d{4}) \\d{4}
name: loyalty pin
```

What an expression matches is masked, or only its group `secret` if it has one.
Expressions are Python's; each text that is new is searched with each of them, so keep them few and simple.
A file that cannot be read, or a line that cannot be used, is refused at start with its number.

## Names

Under these names everything is masked but booleans and nothing at all, whatever its form.
Case, `_`, `-` and `.` make no difference.
Something may stand in front (`db_password`), and `hash`, `value`, `2` and the like behind.

"""
_LIMITS: Final = """\

## What is not masked

- A secret that nothing tells: a word without a name, a password in the middle of a sentence, a variable called `x`.
- Mnemonics in other languages than English, or of fewer than twelve words of the list.
- Attachments, profiles and replays; what a browser sends through the tunnel passes as it is.
- The bytes of a file that the application itself reads or writes: only its path is recorded.
- In lines of source code beside a frame, bare words behind a name are variables and stay; literals are masked.

## What it costs

Names are looked up once for each shape of span.
Clean texts (8,192 of at most 256 characters) and finished JSON of clean attributes are remembered: one look-up.
A text that is new gets a cheap look for each rule, and a search only where that finds something.
`make bench` measures it beside the encoding of spans: repeated texts add nothing that shows.
Where every text of every span is new, encoding takes about three times as long, on the batch thread.
"""


_WEIGHED: Final = """
Under these only if the value looks drawn at random: sixteen characters and more, a digit, no hash, number or path.

"""


def secrets_page() -> str:
    """The page as Markdown."""
    names = Names()
    return "".join(
        (
            _OPENING,
            _listed(ALWAYS),
            _WEIGHED,
            _listed(IF_OPAQUE),
            "\nUnder these, as whole names, only 32 bytes in hexadecimal, as private keys are.\n\n",
            _listed(IF_KEY),
            "\n## Rules for texts\n\n| what | for instance | becomes |\n|---|---|---|\n",
            *map(_line, rules(names)),
            "\nHosts whose paths hold keys, with all below them:\n\n",
            _listed(sorted(KEYED_HOSTS)),
            "\nTokens that begin so:\n\n",
            _listed((*PREFIXES, *BARE_PREFIXES)),
            _LIMITS,
        )
    )


def _listed(words: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) + "\n"


def _line(rule: Rule) -> str:
    cells = (rule.title, _code(rule.example), _code(rule.result))
    return f"| {' | '.join(cells)} |\n"


def _code(text: str) -> str:
    shown = text.replace("\n", "⏎").replace("|", "\\|")
    return f"`{shown if len(shown) <= 140 else shown[:60] + '…'}`"


if __name__ == "__main__":
    sys.stdout.write(secrets_page())
