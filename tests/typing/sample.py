"""What users write, checked by mypy and pyright in strict mode; run by nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import otel_sentry
from otel_sentry import InvalidSetting, SentrySpanProcessor, Settings, Telemetry, use_wallet
from otel_sentry.testing import CapturedIssue, CapturedSpan, IncrementalIdGenerator, SentryCapture, TimeGenerator

telemetry: Telemetry = otel_sentry.configure(dsn="https://key@host/1", traces_sample_rate=0.5)


@telemetry.start_span("mint", chain="eip155:1")
def mint(amount: int) -> str:
    """A decorator keeps the signature."""
    return str(amount)


@telemetry.start_span("mint later")
async def mint_later(amount: int) -> str:
    """Of coroutine functions too."""
    return str(amount)


@telemetry.start_span("stream")
async def stream() -> AsyncIterator[int]:
    """And of generators."""
    yield 1


@use_wallet("0x52908400098527886E0F7030069857D2E4169EE7", name="alice.eth")
def of_alice() -> Iterator[int]:
    """A wallet bound around a function."""
    yield len(mint(2))


async def application() -> None:
    """The handle, a block, the settings."""
    with telemetry.start_span("work") as span:
        span.set_attribute("user.id", "7")
    later: str = await mint_later(3)
    url: str | None = telemetry.trace_url()
    done: bool = telemetry.flush(timeout=2.0) and telemetry.shutdown()
    dumped: str = telemetry.dump()
    try:
        settings: Settings = Settings.from_env(dsn="https://key@host/1")
    except InvalidSetting as refused:
        variable: str = refused.variable
        raise SystemExit(variable) from refused
    assert [later, url, done, dumped, settings.traces_sample_rate, SentrySpanProcessor()] != []


def test_mint(sentry: SentryCapture) -> None:
    """The fixture of the test kit."""
    mint(1)
    span: CapturedSpan = sentry.assert_span("mint", op="mint", attributes={"chain": "eip155:1"})
    issue: CapturedIssue = sentry.assert_issue_once(ValueError, user="alice")
    sentry.wait_for(lambda: sentry.logs)
    names: list[str] = [one.name for one in sentry.spans if one.user is not None and one.user.id == "7"]
    value: float = sentry.metrics[0].value
    tree: str = sentry.trace_tree(span.trace_id)
    assert [names, value, tree, issue.frames, sentry.snapshot()["spans"], sentry.variables] != []


def ids_and_times() -> tuple[int, int]:
    """Generators for a provider of one's own."""
    return IncrementalIdGenerator(first=1).generate_span_id(), TimeGenerator()()
